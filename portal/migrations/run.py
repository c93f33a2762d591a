"""Bringing a database up to date: at start, before a release, and safely when two processes try at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from portal import config
from portal.db import Sessions

FOLDER = Path(__file__).parent
# Any number no other program on the database uses.
LOCK = 7_264_118_503
# How long SQLite waits for another process to upgrade; PostgreSQL's lock has no end.
PATIENCE_SECONDS = 120
# Not the name by which the sweep knows what a stopped process has left (portal.db.end_abandoned).
NAME = "crossdock-upgrade"


async def upgrade(url: str) -> None:
    """The database has every table as the code knows it; a second process waits for the first and finds it done."""
    _make_room(url)
    await in_one_transaction(url, _upgrade)


async def pending(url: str) -> bool:
    """Whether the database lacks a step that this code needs."""
    sessions = Sessions(url)
    try:
        async with sessions.reader.connect() as connection:
            return await connection.run_sync(_heads) != _wanted()
    finally:
        await sessions.close()


async def in_one_transaction(url: str, work: Callable[[Connection], None]) -> None:
    """`work` is done whole or not at all, and by one process at a time."""
    sessions = Sessions(url)
    try:
        async with sessions.writer.connect() as connection:
            await _prepare(connection)
            async with connection.begin():
                await _lock(connection)
                await connection.run_sync(work)
    finally:
        await sessions.close()


async def _prepare(connection: AsyncConnection) -> None:
    """SQLite changes a column by copying its table, which foreign keys would forbid; only outside a transaction.

    And whoever waits there for another to upgrade waits for longer than a served transaction does.
    """
    if connection.dialect.name == "sqlite":
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        await driver.execute("PRAGMA foreign_keys=OFF")
        await driver.execute(f"PRAGMA busy_timeout={PATIENCE_SECONDS * 1000}")


async def _lock(connection: AsyncConnection) -> None:
    # SQLite's writer has begun IMMEDIATE: it is alone already.
    if connection.dialect.name == "postgresql":
        # Between two steps it may think for longer than a transaction that is served may, and nobody is to end it.
        await connection.execute(text("SELECT set_config('idle_in_transaction_session_timeout', '0', true)"))
        await connection.execute(text("SELECT set_config('application_name', :name, true)"), {"name": NAME})
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        await connection.execute(text("SELECT set_config('app.merchant', '*', true)"))


def _upgrade(connection: Connection) -> None:
    alembic = _config()
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, "head")


def _heads(connection: Connection) -> tuple[str, ...]:
    return tuple(sorted(MigrationContext.configure(connection).get_current_heads()))


@cache
def _wanted() -> tuple[str, ...]:
    return tuple(sorted(ScriptDirectory.from_config(_config()).get_heads()))


def _config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return made


def _make_room(url: str) -> None:
    database = make_url(url).database
    if url.startswith("sqlite") and database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def main() -> int:
    """The release step: `python -m portal.migrations.run`."""
    try:
        settings = config.load()
    except config.ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    asyncio.run(upgrade(settings.database_url))
    return 0


if __name__ == "__main__":
    sys.exit(main())
