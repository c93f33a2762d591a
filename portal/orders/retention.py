"""How long buyers' details are kept: for as long as shipping may need them, and not once somebody asks us to stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.clock import new_id
from portal.models.orders import Order, OrderEvent, Parcel, StoreOrder
from portal.orders import events

# Amazon's data protection policy (PII): 30 days after shipment at most. What is never shipped is waited for longer.
AFTER_SHIPMENT: Final = timedelta(days=30)
AFTER_CANCELLATION: Final = timedelta(days=30)
UNSHIPPED: Final = timedelta(days=180)
AT_ONCE: Final = 500


class Why(StrEnum):
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    UNSHIPPED = "unshipped"
    ASKED = "asked"  # by the buyer, or by the shop that has left


def end(order: Order, left_at: datetime | None) -> tuple[datetime, Why]:
    """When the order's buyer is removed, and why. `left_at` is when its last parcel left, None where none is known."""
    shipped = left_at or order.shipped_at
    ends = [(shipped + AFTER_SHIPMENT, Why.SHIPPED)] if shipped else []
    if order.cancelled_at:
        ends.append((order.cancelled_at + AFTER_CANCELLATION, Why.CANCELLED))
    return min(ends, default=(order.placed_at + UNSHIPPED, Why.UNSHIPPED))


async def remove_due(session: AsyncSession, *, now: datetime, limit: int = AT_ONCE) -> int:
    """Buyers whose time is over are gone, `limit` of them at most; how many. The session is the SYSTEM's."""
    left_at = select(func.max(Parcel.shipped_at)).where(Parcel.order_id == Order.id).scalar_subquery()
    shipped = func.coalesce(left_at, Order.shipped_at)
    over = or_(
        shipped <= now - AFTER_SHIPMENT,
        Order.cancelled_at <= now - AFTER_CANCELLATION,
        and_(shipped.is_(None), Order.cancelled_at.is_(None), Order.placed_at <= now - UNSHIPPED),
    )
    query = select(Order, left_at).where(Order.buyer.is_not(None), over).order_by(Order.id).limit(limit)
    found = (await session.execute(query.with_for_update(of=Order))).all()
    for why in Why:
        over_by_this = [(order.id, order.merchant_id) for order, left in found if end(order, left)[1] is why]
        await _remove(session, over_by_this, why, now)
    return len(found)


async def remove_asked(
    session: AsyncSession, connections: Sequence[UUID], channel_ids: Sequence[str] | None, *, now: datetime
) -> int:
    """The buyers of these orders of the connections, or of all (None), are gone for good; of how many orders.

    What a store was given to fulfil names the same buyer, so the sale it stands for is meant as well; not where a shop
    has left, whose own orders alone are meant. An order that had no buyer yet never gets one.
    """
    meant: ColumnElement[bool] = Order.connection_id.in_(connections)
    if channel_ids is not None:
        stands = select(StoreOrder.order_id).where(
            StoreOrder.connection_id.in_(connections), StoreOrder.channel_id.in_(channel_ids)
        )
        meant = or_(and_(meant, Order.channel_id.in_(channel_ids)), Order.id.in_(stands))
    query = select(Order.id, Order.merchant_id).where(Order.buyer_removed_at.is_(None), meant)
    rows = await session.execute(query.order_by(Order.id).with_for_update())
    found = [(order_id, merchant_id) for order_id, merchant_id in rows]
    await _remove(session, found, Why.ASKED, now)
    return len(found)


async def _remove(session: AsyncSession, orders: Sequence[tuple[UUID, UUID]], why: Why, now: datetime) -> None:
    """`orders` are their ids, each with its merchant's."""
    for start in range(0, len(orders), AT_ONCE):
        some = orders[start : start + AT_ONCE]
        gone = update(Order).where(Order.id.in_([order_id for order_id, _owner in some]))
        await session.execute(gone.values(buyer=None, buyer_removed_at=now))
        rows = [
            {
                "id": new_id(),
                "merchant_id": owner,
                "order_id": order_id,
                "kind": events.BUYER_REMOVED,
                "details": {"why": why.value},
                "created_at": now,
            }
            for order_id, owner in some
        ]
        await session.execute(insert(OrderEvent), rows)
        for order_id, owner in some:
            db.changed(session, owner, f"order:{order_id}")
