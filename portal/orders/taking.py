"""What orders do to our stock: held while pending, taken once sold, back when cancelled or returned; each line once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import OrderState
from portal.models.connections import Connection
from portal.models.listings import ListingItem
from portal.models.orders import Order, OrderLine, OrderReturn, Shelving
from portal.orders import events
from portal.orders.records import units
from portal.stock import accounted, returns, shelf, telling
from portal.stock import claims as ledger
from portal.stock.claims import Claim
from portal.stock.returns import Arrival, Return

CAUSE: Final = "order"


async def settle(
    session: AsyncSession,
    source: Connection,
    orders: Sequence[Order],
    *,
    now: datetime,
    others: Sequence[Order] = (),
) -> None:
    """Stock is as these orders' lines say. To say it again changes nothing. Orders of before, and what the channel
    ships itself, are no business of our shelf. `others` are those of other channels of which this one, a store, told
    that something came back. One call a transaction."""
    counted, returned = _counted(orders), _counted([*orders, *others])
    if not returned:
        return
    # All that any of the steps below touches is locked here, in one order.
    await shelf.locked(session, {variant_id for _order, _line, variant_id in _lines(returned)})
    made_by = source.external_name
    await _hold(session, source.merchant_id, counted, now)
    await _take(session, source.merchant_id, counted, made_by, now)
    await _give_back(session, source.merchant_id, counted, made_by, now)
    await _bring_back(session, source.merchant_id, returned, now)
    await _account(session, source, counted, returned, now)


def _counted(orders: Sequence[Order]) -> list[Order]:
    return [order for order in orders if not (order.history or order.by_channel)]


def _lines(orders: Sequence[Order]) -> Iterator[tuple[Order, OrderLine, UUID]]:
    """The lines of which we know what they sold."""
    for order in orders:
        for line in order.lines:
            if line.variant_id is not None:
                yield order, line, line.variant_id


async def _hold(session: AsyncSession, merchant_id: UUID, orders: Sequence[Order], now: datetime) -> None:
    """What is not paid yet is held, and what was cancelled before it was paid is held no more."""
    held = [
        Claim(variant_id=variant_id, quantity=units(line, order.state), cause=CAUSE, cause_id=str(line.id))
        for order, line, variant_id in _lines(orders)
        if order.state is OrderState.PENDING and units(line, order.state)
    ]
    over = [
        (variant_id, CAUSE, str(line.id))
        for order, line, variant_id in _lines(orders)
        if not units(line, order.state) and not line.taken
    ]
    if held:
        await ledger.reserve(session, merchant_id=merchant_id, claims=held, now=now)
    if over:
        await ledger.release(session, merchant_id=merchant_id, causes=over, now=now)


async def _take(session: AsyncSession, merchant_id: UUID, orders: Sequence[Order], made_by: str, now: datetime) -> None:
    wanted: list[tuple[Order, OrderLine, Claim]] = []
    for order, line, variant_id in _lines(orders):
        more = units(line, order.state) - line.taken
        if order.state is OrderState.PENDING or more <= 0:
            continue
        # A line that grew later is a second cause: the first is known, and to say it again takes nothing.
        cause_id = f"{line.id}{ledger.GREW}{line.taken}" if line.taken else str(line.id)
        wanted.append((order, line, Claim(variant_id=variant_id, quantity=more, cause=CAUSE, cause_id=cause_id)))
    if not wanted:
        return
    claims = [claim for _order, _line, claim in wanted]
    taken = await ledger.take(session, merchant_id=merchant_id, claims=claims, made_by=made_by, now=now)
    for (order, line, claim), result in zip(wanted, taken, strict=True):
        line.taken += claim.quantity
        events.write(session, order, events.STOCK, now=now, sku=line.sku, quantity=-claim.quantity)
        if result.missing:
            events.write(session, order, events.SHORT, now=now, sku=line.sku, quantity=result.missing)


async def _give_back(
    session: AsyncSession, merchant_id: UUID, orders: Sequence[Order], made_by: str, now: datetime
) -> None:
    """Cancelled units are back, but for those of which the merchant said that they are not there."""
    wanted: list[tuple[Order, OrderLine, Return]] = []
    for order, line, variant_id in _lines(orders):
        total = line.taken - units(line, order.state)
        if not line.taken or total <= line.returned:
            continue
        wanted.append(
            (
                order,
                line,
                Return(
                    variant_id=variant_id,
                    total=total,
                    sold=line.taken,
                    cause=CAUSE,
                    cause_id=str(line.id),
                    lost=total if line.restock is False else 0,
                ),
            )
        )
    if not wanted:
        return
    backs = [back for _order, _line, back in wanted]
    done = await returns.give_back(session, merchant_id=merchant_id, returns=backs, made_by=made_by, now=now)
    for (order, line, back), result in zip(wanted, done, strict=True):
        line.returned = back.total
        # Nobody decided: the merchant is asked to look whether the thing is really there.
        line.check_stock = line.restock is None and bool(result.restocked)
        events.write(session, order, events.RETURNED, now=now, sku=line.sku, quantity=result.restocked)


async def _bring_back(session: AsyncSession, merchant_id: UUID, orders: Sequence[Order], now: datetime) -> None:
    """What came back and is for sale again is on the shelf, once whoever tells of it."""
    lines = {line.id: (order, line, variant_id) for order, line, variant_id in _lines(orders) if line.came_back}
    if not lines:
        return
    query = select(OrderReturn).where(OrderReturn.line_id.in_(lines), OrderReturn.shelving == Shelving.BACK)
    found: dict[UUID, list[OrderReturn]] = {}
    for row in await session.scalars(query.order_by(OrderReturn.line_id, OrderReturn.decided_at)):
        found.setdefault(row.line_id, []).append(row)
    wanted = [
        Arrival(
            variant_id=lines[line_id][2],
            total=sum(row.quantity for row in rows),
            sold=lines[line_id][1].taken,
            cause=CAUSE,
            cause_id=str(line_id),
            made_by=rows[-1].decided_by,
        )
        for line_id, rows in found.items()
        if lines[line_id][1].taken
    ]
    if not wanted:
        return
    done = await returns.bring_back(session, merchant_id=merchant_id, arrivals=wanted, now=now)
    for one, arrived in zip(wanted, done, strict=True):
        if arrived:
            order, line, _variant_id = lines[UUID(one.cause_id)]
            events.write(session, order, events.SHELVED, now=now, made_by=one.made_by, sku=line.sku, quantity=arrived)


async def _account(
    session: AsyncSession, source: Connection, orders: Sequence[Order], returned: Sequence[Order], now: datetime
) -> None:
    """The channel has lowered its own number by what it sold, and raised it by what it put back itself.

    What it put back of a return it is told of again: our own number may not have risen, for it had before, or will not.
    """
    news: dict[UUID, int] = {}
    for _order, line, variant_id in _lines(orders):
        lowered = line.quantity - line.restocked
        news[variant_id] = news.get(variant_id, 0) + lowered - line.lowered
        line.lowered = lowered
    raised: set[UUID] = set()
    for _order, line, variant_id in _lines(returned):
        put_there = line.shelved + line.put_back
        news[variant_id] = news.get(variant_id, 0) + line.raised - put_there
        if line.raised != put_there:
            raised.add(variant_id)
        line.raised = put_there
    if raised:
        which = ListingItem.connection_id == source.id, ListingItem.variant_id.in_(raised)
        await telling.again(session, source.merchant_id, *which, priority=telling.DOWN_FIRST, now=now)
    query = select(ListingItem.id, ListingItem.variant_id).where(
        ListingItem.connection_id == source.id, ListingItem.variant_id.in_(news)
    )
    found = (await session.execute(query)).all()
    sold = {item_id: news[variant_id] for item_id, variant_id in found if news[variant_id]}
    await session.flush()
    await accounted.sold_there(session, sold)
