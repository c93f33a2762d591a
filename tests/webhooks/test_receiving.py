"""The knock itself: verified on the raw bytes, stored once, answered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from jobs.boot import practice_secret
from portal.models.accounts import AuditEntry, Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.webhooks import Delivery
from portal.runtime import KNOCKS_AT_ONCE
from portal.tasks import kinds
from portal.tenancy import SYSTEM
from portal.webhooks.service import GATHERED_FOR
from tests.connections.premises import Premises
from tests.stage import SHOP

BODY = b'{"id": 1,  "title":"\xe3\x83\x9e\xe3\x82\xb0"}\n'


def signed(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


async def knock(premises: Premises, body: bytes = BODY, /, **headers: str) -> httpx.Response:
    """A delivery as the shop sends it; `headers` change one or leave it out when empty."""
    settings = premises.stage.process.runtime.settings
    sent = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "products/update",
        "X-Shopify-Hmac-Sha256": signed(practice_secret(settings), body),
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": "delivery-1",
        "X-Shopify-Event-Id": "event-1",
        "X-Shopify-Triggered-At": "2026-03-10T11:59:58.123456789Z",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in sent.items() if value}
    return await premises.stage.http.post(f"{settings.public_url}/webhooks/shopify", content=body, headers=sent)


async def deliveries(premises: Premises, **where: Any) -> list[Delivery]:
    async with premises.stage.sessions.read(SYSTEM) as session:
        return list(await session.scalars(select(Delivery).filter_by(**where)))


async def test_a_signed_delivery_is_stored_sealed_and_promised(premises: Premises, connection: Connection) -> None:
    assert (await knock(premises)).status_code == 200

    [row] = await deliveries(premises)
    assert (row.connection_id, row.topic, row.delivery_id, row.event_id) == (
        connection.id,
        "products/update",
        "delivery-1",
        "event-1",
    )
    assert b"title" not in row.body
    vault = premises.stage.process.runtime.vault
    opened = vault.open(row.body, merchant_id=row.merchant_id, row_id=row.id, field="delivery.body")
    assert opened == BODY, "the bytes are kept as they came"
    assert [task.subject for task in await premises.stage.tasks(kind=kinds.WEBHOOK.name)] == [str(row.id)]


@pytest.mark.parametrize(
    "bad",
    [
        {"X_Shopify_Hmac_Sha256": ""},
        {"X_Shopify_Hmac_Sha256": "AAAA"},
        {"X_Shopify_Hmac_Sha256": signed("another secret", BODY)},
        {"X_Shopify_Hmac_Sha256": signed("", BODY)},
        {"X_Shopify_Shop_Domain": "evil.example.com"},
        {"X_Shopify_Shop_Domain": ""},
        {"X_Shopify_Webhook_Id": ""},
        {"X_Shopify_Topic": ""},
    ],
    ids=str,
)
async def test_what_is_not_signed_or_not_whole_is_refused(
    premises: Premises, connection: Connection, bad: dict[str, str]
) -> None:
    assert (await knock(premises, **bad)).status_code == 401
    assert await deliveries(premises) == []


@pytest.mark.parametrize("change", [BODY[:-1], json.dumps(json.loads(BODY)).encode(), BODY + b" ", b""])
async def test_the_signature_is_of_the_bytes_as_they_came(
    premises: Premises, connection: Connection, change: bytes
) -> None:
    good = signed(practice_secret(premises.stage.process.runtime.settings), BODY)

    assert (await knock(premises, change, X_Shopify_Hmac_Sha256=good)).status_code == 401
    assert await deliveries(premises) == []


async def test_header_names_may_come_in_any_case(premises: Premises, connection: Connection) -> None:
    good = signed(practice_secret(premises.stage.process.runtime.settings), BODY)

    assert (await knock(premises, X_Shopify_Hmac_Sha256="", x_SHOPIFY_hmac_sha256=good)).status_code == 200


async def test_of_many_that_come_at_once_all_are_stored_and_few_connections_are_opened_for_it(
    premises: Premises, connection: Connection
) -> None:
    premises.stage.http.timeout = 60
    names = [f"delivery-{number}" for number in range(40)]
    answers = await asyncio.gather(*(knock(premises, X_Shopify_Webhook_Id=name) for name in names))
    assert {answer.status_code for answer in answers} == {200}
    assert {row.delivery_id for row in await deliveries(premises)} == set(names)
    assert premises.stage.sessions.writer.pool.checkedin() <= KNOCKS_AT_ONCE


async def test_one_delivery_five_times_at_once_is_one(premises: Premises, connection: Connection) -> None:
    answers = await asyncio.gather(*(knock(premises) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {200}
    assert len(await deliveries(premises)) == 1
    assert len(await premises.stage.tasks(kind=kinds.WEBHOOK.name)) == 1


@pytest.mark.parametrize(
    ("topic", "waits"),
    [("products/update", GATHERED_FOR), ("inventory_levels/update", timedelta()), ("app/uninstalled", timedelta())],
)
async def test_news_of_products_gathers_and_what_is_urgent_does_not_wait(
    premises: Premises, connection: Connection, topic: str, waits: timedelta
) -> None:
    await knock(premises, X_Shopify_Topic=topic)

    [task] = await premises.stage.tasks(kind=kinds.WEBHOOK.name)
    assert task.not_before == premises.stage.now + waits


async def test_a_shop_nobody_connected_is_answered_and_nothing_is_kept(
    premises: Premises, connection: Connection
) -> None:
    assert (await knock(premises, X_Shopify_Shop_Domain="stranger.myshopify.com")).status_code == 200
    assert await deliveries(premises) == []


async def test_an_ended_connection_hears_nothing_of_its_shop(
    premises: Premises, connection: Connection, other_merchant: Merchant
) -> None:
    """The shop may be another merchant's by now: the one who left must not read what happens there."""
    async with premises.stage.sessions.write(connection.merchant_id) as session:
        (await session.get_one(Connection, connection.id)).state = ConnectionState.DISCONNECTED
    theirs = await premises.stage.connect(other_merchant)

    assert (await knock(premises)).status_code == 200

    assert [row.connection_id for row in await deliveries(premises)] == [theirs.id]


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
async def test_privacy_topics_are_answered_and_written_down_without_a_connection(
    premises: Premises, topic: str
) -> None:
    bad = await knock(premises, X_Shopify_Topic=topic, X_Shopify_Hmac_Sha256="AAAA")
    good = await knock(premises, X_Shopify_Topic=topic)

    assert (bad.status_code, good.status_code) == (401, 200)
    async with premises.stage.sessions.read(SYSTEM) as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.act == topic)))
    assert [(entry.subject, entry.merchant_id) for entry in entries] == [(SHOP, None)]


