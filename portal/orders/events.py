"""What happened to an order, one row each, for its timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.models.orders import Order, OrderEvent

RECEIVED: Final = "received"
CHANGED: Final = "changed"
ACCEPTED: Final = "accepted"
NOT_ACCEPTED: Final = "not_accepted"
STOCK: Final = "stock"
SHORT: Final = "short"
IN_STORE: Final = "in_store"
STORE_FAILED: Final = "store_failed"
SHIPPED: Final = "shipped"
TOLD: Final = "told"
TELL_FAILED: Final = "tell_failed"
CANCEL_ASKED: Final = "cancel_asked"
CANCELLED: Final = "cancelled"
CANCEL_FAILED: Final = "cancel_failed"
RETURNED: Final = "returned"
CAME_BACK: Final = "came_back"
NOTED_BACK: Final = "noted_back"
SAME_BACK: Final = "same_back"
SHELVED: Final = "shelved"
NOT_SHELVED: Final = "not_shelved"
LINKED: Final = "linked"
REVEALED: Final = "revealed"
BUYER_REMOVED: Final = "buyer_removed"
CREDIT_ASKED: Final = "credit_asked"
CREDIT_GIVEN: Final = "credit_given"
CREDIT_DECLINED: Final = "credit_declined"
KEPT_OUT: Final = "kept_out"
RULED: Final = "ruled"
HUSHED: Final = "hushed"


def write(
    session: AsyncSession, order: Order, kind: str, *, now: datetime, made_by: str = "", **details: Any
) -> OrderEvent:
    """The order's timeline has one more row, and pages that show it fetch it."""
    event = OrderEvent(
        merchant_id=order.merchant_id,
        order_id=order.id,
        kind=kind,
        details=details,
        made_by=made_by[:200],
        created_at=now,
    )
    session.add(event)
    announce(session, order)
    return event


def announce(session: AsyncSession, order: Order) -> None:
    """Pages that show this order, or lists of orders, fetch it after the commit."""
    db.changed(session, order.merchant_id, f"order:{order.id}", "orders", "counts")
