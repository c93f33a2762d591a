"""The way in and the way in again: consent at the practice shop, and everything that may come back from there."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from portal.connections import service
from portal.errors import NotFound
from portal.models.accounts import Merchant, Role
from portal.models.connections import Connection, ConnectionState
from tests.connections.premises import CHANNELS, Premises, card_of, target, words
from tests.listings.site import Browser
from tests.settable_clock import SettableClock
from tests.stage import SHOP

OTHER = "other.myshopify.com"
AUTHORIZE = f"/connect/shopify/authorize?practice=true&shop={SHOP}"


async def test_consent_connects_the_shop_and_the_hub_says_so(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    start = await alice.get("/connect/shopify?practice=true")
    leave = start.select_one("#leave a.button")
    assert leave is not None
    consent = await premises.leave(alice, str(leave["href"]))
    shop = urlsplit(consent).path.split("/")[2]

    back = await alice.http.get(await premises.at_the_shop(consent, shop=shop))

    assert target(back) == CHANNELS
    row = await premises.connection(merchant)
    assert (row.state, row.domain, row.practice, row.currency) == (ConnectionState.ACTIVE, shop, True, "USD")
    assert row.secrets is not None
    assert b"shpat_" not in row.secrets
    assert "Checking access" in words(card_of(await alice.get(CHANNELS), row.id))
    await premises.stage.work()
    hub = await alice.get(CHANNELS)
    assert "Active" in words(card_of(hub, row.id))
    topics = {s["topic"] for s in await premises.stage.shop(shop).ask("subscriptions")}
    assert {"APP_UNINSTALLED", "PRODUCTS_DELETE", "INVENTORY_LEVELS_UPDATE"} <= topics


async def test_cancelling_there_stores_nothing_and_says_so(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    consent = await premises.leave(alice, AUTHORIZE)

    back = await alice.http.get(await premises.at_the_shop(consent, decision="cancel"))

    assert target(back) == CHANNELS
    assert await premises.site.rows(merchant, Connection) == []
    assert "cancelled there" in words(await alice.get(CHANNELS))


async def test_a_return_works_once(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    path = await premises.at_the_shop(await premises.leave(alice, AUTHORIZE))

    first, second = await alice.http.get(path), await alice.http.get(path)

    assert (first.status_code, second.status_code) == (303, 409)
    assert "This connection attempt has ended" in second.text
    assert len(await premises.site.rows(merchant, Connection)) == 1


async def test_one_return_pressed_twice_at_once_connects_once(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    path = await premises.at_the_shop(await premises.leave(alice, AUTHORIZE))

    answers = await asyncio.gather(*(alice.http.get(path) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409, 409]
    assert len(await premises.site.rows(merchant, Connection)) == 1


async def test_a_return_works_in_the_browser_that_left_only(
    premises: Premises, alice: Browser, charlie: Browser, merchant: Merchant, other_merchant: Merchant
) -> None:
    path = await premises.at_the_shop(await premises.leave(alice, AUTHORIZE))
    bob = await premises.site.sign_in(merchant, "bob")

    answers = [await browser.http.get(path) for browser in (charlie, bob)]
    await bob.http.aclose()

    assert [answer.status_code for answer in answers] == [409, 409]
    for owner in (merchant, other_merchant):
        assert await premises.site.rows(owner, Connection) == []
    assert (await alice.http.get(path)).status_code == 303, "a stranger's try must not spend the merchant's own"


async def test_a_visit_ends_after_ten_minutes(
    premises: Premises, alice: Browser, merchant: Merchant, clock: SettableClock
) -> None:
    consent = await premises.leave(alice, AUTHORIZE)
    clock.advance(10 * 60 + 1)

    back = await alice.http.get(await premises.at_the_shop(consent))

    assert back.status_code == 409
    assert await premises.site.rows(merchant, Connection) == []


@pytest.mark.parametrize(
    "change",
    [
        {"hmac": "0" * 64},
        {"shop": "evil.example.com"},
        {"shop": "demo.myshopify.com.evil.example"},
        {"timestamp": "1"},
        {"code": ""},
        {"state": ""},
        {"state": "another"},
    ],
    ids=str,
)
async def test_a_return_that_was_tampered_with_stores_nothing(
    premises: Premises, alice: Browser, merchant: Merchant, change: dict[str, str]
) -> None:
    path = urlsplit(await premises.at_the_shop(await premises.leave(alice, AUTHORIZE)))

    back = await alice.http.get(f"{path.path}?{urlencode(dict(parse_qsl(path.query)) | change)}")

    assert back.status_code == 409
    assert "shpat_" not in back.text
    assert await premises.site.rows(merchant, Connection) == []


async def test_a_code_the_shop_no_longer_takes_is_said_in_its_words(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    path = await premises.at_the_shop(await premises.leave(alice, AUTHORIZE))
    await premises.stage.shop().do("revoke")

    back = await alice.http.get(path)

    assert back.status_code == 502
    assert "The authorization code was not found or was already used" in back.text
    assert await premises.site.rows(merchant, Connection) == []


async def test_coming_back_as_another_account_shows_both_names_and_changes_nothing(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    before = await premises.connection(merchant)

    consent = await premises.leave(alice, f"/channels/{before.id}/reconnect")
    back = await alice.http.get(await premises.at_the_shop(consent, shop=OTHER))

    assert back.status_code == 409
    assert "You signed in as Other" in back.text
    assert "This connection belongs to Demo" in back.text
    after = await premises.connection(merchant)
    assert (after.external_id, after.secrets, after.state) == (before.external_id, before.secrets, before.state)


async def test_the_other_account_is_added_as_new_from_there(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    mine = await premises.connection(merchant)
    consent = await premises.leave(alice, f"/channels/{mine.id}/reconnect")
    path = await premises.at_the_shop(consent, shop=OTHER)
    page = await alice.get(path, status=409)
    add = next(link for link in page.select("a.button") if "as a new channel" in link.text)

    form = await alice.get(str(add["href"]))
    go = form.select_one("#leave a.button")
    assert go is not None
    consent = await premises.leave(alice, str(go["href"]))
    back = await alice.http.get(await premises.at_the_shop(consent, shop=OTHER))

    assert back.status_code == 303
    rows = await premises.site.rows(merchant, Connection)
    assert sorted(row.domain for row in rows) == [SHOP, OTHER]


async def test_an_account_belongs_to_one_merchant(
    premises: Premises, alice: Browser, charlie: Browser, merchant: Merchant, other_merchant: Merchant
) -> None:
    await premises.connect(alice)
    before = await premises.connection(merchant)

    refused = await premises.connect(charlie)

    assert refused.status_code == 409
    assert "connected to another Crossdock account" in refused.text
    assert merchant.name not in refused.text
    assert await premises.site.rows(other_merchant, Connection) == []
    assert (await premises.connection(merchant)).secrets == before.secrets


async def test_of_two_merchants_who_connect_one_account_at_the_same_moment_one_is_told(
    premises: Premises, alice: Browser, charlie: Browser, merchant: Merchant, other_merchant: Merchant
) -> None:
    paths = [await premises.at_the_shop(await premises.leave(who, AUTHORIZE)) for who in (alice, charlie)]

    answers = await asyncio.gather(alice.http.get(paths[0]), charlie.http.get(paths[1]))

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    rows = [*await premises.site.rows(merchant, Connection), *await premises.site.rows(other_merchant, Connection)]
    assert len(rows) == 1


async def test_an_account_is_free_again_once_disconnected(
    premises: Premises, alice: Browser, charlie: Browser, merchant: Merchant, other_merchant: Merchant
) -> None:
    await premises.connect(alice)
    row = await premises.connection(merchant)
    await alice.post(f"/channels/{row.id}/disconnect")
    await premises.stage.work()

    assert (await premises.connect(charlie)).status_code == 303

    assert (await premises.connection(other_merchant)).state is ConnectionState.ACTIVE
    assert (await premises.connect(alice)).status_code == 409


async def test_reconnecting_returns_to_the_page_that_was_left(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    row = await premises.connection(merchant)
    ours = premises.stage.process.runtime.settings.public_url
    ways = [
        (f"/channels/{row.id}/reconnect?return_to=/listings%3Fbadge%3Dheld", {}, "/listings?badge=held"),
        (f"/channels/{row.id}/reconnect", {"Referer": f"{ours}/inbox?page=2"}, "/inbox?page=2"),
        (f"/channels/{row.id}/reconnect", {}, f"/channels/{row.id}"),
    ]
    for path, headers, wanted in ways:
        consent = await premises.leave(alice, path, headers)
        assert target(await alice.http.get(await premises.at_the_shop(consent))) == wanted


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0ax:y"]
)
async def test_nobody_is_sent_off_site(premises: Premises, alice: Browser, merchant: Merchant, place: str) -> None:
    await premises.connect(alice)
    row = await premises.connection(merchant)
    asked = urlencode({"return_to": place}) if "%" not in place else f"return_to={place}"

    consent = await premises.leave(
        alice, f"/channels/{row.id}/reconnect?{asked}", {"Referer": "https://evil.example/x"}
    )
    back = await alice.http.get(await premises.at_the_shop(consent))

    assert target(back) == f"/channels/{row.id}"
    consent = await premises.leave(alice, f"{AUTHORIZE}&{asked}")
    assert target(await alice.http.get(await premises.at_the_shop(consent))) == CHANNELS


@pytest.mark.parametrize("typed", ["evil.example.com", "demo.myshopify.com.evil.example", "a b", "https://x:1@demo"])
async def test_what_is_no_shop_is_said_at_its_field_and_kept(premises: Premises, alice: Browser, typed: str) -> None:
    page = await alice.get(f"/connect/shopify?practice=true&{urlencode({'shop': typed})}", status=422)

    assert page.title is not None
    assert page.title.text.startswith("Error: ")
    assert "Type the name your shop has at Shopify" in words(page)


async def test_a_disconnected_account_comes_back_as_the_same_connection(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    before = await premises.connection(merchant)
    await alice.post(f"/channels/{before.id}/disconnect")
    await premises.stage.work()

    await premises.connect(alice)

    after = await premises.connection(merchant)
    assert (after.id, after.state) == (before.id, ConnectionState.ACTIVE)


async def test_who_may_only_look_cannot_leave_for_a_consent_page(premises: Premises, merchant: Merchant) -> None:
    viewer = await premises.site.sign_in(merchant, "vera", Role.VIEWER)
    async with viewer.http:
        for path in ("/connect/shopify?practice=true", AUTHORIZE, "/connect/shopify/callback?state=x"):
            await viewer.get(path, status=403)
        assert (await viewer.post("/connect/shopify/token", {"shop": "demo", "token": "x"})).status_code == 403


async def test_another_merchants_connection_is_nobodys(
    premises: Premises, alice: Browser, charlie: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    row = await premises.connection(merchant)

    for path in ("", "/reconnect", "/disconnect"):
        await charlie.get(f"/channels/{row.id}{path}", status=404)
    await charlie.get(f"/connect/shopify?connection={row.id}", status=404)
    for act in ("test", "pause", "resume", "disconnect"):
        assert (await charlie.post(f"/channels/{row.id}/{act}")).status_code == 404
    assert (await premises.connection(merchant)).state is ConnectionState.ACTIVE


async def test_a_connection_nobody_has_is_not_found(premises: Premises, merchant: Merchant) -> None:
    async with premises.stage.sessions.read(merchant.id) as session:
        with pytest.raises(NotFound):
            await service.one(session, merchant.id)


@pytest.mark.parametrize(
    ("named", "shop"),
    [
        ("Håfen & Söhne", r"hafen-sohne-practice-\d{1,3}"),
        ("山田商店", r"practice-\d{1,8}"),
        ("x" * 90, r"x{40}-practice-\d{1,3}"),
    ],
)
async def test_the_practice_shop_is_named_after_the_merchants_own(
    premises: Premises, alice: Browser, merchant: Merchant, named: str, shop: str
) -> None:
    async with premises.stage.sessions.write(merchant.id) as session:
        (await session.get_one(Merchant, merchant.id)).name = named
    page = await alice.get("/connect/shopify?practice=true")
    way_on = page.select_one("#leave a.button--primary")
    assert way_on is not None
    assert re.fullmatch(rf"Continue to {shop}\.myshopify\.com", words(way_on))