async def test_a_privacy_topic_of_a_merchants_shop_stands_in_their_book(
    premises: Premises, connection: Connection
) -> None:
    await knock(premises, X_Shopify_Topic="customers/redact")

    async with premises.stage.sessions.read(SYSTEM) as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.act == "customers/redact"))).one()
    assert entry.merchant_id == connection.merchant_id


@pytest.mark.parametrize("connected", [False, True])
async def test_a_privacy_request_delivered_five_times_stands_once_in_the_book(
    premises: Premises, merchant: Merchant, connected: bool
) -> None:
    if connected:
        await premises.stage.connect(merchant)
    await asyncio.gather(*(knock(premises, X_Shopify_Topic="shop/redact") for _ in range(5)))
    await knock(premises, X_Shopify_Topic="shop/redact", X_Shopify_Webhook_Id="delivery-2")

    async with premises.stage.sessions.read(SYSTEM) as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.act == "shop/redact")))
    assert sorted(entry.detail["delivery"] for entry in entries) == ["delivery-1", "delivery-2"]
    assert {entry.merchant_id for entry in entries} == {merchant.id if connected else None}


async def test_no_channel_and_too_much_are_refused(premises: Premises, connection: Connection) -> None:
    url = premises.stage.process.runtime.settings.public_url

    unknown = await premises.stage.http.post(f"{url}/webhooks/nowhere", content=b"{}")
    large = await knock(premises, b" " * (1024 * 1024 + 1))

    assert (unknown.status_code, large.status_code) == (404, 413)
    assert await deliveries(premises) == []
