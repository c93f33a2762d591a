"""What a shop's webhooks tell of an order is what a read of it would, signed, however often and late they come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.orders import OrderRecord, OrderState
from connectors.records import InboundEvent
from connectors.shopify.webhooks import TOPICS
from tests.connectors.shopify.practice.practice_shop import CLIENT_SECRET
from tests.connectors.shopify.practice.test_webhooks import Inbox, settled
from tests.connectors.shopify.shop_orders import Till, a_till
from tests.serving import serving


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    listener = Inbox()
    async with serving(listener) as url:
        listener.url = f"{url}/webhooks"
        yield listener


@pytest.fixture
async def till(tmp_path: Path, inbox: Inbox) -> AsyncIterator[Till]:
    """The connector has subscribed to everything it hears of."""
    async with a_till(tmp_path) as opened:
        await opened.shopify.subscribe(opened.account, inbox.url)
        yield opened


def events(till: Till, inbox: Inbox) -> list[InboundEvent]:
    found = [till.shopify.parse_webhook(headers, body, secrets=[CLIENT_SECRET]) for headers, body in inbox.came]
    return [event for event in found if event is not None and event.topic.startswith("orders/")]


def heard(till: Till, event: InboundEvent) -> OrderRecord:
    record = till.orders.heard(till.account, event.topic, json.loads(event.body))
    assert record is not None
    return record


async def last_heard(till: Till, inbox: Inbox) -> OrderRecord:
    await settled(till.shop)
    records = [heard(till, event) for event in events(till, inbox)]
    newest = max(record.changed_at for record in records)
    return next(record for record in records if record.changed_at == newest)


async def test_every_subscription_for_orders_is_made_and_asks_for_what_is_read(till: Till, inbox: Inbox) -> None:
    rows = [row for row in await till.shop.read("subscriptions") if row["topic"].startswith("ORDERS_")]
    assert len(rows) == 5
    assert {row["topic"] for row in rows} <= set(TOPICS)
    order_id = await till.sell(shipping="5.00")
    await settled(till.shop)
    (event,) = events(till, inbox)
    body = json.loads(event.body)
    assert (body["admin_graphql_api_id"], "customer" in body) == (order_id, False)


STEPS: list[tuple[str, dict[str, Any]]] = [
    ("pay", {}),
    ("restock", {"lines": [{"sku": "MUG", "quantity": 1}]}),
    (
        "fulfil",
        {
            "lines": [{"sku": "CUP", "quantity": 1}],
            "carrier": "Yamato (EN)",
            "number": "1",
            "url": "https://e.example/1",
        },
    ),
    ("restock", {"lines": [{"sku": "CUP", "quantity": 1}], "keep": True}),
    ("write", {"note": "Bitte klingeln", "tags": ["b", "a"]}),
    ("fulfil", {}),
    ("unfulfil", {}),
]


async def test_a_webhook_tells_what_a_read_tells(till: Till, inbox: Inbox) -> None:
    lines = [{"sku": "MUG", "quantity": 3, "discount": "2.00"}, {"sku": "CUP", "quantity": 2}]
    placed = await till.shop.lever(
        "orders", lines=lines, pending=True, tax_rate="0.1", discount="5.00", shipping="4.90", buyer={"note": "Hi"}
    )
    order_id = placed["order_id"]
    assert await last_heard(till, inbox) == await till.read(order_id)
    for action, given in STEPS:
        till.later(seconds=10)
        await till.do(action, order_id, **given)
        assert await last_heard(till, inbox) == await till.read(order_id), action


async def test_a_cancellation_is_heard(till: Till, inbox: Inbox) -> None:
    order_id = await till.sell(quantity=2)
    till.later(seconds=10)
    await till.do("cancel", order_id, restock=True)
    told = await last_heard(till, inbox)
    assert told == await till.read(order_id)
    assert (told.state, told.lines[0].cancelled, told.lines[0].restocked) == (OrderState.CANCELLED, 2, 2)
    assert {event.topic for event in events(till, inbox)} == {"orders/create", "orders/cancelled", "orders/updated"}


async def test_whole_and_part_shipments_have_topics_of_their_own(till: Till, inbox: Inbox) -> None:
    order_id = await till.sell(quantity=2)
    await till.do("fulfil", order_id, lines=[{"sku": "MUG", "quantity": 1}])
    await till.do("fulfil", order_id)
    await settled(till.shop)
    topics = [event.topic for event in events(till, inbox)]
    assert topics.count("orders/partially_fulfilled") == 1
    assert topics.count("orders/fulfilled") == 1


async def test_a_body_says_no_fraud_level_and_a_read_does(till: Till, inbox: Inbox) -> None:
    order_id = await till.sell(risk="HIGH")
    told, read = await last_heard(till, inbox), await till.read(order_id)
    assert (told.fraud, read.fraud) == ("", "high")
    assert replace(read, fraud="") == told


async def test_letters_come_many_times_and_in_another_order(till: Till, inbox: Inbox) -> None:
    await till.shop.lever("faults", kind="duplicate", times=3)
    await till.shop.lever("faults", kind="shuffle", seconds=30)
    order_id = await till.sell()
    for _ in range(5):
        till.later(seconds=1)
        await till.do("write", order_id, note=str(till.shop.clock()))
    for _ in range(10):
        await till.shop.lever("deliver")
    await settled(till.shop)
    moments = [heard(till, event).changed_at for event in events(till, inbox)]
    assert len(moments) == 18
    assert moments != sorted(moments)
    assert len({event.delivery_id for event in events(till, inbox)}) == 6
    assert await last_heard(till, inbox) == await till.read(order_id)


async def test_a_tenth_of_the_letters_is_lost(till: Till, inbox: Inbox) -> None:
    await till.shop.lever("faults", kind="lose", percent=10, topic="orders/create")
    await till.shop.lever("orders", lines=[{"sku": "X", "title": "X", "price": "1"}], count=50)
    await settled(till.shop)
    assert len(events(till, inbox)) == 45
    assert len(await till.changed()) == 50


@pytest.mark.parametrize("body", [{}, {"id": 1}, {"id": 1, "admin_graphql_api_id": None, "line_items": 3}])
async def test_what_is_no_whole_order_must_be_read(till: Till, body: dict[str, Any]) -> None:
    assert till.orders.heard(till.account, "orders/updated", body) is None


async def test_other_topics_tell_no_order(till: Till, inbox: Inbox) -> None:
    await till.sell()
    await settled(till.shop)
    (event,) = events(till, inbox)
    assert till.orders.heard(till.account, "products/update", json.loads(event.body)) is None
