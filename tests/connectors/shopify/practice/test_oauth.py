"""The way into a shop: consent, codes used once, tokens that end and are renewed."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.connectors.shopify.practice.practice_shop import CLIENT_ID, CLIENT_SECRET, DOMAIN, Shop, practice_shop

AUTHORIZE = f"/shops/{DOMAIN}/admin/oauth/authorize"
TOKEN = f"/shops/{DOMAIN}/admin/oauth/access_token"
ASKED = {
    "client_id": CLIENT_ID,
    "scope": "read_products,write_products,read_locations",
    "redirect_uri": "http://127.0.0.1:9/connections/callback",
    "state": "nonce-1",
}
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


async def decide(shop: Shop, **form: str) -> dict[str, str]:
    """The parameters with which the merchant comes back."""
    answer = await shop.client.post(AUTHORIZE, params=ASKED, data=form)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == ASKED["redirect_uri"]
    return dict(parse_qsl(target.query))


async def exchange(shop: Shop, code: str, **more: Any) -> httpx.Response:
    return await shop.client.post(TOKEN, json=APP | {"code": code} | more)


async def refresh(shop: Shop, token: str) -> httpx.Response:
    given = APP | {"grant_type": "refresh_token", "refresh_token": token}
    return await shop.client.post(TOKEN, json=given)


async def works(shop: Shop, token: str) -> bool:
    return (await shop.post("{ shop { name } }", token=token)).status_code == 200


async def test_the_consent_page_is_plain_and_locked_down(shop: Shop) -> None:
    page = await shop.client.get(AUTHORIZE, params=ASKED)
    assert page.status_code == 200
    assert "Practice" in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("form-action 'self' http://127.0.0.1:9")


async def test_a_strangers_app_or_address_gets_no_page(shop: Shop) -> None:
    assert (await shop.client.get(AUTHORIZE, params=ASKED | {"client_id": "x"})).status_code == 400
    evil = ASKED | {"redirect_uri": "http://evil.example/"}
    assert (await shop.client.get(AUTHORIZE, params=evil)).status_code == 400
    assert (await shop.client.get("/shops/not-a-shop/admin/oauth/authorize", params=ASKED)).status_code == 404


async def test_installing_comes_back_signed_with_a_code_good_once(shop: Shop) -> None:
    back = await decide(shop, decision="install")
    signed = back.pop("hmac")
    joined = "&".join(f"{name}={back[name]}" for name in sorted(back))
    assert signed == hmac.new(CLIENT_SECRET.encode(), joined.encode(), hashlib.sha256).hexdigest()
    assert set(back) == {"code", "host", "shop", "state", "timestamp"}
    assert (back["shop"], back["state"], back["timestamp"]) == (DOMAIN, "nonce-1", str(int(shop.clock.now)))
    first = await exchange(shop, back["code"], expiring="1")
    assert first.status_code == 200
    assert first.json()["scope"] == "read_locations,write_products"
    assert (first.json()["expires_in"], first.json()["refresh_token_expires_in"]) == (3600, 7_776_000)
    assert first.json()["access_token"].startswith("shpat_")
    assert first.json()["refresh_token"].startswith("shprt_")
    again = await exchange(shop, back["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")


async def test_without_expiring_the_token_lasts(shop: Shop) -> None:
    back = await decide(shop, decision="install")
    answer = (await exchange(shop, back["code"])).json()
    assert set(answer) == {"access_token", "scope"}
    shop.clock.now += 10**8
    assert await works(shop, answer["access_token"])


async def test_a_code_of_a_wrong_app_or_too_old_opens_nothing(shop: Shop) -> None:
    back = await decide(shop, decision="install")
    assert (await exchange(shop, back["code"], client_secret="wrong")).status_code == 401
    shop.clock.now += 61
    assert (await exchange(shop, back["code"])).status_code == 400


async def test_saying_no_comes_back_with_the_refusal(shop: Shop) -> None:
    back = await decide(shop, decision="cancel")
    assert back["error"] == "access_denied"
    assert back["state"] == "nonce-1"
    assert "code" not in back


async def test_the_merchant_may_come_back_as_another_shop(shop: Shop) -> None:
    back = await decide(shop, decision="install", new_shop="Second-Shop", currency="JPY")
    assert back["shop"] == "second-shop.myshopify.com"
    wrong_place = await exchange(shop, back["code"])
    assert wrong_place.status_code == 400
    token = TOKEN.replace(DOMAIN, back["shop"])
    answer = await shop.client.post(token, json=APP | {"code": back["code"]})
    assert answer.status_code == 200
    listed = (await shop.client.get("/practice/api/shops")).json()
    assert [(one["domain"], one["currency"]) for one in listed] == [(DOMAIN, "USD"), (back["shop"], "JPY")]


async def test_a_form_from_another_site_is_refused(shop: Shop) -> None:
    headers = {"Origin": "http://evil.example"}
    answer = await shop.client.post(AUTHORIZE, params=ASKED, data={"decision": "install"}, headers=headers)
    assert answer.status_code == 403


async def a_pair(shop: Shop) -> dict[str, Any]:
    back = await decide(shop, decision="install")
    found: dict[str, Any] = (await exchange(shop, back["code"], expiring="1")).json()
    return found


async def test_an_expired_token_is_renewed_and_the_old_refresh_token_outlives_a_lost_answer(shop: Shop) -> None:
    first = await a_pair(shop)
    shop.clock.now += 3600
    assert not await works(shop, first["access_token"])
    await refresh(shop, first["refresh_token"])  # the answer is lost
    second = (await refresh(shop, first["refresh_token"])).json()
    assert await works(shop, second["access_token"])
    third = await refresh(shop, second["refresh_token"])
    assert third.status_code == 200
    dead = await refresh(shop, first["refresh_token"])
    assert (dead.status_code, dead.json()["error"]) == (400, "invalid_grant")


async def test_revoked_and_uninstalled_tokens_are_dead_at_once(shop: Shop) -> None:
    pair = await a_pair(shop)
    await shop.lever("expire")
    assert not await works(shop, pair["access_token"])
    renewed = (await refresh(shop, pair["refresh_token"])).json()
    assert await works(shop, renewed["access_token"])
    await shop.lever("revoke")
    assert not await works(shop, renewed["access_token"])
    assert (await refresh(shop, renewed["refresh_token"])).json()["error"] == "invalid_grant"


async def test_the_app_can_uninstall_itself(shop: Shop) -> None:
    found = await shop.data("mutation U { appUninstall { app { id } userErrors { code } } }")
    assert found["appUninstall"]["userErrors"] == []
    assert not await works(shop, shop.token)


async def test_client_credentials_open_own_shops_only(shop: Shop) -> None:
    given = APP | {"grant_type": "client_credentials"}
    refused = await shop.client.post(TOKEN, data=given)
    assert (refused.status_code, refused.json()["error"]) == (400, "shop_not_permitted")
    await shop.client.post("/practice/api/shops", json={"domain": DOMAIN, "own": True})
    answer = (await shop.client.post(TOKEN, json=given)).json()
    assert answer["expires_in"] == 86_399
    assert "refresh_token" not in answer
    assert await works(shop, answer["access_token"])


async def test_what_was_accepted_outlives_the_server(tmp_path: Path) -> None:
    async with practice_shop(tmp_path / "p.db") as before:
        pair = await a_pair(before)
    async with practice_shop(tmp_path / "p.db") as after:
        assert await works(after, pair["access_token"])
