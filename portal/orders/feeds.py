"""How far each connection's orders have been read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.models.connections import Connection
from portal.models.orders import OrderFeed
from portal.models.tasks import UNDER_WAY, Task
from portal.tasks import kinds
from portal.tasks import service as tasks


async def of(session: AsyncSession, connection: Connection) -> OrderFeed:
    """The connection's feed, to be changed. A new one begins where the connection did: before that is history."""
    await session.execute(
        db.insert(session, OrderFeed)
        .values(merchant_id=connection.merchant_id, connection_id=connection.id, since=connection.sells_since)
        .on_conflict_do_nothing()
    )
    return await session.get_one(OrderFeed, connection.id, populate_existing=True)


async def read(
    session: AsyncSession, connection: Connection, *, now: datetime, not_before: datetime | None = None
) -> None:
    """The connection's changed orders are read as soon as its lane is free, and not before that time."""
    await _ask(session, kinds.ORDERS, connection, now, not_before)


async def is_being_read(session: AsyncSession, connection: Connection) -> bool:
    """Whether some worker is at a reading of the connection's changed orders."""
    at_it = select(Task.id).where(
        Task.subject == str(connection.id), Task.kind == kinds.ORDERS.name, Task.state.in_(UNDER_WAY)
    )
    return await session.scalar(at_it.limit(1)) is not None


async def compare(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """The channel is asked what it counts, as soon as the connection's lane is free."""
    await _ask(session, kinds.COMPARE_ORDERS, connection, now, None)


async def _ask(
    session: AsyncSession, kind: kinds.Kind, connection: Connection, now: datetime, not_before: datetime | None
) -> None:
    await tasks.ask(session, connection, kind, [str(connection.id)], now=now, not_before=not_before)
    db.changed(session, connection.merchant_id, "orders")
