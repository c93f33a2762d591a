"""The database: engines, the unit of work, and what happens after a commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from portal.sqlite import Connection
from portal.tenancy import Owner, ScopedSession

NAME = "crossdock"
# The database lets go of what a stopped process or a lost machine holds: a transaction of ours never waits that long.
SERVER_SETTINGS = {"application_name": NAME, "idle_in_transaction_session_timeout": "15s"}
# Nor does one last that long.
LONGEST_TRANSACTION = timedelta(seconds=30)

Announce = Callable[[dict[UUID, datetime], dict[UUID, set[str]]], Awaitable[None]]


# By address: engines without a connection. Whoever opens the same database again finds its statements compiled.
_closed: Final[dict[str, set[tuple[AsyncEngine, AsyncEngine]]]] = defaultdict(set)


class Sessions:
    """Opens sessions: `read` never writes, `write` is one transaction, committed at its end.

    SQLite has one writer; a writing transaction therefore begins IMMEDIATE on an engine of
    one connection, and readers never wait for it. After a commit `announce` is called with
    the lanes to ring (and when) and the page keys that changed, by merchant; it must not raise.
    """

    def __init__(self, url: str, *, announce: Announce | None = None) -> None:
        self._announce = announce
        self._closed = _closed[url]
        self.writer, self.reader = self._closed.pop() if self._closed else _engines(url)

    def on_commit(self, announce: Announce) -> None:
        self._announce = announce

    @asynccontextmanager
    async def read(self, owner: Owner) -> AsyncIterator[AsyncSession]:
        async with self._open(self.reader, owner) as session:
            yield session

    @asynccontextmanager
    async def write(self, owner: Owner) -> AsyncIterator[AsyncSession]:
        async with self._open(self.writer, owner) as session:
            async with session.begin():
                yield session
            await self.after_commit(session)

    async def after_commit(self, session: AsyncSession) -> None:
        rings: dict[UUID, datetime] = session.info.pop("rings", {})
        changed: dict[UUID, set[str]] = session.info.pop("changed", {})
        if self._announce is not None and (rings or changed):
            await self._announce(rings, changed)

    async def close(self) -> None:
        await self.writer.dispose()
        await self.reader.dispose()
        self._closed.add((self.writer, self.reader))

    @asynccontextmanager
    async def _open(self, engine: AsyncEngine, owner: Owner) -> AsyncIterator[AsyncSession]:
        session = AsyncSession(
            engine, sync_session_class=ScopedSession, expire_on_commit=False, autoflush=False, info={"owner": owner}
        )
        async with session:
            yield session


def ring(session: AsyncSession, lane_id: UUID, at: datetime) -> None:
    """The lane is rung once after this transaction has committed, at the earliest time asked for."""
    rings: dict[UUID, datetime] = session.info.setdefault("rings", {})
    rings[lane_id] = min(at, rings.get(lane_id, at))


def dialect(session: AsyncSession) -> str:
    """`postgresql` or `sqlite`."""
    return session.get_bind().dialect.name


def insert(session: AsyncSession, model: type[Any]) -> Any:
    """An INSERT of the session's own dialect, for its ON CONFLICT clause; run it with a list of rows."""
    return insert_in(dialect(session), model)


def insert_in(dialect: str, model: type[Any]) -> Any:
    """The same for a statement that is kept."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(model.__table__)


async def end_abandoned(session: AsyncSession) -> int:
    """Transactions of ours that wait for a process which has stopped amid a statement are ended; how many.

    PostgreSQL takes such a one for busy, so its limit for idle ones never comes. SQLite has no server to ask.
    """
    if dialect(session) != "postgresql":
        return 0
    found = await session.scalars(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user AND application_name = :name AND wait_event = 'ClientRead'"
            " AND xact_start < now() - CAST(:longest AS interval)"
        ),
        {"name": NAME, "longest": LONGEST_TRANSACTION},
    )
    return len(found.all())


def columns(model: type[Any]) -> list[Any]:
    """All columns, to select plain values of many rows where making objects of them would be most of the work."""
    return [getattr(model, column.key) for column in model.__table__.columns]


async def update(session: AsyncSession, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """Each of the merchant's rows, known by its `id`, holds the values beside it; all have the same names.

    Objects of these rows in the session are as they were.
    """
    table = model.__table__
    statement = table.update().where(table.c.id == bindparam("of_id"))
    named = [{"of_id" if name == "id" else name: value for name, value in row.items()} for row in rows]
    if named:
        await session.execute(statement, named)


def changed(session: AsyncSession, merchant_id: UUID, *keys: str) -> None:
    """Open pages of the merchant that show one of `keys` ("listing:<id>", "counts") fetch it after the commit."""
    session.info.setdefault("changed", {}).setdefault(merchant_id, set()).update(keys)


def _engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    """The writer and the reader."""
    if url.startswith("sqlite"):
        return _sqlite_engine(url, writes=True), _sqlite_engine(url, writes=False)
    # None beyond the pool: such a connection is made for one transaction, and costs more than most of them.
    engine = create_async_engine(
        url,
        pool_size=20,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"server_settings": SERVER_SETTINGS},
    )
    return engine, engine


def _sqlite_engine(url: str, *, writes: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        async_creator=partial(Connection, str(make_url(url).database)),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1 if writes else 5,
        max_overflow=0,
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # The first says how long the others may wait.
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.connection.driver_connection.begin(begin)

    return engine
