"""Orders that a channel has and nobody could read: known by their number, and tried again until they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import orders as told
from connectors.errors import ProblemClass
from portal import db
from portal.clock import new_id
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.listings.eligible import channel_name, connection_name
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import UnreadOrder
from portal.models.tasks import OPEN, Task, TaskState
from portal.tasks import kinds
from portal.tasks import service as tasks

# How long until an order is asked for again, after each try of it alone.
WAITS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """`next_at` is when it is tried again by itself, None where nothing waits; `under_way`: at this moment."""

    row: UnreadOrder
    connection: Connection
    channel: str
    account: str
    next_at: datetime | None
    under_way: bool


async def note(
    session: AsyncSession,
    connection: Connection,
    orders: Sequence[told.UnreadOrder],
    *,
    now: datetime,
    alone: bool = False,
    again: bool = True,
) -> None:
    """Each of these is known to be there and unread, and asked for by itself later. To say it again adds none.

    `alone`: this was a try of the order by itself, so the next waits longer. Where not `again`, none follows by itself.
    """
    if not orders:
        return
    statement = db.insert(session, UnreadOrder)
    new = statement.excluded
    renewed = {"problem": new.problem, "tried_at": new.tried_at, "tries": UnreadOrder.tries + new.tries}
    statement = statement.on_conflict_do_update(index_elements=["connection_id", "channel_id"], set_=renewed)
    await session.execute(statement, [_row(connection, one, now, alone) for one in orders])
    for one in orders:
        if one.problem.problem_class is ProblemClass.OURS:
            log.error("order_unread", connection=str(connection.id), code=one.problem.code, message=one.problem.message)
    if again:
        await _ask_later(session, connection, [one.channel_id for one in orders], now)
    _announce(session, connection)


def _row(connection: Connection, one: told.UnreadOrder, now: datetime, alone: bool) -> dict[str, Any]:
    return {
        "id": new_id(),
        "merchant_id": connection.merchant_id,
        "connection_id": connection.id,
        "channel_id": one.channel_id,
        "number": one.number.replace("\0", "")[:255],
        "problem": asdict(one.problem),
        "tried_at": now,
        "tries": int(alone),
        "created_at": now,
    }


async def _ask_later(session: AsyncSession, connection: Connection, channel_ids: Sequence[str], now: datetime) -> None:
    waits: dict[timedelta, list[str]] = {}
    for row in await session.scalars(_these(connection, channel_ids)):
        waits.setdefault(WAITS[min(row.tries, len(WAITS) - 1)], []).append(row.channel_id)
    for wait, subjects in waits.items():
        await tasks.ask(session, connection, kinds.ORDER, subjects, now=now, not_before=now + wait)


def _these(connection: Connection, channel_ids: Iterable[str]) -> Select[UnreadOrder]:
    query = select(UnreadOrder).where(
        UnreadOrder.connection_id == connection.id, UnreadOrder.channel_id.in_(list(channel_ids))
    )
    return query.execution_options(populate_existing=True)


async def over(session: AsyncSession, connection: Connection, channel_ids: Iterable[str]) -> None:
    """These are here, or nowhere any more: nobody waits for them to be read."""
    gone = delete(UnreadOrder).where(
        UnreadOrder.connection_id == connection.id, UnreadOrder.channel_id.in_(list(channel_ids))
    )
    if (await session.scalars(gone.returning(UnreadOrder.id))).all():
        _announce(session, connection)


async def again(session: AsyncSession, unread_id: UUID, *, now: datetime) -> UnreadOrder:
    """The channel is asked for the order now. Raises NotFound, and Conflict where the channel isn't connected."""
    row: UnreadOrder | None = await session.get(UnreadOrder, unread_id)
    if row is None:
        raise NotFound
    connection = await session.get_one(Connection, row.connection_id)
    if connection.state is not ConnectionState.ACTIVE:
        raise Conflict(_("This channel isn't connected"), _("Connect it again first."))
    await tasks.ask(session, connection, kinds.ORDER, [row.channel_id], now=now)
    _announce(session, connection)
    return row


def _announce(session: AsyncSession, connection: Connection) -> None:
    db.changed(session, connection.merchant_id, "orders", "counts")


async def count(session: AsyncSession) -> int:
    """How many orders could not be read."""
    return await session.scalar(select(func.count(UnreadOrder.id))) or 0


async def listed(session: AsyncSession, *, most: int) -> list[Unread]:
    """Those that have waited longest, as many as `most`."""
    query = select(UnreadOrder, Connection).join(Connection, Connection.id == UnreadOrder.connection_id)
    found = (await session.execute(query.order_by(UnreadOrder.id).limit(most))).all()
    waiting = await _waiting(session, [row.channel_id for row, _connection in found])
    return [
        Unread(
            row=row,
            connection=connection,
            channel=channel_name(connection.channel),
            account=connection_name(connection),
            next_at=min((task.not_before for task in tasks_of), default=None),
            under_way=any(task.state is not TaskState.WAITING for task in tasks_of),
        )
        for row, connection in found
        for tasks_of in [waiting.get((row.connection_id, row.channel_id), [])]
    ]


async def _waiting(session: AsyncSession, channel_ids: Sequence[str]) -> dict[tuple[UUID | None, str], list[Task]]:
    """The open tasks that read these orders, by connection and order."""
    query = select(Task).where(Task.kind == kinds.ORDER.name, Task.subject.in_(channel_ids), Task.state.in_(OPEN))
    found: dict[tuple[UUID | None, str], list[Task]] = {}
    for task in await session.scalars(query):
        found.setdefault((task.connection_id, task.subject), []).append(task)
    return found
