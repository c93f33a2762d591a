"""An order as the Orders API of 2026-01-01 tells it, in our records.

https://github.com/amzn/selling-partner-api-models, orders_2026-01-01. Only what the model requires is counted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors import money
from connectors.amazon.marketplaces import SELLER_CENTRAL, Marketplace
from connectors.orders import Address, Buyer, OrderLine, OrderRecord, OrderState, Parcel
from connectors.records import Money

Json = Mapping[str, Any]

STATES = {
    "PENDING_AVAILABILITY": OrderState.PENDING,
    "PENDING": OrderState.PENDING,
    "UNSHIPPED": OrderState.OPEN,
    "PARTIALLY_SHIPPED": OrderState.OPEN,
    "SHIPPED": OrderState.SHIPPED,
    "CANCELLED": OrderState.CANCELLED,
    # Only of what Amazon ships for sales elsewhere: it never leaves.
    "UNFULFILLABLE": OrderState.CANCELLED,
}
# Where prices are told without tax. The model says nothing of it: tax is added at the till in these countries.
_TAX_ON_TOP = frozenset({"US", "CA"})


def is_sale_here(told: Json, place: Marketplace) -> bool:
    """Whether it was bought on this marketplace; what Amazon only ships for another shop is that shop's sale."""
    channel = told["salesChannel"]
    return bool(channel["channelName"] != "NON_AMAZON" and channel.get("marketplaceId", place.id) == place.id)


def record(told: Json, place: Marketplace) -> OrderRecord:
    """A status that Amazon adds one day is pending to us: held, and not shipped."""
    fulfillment = told.get("fulfillment", {})
    state = STATES.get(fulfillment.get("fulfillmentStatus", ""), OrderState.PENDING)
    items = told["orderItems"]
    requests = [_cancellation(one, "cancellationRequest") for one in items]
    executions = [_cancellation(one, "cancellationExecution") for one in items]
    reasons = [one.get("cancelReason", "") for one in (*executions, *requests)]
    total = told.get("proceeds", {}).get("grandTotal")
    return OrderRecord(
        channel_id=told["orderId"],
        number=told["orderId"],
        placed_at=_moment(told["createdTime"]),
        changed_at=_moment(told["lastUpdatedTime"]),
        state=state,
        currency=place.currency,
        lines=tuple(_line(one, state) for one in items),
        subtotal=_sum(told, "ITEM"),
        shipping=_sum(told, "SHIPPING"),
        tax=_sum(told, "TAX"),
        discount=_off(_sum(told, "DISCOUNT")),
        total=_money(total) if total else None,
        taxes_included=_taxes_included(told, place),
        buyer=_buyer(told),
        payment=", ".join(dict.fromkeys(_payments(told))),
        shipping_method=fulfillment.get("fulfillmentServiceLevel", ""),
        cancel_requested=any(requests) and state in {OrderState.PENDING, OrderState.OPEN},
        cancel_reason=next(filter(None, reasons), ""),
        ship_by=_optional(fulfillment.get("shipByWindow", {}).get("latestDateTime")),
        by_channel=fulfillment.get("fulfilledBy") == "AMAZON",
        # No page documents the address; it is where Seller Central's own list of orders leads.
        url=f"{SELLER_CENTRAL[place.region]}/orders-v3/order/{told['orderId']}",
        parcels=tuple(_parcel(one) for one in told.get("packages", [])),
    )


def left_to_ship(told: Json) -> list[tuple[str, int]]:
    """Every item that has not left, with how many of it; all that was ordered where Amazon counts none."""
    counted = [
        (one["orderItemId"], one.get("fulfillment", {}).get("quantityUnfulfilled", one["quantityOrdered"]))
        for one in told["orderItems"]
    ]
    return [(item, quantity) for item, quantity in counted if quantity > 0]


def _line(one: Json, state: OrderState) -> OrderLine:
    product, fulfillment = one["product"], one.get("fulfillment", {})
    ordered, shipped = one["quantityOrdered"], fulfillment.get("quantityFulfilled", 0)
    price = product.get("price", {}).get("unitPrice")
    return OrderLine(
        channel_id=one["orderItemId"],
        sku=product.get("sellerSku", ""),
        title=product.get("title", ""),
        quantity=ordered,
        item_id=product.get("sellerSku", ""),
        cancelled=_cancelled(one, state, ordered - shipped),
        shipped=shipped,
        unit_price=_money(price) if price else None,
        tax=_sum_of(one, "TAX"),
        discount=_off(_sum_of(one, "DISCOUNT")),
    )


