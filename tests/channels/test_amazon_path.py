"""From Amazon's consent page to a live offer at practice Amazon: what it asks, refuses, takes later, and takes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.records import Observed
from jobs import lanes as engine
from jobs.registry import HANDLERS
from portal.catalog import changes
from portal.catalog.records import NewProduct, NewVariant
from portal.listings import service as listings
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection, ConnectionState, KindRules
from portal.models.listings import LastAttempt
from portal.models.tasks import TaskState
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from tests.connections.premises import CHANNELS, Premises, target
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

NAME = "Harbour goods"
TAKEN_CODE = "4006381333931"


async def consent(premises: Premises, browser: Browser, path: str, decision: str = "allow", name: str = NAME) -> Any:
    """The merchant leaves by our link, decides on Amazon's page, and comes back."""
    left = await browser.http.get(path)
    assert left.status_code == 303, left.text
    page = left.headers["location"]
    assert page.startswith(f"{premises.stage.practice_url}/amazon/apps/authorize/consent?")
    form = {"name": name, "decision": decision}
    answer = await premises.stage.http.post(page, data=form, headers={"Origin": premises.stage.practice_url})
    assert answer.status_code == 302, answer.text
    ours = premises.stage.process.runtime.settings.public_url
    return await browser.http.get(str(answer.headers["location"]).removeprefix(ours))


class Amazon:
    """The practice seller, as Seller Central shows it."""

    def __init__(self, premises: Premises, seller_id: str) -> None:
        self._http = premises.stage.http
        self._url = f"{premises.stage.practice_url}/amazon/practice/api/sellers/{seller_id}"

    async def do(self, action: str, **data: Any) -> None:
        (await self._http.post(f"{self._url}/{action}", json=data)).raise_for_status()

    async def clear(self) -> None:
        """No fault waits any more."""
        (await self._http.delete(f"{self._url}/faults")).raise_for_status()

    async def products(self) -> list[dict[str, Any]]:
        return list((await self._http.get(f"{self._url}/products")).json())

    async def sell(self, **given: Any) -> str:
        """Somebody buys; the order's id."""
        answer = await self._http.post(f"{self._url}/orders", json=given)
        answer.raise_for_status()
        return str(answer.json()["order_id"])

    async def orders(self) -> list[dict[str, Any]]:
        return list((await self._http.get(f"{self._url}/orders")).json())

    async def operations(self) -> list[str]:
        return [row["operation"] for row in (await self._http.get(f"{self._url}/requests")).json()]


@pytest.fixture
async def connection(premises: Premises, seller: Merchant, alice: Browser) -> Connection:
    back = await consent(premises, alice, "/connect/amazon/authorize?practice=true&shop=amazon.co.jp")
    assert target(back) == CHANNELS
    await premises.stage.work()
    return await premises.connection(seller)


@pytest.fixture
async def amazon(premises: Premises, connection: Connection) -> Amazon:
    return Amazon(premises, connection.settings["seller_id"])


MUG = NewProduct(
    handle="mug",
    title="マグカップ",
    description_html="<p>石のマグカップ。</p>",
    vendor="窯",
    variants=(NewVariant(sku="MUG-1", price_minor=1200, quantity=5),),
)
ASKED = {"amazon_product_type": "HOME", "amazon_attributes": "country of origin: JP", "amazon_code_exemption": "yes"}


async def offered(premises: Premises, seller: Merchant, product: NewProduct = MUG, **details: str) -> Any:
    [saved] = await premises.stage.add(seller, product)
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Product, saved.id)).details = {k: v for k, v in (ASKED | details).items() if v}
    return saved


async def change(premises: Premises, seller: Merchant, product_id: Any, **details: str) -> None:
    """The merchant has edited what Amazon alone asks."""
    async with premises.stage.sessions.write(seller.id) as session:
        product = await session.get_one(Product, product_id)
        product.details = {k: v for k, v in (dict(product.details) | details).items() if v}
        product.version += 1
        await listings.product_changed(session, seller.id, [product_id], premises.stage.now)


