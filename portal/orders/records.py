"""Rows of the database from what a channel tells of an order, and back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from connectors import orders as told
from connectors.orders import OrderState
from connectors.records import Money
from portal.catalog.search import normal
from portal.models.orders import Order, OrderLine


def amounts(record: told.OrderRecord) -> dict[str, Any]:
    """What changes of an order's row with every telling, but for its buyer."""
    return {
        "number": record.number[:255],
        "placed_at": record.placed_at,
        "changed_at": record.changed_at,
        "state": record.state,
        "currency": record.currency,
        "subtotal_minor": _minor(record.subtotal),
        "shipping_minor": _minor(record.shipping),
        "tax_minor": _minor(record.tax),
        "discount_minor": _minor(record.discount),
        "total_minor": _minor(record.total),
        "taxes_included": record.taxes_included,
        "payment": record.payment[:64],
        "shipping_method": record.shipping_method[:255],
        "fraud": record.fraud,
        "cancel_requested": record.cancel_requested,
        "cancel_reason": record.cancel_reason[:255],
        "ship_by": record.ship_by,
        "by_channel": record.by_channel,
        "test": record.test,
        "url": record.url,
        "search_text": search_text(record),
    }


def line_values(line: told.OrderLine) -> dict[str, Any]:
    return {
        "item_id": line.item_id,
        "sku": line.sku[:255],
        "title": line.title,
        "quantity": line.quantity,
        "cancelled": line.cancelled,
        "shipped": line.shipped,
        "restocked": line.restocked,
        "unit_price_minor": _minor(line.unit_price),
        "tax_minor": _minor(line.tax),
        "tax_rate": line.tax_rate,
        "discount_minor": _minor(line.discount),
    }


def search_text(record: told.OrderRecord) -> str:
    """Numbers, SKUs and titles; nothing of the buyer."""
    words = [record.number, record.channel_id, *(word for line in record.lines for word in (line.sku, line.title))]
    return "\n".join(dict.fromkeys(filter(None, map(normal, words))))


def record_of(order: Order, buyer: told.Buyer | None) -> told.OrderRecord:
    """The order as it was told to us, for the store to be told of it."""
    return told.OrderRecord(
        channel_id=order.channel_id,
        number=order.number,
        placed_at=order.placed_at,
        changed_at=order.changed_at,
        state=order.state,
        currency=order.currency,
        lines=tuple(_line_of(line, order.currency) for line in order.lines),
        subtotal=_money(order.subtotal_minor, order.currency),
        shipping=_money(order.shipping_minor, order.currency),
        tax=_money(order.tax_minor, order.currency),
        discount=_money(order.discount_minor, order.currency),
        total=_money(order.total_minor, order.currency),
        taxes_included=order.taxes_included,
        buyer=buyer,
        payment=order.payment,
        shipping_method=order.shipping_method,
        fraud=order.fraud,
        ship_by=order.ship_by,
        test=order.test,
        url=order.url,
    )


def _line_of(line: OrderLine, currency: str) -> told.OrderLine:
    return told.OrderLine(
        channel_id=line.channel_id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        item_id=line.item_id,
        cancelled=line.cancelled,
        shipped=line.shipped,
        unit_price=_money(line.unit_price_minor, currency),
        tax=_money(line.tax_minor, currency),
        tax_rate=line.tax_rate,
        discount=_money(line.discount_minor, currency),
    )


def units(line: OrderLine, state: OrderState) -> int:
    """How many of a line the buyer has got or is to get, also where they sent some back."""
    wanted = 0 if state is OrderState.CANCELLED else max(0, line.quantity - line.cancelled)
    return max(wanted, line.shipped, line.came_back)


def line_row(merchant_id: UUID, order_id: UUID, position: int, line: told.OrderLine) -> OrderLine:
    return OrderLine(
        merchant_id=merchant_id,
        order_id=order_id,
        position=position,
        channel_id=line.channel_id,
        taken=0,
        returned=0,
        lowered=0,
        told_back=0,
        noted_back=0,
        shelved=0,
        put_back=0,
        raised=0,
        **line_values(line),
    )


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
