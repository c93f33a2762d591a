"""Webhooks: subscribed to, signed, sent at least once, retried, and given up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.connectors.shopify.practice.practice_shop import CLIENT_SECRET, DOMAIN, Shop, a_product, a_variant
from tests.serving import serving

SUBSCRIBE = """mutation S($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id uri topic apiVersion { handle } } userErrors { field message }
  }
}"""


@dataclass
class Inbox:
    """A listener that answers with `status` and keeps what came."""

    url: str = ""
    status: int = 200
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        self.came.append(({k.decode(): v.decode() for k, v in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"location", b"/elsewhere")]})
        await send({"type": "http.response.body", "body": b""})

    @property
    def topics(self) -> list[str]:
        return sorted(headers["x-shopify-topic"] for headers, _body in self.came)


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    listener = Inbox()
    async with serving(listener) as url:
        listener.url = f"{url}/webhooks"
        yield listener


async def subscribe(shop: Shop, inbox: Inbox, *topics: str) -> None:
    for topic in topics:
        made = await shop.data(SUBSCRIBE, topic=topic, uri=inbox.url)
        assert made["webhookSubscriptionCreate"]["userErrors"] == []


async def deliver(shop: Shop) -> None:
    """Every delivery that waits has been tried once more."""
    while (await shop.lever("deliver"))["tried"] == 0 and await waiting(shop):
        pass


async def waiting(shop: Shop) -> list[Any]:
    return [row for row in await shop.read("deliveries") if row["state"] == "waiting"]


async def settled(shop: Shop) -> None:
    while await waiting(shop):
        pass


async def test_a_product_is_announced_signed_over_the_raw_body(shop: Shop, inbox: Inbox) -> None:
    await subscribe(shop, inbox, "PRODUCTS_CREATE")
    await shop.set(**a_product(title="Bücher & Tassen"))
    await settled(shop)
    headers, body = inbox.came[0]
    digest = hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha256).digest()
    assert headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert headers["x-shopify-topic"] == "products/create"
    assert headers["x-shopify-shop-domain"] == DOMAIN
    assert headers["x-shopify-api-version"] == "2026-07"
    assert headers["x-shopify-webhook-id"] != headers["x-shopify-event-id"]
    told = json.loads(body)
    assert told["title"] == "Bücher & Tassen"
    assert told["variants"][0]["sku"] == "MUG"


async def test_our_own_stock_write_echoes(shop: Shop, inbox: Inbox) -> None:
    await shop.set(**a_product())
    await subscribe(shop, inbox, "INVENTORY_LEVELS_UPDATE")
    await shop.lever("change", sku="MUG", stock=7)
    await settled(shop)
    told = json.loads(inbox.came[0][1])
    assert told["available"] == 7
    assert "id" not in told


async def test_one_action_is_one_event_over_all_its_topics(shop: Shop, inbox: Inbox) -> None:
    await subscribe(shop, inbox, "PRODUCTS_CREATE", "INVENTORY_LEVELS_UPDATE")
    stock = [{"locationId": shop.location, "name": "available", "quantity": 1}]
    await shop.set(**a_product(variants=[a_variant(inventoryQuantities=stock)]))
    await settled(shop)
    assert inbox.topics == ["inventory_levels/update", "products/create"]
    assert len({headers["x-shopify-event-id"] for headers, _body in inbox.came}) == 1
    assert len({headers["x-shopify-webhook-id"] for headers, _body in inbox.came}) == 2


async def test_a_refused_write_announces_nothing(shop: Shop, inbox: Inbox) -> None:
    await subscribe(shop, inbox, "PRODUCTS_CREATE", "INVENTORY_LEVELS_UPDATE")
    stock = [{"locationId": shop.location, "name": "available", "quantity": 1}]
    mark = [{"namespace": "x", "key": "yy", "value": "no type"}]
    refused = await shop.set(**a_product(variants=[a_variant(inventoryQuantities=stock)], metafields=mark))
    assert refused["userErrors"][0]["code"] == "INVALID_METAFIELD"
    assert await shop.read("deliveries") == []


async def test_a_failing_listener_is_tried_nine_times_and_then_unsubscribed(shop: Shop, inbox: Inbox) -> None:
    inbox.status = 302
    await subscribe(shop, inbox, "PRODUCTS_DELETE", "PRODUCTS_CREATE")
    await shop.set(**a_product())
    gaps: list[float] = []
    before = shop.clock.now
    while await waiting(shop):
        row = (await shop.read("deliveries"))[0]
        if row["state"] == "waiting" and row["tries"] > len(gaps):
            gaps.append(row["next_at"] - before)
            before = shop.clock.now = row["next_at"]
            await shop.set({"handle": "mug"}, title=f"Mug {len(gaps)}")  # any write wakes the sender
    assert len(inbox.came) == 9
    assert gaps == sorted(gaps)
    assert 3.9 * 3600 < sum(gaps) < 4.1 * 3600
    assert len({headers["x-shopify-webhook-id"] for headers, _body in inbox.came}) == 1
    assert len({body for _headers, body in inbox.came}) == 1
    assert [row["topic"] for row in await shop.read("subscriptions")] == ["PRODUCTS_DELETE"]


async def test_a_success_in_between_keeps_the_subscription(shop: Shop, inbox: Inbox) -> None:
    inbox.status = 500
    await subscribe(shop, inbox, "PRODUCTS_CREATE")
    await shop.set(**a_product())
    while not inbox.came:
        await shop.read("deliveries")
    inbox.status = 200
    while await waiting(shop):
        await deliver(shop)
    assert (await shop.read("deliveries"))[0]["state"] == "delivered"
    assert (await shop.read("subscriptions"))[0]["failures"] == 0


async def test_uninstalling_sends_the_last_webhook_and_forgets_the_subscriptions(shop: Shop, inbox: Inbox) -> None:
    await subscribe(shop, inbox, "APP_UNINSTALLED")
    await shop.lever("uninstall")
    await settled(shop)
    assert inbox.topics == ["app/uninstalled"]
    assert json.loads(inbox.came[0][1])["domain"] is None
    assert await shop.read("subscriptions") == []


async def test_narrowed_scopes_are_announced(shop: Shop, inbox: Inbox) -> None:
    await subscribe(shop, inbox, "APP_SCOPES_UPDATE")
    await shop.lever("scopes", scopes="read_products")
    await settled(shop)
    assert json.loads(inbox.came[0][1])["current"] == ["read_products"]


async def test_the_privacy_topics_go_to_the_address_asked_for(shop: Shop, inbox: Inbox) -> None:
    await shop.lever("compliance", topic="shop/redact", uri=inbox.url)
    await settled(shop)
    assert inbox.topics == ["shop/redact"]
    assert json.loads(inbox.came[0][1])["shop_domain"] == DOMAIN


async def test_webhooks_are_doubled_and_lost_on_demand(shop: Shop, inbox: Inbox) -> None:
    await subscribe(shop, inbox, "PRODUCTS_CREATE", "PRODUCTS_DELETE")
    await shop.lever("faults", kind="duplicate", count=1, topic="products/create")
    await shop.lever("faults", kind="lose", count=1, topic="products/delete")
    await shop.set(**a_product())
    await shop.lever("delete", handle="mug")
    await settled(shop)
    assert inbox.topics == ["products/create", "products/create"]
    assert len({headers["x-shopify-webhook-id"] for headers, _body in inbox.came}) == 1


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("", "Address can't be blank"),
        ("nonsense", "Address is invalid"),
        ("http://hub.example/hook", "Address protocol http:// is not supported"),
        ("https://hub.example/" + "x" * 65536, "Address is too big (maximum is 64 KB)"),
    ],
)
async def test_bad_addresses_are_refused(shop: Shop, uri: str, message: str) -> None:
    refused = (await shop.data(SUBSCRIBE, topic="PRODUCTS_CREATE", uri=uri))["webhookSubscriptionCreate"]
    assert refused == {
        "webhookSubscription": None,
        "userErrors": [{"field": ["webhookSubscription", "callbackUrl"], "message": message}],
    }


async def test_subscriptions_are_listed_changed_and_deleted(shop: Shop) -> None:
    uri = "https://hub.example/hook"
    made = (await shop.data(SUBSCRIBE, topic="PRODUCTS_CREATE", uri=uri))["webhookSubscriptionCreate"]
    taken = (await shop.data(SUBSCRIBE, topic="PRODUCTS_CREATE", uri=uri))["webhookSubscriptionCreate"]
    assert taken["userErrors"][0]["message"] == "Address for this topic has already been taken"
    number = made["webhookSubscription"]["id"]
    change = """mutation U($id: ID!, $uri: String!) {
      webhookSubscriptionUpdate(id: $id, webhookSubscription: {uri: $uri}) {
        webhookSubscription { uri } userErrors { message }
      }
    }"""
    changed = await shop.data(change, id=number, uri=uri + "/2")
    assert changed["webhookSubscriptionUpdate"]["webhookSubscription"] == {"uri": uri + "/2"}
    listed = await shop.data("{ webhookSubscriptions(first: 5) { nodes { id topic uri } } }")
    assert listed["webhookSubscriptions"]["nodes"] == [{"id": number, "topic": "PRODUCTS_CREATE", "uri": uri + "/2"}]
    delete = """mutation D($id: ID!) {
      webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } }
    }"""
    gone = (await shop.data(delete, id=number))["webhookSubscriptionDelete"]
    assert gone == {"deletedWebhookSubscriptionId": number, "userErrors": []}
    again = (await shop.data(delete, id=number))["webhookSubscriptionDelete"]
    assert again["userErrors"] == [{"message": "Webhook subscription does not exist"}]


async def test_a_topic_needs_its_scope(shop: Shop) -> None:
    refused = (await shop.data(SUBSCRIBE, topic="ORDERS_CREATE", uri="https://hub.example/"))[
        "webhookSubscriptionCreate"
    ]
    assert refused["userErrors"][0]["field"] == ["topic"]