async def test_a_consent_connects_the_seller_on_one_marketplace(seller: Merchant, connection: Connection) -> None:
    assert (connection.state, connection.domain, connection.currency) == (ConnectionState.ACTIVE, "amazon.co.jp", "JPY")
    assert connection.external_name == f"{NAME} (amazon.co.jp)"
    assert connection.external_id.endswith("@A1VC38T7YXB528")


async def test_a_declined_consent_connects_nothing(premises: Premises, seller: Merchant, alice: Browser) -> None:
    path = "/connect/amazon/authorize?practice=true&shop=amazon.co.jp"

    back = await consent(premises, alice, path, decision="deny")

    assert target(back) == CHANNELS
    assert await premises.site.rows(seller, Connection) == []


async def test_accepted_is_not_live_and_says_by_when_it_should_be(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    await amazon.do("pace", live_after=600)
    saved = await offered(premises, seller)

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert (listing.attempt, listing.observed) == (LastAttempt.ACCEPTED, Observed.PENDING)
    page = (await alice.http.get(f"/listings/{listing.id}")).text
    assert "Amazon has accepted it; not live yet. Expected by" in page

    clock.advance(900)
    await settle(premises.stage, clock)
    listing = await premises.stage.listing(seller, saved.id)
    assert listing.observed is Observed.LIVE
    [there] = await amazon.products()
    assert there["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 5}]
    assert there["offers"][0]["price"] == {"currencyCode": "JPY", "amount": "1200"}


async def test_what_stays_away_too_long_is_said_to_be_late(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    await amazon.do("pace", live_after=86_400)
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    clock.advance(3600)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    page = (await alice.http.get(f"/listings/{listing.id}")).text
    assert "Amazon accepted it and still doesn&#39;t show it" in page


async def test_what_the_product_type_asks_is_known_before_anything_is_sent(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    saved = await offered(premises, seller, amazon_product_type="DRINKING_CUP")

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert listing.problem is not None
    assert (listing.problem["code"], listing.problem["field"]) == ("not_ready", "/details/amazon_attributes")
    assert listing.problem["message"] == "No Material"
    assert "putListingsItem" not in await amazon.operations()

    await change(premises, seller, saved.id, amazon_attributes="country of origin: JP\nmaterial: Stone")
    await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE


async def test_a_product_type_that_is_none_is_said_at_its_field(
    premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock
) -> None:
    saved = await offered(premises, seller, amazon_product_type="TEACUPS")

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert listing.problem is not None
    assert listing.problem["field"] == "/details/amazon_product_type"
    [rules] = await premises.site.rows(seller, KindRules)
    assert (rules.name, rules.document) == ("TEACUPS", None)


async def test_another_brands_code_is_met_before_anything_is_sent_and_goes_through_once_mended(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    coded = replace(MUG, variants=(replace(MUG.variants[0], barcode=TAKEN_CODE),))
    saved = await offered(premises, seller, coded, amazon_code_exemption="")

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert listing.attempt is LastAttempt.REJECTED
    assert listing.problem is not None
    assert (listing.problem["code"], listing.problem["field"]) == ("code_in_catalog", "/variants/0/barcode")
    assert "putListingsItem" not in await amazon.operations()
    page = (await alice.http.get(f"/listings/{listing.id}")).text
    assert "It is Stabilo point 88 fineliner, blue, Stabilo (B0PRACT001) there." in page
    assert "Enter B0PRACT001 as the item to sell on." in page

    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Variant, saved.variants[0].id)).barcode = "4901234567894"
    await change(premises, seller, saved.id)
    await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE


async def test_the_same_brands_item_is_no_conflict_and_neither_is_selling_on_it(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    pens = replace(
        MUG, handle="pens", vendor="STABILO", variants=(replace(MUG.variants[0], sku="PEN-1", barcode=TAKEN_CODE),)
    )
    own = await offered(premises, seller, pens, amazon_product_type="PRODUCT", amazon_code_exemption="")
    await publish(premises.stage, seller, connection, own.id)
    await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, own.id)).problem is None

    other = replace(MUG, variants=(replace(MUG.variants[0], barcode=TAKEN_CODE),))
    sold_on = await offered(premises, seller, other, amazon_code_exemption="", amazon_asin="B0PRACT001")
    await publish(premises.stage, seller, connection, sold_on.id)
    await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, sold_on.id)).observed is Observed.LIVE


