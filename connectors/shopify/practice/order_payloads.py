"""The REST-shaped bodies of webhooks about orders."""

from __future__ import annotations

import json

from connectors.shopify.practice import order_nodes, sales
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.payloads import Body, stamp
from connectors.shopify.practice.store import Row, Store


def order(store: Store, row: Row) -> Body:
    """The whole order, as every orders/… topic carries it."""
    number, currency, counted = row["id"], row["currency"], sales.counts(store, row["id"])
    cancelled, fulfilled = row["cancelled_at"], sales.fulfillment_status(store, row)
    return {
        "id": number,
        "admin_graphql_api_id": gid("Order", number),
        "name": row["name"],
        "order_number": row["number"],
        "created_at": stamp(row["created_at"]),
        "processed_at": stamp(row["processed_at"]),
        "updated_at": stamp(row["updated_at"]),
        "cancelled_at": stamp(cancelled) if cancelled else None,
        "cancel_reason": row["cancel_reason"].lower() if row["cancel_reason"] else None,
        "closed_at": None,
        "test": bool(row["test"]),
        "currency": currency,
        "presentment_currency": currency,
        "financial_status": row["financial_status"].lower(),
        "fulfillment_status": {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(fulfilled),
        "payment_gateway_names": json.loads(row["gateways"]),
        **{name: row[name] for name in ("email", "phone", "note", "source_name", "source_identifier")},
        "note_attributes": [{"name": one["key"], "value": one["value"]} for one in json.loads(row["attributes"])],
        "tags": ", ".join(json.loads(row["tags"])),
        "taxes_included": bool(row["taxes_included"]),
        **_sums(store, row),
        "customer": {"id": number, "email": row["email"]} if row["email"] else None,
        "billing_address": _address(row["bill_to"]),
        "shipping_address": _address(row["ship_to"]),
        "discount_applications": _applications(store, row),
        "line_items": [_line(store, row, line, counted[line["id"]]) for line in sales.lines_of(store, number)],
        "shipping_lines": _shipping(row),
        "fulfillments": [fulfillment(store, row, one) for one in sales.fulfillments_of(store, number)],
        "refunds": [refund(row, one) for one in sales.refunds_of(store, number)],
    }


def _sums(store: Store, row: Row) -> Body:
    sums, currency = sales.totals(store, row), row["currency"]
    shipping = {"amount": sales.written(sums.shipping, currency), "currency_code": currency}
    return {
        "subtotal_price": sales.written(sums.subtotal, currency),
        "total_shipping_price_set": {"shop_money": shipping, "presentment_money": shipping},
        "total_tax": sales.written(sums.tax, currency),
        "total_discounts": sales.written(sums.discounts, currency),
        "total_price": sales.written(sums.total, currency),
    }


def _shipping(row: Row) -> list[Body]:
    return [
        {name: one.get(name) for name in ("title", "code", "source")}
        | {"price": sales.written(one["amount"], row["currency"])}
        for one in json.loads(row["shipping"])
    ]


def _applications(store: Store, row: Row) -> list[Body]:
    """First what is off the whole order, then what is off lines of it."""
    across = {"type": "discount_code", "target_type": "line_item", "target_selection": "all"}
    explicit = {"type": "manual", "target_type": "line_item", "target_selection": "explicit"}
    given = any(float(line["discount"]) for line in sales.lines_of(store, row["id"]))
    return [across | {"allocation_method": "across"}] + ([explicit | {"allocation_method": "each"}] if given else [])


def _line(store: Store, sale: Row, row: Row, count: sales.Count) -> Body:
    currency = sale["currency"]
    allocations = []
    if float(row["discount"]):
        amount = sales.written(row["discount"], currency)
        allocations.append({"amount": amount, "discount_application_index": 1})
    if float(sale["discount"]) and sales.lines_of(store, sale["id"])[0]["id"] == row["id"]:
        amount = sales.written(sale["discount"], currency)
        allocations.append({"amount": amount, "discount_application_index": 0})
    sold = store.row("SELECT product_id FROM variant WHERE id = ?", row["variant_id"])
    return {
        "id": row["id"],
        "admin_graphql_api_id": gid("LineItem", row["id"]),
        "variant_id": row["variant_id"] if sold else None,
        "product_id": sold["product_id"] if sold else None,
        "title": row["title"],
        "variant_title": row["variant_title"],
        "sku": row["sku"] or None,
        "quantity": row["quantity"],
        "current_quantity": row["quantity"] - count.removed,
        "fulfillable_quantity": count.left,
        "fulfillment_status": None if not count.shipped else "partial" if count.left else "fulfilled",
        "price": sales.written(row["price"], currency),
        "total_discount": "0.00",
        "discount_allocations": allocations,
        "requires_shipping": bool(row["requires_shipping"]),
        "tax_lines": [
            {"title": one["title"], "rate": float(one["rate"]), "price": sales.written(one["amount"], currency)}
            for one in json.loads(row["tax_lines"])
        ],
        "properties": [{"name": one["key"], "value": one["value"]} for one in json.loads(row["properties"])],
    }


def fulfillment(store: Store, sale: Row, row: Row) -> Body:
    skus = {line["id"]: line["sku"] for line in sales.lines_of(store, sale["id"])}
    return {
        "id": row["id"],
        "admin_graphql_api_id": gid("Fulfillment", row["id"]),
        "order_id": sale["id"],
        "status": row["status"].lower(),
        "created_at": stamp(row["created_at"]),
        "updated_at": stamp(row["updated_at"]),
        "tracking_company": row["company"],
        "tracking_number": row["tracking"],
        "tracking_numbers": [row["tracking"]] if row["tracking"] else [],
        "tracking_url": row["url"],
        "tracking_urls": [row["url"]] if row["url"] else [],
        "line_items": [
            {"id": number, "sku": skus[number], "quantity": quantity} for number, quantity in json.loads(row["lines"])
        ],
    }


def refund(sale: Row, row: Row) -> Body:
    return {
        "id": row["id"],
        "admin_graphql_api_id": gid("Refund", row["id"]),
        "order_id": sale["id"],
        "created_at": stamp(row["created_at"]),
        "note": None,
        "refund_line_items": [
            {
                "id": one["line"],
                "line_item_id": one["line"],
                "quantity": one["quantity"],
                "restock_type": one["restock_type"].lower(),
                "location_id": one.get("location"),
            }
            for one in json.loads(row["lines"])
        ],
    }


def _address(text: str | None) -> Body | None:
    if text is None:
        return None
    given = json.loads(text)
    names = {"first_name": "firstName", "last_name": "lastName", "company": "company", "address1": "address1"}
    more = {"address2": "address2", "city": "city", "zip": "zip", "province": "province", "phone": "phone"}
    codes = {"province_code": "provinceCode", "country": "countryCode", "country_code": "countryCode"}
    told = {name: given.get(key) for name, key in (names | more | codes).items()}
    return told | {"name": order_nodes.full_name(given)}
