"""Can't find an order? The marketplace is asked for that number, now."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.connections.account import ConnectionAccount
from portal.models.connections import Connection
from portal.models.orders import Order, StoreOrder
from portal.orders.intake import take_in
from portal.runtime import Runtime


async def here(session: AsyncSession, number: str) -> Order | None:
    """The order that is called this here, at its channel or in the store."""
    numbered = select(StoreOrder.order_id).where(StoreOrder.number == number)
    query = select(Order).where(or_(Order.number == number, Order.channel_id == number, Order.id.in_(numbered)))
    order: Order | None = await session.scalar(query.order_by(Order.id.desc()).limit(1))
    return order


async def there(runtime: Runtime, connection: Connection, number: str) -> UUID | None:
    """The order's id here, once the marketplace has been asked for it; None where it knows no such number.

    Raises ChannelError when the marketplace did not answer.
    """
    orders = runtime.connectors[connection.channel].orders
    if orders is None:
        return None
    record = await orders.find(ConnectionAccount(runtime, connection), number)
    if record is None:
        return None
    async with runtime.sessions.write(connection.merchant_id) as session:
        await take_in(session, runtime.vault, connection, [record], now=runtime.clock())
    async with runtime.sessions.read(connection.merchant_id) as session:
        found = await here(session, record.number)
    return found.id if found else None
