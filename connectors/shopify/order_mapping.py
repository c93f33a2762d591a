"""Shopify's orders to our records. Pure: no network, no clock.

A node is an order as GraphQL answers it; order_webhooks makes the same of a webhook's body. Amounts are the shop's own
money (`shopMoney`): what the buyer paid in another currency has been turned into it by Shopify.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors import money
from connectors.orders import Address, Buyer, OrderLine, OrderRecord, OrderState, Parcel, StoreOrder
from connectors.records import Money
from connectors.shopify import order_refunds
from connectors.shopify.order_refunds import Refunded

Node = Mapping[str, Any]

# What we write on an order that we create, and on each of its lines. Shopify hides the names with a line before them
# from buyers: https://shopify.dev/docs/api/ajax/reference/cart#add-line-item-properties
REFERENCE_KEY = "_crossdock"
LINE_KEY = "_crossdock_line"
# https://help.shopify.com/en/manual/shopify-admin/productivity-tools/using-tags: a tag of an order has 40 at most.
TAG_LENGTH = 40

# Sold, and the money is not there (a bank transfer to come, an authorisation that came to nothing).
_UNPAID = frozenset({"PENDING", "PARTIALLY_PAID", "EXPIRED", "VOIDED"})
_FRAUD = ("HIGH", "MEDIUM", "LOW")


def record(node: Node, *, base_url: str, places: Collection[str] = ()) -> OrderRecord:
    """The order; `base_url` is where the account's shop is, `places` the locations whose stock is for sale."""
    currency = str(node["currencyCode"])
    lines = _lines(node, currency, places)
    number = str(node["legacyResourceId"])
    return OrderRecord(
        channel_id=str(node["id"]),
        number=str(node["name"]),
        placed_at=moment(node["processedAt"]),
        changed_at=moment(node["updatedAt"]),
        state=_state(node, lines),
        currency=currency,
        lines=lines,
        subtotal=_amount(node.get("subtotalPriceSet"), currency),
        shipping=_amount(node.get("totalShippingPriceSet"), currency),
        tax=_amount(node.get("totalTaxSet"), currency),
        discount=_amount(node.get("totalDiscountsSet"), currency),
        total=_amount(node.get("totalPriceSet"), currency),
        taxes_included=bool(node.get("taxesIncluded")),
        buyer=_buyer(node),
        payment=", ".join(node.get("paymentGatewayNames") or [])[:64],
        shipping_method=str((node.get("shippingLine") or {}).get("title") or ""),
        fraud=_fraud(node),
        cancel_reason=str(node.get("cancelReason") or "").lower(),
        test=bool(node.get("test")),
        url=admin_url(base_url, number),
        reference=reference_of(node),
        parcels=tuple(_parcels(node)),
    )


def store_order(node: Node, *, base_url: str) -> StoreOrder:
    return StoreOrder(
        channel_id=str(node["id"]),
        number=str(node["name"]),
        url=admin_url(base_url, str(node["legacyResourceId"])),
        created_at=moment(node["createdAt"]),
        cancelled=node.get("cancelledAt") is not None,
    )


def admin_url(base_url: str, number: str) -> str:
    return f"{base_url}/admin/orders/{number}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def tag_of(reference: str) -> str:
    """The tag that says the reference: a comma would end it, and its length is limited."""
    return reference.replace(",", " ")[:TAG_LENGTH]


def reference_of(node: Node) -> str:
    """What we wrote on the order when we made it; empty on any other.

    Other apps fill `sourceIdentifier` too, so it is ours only with the tag beside it. Either is enough when Shopify or
    the merchant has changed the others.
    """
    source = str(node.get("sourceIdentifier") or "")
    if source and tag_of(source) in (node.get("tags") or []):
        return source
    return _attribute(node, REFERENCE_KEY)


def _attribute(node: Node, key: str) -> str:
    found = (one.get("value") for one in node.get("customAttributes") or [] if one.get("key") == key)
    return str(next(found, None) or "")


def _state(node: Node, lines: Sequence[OrderLine]) -> OrderState:
    """Shopify has no one word for it: `cancelledAt`, what has left and what is paid say it together."""
    shipped = sum(line.shipped for line in lines)
    left = sum(line.quantity - line.cancelled - line.shipped for line in lines)
    if node.get("cancelledAt") or (left <= 0 and not shipped):
        return OrderState.CANCELLED
    if left <= 0:
        return OrderState.SHIPPED
    if not shipped and node.get("displayFinancialStatus") in _UNPAID:
        return OrderState.PENDING
    return OrderState.OPEN


