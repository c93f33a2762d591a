"""Taking in what a channel tells of its orders: one row each, whatever order the tellings come in, stock moved once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors.orders import OrderLine as Told
from connectors.orders import OrderRecord, OrderState
from portal import db
from portal.clock import new_id
from portal.models.connections import Connection
from portal.models.orders import Order, OrderLine
from portal.orders import buyers, echoes, events, matching, retention, returning, store, taking, unread
from portal.orders.records import amounts, line_row, line_values
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.vault import Vault

# Of two tellings with the same time of change, the one that is further on is the later.
_PROGRESS: Final = {OrderState.PENDING: 0, OrderState.OPEN: 1, OrderState.SHIPPED: 2, OrderState.CANCELLED: 3}
_AT_ONCE: Final = 500
# The kind of order update by which a shop tells a channel that it takes the order.
ACCEPTANCE: Final = "acceptance"


async def take_in(
    session: AsyncSession, vault: Vault, connection: Connection, records: Sequence[OrderRecord], *, now: datetime
) -> list[UUID]:
    """Each order is here as last told, its stock moved, its way to the store begun; the ids of those that are new.

    A telling older than what is known changes nothing, and neither does the same one again. What the merchant's store
    tells of an order that we made there is news of that order and never a sale. One call a transaction: two may lock
    in opposite orders.
    """
    latest: dict[str, OrderRecord] = {}
    for record in records:
        known = latest.get(record.channel_id)
        if known is None or _later(record, known.changed_at, known.state):
            latest[record.channel_id] = record
    ours, returned = await echoes.hear(session, connection, latest.values(), now=now)
    sales = {channel_id: record for channel_id, record in latest.items() if channel_id not in ours}
    await _insert(session, connection, sales, now)
    orders = await _locked(session, connection, list(sales))
    new: list[UUID] = []
    touched: list[Order] = []
    for order in orders:
        record, fresh = sales[order.channel_id], not order.lines
        if not fresh and not _later(record, order.changed_at, order.state):
            continue
        _tell(session, vault, order, record, now)
        touched.append(order)
        if fresh:
            new.append(order.id)
            order.letter_due = not order.history and order.state is not OrderState.CANCELLED
            events.write(session, order, events.RECEIVED, now=now)
    await matching.match(session, connection.id, [line for order in touched for line in order.lines])
    for order in touched:
        await returning.hear(session, connection, order, _said(order, sales[order.channel_id]), now=now)
    await session.flush()
    await taking.settle(session, connection, touched, others=returned, now=now)
    await unread.over(session, connection, latest)
    await store.decide(session, connection, touched, now=now)
    if ACCEPTANCE not in connection.handled_outside:
        await _accept(session, connection, [order for order in touched if sales[order.channel_id].to_accept], now)
    return new


def _said(order: Order, record: OrderRecord) -> list[tuple[OrderLine, Told]]:
    """The order's lines that the record names, each with what it says."""
    told = {line.channel_id: line for line in record.lines}
    return [(line, told[line.channel_id]) for line in order.lines if line.channel_id in told]


async def _accept(session: AsyncSession, connection: Connection, waiting: Sequence[Order], now: datetime) -> None:
    await tasks.ask(
        session, connection, kinds.ACCEPT_ORDER, [str(order.id) for order in waiting if not order.history], now=now
    )


def _later(record: OrderRecord, changed_at: datetime, state: OrderState) -> bool:
    return (record.changed_at, _PROGRESS[record.state]) >= (changed_at, _PROGRESS[state])


async def _insert(
    session: AsyncSession, connection: Connection, records: dict[str, OrderRecord], now: datetime
) -> None:
    """Every order has its row; of two processes that hear of it at once, one makes it."""
    rows = [
        {
            "id": new_id(),
            "merchant_id": connection.merchant_id,
            "connection_id": connection.id,
            "channel_id": record.channel_id,
            **amounts(record),
            "history": record.placed_at < connection.sells_since,
            "created_at": now,
        }
        for record in records.values()
    ]
    if rows:
        await session.execute(db.insert(session, Order).on_conflict_do_nothing(), rows)


async def _locked(session: AsyncSession, connection: Connection, channel_ids: list[str]) -> list[Order]:
    """These orders with their lines, held until the transaction ends, in one fixed order against deadlocks."""
    found: list[Order] = []
    for start in range(0, len(channel_ids), _AT_ONCE):
        query = (
            select(Order)
            .where(Order.connection_id == connection.id, Order.channel_id.in_(channel_ids[start : start + _AT_ONCE]))
            .order_by(Order.id)
            .options(selectinload(Order.lines))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found += await session.scalars(query)
    return sorted(found, key=lambda order: order.id)


def _tell(session: AsyncSession, vault: Vault, order: Order, record: OrderRecord, now: datetime) -> None:
    """The order's row and lines say what the record says. Lines the channel no longer names count as cancelled."""
    before, fraud = order.state, order.fraud
    for name, value in amounts(record).items():
        setattr(order, name, value)
    # A webhook carries no fraud level, and the one that was read stays true.
    order.fraud = record.fraud or fraud
    lines = {line.channel_id: line for line in order.lines}
    for position, told in enumerate(record.lines):
        line = lines.pop(told.channel_id, None)
        if line is None:
            line = line_row(order.merchant_id, order.id, position, told)
            session.add(line)
            order.lines.append(line)
        else:
            for name, value in line_values(told).items():
                setattr(line, name, value)
    for line in lines.values():
        line.cancelled = line.quantity
    if order.state is not before:
        events.write(session, order, events.CHANGED, now=now, state=order.state.value, was=before.value)
    if order.state is OrderState.CANCELLED and order.cancelled_at is None:
        order.cancelled_at = min(now, record.changed_at)
        events.write(session, order, events.CANCELLED, now=now, reason=order.cancel_reason)
    if order.state is OrderState.SHIPPED and order.shipped_at is None:
        order.shipped_at = min(now, record.changed_at)
    # Nobody is kept again who was removed, or who would have been by now.
    if record.buyer is not None and order.buyer_removed_at is None and retention.end(order, None)[0] > now:
        order.buyer = buyers.seal(vault, record.buyer, merchant_id=order.merchant_id, order_id=order.id)
    events.announce(session, order)
