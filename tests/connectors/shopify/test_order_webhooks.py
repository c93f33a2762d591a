"""A webhook about an order as Shopify's own pages show it, read without a shop."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.orders import Address, OrderRecord, OrderState
from connectors.protocol import Orders
from connectors.records import Money
from connectors.shopify.connector import Shopify
from tests.connectors.wire import LOCATION, FakeAccount

# https://shopify.dev/docs/api/webhooks, shortened.
BODY = b"""{"id":820982911946154508,"admin_graphql_api_id":"gid://shopify/Order/820982911946154508","name":"#1042",
"order_number":1042,"created_at":"2026-11-22T11:21:00+01:00","updated_at":"2026-11-22T11:21:01+01:00",
"processed_at":"2026-11-22T10:58:00+01:00","cancelled_at":null,"cancel_reason":null,"closed_at":null,"test":false,
"currency":"EUR","presentment_currency":"EUR","financial_status":"paid","fulfillment_status":null,
"email":"ada@example.com","phone":null,"note":null,
"note_attributes":[{"name":"marketplace_order_id","value":"302-1234567-7654321"}],"tags":"amazon-de, hub",
"source_name":"web","source_identifier":null,"source_url":null,"total_price":"52.90","subtotal_price":"48.00",
"total_tax":"7.66","total_discounts":"0.00","taxes_included":true,
"total_price_set":{"shop_money":{"amount":"52.90","currency_code":"EUR"}},
"customer":{"id":115310627314723954,"email":"ada@example.com","first_name":"Ada","last_name":"Muster"},
"billing_address":{},"shipping_address":{"first_name":"Ada","last_name":"Muster","address1":"Lindenstr. 1",
"address2":null,"city":"Berlin","zip":"10969","province":null,"province_code":null,"country":"Germany",
"country_code":"DE","phone":null,"name":"Ada Muster"},
"line_items":[{"id":866550311766439020,"admin_graphql_api_id":"gid://shopify/LineItem/866550311766439020",
"variant_id":47012345678901,"product_id":8801234567890,"title":"Stoneware mug","variant_title":"Blue","sku":"MUG-BLU",
"vendor":"Nordlicht","quantity":2,"current_quantity":2,"fulfillable_quantity":2,"fulfillment_status":null,
"price":"24.00","total_discount":"0.00","requires_shipping":true,"taxable":true,"tax_lines":[],"properties":[]}],
"shipping_lines":[{"id":271878346596884015,"title":"Standard","code":"STANDARD","price":"4.90","source":"shopify"}],
"fulfillments":[],"refunds":[]}"""
FULFILLMENT: dict[str, Any] = {
    "id": 123456,
    "admin_graphql_api_id": "gid://shopify/Fulfillment/123456",
    "order_id": 820982911946154508,
    "status": "success",
    "created_at": "2026-11-22T12:02:10+01:00",
    "tracking_company": "DHL Express",
    "tracking_number": "0034",
    "tracking_numbers": ["0034", "0035"],
    "tracking_url": "https://dhl.example/0034",
    "tracking_urls": ["https://dhl.example/0034"],
    "line_items": [{"id": 866550311766439020, "sku": "MUG-BLU", "quantity": 2}],
}
LINE = "gid://shopify/LineItem/866550311766439020"


@pytest.fixture
def orders() -> Orders:
    found = Shopify(httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(500)))).orders
    assert found is not None
    return found


def heard(orders: Orders, **changes: Any) -> OrderRecord:
    record = orders.heard(FakeAccount(), "orders/updated", json.loads(BODY) | changes)
    assert record is not None
    return record


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def test_the_order_is_told_whole(orders: Orders) -> None:
    order = heard(orders)
    (line,) = order.lines
    assert (order.channel_id, order.number) == ("gid://shopify/Order/820982911946154508", "#1042")
    assert (order.placed_at, order.changed_at) == (
        datetime(2026, 11, 22, 9, 58, tzinfo=UTC),
        datetime(2026, 11, 22, 10, 21, 1, tzinfo=UTC),
    )
    assert (order.state, order.taxes_included, order.reference, order.fraud) == (OrderState.OPEN, True, "", "")
    assert (order.subtotal, order.tax, order.discount, order.total) == (euros(4800), euros(766), euros(0), euros(5290))
    assert (order.shipping, order.shipping_method) == (None, "Standard")
    assert order.url == "https://demo.myshopify.com/admin/orders/820982911946154508"
    assert (line.channel_id, line.item_id) == (LINE, "gid://shopify/ProductVariant/47012345678901")
    assert (line.sku, line.title, line.quantity, line.unit_price) == ("MUG-BLU", "Stoneware mug - Blue", 2, euros(2400))
    assert order.buyer is not None
    assert (order.buyer.name, order.buyer.email, order.buyer.bill_to) == ("Ada Muster", "ada@example.com", None)
    assert order.buyer.ship_to == Address(
        name="Ada Muster", line1="Lindenstr. 1", city="Berlin", postal_code="10969", country="DE"
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", OrderState.PENDING),
        ("partially_paid", OrderState.PENDING),
        ("expired", OrderState.PENDING),
        ("voided", OrderState.PENDING),
        ("authorized", OrderState.OPEN),
        ("paid", OrderState.OPEN),
        ("partially_refunded", OrderState.OPEN),
        ("refunded", OrderState.OPEN),
        (None, OrderState.OPEN),
    ],
)
def test_what_is_not_paid_waits(orders: Orders, status: str | None, state: OrderState) -> None:
    assert heard(orders, financial_status=status).state is state


def test_a_cancelled_one_is_cancelled_whatever_else_it_says(orders: Orders) -> None:
    order = heard(orders, cancelled_at="2026-11-22T12:00:00+01:00", cancel_reason="fraud", financial_status="pending")
    assert (order.state, order.cancel_reason, order.lines[0].cancelled) == (OrderState.CANCELLED, "fraud", 2)


@pytest.mark.parametrize(
    ("status", "state", "parcels"), [("success", OrderState.SHIPPED, 1), ("cancelled", OrderState.OPEN, 0)]
)
def test_only_a_fulfilment_that_stands_has_left(orders: Orders, status: str, state: OrderState, parcels: int) -> None:
    order = heard(orders, fulfillments=[FULFILLMENT | {"status": status}])
    assert (order.state, len(order.parcels)) == (state, parcels)
    for parcel in order.parcels:
        assert (parcel.carrier, parcel.number, parcel.lines) == ("DHL Express", "0034", ((LINE, 2),))
        assert parcel.shipped_at == datetime(2026, 11, 22, 11, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(("way", "restocked"), [("cancel", 1), ("no_restock", 0), ("legacy_restock", 1)])
def test_a_refund_of_what_has_not_left_cancels_it(orders: Orders, way: str, restocked: int) -> None:
    (line,) = json.loads(BODY)["line_items"]
    refund = {"refund_line_items": [{"line_item_id": line["id"], "quantity": 1, "restock_type": way}]}
    (told,) = heard(orders, refunds=[refund], line_items=[line | {"current_quantity": 1}]).lines
    assert (told.cancelled, told.restocked) == (1, restocked)


@pytest.mark.parametrize(
    ("way", "place", "shelved"), [("return", LOCATION, 1), ("return", "24826418", 0), ("no_restock", None, 0)]
)
def test_a_refund_of_what_has_left_is_a_return(orders: Orders, way: str, place: str | None, shelved: int) -> None:
    """The same in a body as when it is read: on our shelf only at the location whose stock we tell."""
    (line,) = json.loads(BODY)["line_items"]
    where = {"location_id": int(place.rsplit("/", 1)[-1]) if place else None}
    refunded = {"line_item_id": line["id"], "quantity": 1, "restock_type": way, **where}
    refund = {"created_at": "2026-11-23T09:00:00+01:00", "refund_line_items": [refunded]}
    (told,) = heard(
        orders, fulfillments=[FULFILLMENT], refunds=[refund], line_items=[line | {"current_quantity": 1}]
    ).lines
    assert (told.cancelled, told.shipped, told.restocked) == (0, 2, 0)
    assert (told.returned, told.shelved) == (1, shelved)
    assert told.returned_at == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_an_order_of_ours_says_which_sale_it_is(orders: Orders) -> None:
    (line,) = json.loads(BODY)["line_items"]
    marks = {"note_attributes": [{"name": "_crossdock", "value": "r-1"}]}
    lines = [line | {"properties": [{"name": "_crossdock_line", "value": "sale-1"}]}]
    order = heard(orders, line_items=lines, **marks)
    assert (order.reference, order.lines[0].reference) == ("r-1", "sale-1")
    assert heard(orders, source_identifier="r-1", tags="hub, r-1").reference == "r-1"
    assert heard(orders, source_identifier="r-1", tags="hub").reference == ""
