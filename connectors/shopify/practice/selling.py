"""How an order comes to be: created by an app over GraphQL, or bought by somebody in the shop."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.shopify.practice import faults, order_changes, order_nodes, sales
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, refuse
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

Given = dict[str, Any]

_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """Amounts are decimal text; taxes are title, rate and amount each, properties key and value.

    `location` is the number of the place it is taken from, where somebody decides that.
    """

    title: str
    quantity: int
    price: str
    variant: Row | None = None
    sku: str = ""
    discount: str = "0"
    taxes: Sequence[Given] = ()
    properties: Sequence[Given] = ()
    requires_shipping: bool = True
    location: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """`columns` are those of the table sale that are not worked out here; `stock` is what an order does to it."""

    lines: Sequence[NewLine]
    columns: Given = field(default_factory=dict)
    name: str = ""
    stock: str = "DECREMENT_OBEYING_POLICY"


def insert(mutation: Mutation, new: NewOrder) -> Row:
    """The order is there, its stock is claimed, subscribers hear of it."""
    request, store = mutation.request, mutation.request.store
    sale_id = store.new_number("Order")
    found = store.row("SELECT COALESCE(MAX(number), 1000) + 1 AS next FROM sale WHERE shop = ?", request.domain)
    assert found is not None
    now, lag = store.now(), faults.take(store, request.domain, "lag") or {}
    usual: Given = {
        "currency": request.shop["currency"],
        "financial_status": "PAID",
        "test": 0,
        "gateways": "[]",
        "tags": "[]",
        "attributes": "[]",
        "taxes_included": 0,
        "tax_lines": "[]",
        "shipping": "[]",
        "discount": "0",
        "processed_at": now,
    }
    placed = {
        "id": sale_id,
        "shop": request.domain,
        "number": found["next"],
        "name": new.name or f"#{found['next']}",
        "created_at": now,
        "updated_at": now,
        "searchable_at": now + float(lag.get("seconds", request.practice.settings.index_lag_seconds)),
    }
    store.insert("sale", **usual | new.columns | placed)
    for position, line in enumerate(new.lines):
        _insert_line(mutation, sale_id, position, line, new.stock)
    mutation.ids = {"order": sale_id}
    return order_changes.changed(mutation, sale_id, "orders/create")


def _insert_line(mutation: Mutation, sale_id: int, position: int, line: NewLine, stock: str) -> None:
    store = mutation.request.store
    number = store.new_number("LineItem")
    values = json.loads(line.variant["option_values"]) if line.variant else []
    store.insert(
        "sale_line",
        id=number,
        sale_id=sale_id,
        position=position,
        variant_id=line.variant["id"] if line.variant else None,
        sku=line.sku,
        title=line.title,
        variant_title=" / ".join(value for value in values if value != "Default Title") or None,
        quantity=line.quantity,
        price=line.price,
        discount=line.discount,
        tax_lines=json.dumps(line.taxes),
        properties=json.dumps(line.properties),
        requires_shipping=int(line.requires_shipping),
    )
    row = store.row("SELECT * FROM sale_line WHERE id = ?", number)
    if row is not None and stock != "BYPASS":
        order_changes.claim(mutation, row, obey=stock == "DECREMENT_OBEYING_POLICY", at=line.location)


def accept_create(mutation: Mutation, arguments: Arguments) -> Payload:
    """orderCreate. https://shopify.dev/docs/api/admin-graphql/latest/mutations/orderCreate"""
    given, options = arguments["order"], arguments.get("options") or {}
    _check(mutation.request, given)
    lines = [_line(mutation.request, one, position) for position, one in enumerate(given["lineItems"])]
    stock = options.get("inventoryBehaviour", "BYPASS")
    mutation.values = {"reference": given.get("sourceIdentifier"), "stock": stock, "order": given}
    try:
        row = insert(mutation, NewOrder(lines=lines, columns=_columns(mutation.request, given), stock=stock))
    except order_changes.OutOfStock as error:
        raise refuse(["order", "lineItems"], str(error), "INVENTORY_CLAIM_FAILED") from error
    _set_financial_status(mutation.request, row, given)
    after = sales.find(mutation.request, row["id"])
    assert after is not None
    return {"order": order_nodes.order(mutation.request, after)}


