"""Where channels knock: only a body signed as it stands, by the app it came through, is let in, and once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from connectors.shopify.consent import SCOPES, ShopifyConsent
from connectors.shopify.oauth import ShopifyApp
from jobs.boot import practice_secret
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import Task
from portal.models.webhooks import Delivery
from portal.tenancy import SYSTEM
from tests.security.house import MOVING, House, Shop, changes

BODY = json.dumps({"id": 1, "title": "Téa  pot", "note": "PLANTED-IN-A-WEBHOOK"}, indent=1, ensure_ascii=False).encode()


def signature(secret: str, body: bytes = BODY) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(shop: Shop, signed: str, **more: str) -> dict[str, str]:
    return {
        "X-Shopify-Hmac-Sha256": signed,
        "X-Shopify-Topic": "products/update",
        "X-Shopify-Shop-Domain": f"{shop.mark.lower()}.myshopify.com",
        "X-Shopify-Webhook-Id": "delivery-1",
        "Content-Type": "application/json",
        **more,
    }


async def knock(house: House, sent: Any, body: bytes = BODY, channel: str = "shopify") -> httpx.Response:
    return await house.browser().http.post(f"/webhooks/{channel}", content=body, headers=sent)


async def deliveries(house: House) -> int:
    async with house.sessions.read(SYSTEM) as session:
        return await session.scalar(select(func.count(Delivery.id)).where(Delivery.handled_at.is_(None))) or 0


async def tasks(house: House) -> int:
    async with house.sessions.read(SYSTEM) as session:
        return await session.scalar(select(func.count(Task.id)).where(Task.kind == "webhook")) or 0


async def test_a_signed_delivery_is_kept_sealed_and_worked_on_once(house: House) -> None:
    signed = signature(practice_secret(house.runtime.settings))
    for name in ("X-Shopify-Hmac-Sha256", "x-shopify-hmac-sha256", "X-SHOPIFY-HMAC-SHA256"):
        sent = headers(house.ours, signed)
        sent[name] = sent.pop("X-Shopify-Hmac-Sha256")
        assert (await knock(house, sent)).status_code == 200
    assert (await deliveries(house), await tasks(house)) == (1, 1)
    assert "PLANTED-IN-A-WEBHOOK" not in str(await house.dump())


async def test_what_is_not_signed_as_it_stands_changes_nothing(house: House) -> None:
    secret = practice_secret(house.runtime.settings)
    good, before = signature(secret), await house.dump(without=MOVING)
    bad = [
        "",
        "wrong",
        good[:-1],
        good[:20],
        good.rstrip("="),
        f"{good},{good}",
        f"{signature('another')}, {good}",
        good.lower(),
        signature(""),
        signature("another app's secret"),
        signature(house.runtime.settings.secret_key),
        hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest(),
        "é" * 44,
    ]
    for one in bad:
        answer = await knock(house, {name: value.encode() for name, value in headers(house.ours, one).items()})
        assert answer.status_code == 401, one
        assert answer.headers["content-type"].startswith("application/problem+json")
    unsigned = headers(house.ours, good)
    del unsigned["X-Shopify-Hmac-Sha256"]
    assert (await knock(house, unsigned)).status_code == 401
    for body in (json.dumps(json.loads(BODY)).encode(), BODY + b" ", BODY[:-1], b"", BODY.replace(b"\xc3\xa9", b"e")):
        assert (await knock(house, headers(house.ours, good), body)).status_code == 401
    twice = [*headers(house.ours, signature("another")).items(), ("X-Shopify-Hmac-Sha256", good)]
    assert (await knock(house, twice)).status_code == 401
    assert changes(before, await house.dump(without=MOVING)) == {}


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
async def test_the_privacy_topics_are_answered_and_written_down(house: House, topic: str) -> None:
    more = {"X-Shopify-Topic": topic}
    assert (await knock(house, headers(house.ours, "wrong", **more))).status_code == 401
    assert not [row for row in (await house.dump())["audit_entry"] if topic in row]
    signed = signature(practice_secret(house.runtime.settings))
    assert (await knock(house, headers(house.ours, signed, **more))).status_code == 200
    assert len([row for row in (await house.dump())["audit_entry"] if topic in row]) == 1
    # 48 hours after the app is gone there may be no connection any more.
    gone = {**headers(house.ours, signed, **more), "X-Shopify-Shop-Domain": "gone.myshopify.com"}
    assert (await knock(house, gone)).status_code == 200
    assert [row for row in (await house.dump())["audit_entry"] if "gone.myshopify.com" in row]


async def test_a_delivery_reaches_the_merchant_of_its_shop_only(house: House) -> None:
    signed = signature(practice_secret(house.runtime.settings))
    before = await house.dump(without=MOVING)
    assert (await knock(house, headers(house.ours, signed))).status_code == 200
    rows = [row for rows in changes(before, await house.dump(without=MOVING)).values() for row in rows]
    assert rows
    assert not [row for row in rows if repr(house.theirs.merchant.id) in row]
    nobodys = {**headers(house.ours, signed), "X-Shopify-Shop-Domain": "nobody.myshopify.com"}
    assert (await knock(house, nobodys)).status_code == 200
    assert await deliveries(house) == 1


async def test_a_shop_that_moved_on_tells_nothing_to_the_merchant_who_had_it(house: House) -> None:
    """A merchant's ended connection to a shop that is another's now hears of its sales no more."""
    async with house.sessions.write(SYSTEM) as session:
        theirs = await session.get_one(Connection, house.theirs.ids["connection_id"][0])
        theirs.state = ConnectionState.DISCONNECTED
        theirs.domain = f"{house.ours.mark.lower()}.myshopify.com"
    signed = signature(practice_secret(house.runtime.settings))
    assert (await knock(house, headers(house.ours, signed))).status_code == 200
    async with house.sessions.read(SYSTEM) as session:
        heard = await session.scalars(select(Delivery.connection_id).where(Delivery.delivery_id == "delivery-1"))
        assert list(heard) == house.ours.ids["connection_id"]


async def test_a_practice_signature_never_speaks_for_a_real_shop(house: House) -> None:
    """Nor the other way round: each secret reaches the connections of its own app."""
    real = ShopifyConsent(house.runtime.http, ShopifyApp(client_id="real", client_secret="real", scopes=SCOPES))
    house.runtime.consents["shopify"] = real  # type: ignore[index]  # a dict at heart
    assert (await knock(house, headers(house.ours, signature("real")))).status_code == 200
    assert await deliveries(house) == 0
    async with house.sessions.write(SYSTEM) as session:
        (await session.get_one(Connection, house.ours.ids["connection_id"][0])).practice = False
    practice = signature(practice_secret(house.runtime.settings))
    assert (await knock(house, headers(house.ours, practice))).status_code == 200
    assert await deliveries(house) == 0
    assert (await knock(house, headers(house.ours, signature("real")))).status_code == 200
    assert await deliveries(house) == 1


async def test_a_large_body_or_an_unknown_channel_is_refused(house: House) -> None:
    large = b"x" * (1024 * 1024 + 1)
    signed = signature(practice_secret(house.runtime.settings), large)
    assert (await knock(house, headers(house.ours, signed), large)).status_code == 413
    assert (await knock(house, headers(house.ours, signed), channel="nowhere")).status_code == 404
    assert (await house.browser().get("/webhooks/shopify")).status_code == 405


async def test_a_secret_that_is_empty_opens_nothing(house: House) -> None:
    empty = ShopifyConsent(house.runtime.http, ShopifyApp(client_id="real", client_secret="", scopes=SCOPES))
    house.runtime.consents["shopify"] = empty  # type: ignore[index]  # a dict at heart
    assert (await knock(house, headers(house.ours, signature("")))).status_code == 401


async def test_while_the_secret_is_rotated_both_sign_and_afterwards_only_the_new_one(house: House) -> None:
    async with house.sessions.write(SYSTEM) as session:
        (await session.get_one(Connection, house.ours.ids["connection_id"][0])).practice = False

    async def rotated(old_client_secret: str) -> list[int]:
        app = ShopifyApp(client_id="r", client_secret="new", old_client_secret=old_client_secret, scopes=SCOPES)
        house.runtime.consents["shopify"] = ShopifyConsent(house.runtime.http, app)  # type: ignore[index]  # a dict
        return [(await knock(house, headers(house.ours, signature(one)))).status_code for one in ("new", "old")]

    assert await rotated("old") == [200, 200]
    assert await rotated("") == [200, 401]
