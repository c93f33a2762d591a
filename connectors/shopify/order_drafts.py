"""A sale as the order to create for it in the store: its prices, its taxes, its address, and our marks. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any

from connectors import money
from connectors.orders import Address, Buyer, OrderState, StoreDraft, StoreLine
from connectors.records import Money
from connectors.shopify import order_mapping, prefectures

Input = dict[str, Any]

# https://shopify.dev/docs/api/admin-graphql/latest/input-objects/OrderCreateOrderInput
_DISCOUNT_CODE = "Discount"
_OTHER_CHARGES = "Other charges"
_SHIPPING = "Shipping"
_TAX = "Tax"


class NoPrice(ValueError):
    """A line has no price yet, so the order cannot be created at the prices of the sale."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the order comes to, in minor units, as Shopify will add it up: lines + shipping + charges - discount."""

    goods: int
    shipping: int
    charges: int
    discount: int
    tax: int

    @property
    def total(self) -> int:
        return self.goods + self.shipping + self.charges - self.discount + self.tax


def create_input(draft: StoreDraft) -> Input:
    """OrderCreateOrderInput of the sale. Raises NoPrice."""
    order, sums = draft.order, _sums(draft)
    written: Input = {
        "currency": order.currency,
        "processedAt": order.placed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "test": order.test,
        "sourceName": draft.source,
        "sourceIdentifier": draft.reference,
        "tags": list(dict.fromkeys(order_mapping.tag_of(tag) for tag in (draft.reference, *draft.tags) if tag)),
        "customAttributes": [
            {"key": order_mapping.REFERENCE_KEY, "value": draft.reference},
            {"key": draft.source or "order", "value": order.number},
        ],
        "taxesIncluded": order.taxes_included,
        "lineItems": [_line(draft, line) for line in draft.lines],
        **_order_tax(draft, sums),
        **_shipping(draft, sums),
        **_payment(draft, sums),
        **_people(order.buyer or Buyer()),
    }
    if order.url.startswith("https://"):
        written["sourceUrl"] = order.url
    if sums.discount:
        amount = _bag(sums.discount, order.currency)
        written["discountCode"] = {"itemFixedDiscountCode": {"code": _DISCOUNT_CODE, "amountSet": amount}}
    return written


def private_values(draft: StoreDraft) -> tuple[str, ...]:
    """Everything of the buyer's in the order, to be masked wherever it is quoted."""
    buyer = draft.order.buyer or Buyer()
    places = [place for place in (buyer.ship_to, buyer.bill_to) if place]
    texts = [buyer.name, buyer.email, buyer.phone, buyer.note]
    for place in places:
        texts += [place.name, place.company, place.line1, place.line2, place.city, place.postal_code, place.phone]
        texts += _names(place)
    return tuple(sorted({text for text in texts if len(text) > 1}, key=len, reverse=True))


def _sums(draft: StoreDraft) -> _Sums:
    """Where the whole sale is created, what its parts lack against its total is a charge or a discount of its own."""
    order = draft.order
    goods = sum(_unit_price(line) * line.quantity for line in draft.lines)
    shipping = order.shipping.minor if order.shipping else 0
    tax = 0 if order.taxes_included else _tax(draft)
    if order.total is None or not _is_whole(draft):
        discount = sum(_share(line, line.line.discount) for line in draft.lines)
        return _Sums(goods, shipping, 0, min(discount, goods), tax)
    lacking = order.total.minor - goods - shipping - tax
    discount = max(0, -lacking)
    # A discount code is off the goods alone; what is more than they cost was off the shipping.
    return _Sums(goods, shipping - max(0, discount - goods), max(0, lacking), min(discount, goods), tax)


def _is_whole(draft: StoreDraft) -> bool:
    return {line.line.channel_id: line.quantity for line in draft.lines} == {
        line.channel_id: line.quantity for line in draft.order.lines
    }


def _tax(draft: StoreDraft) -> int:
    on_lines = sum(_share(line, line.line.tax) for line in draft.lines)
    return on_lines or (draft.order.tax.minor if draft.order.tax else 0)


def _share(line: StoreLine, whole: Money | None) -> int:
    """Of an amount on the whole line what falls on the units that are created."""
    return whole.minor * line.quantity // line.line.quantity if whole and line.line.quantity else 0


def _unit_price(line: StoreLine) -> int:
    if line.line.unit_price is None:
        raise NoPrice(line.line.channel_id)
    return line.line.unit_price.minor


