"""What the merchant's store tells of an order that we created there: parcels, cancellations, returns, never a sale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors import carriers
from connectors.orders import OrderLine as Told
from connectors.orders import OrderRecord, OrderState
from portal.clock import new_id
from portal.models.connections import Connection
from portal.models.orders import Order, OrderLine, Parcel, StoreOrder
from portal.orders import cancelling, events, references, returning
from portal.orders.store import keep
from portal.tasks import kinds
from portal.tasks import service as tasks

SHIPMENTS = "shipments"
_AT_ONCE: Final = 500

log = structlog.get_logger()


async def hear(
    session: AsyncSession, store: Connection, records: Iterable[OrderRecord], *, now: datetime
) -> tuple[set[str], list[Order]]:
    """The news of the orders that we made there is taken in; the ids of all records that are of such.

    And the sales of which something came back or was put on the store's shelf, whose stock is to follow.
    """
    returned: list[Order] = []
    ours = [record for record in records if record.reference]
    originals = await _originals(session, sorted({record.reference for record in ours}))
    for record in ours:
        if record.reference not in originals:
            # Ours all the same: of another merchant of this store, or of an order whose copy was removed.
            log.info("echo_of_unknown_order", store=str(store.id))
            continue
        order, source = originals[record.reference]
        # Also when we never heard the answer to our own request.
        await keep(
            session,
            order,
            store,
            channel_id=record.channel_id,
            number=record.number,
            url=record.url,
            found=True,
            now=now,
        )
        await _parcels(session, source, order, record, now)
        if record.state is OrderState.CANCELLED:
            await _cancelled(session, source, order, now)
        twins = _twins(order, record)
        lines = [(twins[line.channel_id], line) for line in record.lines if line.channel_id in twins]
        news = await returning.hear(session, store, order, lines, now=now)
        if _put_back(lines) or news:
            returned.append(order)
    return {record.channel_id for record in ours}, returned


async def _originals(session: AsyncSession, wanted: Sequence[str]) -> dict[str, tuple[Order, Connection]]:
    """The sales with these references, held until the transaction ends, in one fixed order against deadlocks."""
    found: dict[str, tuple[Order, Connection]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        keys = [references.read(reference) for reference in wanted[start : start + _AT_ONCE]]
        rows = await session.execute(
            select(Order, Connection)
            .join(Connection, Connection.id == Order.connection_id)
            .where(tuple_(Connection.channel, Order.number).in_(keys))
            .options(selectinload(Order.lines))
            .order_by(Order.id)
            .with_for_update(of=Order)
            .execution_options(populate_existing=True)
        )
        # Of two connections to one account, the later one's order is the one that is alive.
        found |= {references.of(source.channel, order.number): (order, source) for order, source in rows.all()}
    return found


async def _parcels(session: AsyncSession, source: Connection, order: Order, record: OrderRecord, now: datetime) -> None:
    """Each parcel that left is told to the marketplace the order is from, and to it alone."""
    if not record.parcels:
        return
    rows = await session.scalars(select(Parcel).where(Parcel.order_id == order.id))
    known = {parcel.channel_id: parcel for parcel in rows}
    twins = _twins(order, record)
    news: list[str] = []
    for told in record.parcels:
        parcel = known.get(told.channel_id)
        if parcel is None:
            parcel = Parcel(
                id=new_id(),
                merchant_id=order.merchant_id,
                order_id=order.id,
                channel_id=told.channel_id,
                ordinal=len(known) + 1,
                shipped_at=told.shipped_at or record.changed_at,
                lines=[[str(twins[line].id), quantity] for line, quantity in told.lines if line in twins],
                created_at=now,
            )
            known[told.channel_id] = parcel
            session.add(parcel)
            events.write(session, order, events.SHIPPED, now=now, carrier=told.carrier, number=told.number)
        elif (parcel.carrier_name, parcel.number) == (told.carrier, told.number):
            continue
        parcel.carrier, parcel.carrier_name = carriers.key_of(told.carrier), told.carrier[:255]
        parcel.number, parcel.url = told.number[:255], told.url
        if parcel.number:
            news.append(str(parcel.id))
    if news and SHIPMENTS not in source.handled_outside:
        await session.flush()
        await tasks.ask(session, source, kinds.SHIPPED, news, now=now)
        events.announce(session, order)


def _twins(order: Order, record: OrderRecord) -> dict[str, OrderLine]:
    """Our line for each of the store's, as we wrote it on them."""
    ours = {line.channel_id: line for line in order.lines}
    return {line.channel_id: ours[line.reference] for line in record.lines if line.reference in ours}


def _put_back(lines: Sequence[tuple[OrderLine, Told]]) -> bool:
    """The store has put units on its own shelf as it cancelled its copy; whether that is news.

    Whether they are for sale again is said by the sale's own cancellation.
    """
    news = [(line, min(told.restocked, line.quantity)) for line, told in lines if told.restocked > line.put_back]
    for line, units in news:
        line.put_back = units
    return bool(news)


async def _cancelled(session: AsyncSession, source: Connection, order: Order, now: datetime) -> None:
    """Cancelled in the store: the marketplace is asked to cancel it too, where it can and we are to."""
    made = await session.scalar(select(StoreOrder).where(StoreOrder.order_id == order.id))
    if made is None or made.cancelled_at is not None:
        return
    made.cancelled_at = now
    await cancelling.from_store(session, source, order, now=now)
