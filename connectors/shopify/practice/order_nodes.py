"""How orders, their lines, fulfilments and refunds look in a GraphQL answer."""

from __future__ import annotations

import json
from typing import Any

from graphql import GraphQLError

from connectors.shopify.practice import faults, nodes, sales, stock_nodes
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.nodes import Node
from connectors.shopify.practice.paging import connection
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row, iso

# https://shopify.dev/docs/api/admin-graphql#status_and_error_codes
_INTERNAL = "Internal error. Looks like something went wrong on our end."
RECOMMENDATIONS = {"HIGH": "CANCEL", "MEDIUM": "INVESTIGATE", "LOW": "ACCEPT"}


def order(request: Request, row: Row) -> Node:
    store, number = request.store, row["id"]

    def lines(_info: Any, **page: Any) -> Node:
        if _goes_wrong(request, number, "broken"):
            raise GraphQLError(_INTERNAL, extensions={"code": "INTERNAL_SERVER_ERROR"})
        counted = sales.counts(store, number)
        rows = sales.lines_of(store, number)
        return connection(rows, lambda line: _line(request, row, line, counted[line["id"]]), **page)

    sums = _sums(request, row)
    return {
        "__typename": "Order",
        "id": gid("Order", number),
        "legacyResourceId": str(number),
        **{name: row[name] for name in ("name", "email", "phone", "note")},
        **_moments(row),
        **_plain(row),
        "displayFulfillmentStatus": sales.fulfillment_status(store, row),
        **sums,
        "totalPriceSet": lambda _info: (
            _garbled(row["currency"]) if _goes_wrong(request, number, "garbled") else sums["totalPriceSet"]
        ),
        "taxLines": _taxes(row["tax_lines"], row["currency"]),
        "shippingLine": _shipping(row),
        "shippingAddress": _address(row["ship_to"], number),
        "billingAddress": _address(row["bill_to"], number),
        "risk": _risk(row["risk"]),
        "fulfillments": lambda _info, first=None: [
            _fulfillment(request, row, one) for one in sales.fulfillments_of(store, number)[:first]
        ],
        "refunds": lambda _info, first=None: [
            _refund(request, row, one) for one in sales.refunds_of(store, number)[:first]
        ],
        "lineItems": lines,
    }


def _goes_wrong(request: Request, number: int, kind: str) -> bool:
    """Whether that was asked to go wrong of this order, at its next telling."""
    return faults.take(request.store, request.domain, kind, order=gid("Order", number)) is not None


def _plain(row: Row) -> Node:
    return {
        "cancelReason": row["cancel_reason"],
        "test": bool(row["test"]),
        "currencyCode": row["currency"],
        "displayFinancialStatus": row["financial_status"],
        "paymentGatewayNames": json.loads(row["gateways"]),
        "tags": json.loads(row["tags"]),
        "sourceName": row["source_name"],
        "sourceIdentifier": row["source_identifier"],
        "customAttributes": json.loads(row["attributes"]),
        "taxesIncluded": bool(row["taxes_included"]),
    }


def _garbled(currency: str) -> Node:
    """An amount as Shopify's schema allows it, of more digits than anybody counts."""
    money = {"amount": "9" * 40, "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


def _moments(row: Row) -> Node:
    cancelled = row["cancelled_at"]
    return {
        "createdAt": iso(row["created_at"]),
        "processedAt": iso(row["processed_at"]),
        "updatedAt": iso(row["updated_at"]),
        "cancelledAt": iso(cancelled) if cancelled else None,
    }


def _sums(request: Request, row: Row) -> Node:
    sums = sales.totals(request.store, row)
    named = {
        "subtotalPriceSet": sums.subtotal,
        "totalShippingPriceSet": sums.shipping,
        "totalTaxSet": sums.tax,
        "totalDiscountsSet": sums.discounts,
        "totalPriceSet": sums.total,
    }
    return {name: bag(amount, row["currency"]) for name, amount in named.items()}


def bag(amount: Any, currency: str) -> Node:
    money = nodes.money(sales.written(amount, currency), currency)
    return {"shopMoney": money, "presentmentMoney": money}


def _line(request: Request, sale: Row, row: Row, count: sales.Count) -> Node:
    title, variant = row["title"], row["variant_title"]
    sold = request.store.row("SELECT * FROM variant WHERE id = ?", row["variant_id"])
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", row["id"]),
        "title": title,
        "variantTitle": variant,
        "name": f"{title} - {variant}" if variant else title,
        "sku": row["sku"] or None,
        "quantity": row["quantity"],
        "currentQuantity": row["quantity"] - count.removed,
        "unfulfilledQuantity": count.left,
        "requiresShipping": bool(row["requires_shipping"]),
        "customAttributes": json.loads(row["properties"]),
        "variant": nodes.variant(request, sold) if sold else None,
        "originalUnitPriceSet": bag(row["price"], sale["currency"]),
        "totalDiscountSet": bag(row["discount"], sale["currency"]),
        "taxLines": lambda _info, first=None: _taxes(row["tax_lines"], sale["currency"])[:first],
    }