def _cancelled(one: Json, state: OrderState, not_shipped: int) -> int:
    """What will not leave. How Amazon counts it is not written down: by its own numbers, or all there is left."""
    left: int | None = one.get("fulfillment", {}).get("quantityUnfulfilled")
    if state is OrderState.CANCELLED or left is None:
        return not_shipped if state is OrderState.CANCELLED else 0
    if left >= not_shipped and _cancellation(one, "cancellationExecution"):
        return not_shipped
    return max(not_shipped - left, 0)


def _cancellation(one: Json, name: str) -> Json:
    found: Json = one.get("cancellation", {}).get(name, {})
    return found


def _breakdowns(told: Json) -> Iterable[Json]:
    found: Iterable[Json] = told.get("proceeds", {}).get("breakdowns", [])
    return found


def _sum(told: Json, kind: str) -> Money | None:
    """Of the whole order: as Amazon sums it up, or the sum over its items. None where nothing of the kind is told."""
    whole = _sum_of(told, kind)
    if whole is not None:
        return whole
    return _added(part for one in told["orderItems"] if (part := _sum_of(one, kind)))


def _sum_of(told: Json, kind: str) -> Money | None:
    return _added(_money(one["subtotal"]) for one in _breakdowns(told) if one["type"] == kind)


def _added(parts: Iterable[Money]) -> Money | None:
    listed = list(parts)
    return Money(sum(one.minor for one in listed), listed[0].currency) if listed else None


def _off(discount: Money | None) -> Money | None:
    """Whether a discount comes with a minus is not written down."""
    return Money(abs(discount.minor), discount.currency) if discount else None


def _taxes_included(told: Json, place: Marketplace) -> bool:
    """As the amounts of the first item with tax add up; by the country's custom where none tells."""
    for one in told["orderItems"]:
        tax, total = _sum_of(one, "TAX"), one.get("proceeds", {}).get("proceedsTotal")
        if not tax or not tax.minor or not total:
            continue
        parts = [(part["type"], _money(part["subtotal"]).minor) for part in _breakdowns(one)]
        without = sum(-abs(minor) if kind == "DISCOUNT" else minor for kind, minor in parts if kind != "TAX")
        return _money(total).minor == without
    return place.country not in _TAX_ON_TOP


def _buyer(told: Json) -> Buyer | None:
    """None where Amazon keeps it to itself: of pending orders, and where the application lacks the role."""
    buyer, recipient = told.get("buyer", {}), told.get("recipient", {})
    if not buyer and not recipient:
        return None
    place = recipient.get("deliveryAddress", {})
    return Buyer(
        name=buyer.get("buyerName", ""),
        email=buyer.get("buyerEmail", ""),
        phone=place.get("phone", ""),
        ship_to=_address(place, buyer) if place else None,
        note="\n".join(_notes(told)),
    )


def _address(place: Json, buyer: Json) -> Address:
    lines = [place.get(name, "") for name in ("addressLine2", "addressLine3")]
    city = [place.get(name, "") for name in ("districtOrCounty", "city")]
    return Address(
        name=place.get("name", ""),
        company=place.get("companyName") or buyer.get("buyerCompanyName", ""),
        line1=place.get("addressLine1", ""),
        line2=" ".join(filter(None, lines)),
        city=" ".join(filter(None, city)) or place.get("municipality", ""),
        region=place.get("stateOrRegion", ""),
        postal_code=place.get("postalCode", ""),
        country=place.get("countryCode", ""),
        phone=place.get("phone", ""),
    )


def _notes(told: Json) -> Iterator[str]:
    """What the buyer wrote for whoever packs and delivers."""
    preference = told.get("recipient", {}).get("deliveryPreference", {})
    yield from filter(None, (preference.get("dropOffLocation"), preference.get("addressInstruction")))
    for one in told["orderItems"]:
        message = one.get("fulfillment", {}).get("packing", {}).get("giftOption", {}).get("giftMessage")
        if message:
            yield message


def _payments(told: Json) -> Iterator[str]:
    for one in told.get("payment", {}).get("paymentExecutions", []):
        yield one.get("paymentMethod", "")


def _parcel(one: Json) -> Parcel:
    return Parcel(
        channel_id=one["packageReferenceId"],
        carrier=one.get("carrier", ""),
        number=one.get("trackingNumber", ""),
        shipped_at=_optional(one.get("shipTime")),
        lines=tuple((item["orderItemId"], item["quantity"]) for item in one.get("packageItems", [])),
    )


def _money(told: Json) -> Money:
    return money.from_text(told["amount"], told["currencyCode"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _optional(text: str | None) -> datetime | None:
    return _moment(text) if text else None
