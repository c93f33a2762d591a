"""Cancelling a sale: which way it travels, what becomes of its stock, and who asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import CancelReason, OrderState
from connectors.registry import CHANNELS
from portal.errors import Conflict
from portal.i18n import _
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, StoreOrder
from portal.orders import events
from portal.tasks import kinds
from portal.tasks import service as tasks

CANCELLATIONS: Final = "cancellations"
CARRIES: Final = frozenset({"to_channel", "both"})
_CLOSED: Final = frozenset({ConnectionState.DISCONNECTED, ConnectionState.SETUP})


def travels(connection: Connection) -> bool:
    """Whether a cancellation made elsewhere is carried to this channel by us."""
    can = CHANNELS[connection.channel].cancels in CARRIES
    return can and connection.state not in _CLOSED and CANCELLATIONS not in connection.handled_outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What the merchant decided. `restock` says for each line whether its units go back on the shelf."""

    reason: CancelReason
    restock: Mapping[UUID, bool]
    note: str = ""


async def ask(
    session: AsyncSession, source: Connection, order: Order, wanted: Cancellation, *, made_by: str, now: datetime
) -> None:
    """The marketplace is asked to cancel the order; its stock moves once the marketplace says that it is cancelled.

    Raises Conflict for one that has left, in part or whole, for one that is cancelled, and where the channel takes no
    cancellation from us.
    """
    if order.state is OrderState.CANCELLED:
        raise Conflict(_("This order is cancelled already"))
    if order.state is OrderState.SHIPPED or any(line.shipped for line in order.lines):
        raise Conflict(_("This order has left already"), _("Take it back as a return instead of cancelling it."))
    if not travels(source):
        raise Conflict(_("Crossdock can't cancel this order"), _("Cancel it at the channel; it shows here by itself."))
    for line in order.lines:
        line.restock = wanted.restock.get(line.id, True)
    await _begin(session, source, order, reason=wanted.reason, note=wanted.note, made_by=made_by, now=now)


async def from_store(session: AsyncSession, source: Connection, order: Order, *, now: datetime) -> None:
    """The store has cancelled its order: the marketplace is asked to, where that travels and nothing has left."""
    if order.state in (OrderState.CANCELLED, OrderState.SHIPPED):
        return
    if not travels(source):
        events.write(session, order, events.CANCEL_FAILED, now=now, code="does_not_travel")
        return
    await _begin(session, source, order, reason=CancelReason.OTHER, note="", made_by="", now=now)


async def to_store(session: AsyncSession, store: Connection, order: Order, made: StoreOrder, *, now: datetime) -> None:
    """The marketplace has cancelled the order: so does the store, where it is there and we are to."""
    if made.cancelled_at is None and travels(store):
        await _enqueue(session, store, order, now)


async def _begin(
    session: AsyncSession,
    source: Connection,
    order: Order,
    *,
    reason: CancelReason,
    note: str,
    made_by: str,
    now: datetime,
) -> None:
    order.cancelling = {"reason": reason.value, "note": note, "by": made_by, "at": now.isoformat()}
    await _enqueue(session, source, order, now)
    events.write(session, order, events.CANCEL_ASKED, now=now, made_by=made_by, reason=reason.value)


async def _enqueue(session: AsyncSession, connection: Connection, order: Order, now: datetime) -> None:
    # One waits per kind and subject, and the two ends of an order are two promises.
    subject = f"{order.id}@{'source' if connection.id == order.connection_id else 'store'}"
    await tasks.ask(session, connection, kinds.CANCEL_ORDER, [subject], now=now)


def order_of(subject: str) -> UUID:
    """The order that a task of kind cancel_order is about."""
    return UUID(subject.partition("@")[0])