@pytest.mark.parametrize("fault", ["throttle", "maintenance"])
async def test_a_catalog_that_cannot_be_asked_loses_no_publish(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock, fault: str
) -> None:
    coded = replace(MUG, variants=(replace(MUG.variants[0], barcode="4901234567894"),))
    saved = await offered(premises, seller, coded, amazon_code_exemption="")
    await amazon.do("faults", kind=fault, operation="searchCatalogItems", count=20)

    await publish(premises.stage, seller, connection, saved.id)
    await premises.stage.work()
    listing = await premises.stage.listing(seller, saved.id)
    assert (listing.attempt, listing.problem) == (LastAttempt.QUEUED, None)
    assert "putListingsItem" not in await amazon.operations()

    await amazon.clear()
    clock.advance(3600)
    await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE


async def test_a_catalog_that_may_not_be_asked_holds_nothing_back(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    coded = replace(MUG, variants=(replace(MUG.variants[0], barcode="4901234567894"),))
    saved = await offered(premises, seller, coded, amazon_code_exemption="")
    body = {"errors": [{"code": "400", "message": "Request has missing or invalid parameters and cannot be parsed."}]}
    await amazon.do("faults", kind="error", operation="searchCatalogItems", status=400, body=body)

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE


async def test_a_code_that_amazon_alone_refuses_is_told_in_its_words(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    words = (
        "You are using UPCs, EANs, ISBNs, ASINs, or JAN codes that do not match the products you are trying to list."
    )
    await amazon.do(
        "faults", kind="refuse", code="8572", message=words, attribute="externally_assigned_product_identifier"
    )
    saved = await offered(premises, seller)

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert listing.problem is not None
    assert (listing.problem["code"], listing.problem["field"]) == ("8572", "/variants/0/barcode")
    assert listing.problem["original"] == words


async def test_what_amazon_finds_later_hides_it_with_amazons_words(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await amazon.do("pace", live_after=60)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    words = "We believe the main image has text, logo, graphic, or watermark that is not permitted."
    await amazon.do("issue", sku="MUG-1", code="18027", message=words, attribute="main_product_image_locator")

    clock.advance(120)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert listing.observed is Observed.SUPPRESSED
    page = (await alice.http.get(f"/listings/{listing.id}")).text
    assert words in page


async def test_a_consent_taken_back_holds_the_work_until_it_is_given_again(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await amazon.do("revoke")
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    assert (await premises.connection(seller)).state is ConnectionState.NEEDS_REAUTH
    assert await amazon.products() == []

    await consent(premises, alice, f"/channels/{connection.id}/reconnect")
    await settle(premises.stage, clock)

    after = await premises.connection(seller)
    assert (after.id, after.state) == (connection.id, ConnectionState.ACTIVE)
    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE


async def test_another_seller_cannot_take_the_connections_place(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    back = await consent(premises, alice, f"/channels/{connection.id}/reconnect", name="Somebody else")

    assert back.status_code == 409
    assert (await premises.connection(seller)).external_id == connection.external_id


async def test_much_stock_goes_in_one_feed_and_is_known_when_the_feed_is_done(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    colours = [f"Colour {n}" for n in range(30)]
    variants = tuple(
        NewVariant(sku=f"MUG-{n}", price_minor=1200, quantity=5, option_values=(c,)) for n, c in enumerate(colours)
    )
    saved = await offered(premises, seller, replace(MUG, option_names=("Color",), variants=variants))
    await publish(premises.stage, seller, connection, saved.id)
    for _ in range(6):
        await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE
    before = (await amazon.operations()).count("createFeed")

    async with premises.stage.sessions.write(seller.id) as session:
        moves = [Move(variant_id=v.id, quantity=-2, cause="test", cause_id=f"sale-{v.id}") for v in saved.variants]
        await stock.move(session, merchant_id=seller.id, moves=moves, made_by="test", now=premises.stage.now)
    await premises.stage.work()
    sent = [task for task in await premises.stage.tasks(kind=kinds.STOCK.name) if task.state is TaskState.SENT]
    assert len(sent) == 30
    for _ in range(6):
        await settle(premises.stage, clock)

    assert (await amazon.operations()).count("createFeed") == before + 1
    assert "patchListingsItem" not in await amazon.operations()
    listed = [one for one in await amazon.products() if one["parent"]]
    assert {one["fulfillmentAvailability"][0]["quantity"] for one in listed} == {3}
    items = await premises.stage.items(seller, await premises.stage.listing(seller, saved.id))
    assert {item.confirmed_quantity for item in items} == {3}


async def test_a_listing_nobody_heard_the_answer_of_is_known_as_ours_by_when_it_was_made(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await amazon.do("faults", kind="drop", when="after", operation="putListingsItem", mode="", count=1)

    await publish(premises.stage, seller, connection, saved.id)
    await premises.stage.work()
    assert (await premises.stage.listing(seller, saved.id)).attempt is LastAttempt.IN_DOUBT
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert (listing.problem, listing.observed, listing.ours) == (None, Observed.LIVE, True)
    assert len(await amazon.products()) == 1


async def test_a_worker_killed_between_call_and_record_leaves_one_listing_which_is_ours(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await settle(premises.stage, clock)
    await publish(premises.stage, seller, connection, saved.id)
    [task] = [one for one in await premises.stage.tasks(kind=kinds.PUBLISH.name) if one.state is TaskState.WAITING]
    clock.advance(max(0.0, (task.not_before - premises.stage.now).total_seconds()))
    doomed = engine.Worker(premises.stage.process.runtime, "doomed", HANDLERS)
    claimed = await engine._claim(doomed, task.lane_id, task.merchant_id)
    assert claimed is not None
    held, batch, prepared = claimed
    await engine._call(doomed, HANDLERS[kinds.PUBLISH.name], held, batch, prepared)
    assert len(await amazon.products()) == 1

    clock.advance(engine.LEASE.total_seconds() + 1)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert (listing.problem, listing.observed, listing.ours) == (None, Observed.LIVE, True)
    assert len(await amazon.products()) == 1


async def test_what_the_merchant_made_there_after_a_refusal_is_not_taken_for_ours(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    """Only a try nobody heard of may have made it."""
    await amazon.do("faults", kind="refuse", code="99300", message="No.")
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, saved.id)).attempt is LastAttempt.REJECTED
    await amazon.clear()
    other = await offered(premises, seller, replace(MUG, handle="another-mug", title="別のマグ"))
    await publish(premises.stage, seller, connection, other.id)
    await settle(premises.stage, clock)

    await change(premises, seller, saved.id, amazon_attributes="country of origin: CN")
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert listing.problem is not None
    assert listing.problem["code"] == "already_on_channel"


async def test_a_listing_there_already_is_met_and_asked_about(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    first = await offered(premises, seller)
    await publish(premises.stage, seller, connection, first.id)
    await settle(premises.stage, clock)
    again = await offered(premises, seller, replace(MUG, handle="another-mug", title="別のマグ"))

    await publish(premises.stage, seller, connection, again.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, again.id)
    assert listing.problem is not None
    assert listing.problem["code"] == "already_on_channel"
    [there] = await amazon.products()
    assert there["summaries"][0]["itemName"] == "マグカップ"


async def test_the_kind_of_product_is_looked_up_at_amazon_while_it_is_typed(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    by_title = await alice.http.get("/channels/kinds?detail=amazon_product_type&title=マグ")
    typed = await alice.http.get("/channels/kinds?detail=amazon_product_type&title=x&amazon_product_type=shirt")
    other = await alice.http.get("/channels/kinds?detail=genre_id&title=mug")

    assert '<option value="DRINKING_CUP">カップ</option>' not in by_title.text, "two letters say too little"
    assert '<option value="SHIRT">シャツ</option>' in typed.text
    assert other.status_code == 404


async def test_a_kinds_rules_are_read_once_a_week_however_many_products_are_of_it(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await offered(premises, seller, replace(MUG, handle="another-mug", title="別のマグ"))

    async def read() -> int:
        async with premises.stage.sessions.write(seller.id) as session:
            await changes.announce(session, seller.id, [saved.id], now=premises.stage.now)
        await settle(premises.stage, clock)
        return (await amazon.operations()).count("getDefinitionsProductType")

    assert [await read(), await read()] == [1, 1]
    clock.advance(timedelta(days=7).total_seconds())
    assert await read() == 2