def _line(draft: StoreDraft, line: StoreLine) -> Input:
    currency, one = draft.order.currency, line.line
    taxes = [_tax_line(_share(line, one.tax), currency, _rate(draft, line))] if one.tax and one.tax.minor else []
    return {
        **({"variantId": line.variant_id} if line.variant_id else {}),
        "title": one.title or one.sku or line.line.channel_id,
        **({"sku": one.sku} if one.sku else {}),
        "quantity": line.quantity,
        "requiresShipping": True,
        "taxable": bool(taxes),
        "priceSet": _bag(_unit_price(line), currency),
        "taxLines": taxes,
        "properties": [{"name": order_mapping.LINE_KEY, "value": one.channel_id}],
    }


def _rate(draft: StoreDraft, line: StoreLine) -> Decimal:
    """As the marketplace says it, where it says a fraction; else what the tax is of the price without it."""
    if re.fullmatch(r"0?\.[0-9]+", line.line.tax_rate):
        return Decimal(line.line.tax_rate)
    price = _unit_price(line) * line.quantity - _share(line, line.line.discount)
    return _fraction(_share(line, line.line.tax), price, included=draft.order.taxes_included)


def _fraction(tax: int, price: int, *, included: bool) -> Decimal:
    net = price - tax if included else price
    return (Decimal(tax) / net).quantize(Decimal("0.0001")) if net > 0 else Decimal(0)


def _order_tax(draft: StoreDraft, sums: _Sums) -> Input:
    """The sale's tax, where its lines do not say theirs: Shopify takes taxes on the order or on lines, not on both."""
    order = draft.order
    if not order.tax or not order.tax.minor or any(line.line.tax and line.line.tax.minor for line in draft.lines):
        return {}
    price = sums.goods + sums.shipping + sums.charges - sums.discount
    rate = _fraction(order.tax.minor, price, included=order.taxes_included)
    return {"taxLines": [_tax_line(order.tax.minor, order.currency, rate)]}


def _tax_line(tax: int, currency: str, rate: Decimal) -> Input:
    return {"title": _TAX, "rate": format(rate, "f"), "priceSet": _bag(tax, currency)}


def _shipping(draft: StoreDraft, sums: _Sums) -> Input:
    currency = draft.order.currency
    title = draft.order.shipping_method or _SHIPPING
    lines = [{"title": title, "source": draft.source, "priceSet": _bag(sums.shipping, currency)}]
    if sums.charges:
        lines.append({"title": _OTHER_CHARGES, "source": draft.source, "priceSet": _bag(sums.charges, currency)})
    return {"shippingLines": lines}


def _payment(draft: StoreDraft, sums: _Sums) -> Input:
    """A payment of the whole makes the order paid; `financialStatus` alone would only call it so."""
    order = draft.order
    if order.state is OrderState.PENDING:
        return {"financialStatus": "PENDING"}
    if sums.total <= 0:
        return {"financialStatus": "PAID"}
    payment = {
        "kind": "SALE",
        "status": "SUCCESS",
        "gateway": draft.source,
        "test": order.test,
        "amountSet": _bag(sums.total, order.currency),
    }
    return {"financialStatus": "PAID", "transactions": [payment]}


def _people(buyer: Buyer) -> Input:
    """A mail address only where there is one: with none, Shopify writes to nobody."""
    told: Input = {"email": buyer.email} if buyer.email else {}
    if buyer.note:
        told["note"] = buyer.note
    if buyer.ship_to:
        told["shippingAddress"] = _address(buyer.ship_to)
    if buyer.bill_to or buyer.ship_to:
        told["billingAddress"] = _address(buyer.bill_to or buyer.ship_to or Address())
    return told


def _address(place: Address) -> Input:
    first, last = _names(place)
    country = place.country.upper() if re.fullmatch(r"[A-Za-z]{2}", place.country) else ""
    told = {
        "firstName": first,
        "lastName": last,
        "company": place.company,
        "address1": place.line1,
        "address2": place.line2,
        "city": place.city,
        "zip": place.postal_code,
        "phone": place.phone,
        "countryCode": country,
        **_region(place.region, country),
    }
    return {name: value for name, value in told.items() if value}


def _region(region: str, country: str) -> Input:
    """Shopify's code where it is one; other words go where Shopify takes a province's name."""
    code = prefectures.code_of(region) if country == "JP" else ""
    if code or re.fullmatch(r"[A-Z]{2}-\w{1,3}|[A-Z]{2,3}", region):
        return {"provinceCode": code or region}
    return {"province": region}


def _names(place: Address) -> Sequence[str]:
    """First and last name. Japanese names begin with the family's; a single word is the last name."""
    words = place.name.split()
    if len(words) < 2:
        return "", place.name
    if place.country.upper() == "JP":
        return " ".join(words[1:]), words[0]
    return " ".join(words[:-1]), words[-1]


def _bag(minor: int, currency: str) -> Input:
    return {"shopMoney": {"amount": money.to_text(Money(minor, currency)), "currencyCode": currency}}