def _lines(node: Node, currency: str, places: Collection[str]) -> tuple[OrderLine, ...]:
    shipped = order_refunds.counted(line for parcel in _left(node) for line in parcel["fulfillmentLineItems"]["nodes"])
    refunded = order_refunds.by_line(node.get("refunds") or [], places)
    whole = node.get("cancelledAt") is not None
    return tuple(
        _line(line, currency, shipped.get(line["id"], 0), refunded.get(line["id"], Refunded()), whole=whole)
        for line in node["lineItems"]["nodes"]
    )


def _line(node: Node, currency: str, shipped: int, refunded: Refunded, *, whole: bool) -> OrderLine:
    """What was removed and had not come back from the buyer never left, as far as so much was there to leave."""
    ordered = int(node["quantity"])
    removed = ordered if whole else ordered - int(node["currentQuantity"]) - refunded.sent_back
    cancelled = max(0, min(removed, ordered - shipped))
    title, variant = str(node.get("title") or ""), str(node.get("variantTitle") or "")
    returned = refunded.returned(cancelled, shipped)
    return OrderLine(
        channel_id=str(node["id"]),
        sku=str(node.get("sku") or ""),
        title=f"{title} - {variant}" if variant else title,
        quantity=ordered,
        item_id=str((node.get("variant") or {}).get("id") or ""),
        cancelled=cancelled,
        shipped=min(shipped, ordered),
        restocked=refunded.restocked,
        returned=returned,
        shelved=min(refunded.shelved, returned),
        returned_at=refunded.at if returned else None,
        unit_price=_amount(node.get("originalUnitPriceSet"), currency),
        tax=_tax(node, currency),
        tax_rate=_tax_rate(node),
        discount=_amount(node.get("totalDiscountSet"), currency),
        reference=_attribute(node, LINE_KEY),
    )


def _left(node: Node) -> list[Node]:
    """The fulfilments that stand: one may fail or be called off, and then nothing has left by it."""
    return [one for one in node.get("fulfillments") or [] if one["status"] == "SUCCESS"]


def _parcels(node: Node) -> Iterable[Parcel]:
    """A fulfilment is a parcel. One with several numbers is told by its first."""
    for one in _left(node):
        tracking: Node = next(iter(one.get("trackingInfo") or []), {})
        yield Parcel(
            channel_id=str(one["id"]),
            carrier=str(tracking.get("company") or ""),
            number=str(tracking.get("number") or ""),
            url=str(tracking.get("url") or ""),
            shipped_at=moment(one["createdAt"]),
            lines=tuple(order_refunds.counted(one["fulfillmentLineItems"]["nodes"]).items()),
        )


def _fraud(node: Node) -> str:
    """The gravest that any assessment says. None may be there yet: they come some time after the order."""
    levels = {one["riskLevel"] for one in (node.get("risk") or {}).get("assessments") or []}
    return next((level.lower() for level in _FRAUD if level in levels), "")


def _tax(line: Node, currency: str) -> Money:
    taxes = [_amount(one["priceSet"], currency) for one in line.get("taxLines") or []]
    return Money(sum(tax.minor for tax in taxes if tax), currency)


def _tax_rate(line: Node) -> str:
    """The rates of a line's taxes together, as a fraction: "0.1" is ten per cent."""
    rates = [Decimal(str(one["rate"])) for one in line.get("taxLines") or [] if one.get("rate") is not None]
    return format(sum(rates).normalize(), "f") if rates else ""  # type: ignore[union-attr]  # of Decimals: never 0


def _amount(bag: Node | None, currency: str) -> Money | None:
    amount = ((bag or {}).get("shopMoney") or {}).get("amount")
    return None if amount is None else money.from_text(str(amount), currency)


def _buyer(node: Node) -> Buyer | None:
    ship_to, bill_to = _address(node.get("shippingAddress")), _address(node.get("billingAddress"))
    buyer = Buyer(
        name=(bill_to or ship_to or Address()).name,
        email=str(node.get("email") or ""),
        phone=str(node.get("phone") or ""),
        ship_to=ship_to,
        bill_to=bill_to,
        note=str(node.get("note") or ""),
    )
    return None if buyer == Buyer() else buyer


def _address(node: Node | None) -> Address | None:
    """Shopify leaves the addresses out until the app is approved for buyers' data, or gives them empty."""
    if not node:
        return None
    told = {name: str(value) for name, value in node.items() if value is not None}
    address = Address(
        name=told.get("name", ""),
        company=told.get("company", ""),
        line1=told.get("address1", ""),
        line2=told.get("address2", ""),
        city=told.get("city", ""),
        region=told.get("provinceCode") or told.get("province", ""),
        postal_code=told.get("zip", ""),
        country=told.get("countryCodeV2", ""),
        phone=told.get("phone", ""),
    )
    return None if address == Address() else address
