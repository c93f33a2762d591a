"""How far each connection's orders have been read."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.models.connections import Connection
from portal.models.orders import OrderFeed


async def of(session: AsyncSession, connection: Connection) -> OrderFeed:
    """The connection's feed, to be changed. A new one begins where the connection did: before that is history."""
    await session.execute(
        db.insert(session, OrderFeed)
        .values(merchant_id=connection.merchant_id, connection_id=connection.id, since=connection.created_at)
        .on_conflict_do_nothing()
    )
    return await session.get_one(OrderFeed, connection.id, populate_existing=True)