def _line_of(request: Request, sale: Row, number: int) -> Node:
    row = next(line for line in sales.lines_of(request.store, sale["id"]) if line["id"] == number)
    return _line(request, sale, row, sales.counts(request.store, sale["id"])[number])


def _fulfillment(request: Request, sale: Row, row: Row) -> Node:
    left = [{"id": number, "quantity": quantity} for number, quantity in json.loads(row["lines"])]

    def line(one: Any) -> Node:
        return {
            "__typename": "FulfillmentLineItem",
            "id": gid("FulfillmentLineItem", row["id"] * 1000 + left.index(one)),
            "quantity": one["quantity"],
            "lineItem": _line_of(request, sale, one["id"]),
        }

    tracking = {"company": row["company"], "number": row["tracking"], "url": row["url"]}
    return {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", row["id"]),
        "name": f"{sale['name']}-F{row['id'] % 1000}",
        "status": row["status"],
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
        "trackingInfo": lambda _info, first=None: [tracking][:first] if any(tracking.values()) else [],
        "fulfillmentLineItems": lambda _info, **page: connection(left, line, **page),  # type: ignore[arg-type]
    }


def _refund(request: Request, sale: Row, row: Row) -> Node:
    lines = [one | {"id": one["line"]} for one in json.loads(row["lines"])]

    def line(one: Any) -> Node:
        place = stock_nodes.find_location(request, one.get("location"))
        return {
            "id": gid("RefundLineItem", one["id"]),
            "location": stock_nodes.location(request, place) if place else None,
            "quantity": one["quantity"],
            "restockType": one["restock_type"],
            "restocked": one["restock_type"] != sales.NO_RESTOCK,
            "lineItem": _line_of(request, sale, one["id"]),
        }

    return {
        "__typename": "Refund",
        "id": gid("Refund", row["id"]),
        "createdAt": iso(row["created_at"]),
        "note": None,
        "refundLineItems": lambda _info, **page: connection(lines, line, **page),
    }


def _taxes(text: str, currency: str) -> list[Node]:
    return [
        {"title": one["title"], "rate": float(one["rate"]), "priceSet": bag(one["amount"], currency)}
        for one in json.loads(text)
    ]


def _shipping(row: Row) -> Node | None:
    lines = json.loads(row["shipping"])
    if not lines:
        return None
    return {
        "id": gid("ShippingLine", row["id"]),
        **{name: lines[0].get(name) for name in ("title", "code", "source")},
        "originalPriceSet": bag(lines[0]["amount"], row["currency"]),
    }


def _risk(level: str) -> Node:
    """No assessment is there before the shop has made one."""
    assessments = [{"riskLevel": level}] if level else []
    return {"recommendation": RECOMMENDATIONS.get(level, "NONE"), "assessments": assessments}


def _address(text: str | None, number: int) -> Node | None:
    if text is None:
        return None
    given = json.loads(text)
    names = ("firstName", "lastName", "company", "address1", "address2", "city", "province", "provinceCode", "zip")
    return {
        "__typename": "MailingAddress",
        "id": f"gid://shopify/MailingAddress/{number}?model_name=Address",
        **{name: given.get(name) for name in (*names, "phone")},
        "name": full_name(given),
        "country": given.get("countryCode"),
        "countryCodeV2": given.get("countryCode"),
    }


def full_name(address: dict[str, Any]) -> str | None:
    """In the order in which the country writes names."""
    names = [address.get("firstName"), address.get("lastName")]
    if address.get("countryCode") == "JP":
        names.reverse()
    return " ".join(name for name in names if name) or None
