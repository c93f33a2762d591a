"""What is kept of calls about orders for support holds nothing of a buyer, in English or in Japanese."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors import redaction
from connectors.redaction import MASK
from tests.connectors.amazon.market import JAPAN, Market, to_cancel
from tests.connectors.amazon.official import needs_amazon_specs, operations

PLANTED: dict[str, dict[str, Any]] = {
    "en": {
        "name": "Grace Planted",
        "email": "grace.planted@marketplace.example.com",
        "phone": "555 010 0000 ext. 12",
        "company": "Planted & Sons",
        "address1": "12 Planted Lane",
        "address2": "Apartment Planted",
        "city": "Plantedville",
        "region": "Plantedshire",
        "postal_code": "00042",
        "note": "Ring at Planted, please",
    },
    "ja": {
        "name": "植込 花子",
        "email": "hanako.planted@marketplace.example.com",
        "phone": "03-0000-0042",
        "company": "植込商店",
        "address1": "植込町1-1",
        "address2": "植込ビル42",
        "city": "植込市",
        "region": "植込県",
        "postal_code": "000-0042",
        "note": "植込の玄関に置いてください",
    },
}


@pytest.mark.parametrize("language", ["en", "ja"])
async def test_no_call_about_an_order_leaves_a_buyer_behind(market: Market, language: str) -> None:
    buyer = PLANTED[language]
    account = market.japan if language == "ja" else market.account
    place = JAPAN if language == "ja" else "amazon.com"
    lines = [{"sku": "TEA-1", "title": "Green tea", "price": 12}]
    order_id = await market.buy(lines=lines, marketplace=place, buyer=buyer)
    market.later()

    page = await market.orders.changed(account, market.now)
    told = await market.told(order_id, account)
    await market.orders.placed(account, told.placed_at, market.now)
    await market.orders.tell_shipped(account, [await market.parcel(order_id)])
    await market.orders.tell_shipped(account, [await market.parcel(order_id, told="none", lines=(("x", 1),))])
    await market.orders.cancel(account, [to_cancel(order_id)])

    assert page.orders[0].buyer is not None
    assert page.orders[0].buyer.name == buyer["name"], "the connector itself reads it"
    kept = "\n".join(f"{one.url}\n{one.request_body}\n{one.response_body}" for one in account.exchanges)
    assert [text for text in buyer.values() if text in kept] == []
    assert "planted" not in kept.lower()
    assert "植込" not in kept
    assert order_id in kept
    assert "TEA-1" in kept, "what support needs stays"


def test_a_buyer_in_an_address_or_in_an_error_is_masked() -> None:
    url = "https://sellingpartnerapi-fe.amazon.com/orders?buyerEmail=a%40example.com&buyerName=Ada&q=03-0000-0042"
    assert redaction.mask_url(url, secrets=()).endswith(f"?buyerEmail={MASK}&buyerName={MASK}&q={MASK}")
    body = {"errors": [{"code": "x", "message": "No parcel for grace@example.com, 03-0000-0042"}]}
    kept = redaction.mask_body("application/json", json.dumps(body).encode(), secrets=())
    assert "grace" not in kept
    assert "0042" not in kept


@needs_amazon_specs
def test_nothing_of_the_people_in_amazons_examples_is_kept() -> None:
    for operation in operations():
        if not operation.path.startswith("/orders/2026-01-01"):
            continue
        for example in operation.spec["responses"]["200"]["x-amzn-api-sandbox"]["static"]:
            body = example["response"]
            kept = redaction.mask_body("application/json", json.dumps(body).encode(), secrets=())
            for one in body.get("orders") or [body["order"]]:
                assert [text for text in _people(one) if json.dumps(text, ensure_ascii=False) in kept] == []


def _people(order: dict[str, Any]) -> list[str]:
    """What the example says of its buyer, apart from what names a country or a kind of address."""
    address = order["recipient"]["deliveryAddress"]
    said = [*order.get("buyer", {}).values(), *address.get("extendedFields", {}).values()]
    said += [text for name, text in address.items() if name not in {"countryCode", "addressType", "extendedFields"}]
    for registration in order.get("tax", {}).get("taxRegistrations", []):
        said += [registration.get("taxRegistrationNumber"), registration.get("legalName")]
    for item in order["orderItems"]:
        said.append(item["fulfillment"].get("packing", {}).get("giftOption", {}).get("giftMessage"))
    return [text for text in said if text]
