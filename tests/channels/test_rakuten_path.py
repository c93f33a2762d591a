"""From two pasted keys to a live item at practice Rakuten, through a refusal and a licence key that ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from connectors.records import Observed
from portal.catalog.records import NewProduct, NewVariant
from portal.connections import secrets
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import LastAttempt
from portal.stock import service as stock
from portal.stock.service import Move
from tests.connections.premises import CHANNELS, Premises, target, words
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

NAME = "harbour"
MUGS, WATER = "403885", "206878"


@dataclass(frozen=True, slots=True)
class Office:
    """The practice store's back office."""

    premises: Premises
    name: str = NAME

    @property
    def root(self) -> str:
        return f"{self.premises.stage.practice_url}/rakuten/practice"

    async def keys(self) -> dict[str, str]:
        """The store's keys; it is made where it is not there, and its licence key is new."""
        answer = await self.premises.stage.http.post(f"{self.root}/api/stores", json={"name": self.name})
        answer.raise_for_status()
        return {name: answer.json()[name] for name in ("service_secret", "license_key")}

    async def do(self, action: str, **data: Any) -> Any:
        answer = await self.premises.stage.http.post(f"{self.root}/api/stores/{self.name}/{action}", json=data)
        answer.raise_for_status()
        return answer.json()

    async def items(self) -> list[dict[str, Any]]:
        return list((await self.premises.stage.http.get(f"{self.root}/api/stores/{self.name}/products")).json())


@pytest.fixture
def office(premises: Premises) -> Office:
    return Office(premises)


async def paste(browser: Browser, keys: dict[str, str], shop: str = NAME, **more: str) -> Any:
    return await browser.post("/connect/rakuten/token", {"shop": shop, "practice": "true", **keys, **more})


@pytest.fixture
async def connection(premises: Premises, seller: Merchant, alice: Browser, office: Office) -> Connection:
    assert target(await paste(alice, await office.keys())) == CHANNELS
    await premises.stage.work()
    return await premises.connection(seller)


async def offered(premises: Premises, seller: Merchant, *, title: str = "マグカップ", genre: str = MUGS) -> Any:
    """The product is in the catalog, with what Rakuten asks of it."""
    variant = NewVariant(sku="MUG-1", price_minor=1200, quantity=5)
    [saved] = await premises.stage.add(seller, NewProduct(handle="mug", title=title, variants=(variant,)))
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Product, saved.id)).details = {"genre_id": genre}
    return saved


async def test_two_keys_connect_a_store_and_say_when_they_end(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, office: Office
) -> None:
    assert (connection.state, connection.domain, connection.currency) == (ConnectionState.ACTIVE, NAME, "JPY")
    assert connection.access_ends_at is not None
    assert timedelta(days=89) < connection.access_ends_at - premises.stage.now < timedelta(days=91)
    assert connection.secrets is not None
    vault = premises.stage.process.runtime.vault
    held = secrets.open_sealed(vault, connection, connection.secrets)
    page = str(await alice.get(f"/channels/{connection.id}"))
    assert held.access_token not in page
    assert held.others["service_secret"] not in page


async def test_a_wrong_key_connects_nothing_and_shows_rakutens_words(
    premises: Premises, seller: Merchant, alice: Browser, office: Office
) -> None:
    keys = await office.keys()

    answer = await paste(alice, keys | {"license_key": "SL000000_none"})

    assert answer.status_code == 422
    assert "did not accept this" in answer.text
    assert "Un-Authorised" in answer.text
    assert keys["service_secret"] not in answer.text
    assert await premises.site.rows(seller, Connection) == []


async def test_empty_keys_are_said_at_their_fields(alice: Browser) -> None:
    answer = await paste(alice, {"service_secret": "", "license_key": ""})

    assert answer.status_code == 422
    assert answer.text.count("Paste it here.") == 4, "in the summary and at both fields"


async def test_an_item_goes_live_with_its_price_and_stock(
    premises: Premises, seller: Merchant, connection: Connection, office: Office, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert (listing.observed, listing.channel_id) == (Observed.LIVE, "mug")
    [item] = await office.items()
    assert item["title"] == "マグカップ"
    assert item["genreId"] == MUGS
    assert {code: one["standardPrice"] for code, one in item["variants"].items()} == {"MUG-1": "1200"}
    assert item["stock"] == {"MUG-1": 5}


async def test_what_is_sold_elsewhere_lowers_the_stock_there(
    premises: Premises, seller: Merchant, connection: Connection, office: Office, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    async with premises.stage.sessions.write(seller.id) as session:
        sold = Move(variant_id=saved.variants[0].id, quantity=-2, cause="sale", cause_id="1")
        await stock.move(session, merchant_id=seller.id, moves=[sold], made_by="test", now=premises.stage.now)
    await settle(premises.stage, clock)

    [item] = await office.items()
    assert item["stock"] == {"MUG-1": 3}


async def test_a_refusal_keeps_rakutens_words_and_what_is_missing_is_typed_in_the_editor(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    saved = await offered(premises, seller, title="水 24本", genre=WATER)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    listing = await premises.stage.listing(seller, saved.id)
    assert listing.attempt is LastAttempt.REJECTED
    assert listing.problem is not None
    assert (listing.problem["code"], listing.problem["field"]) == ("IE0418", "/details/genre_attributes")
    assert "単位内容量" in listing.problem["original"]

    page = await alice.get(f"/products/{saved.id}")
    form = {str(box["name"]): str(box.get("value") or "") for box in page.select("#product-form input[name]")}
    form |= {str(box["name"]): box.text.strip("\n") for box in page.select("#product-form textarea[name]")}
    form["status"] = "active"
    form["genre_attributes"] = "単位内容量: 560 [ml]"
    assert (await alice.post(f"/products/{saved.id}", form)).status_code == 303
    await settle(premises.stage, clock)

    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE


async def test_a_product_without_a_genre_is_asked_for_one_in_the_inbox(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Product, saved.id)).details = {}
    await settle(premises.stage, clock)

    inbox = await alice.get("/inbox")
    assert "No Rakuten genre" in words(inbox)
    [form] = [form for form in inbox.select("form[action]") if form.select_one('input[name="control"]')]
    sent = {str(box["name"]): str(box.get("value") or "") for box in form.select("input[name]")}
    assert sent["control"] == "genre_id"
    assert (await alice.post(str(form["action"]), sent | {"text": MUGS})).status_code == 303

    assert "No Rakuten genre" not in words(await alice.get("/inbox"))


async def test_a_licence_key_that_ended_holds_the_work_until_a_new_one_is_pasted(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, office: Office, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    secret = (await office.keys())["service_secret"]
    await office.do("expire")
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    assert (await premises.connection(seller)).state is ConnectionState.NEEDS_REAUTH
    assert await office.items() == []

    new = (await office.do("renew"))["license_key"]
    again = await paste(alice, {"service_secret": secret, "license_key": new}, connection=str(connection.id))
    assert target(again) == CHANNELS
    await settle(premises.stage, clock)

    after = await premises.connection(seller)
    assert (after.id, after.state) == (connection.id, ConnectionState.ACTIVE)
    assert [item["manageNumber"] for item in await office.items()] == ["mug"]


async def test_the_keys_of_another_store_are_refused_and_change_nothing(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    before = (await premises.connection(seller)).secrets

    answer = await paste(alice, await Office(premises, "other").keys(), connection=str(connection.id))

    assert answer.status_code == 422
    assert "belongs to" in answer.text
    assert (await premises.connection(seller)).secrets == before
