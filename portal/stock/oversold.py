"""The oversell ledger: what was sold and was not there, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.catalog import Product, Variant
from portal.models.orders import Order, OrderLine
from portal.models.stock import Shortfall

PAGE = 50
ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """`order_id` and `order_number` where an order is the cause."""

    product_id: UUID
    title: str
    label: str
    sku: str
    quantity: int
    cleared: int
    cause: str
    since: datetime
    order_id: UUID | None
    order_number: str

    @property
    def open(self) -> int:
        return self.quantity - self.cleared


@dataclass(frozen=True, slots=True)
class OversoldPage:
    """Newest first; `before` is the next page's cursor."""

    rows: Sequence[Missing]
    before: UUID | None


async def page(session: AsyncSession, *, settled: bool, before: UUID | None = None) -> OversoldPage:
    """Up to 50 shortfalls: those that are open, or those that are settled."""
    query = (
        select(Shortfall, Variant, Product.title)
        .join(Variant, Variant.id == Shortfall.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(Shortfall.cleared >= Shortfall.quantity if settled else Shortfall.cleared < Shortfall.quantity)
        .order_by(Shortfall.id.desc())
        .limit(PAGE + 1)
    )
    found = (await session.execute(query if before is None else query.where(Shortfall.id < before))).all()
    orders = await _orders(session, [row for row, _variant, _title in found[:PAGE]])
    rows = [
        Missing(
            product_id=variant.product_id,
            title=title,
            label=" / ".join(value for value in variant.option_values if value),
            sku=variant.sku,
            quantity=row.quantity,
            cleared=row.cleared,
            cause=row.cause,
            since=row.created_at,
            order_id=orders.get(row.cause_id, (None, ""))[0],
            order_number=orders.get(row.cause_id, (None, ""))[1],
        )
        for row, variant, title in found[:PAGE]
    ]
    return OversoldPage(rows, found[PAGE - 1][0].id if len(found) > PAGE else None)


async def _orders(session: AsyncSession, rows: Iterable[Shortfall]) -> dict[str, tuple[UUID | None, str]]:
    """The order of each order line that is a cause, with the number people call it."""
    lines = [line_id for row in rows if row.cause == ORDER and (line_id := _id(row.cause_id))]
    query = (
        select(OrderLine.id, Order.id, Order.number)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.id.in_(lines))
    )
    return {str(line_id): (order_id, number) for line_id, order_id, number in await session.execute(query)}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