def _check(request: Request, given: Given) -> None:
    if not given.get("lineItems"):
        raise refuse(["order", "lineItems"], "Line items must have at least one line item", "INVALID")
    if given.get("email") and not _MAIL.fullmatch(given["email"]):
        raise refuse(["order", "email"], "Email is invalid", "INVALID")
    processed = given.get("processedAt")
    if processed and _seconds(processed) > request.store.now() + 1:
        raise refuse(["order", "processedAt"], "Processed at must not be in the future", "PROCESSED_AT_INVALID")
    if given.get("taxLines") and any(line.get("taxLines") for line in given["lineItems"]):
        raise refuse(["order", "taxLines"], "Tax lines can be on the order or on its lines, not on both", "INVALID")


def _line(request: Request, given: Given, position: int) -> NewLine:
    variant = None
    if given.get("variantId"):
        query = "SELECT * FROM variant WHERE id = ? AND shop = ?"
        variant = request.store.row(query, gid_number(given["variantId"], "ProductVariant"), request.domain)
    if variant is None and (given.get("variantId") or not given.get("title")):
        raise refuse(
            ["order", "lineItems", position], "Line items Name can't be blank, Line items Title can't be blank"
        )
    product = request.store.row("SELECT title FROM product WHERE id = ?", variant["product_id"]) if variant else None
    price = _amount(given.get("priceSet")) if given.get("priceSet") else variant["price"] if variant else "0"
    return NewLine(
        title=product["title"] if product else given["title"],
        quantity=given["quantity"],
        price=price,
        variant=variant,
        sku=(variant["sku"] if variant else given.get("sku")) or "",
        taxes=_taxes(given.get("taxLines")),
        properties=[{"key": one["name"], "value": one["value"]} for one in given.get("properties") or []],
        requires_shipping=given["requiresShipping"],
    )


def _columns(request: Request, given: Given) -> Given:
    discount = (given.get("discountCode") or {}).get("itemFixedDiscountCode") or {}
    payments = given.get("transactions") or []
    addresses = {
        name: json.dumps(given[key]) if given.get(key) else None
        for name, key in (("ship_to", "shippingAddress"), ("bill_to", "billingAddress"))
    }
    shipping = [
        {
            "title": one["title"],
            "code": one.get("code"),
            "source": one.get("source"),
            "amount": _amount(one["priceSet"]),
        }
        for one in given.get("shippingLines") or []
    ]
    return addresses | {
        "currency": given.get("currency") or request.shop["currency"],
        "financial_status": given.get("financialStatus") or "PENDING",
        "test": int(given.get("test") or False),
        "gateways": json.dumps(list(dict.fromkeys(one.get("gateway") or "manual" for one in payments))),
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "tags": json.dumps(sorted(given.get("tags") or [])),
        "source_name": given.get("sourceName"),
        "source_identifier": given.get("sourceIdentifier"),
        "attributes": json.dumps(given.get("customAttributes") or []),
        "taxes_included": int(given["taxesIncluded"]),
        "tax_lines": json.dumps(_taxes(given.get("taxLines"))),
        "shipping": json.dumps(shipping),
        "discount": _amount(discount.get("amountSet")) if discount else "0",
        "processed_at": _seconds(given["processedAt"]) if given.get("processedAt") else request.store.now(),
    }


def _set_financial_status(request: Request, row: Row, given: Given) -> None:
    """With transactions they say it: what they cover of the total."""
    paid = [one for one in given.get("transactions") or [] if one["status"] == "SUCCESS" and one["kind"] == "SALE"]
    if not paid:
        return
    covered = sum(Decimal(_amount(one["amountSet"])) for one in paid)
    status = "PAID" if covered >= sales.totals(request.store, row).total else "PARTIALLY_PAID"
    request.store.update("sale", row["id"], financial_status=status)


def _taxes(given: Any) -> list[Given]:
    return [
        {"title": one["title"], "rate": one["rate"], "amount": _amount(one["priceSet"]) if one.get("priceSet") else "0"}
        for one in given or []
    ]


def _amount(bag: Any) -> str:
    return str(bag["shopMoney"]["amount"])


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
