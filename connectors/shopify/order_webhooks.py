"""A webhook's body about an order, in the REST shape, to the node that GraphQL would answer for it.

https://shopify.dev/docs/api/webhooks: orders/create, orders/updated and their like carry the whole order, but for the
risk, which only a read tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Body = Mapping[str, Any]

TOPICS = frozenset(
    {"orders/create", "orders/updated", "orders/cancelled", "orders/fulfilled", "orders/partially_fulfilled"}
)
# What of an order is sent to us: nothing of the buyer's browser, and not the customer's own record.
FIELDS = tuple(
    "id admin_graphql_api_id name processed_at updated_at cancelled_at cancel_reason test currency financial_status "
    "payment_gateway_names email phone note note_attributes tags source_identifier taxes_included subtotal_price "
    "total_shipping_price_set total_tax total_discounts total_price billing_address shipping_address line_items "
    "shipping_lines discount_applications fulfillments refunds".split()
)


def node_of(body: Body) -> dict[str, Any]:
    """The order as order_mapping reads it. Raises KeyError, TypeError or ValueError for what is no order."""
    return {
        "id": body["admin_graphql_api_id"],
        "legacyResourceId": str(body["id"]),
        "name": body["name"],
        "processedAt": body["processed_at"],
        "updatedAt": body["updated_at"],
        "cancelledAt": body.get("cancelled_at"),
        "cancelReason": body.get("cancel_reason"),
        "test": body.get("test"),
        "currencyCode": body["currency"],
        "displayFinancialStatus": str(body.get("financial_status") or "").upper(),
        "paymentGatewayNames": body.get("payment_gateway_names"),
        "email": body.get("email"),
        "phone": body.get("phone"),
        "note": body.get("note"),
        "tags": [tag.strip() for tag in str(body.get("tags") or "").split(",") if tag.strip()],
        "sourceIdentifier": body.get("source_identifier"),
        "customAttributes": _attributes(body.get("note_attributes")),
        "taxesIncluded": body.get("taxes_included"),
        "subtotalPriceSet": _bag(body.get("subtotal_price")),
        "totalShippingPriceSet": _bag(_shop_money(body.get("total_shipping_price_set"))),
        "totalTaxSet": _bag(body.get("total_tax")),
        "totalDiscountsSet": _bag(body.get("total_discounts")),
        "totalPriceSet": _bag(body.get("total_price")),
        "shippingLine": next(iter(body.get("shipping_lines") or []), None),
        "shippingAddress": _address(body.get("shipping_address")),
        "billingAddress": _address(body.get("billing_address")),
        "fulfillments": [_fulfillment(one) for one in body.get("fulfillments") or []],
        "refunds": [_refund(one) for one in body.get("refunds") or []],
        "lineItems": {"nodes": [_line(one, body) for one in body["line_items"]]},
    }


def _line(line: Body, order: Body) -> dict[str, Any]:
    variant = line.get("variant_id")
    return {
        "id": line["admin_graphql_api_id"],
        "sku": line.get("sku"),
        "title": line.get("title"),
        "variantTitle": line.get("variant_title"),
        "quantity": line["quantity"],
        "currentQuantity": line["current_quantity"],
        "customAttributes": _attributes(line.get("properties")),
        "variant": {"id": f"gid://shopify/ProductVariant/{variant}"} if variant else None,
        "originalUnitPriceSet": _bag(line.get("price")),
        "totalDiscountSet": _bag(_line_discount(line, order)),
        "taxLines": [
            {"rate": tax.get("rate"), "priceSet": _bag(tax.get("price"))} for tax in line.get("tax_lines") or []
        ],
    }


def _line_discount(line: Body, order: Body) -> str:
    """Without what is the line's share of a discount on the whole order, which `totalDiscountSet` leaves out too."""
    applications = order.get("discount_applications") or []
    total = Decimal(0)
    for one in line.get("discount_allocations") or []:
        position = one.get("discount_application_index")
        known = isinstance(position, int) and position < len(applications)
        about = applications[position] if known else {}
        if (about.get("target_selection"), about.get("allocation_method")) != ("all", "across"):
            total += Decimal(str(one["amount"]))
    return str(total)


def _fulfillment(one: Body) -> dict[str, Any]:
    numbers = one.get("tracking_numbers") or [one.get("tracking_number")]
    urls = one.get("tracking_urls") or [one.get("tracking_url")]
    tracking = {"company": one.get("tracking_company"), "number": numbers[0], "url": urls[0]}
    return {
        "id": one["admin_graphql_api_id"],
        "status": str(one["status"]).upper(),
        "createdAt": one["created_at"],
        "trackingInfo": [tracking],
        "fulfillmentLineItems": {"nodes": [_counted(line["id"], line) for line in one["line_items"]]},
    }


def _refund(one: Body) -> dict[str, Any]:
    """Here nothing says that units came back on the shelf but the way in which they were to."""
    lines = []
    for line in one.get("refund_line_items") or []:
        way = str(line["restock_type"]).upper()
        place = line.get("location_id")
        where = {"location": {"id": f"gid://shopify/Location/{place}"} if place else None}
        told = {"restockType": way, "restocked": way != "NO_RESTOCK"}
        lines.append(_counted(line["line_item_id"], line) | told | where)
    return {"createdAt": one.get("created_at"), "refundLineItems": {"nodes": lines}}


def _counted(number: object, line: Body) -> dict[str, Any]:
    return {"quantity": line["quantity"], "lineItem": {"id": f"gid://shopify/LineItem/{number}"}}


def _attributes(pairs: Any) -> list[dict[str, Any]]:
    return [{"key": one.get("name"), "value": one.get("value")} for one in pairs or []]


def _shop_money(bag: Any) -> Any:
    return ((bag or {}).get("shop_money") or {}).get("amount")


def _bag(amount: Any) -> dict[str, Any] | None:
    return None if amount is None else {"shopMoney": {"amount": amount}}


def _address(body: Body | None) -> dict[str, Any] | None:
    if not body:
        return None
    told = {name: body.get(name) for name in ("name", "company", "address1", "address2", "city", "zip", "phone")}
    where = {"province": body.get("province"), "provinceCode": body.get("province_code")}
    return told | where | {"countryCodeV2": body.get("country_code")}
