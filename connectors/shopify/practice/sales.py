"""Orders as rows: found, counted, added up.

An order is a "sale" in the tables, because ORDER is a word of SQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from connectors.shopify.practice.nodes import WHOLE_CURRENCIES
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row, Store

# What came back of an order: before it left, from the buyer, or not at all.
CANCEL, RETURN, NO_RESTOCK = "CANCEL", "RETURN", "NO_RESTOCK"


def find(request: Request, number: int | None) -> Row | None:
    return request.store.row("SELECT * FROM sale WHERE id = ? AND shop = ?", number, request.domain)


def lines_of(store: Store, sale_id: int) -> list[Row]:
    return store.rows("SELECT * FROM sale_line WHERE sale_id = ? ORDER BY position, id", sale_id)


def fulfillments_of(store: Store, sale_id: int) -> list[Row]:
    return store.rows("SELECT * FROM fulfillment WHERE sale_id = ? ORDER BY id", sale_id)


def refunds_of(store: Store, sale_id: int) -> list[Row]:
    return store.rows("SELECT * FROM refund WHERE sale_id = ? ORDER BY id", sale_id)


@dataclass(slots=True)
class Count:
    """What became of a line's units. `removed` were refunded, of them `returned` by the buyer after they had left."""

    quantity: int
    shipped: int = 0
    removed: int = 0
    returned: int = 0
    restocked: int = 0

    @property
    def left(self) -> int:
        """Still to be fulfilled."""
        return max(0, self.quantity - self.shipped - (self.removed - self.returned))


def counts(store: Store, sale_id: int) -> dict[int, Count]:
    """By line."""
    found = {line["id"]: Count(line["quantity"]) for line in lines_of(store, sale_id)}
    for one in fulfillments_of(store, sale_id):
        for number, quantity in json.loads(one["lines"]):
            found[number].shipped += quantity if one["status"] == "SUCCESS" else 0
    for one in refunds_of(store, sale_id):
        for line in json.loads(one["lines"]):
            count, quantity = found[line["line"]], line["quantity"]
            count.removed += quantity
            count.returned += quantity if line["restock_type"] == RETURN else 0
            count.restocked += quantity if line["restock_type"] != NO_RESTOCK else 0
    return found


@dataclass(frozen=True, slots=True)
class Totals:
    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    discounts: Decimal
    total: Decimal


def totals(store: Store, row: Row) -> Totals:
    """As Shopify adds them up: the subtotal is without the discounts, and taxes are on top unless they are included."""
    lines = lines_of(store, row["id"])
    goods = sum((Decimal(line["price"]) * line["quantity"] for line in lines), Decimal(0))
    discounts = sum((Decimal(line["discount"]) for line in lines), Decimal(row["discount"]))
    shipping = sum((Decimal(one["amount"]) for one in json.loads(row["shipping"])), Decimal(0))
    taxes = [tax for line in lines for tax in json.loads(line["tax_lines"])] + json.loads(row["tax_lines"])
    tax = sum((Decimal(one["amount"]) for one in taxes), Decimal(0))
    total = goods - discounts + shipping + (0 if row["taxes_included"] else tax)
    return Totals(goods - discounts, shipping, tax, discounts, total)


def written(amount: Decimal | str, currency: str) -> str:
    """With the digits the currency has."""
    return str(Decimal(amount).quantize(Decimal(1) if currency in WHOLE_CURRENCIES else Decimal("0.01")))


def fulfillment_status(store: Store, row: Row) -> str:
    found = counts(store, row["id"]).values()
    if any(count.shipped for count in found):
        return "PARTIALLY_FULFILLED" if any(count.left for count in found) else "FULFILLED"
    return "UNFULFILLED"
