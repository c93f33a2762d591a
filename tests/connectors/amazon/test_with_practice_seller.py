"""The connector against practice Amazon: products, feeds, numbers, the catalog and reports, each call judged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors.amazon.connector import Amazon
from connectors.errors import AccountBlocked, ProblemClass
from connectors.records import (
    Aspect,
    Done,
    Failed,
    ImageRecord,
    LinkedItem,
    Money,
    Observed,
    PriceChange,
    ProductRecord,
    Published,
    PublishItem,
    Sent,
    SentItem,
    StockChange,
    StockSet,
)
from tests.connectors.amazon.official import OfficialTransport
from tests.connectors.amazon.practice.practice_seller import Seller
from tests.connectors.amazon.products import document, mug
from tests.connectors.paced import PacedAccount


@pytest.fixture
async def amazon(seller: Seller) -> AsyncIterator[Amazon]:
    async with httpx.AsyncClient(transport=OfficialTransport()) as client:
        yield Amazon(client)


@pytest.fixture
async def account(seller: Seller, amazon: Amazon) -> PacedAccount:
    await seller.lever("pace", live_after=0)
    made = seller.account()
    made.settings = (await amazon.identify(made)).settings
    return made


def item(product: ProductRecord, **more: Any) -> PublishItem:
    return PublishItem(product=product, requirements=document(), **more)


async def published(amazon: Amazon, account: PacedAccount, product: ProductRecord) -> Published:
    [outcome] = await amazon.publish(account, [item(product)])
    assert isinstance(outcome, Done), outcome
    return outcome.value


async def test_a_seller_who_does_not_sell_there_or_is_suspended_is_sent_to_amazon(
    seller: Seller, amazon: Amazon
) -> None:
    with pytest.raises(AccountBlocked) as error:
        await amazon.identify(replace(seller.account(), domain="amazon.de"))
    assert error.value.problem.code == "not_participating"
    await seller.lever("suspend")
    with pytest.raises(AccountBlocked) as error:
        await amazon.identify(seller.account())
    assert error.value.problem.code == "suspended_listings"


async def test_kinds_are_searched_and_their_rules_are_read(amazon: Amazon, account: PacedAccount) -> None:
    assert amazon.kinds is not None
    found = await amazon.kinds.search(account, "Stoneware mug")
    known, unknown = await amazon.kinds.requirements(account, ["DRINKING_CUP", "NOTHING"])
    assert [(kind.name, kind.label) for kind in found] == [("DRINKING_CUP", "Drinking cup")]
    assert isinstance(known, Done)
    assert known.value["schema"]["properties"]["material"]["title"] == "Material"
    assert isinstance(unknown, Failed)
    assert (unknown.problem.code, unknown.problem.problem_class) == ("unknown_product_type", ProblemClass.DATA)


async def test_half_a_product_is_never_made(seller: Seller, amazon: Amazon, account: PacedAccount) -> None:
    await seller.lever("faults", kind="refuse", item="MUG-1-SAND", code="8541", message="Conflict.")
    [outcome] = await amazon.publish(account, [item(mug(options=("Blue", "Sand")))])
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.field) == ("8541", "/variants/1/barcode")
    assert await seller.read("products") == []


async def test_a_first_publish_leaves_a_listing_alone_whichever_variants_sku_it_has(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    variant = replace(mug().variants[0], sku="MUG-1-SAND", quantity=77)
    await published(amazon, account, mug(2, variants=(variant,), title="The merchant's own"))
    [outcome] = await amazon.publish(account, [item(mug(options=("Blue", "Sand")))])
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.field) == ("HANDLE_NOT_UNIQUE", "/handle")
    [row] = await seller.read("products")
    assert (row["summaries"][0]["itemName"], row["fulfillmentAvailability"][0]["quantity"]) == (
        "The merchant's own",
        77,
    )


async def test_what_a_product_has_no_more_is_gone_there_too(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    dearer = replace(mug().variants[0], compare_at=Money(5000, "USD"))
    there = await published(amazon, account, mug(variants=(dearer,)))
    bare = item(mug(images=()), channel_id=there.channel_id, links=there.links)
    [outcome] = await amazon.update(account, [bare])
    assert isinstance(outcome, Done)
    [row] = await seller.read("products")
    assert {"list_price", "main_product_image_locator"} & row["attributes"].keys() == set()


async def test_what_amazon_hides_for_a_reason_is_suppressed_until_that_is_mended(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    there = await published(amazon, account, mug())
    image = "main_product_image_locator"
    await seller.lever("issue", sku="MUG-1", code="18027", message="No logo.", attribute=image)
    await amazon.set_stock(account, [StockChange(key="k", stock_id="MUG-1", quantity=3)], idempotency_key="1")

    async def observed() -> Observed:
        [state] = await amazon.read_states(account, [there.channel_id])
        assert isinstance(state, Done)
        return state.value.observed

    assert await observed() is Observed.SUPPRESSED, "another number in stock mends no image"
    mended = mug(images=(ImageRecord("https://cdn.example.com/plain.jpg"),))
    await amazon.update(account, [item(mended, channel_id=there.channel_id, links=there.links)])
    assert await observed() is Observed.LIVE


async def test_many_products_go_by_one_feed_and_a_refusal_fails_its_own_alone(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    await seller.lever("faults", kind="refuse", item="MUG-7", code="99300", message="Not this.")
    items = [item(mug(number)) for number in range(1, 31)]
    outcomes = await amazon.publish(account, items)
    assert all(isinstance(one, Sent) for one in outcomes)
    sent = [
        SentItem(item=one, reference=outcome.reference)
        for one, outcome in zip(items, outcomes, strict=True)
        if isinstance(outcome, Sent)
    ]

    early = await amazon.look(account, sent)
    seller.clock.now += 60
    looked = await amazon.look(account, sent)

    assert all(isinstance(one, Sent) for one in early)
    assert [number for number, one in enumerate(looked, start=1) if isinstance(one, Failed)] == [7]
    operations = await seller.operations()
    assert (operations.count("createFeed"), operations.count("putListingsItem")) == (1, 0)
    assert operations.count("getFeedDocument") == 1
    assert len(await seller.read("products")) == 29


async def test_a_feed_amazon_gives_up_is_said_and_nothing_is_taken_for_done(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    changes = [StockChange(key=str(n), stock_id=f"NONE-{n}", quantity=1) for n in range(30)]
    outcomes = await amazon.set_stock(account, changes, idempotency_key="1")
    seller.clock.now += 60
    sent = [
        SentItem(item=one, reference=o.reference)
        for one, o in zip(changes, outcomes, strict=True)
        if isinstance(o, Sent)
    ]
    looked = await amazon.look(account, sent)
    assert {one.problem.code for one in looked if isinstance(one, Failed)} == {"8560"}
    assert len(looked) == 30


async def test_little_stock_goes_by_patches_and_keeps_what_is_beside_it(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    await published(amazon, account, mug())
    [outcome] = await amazon.set_stock(
        account, [StockChange(key="k", stock_id="MUG-1", quantity=3)], idempotency_key="1"
    )
    [gone] = await amazon.set_stock(account, [StockChange(key="k", stock_id="GONE", quantity=3)], idempotency_key="2")
    assert outcome == Done(StockSet(quantity=3))
    assert isinstance(gone, Failed)
    assert gone.problem.code == "PRODUCT_DOES_NOT_EXIST"
    assert "createFeed" not in await seller.operations()


async def test_many_prices_go_by_one_feed(seller: Seller, amazon: Amazon, account: PacedAccount) -> None:
    product = mug(options=tuple(f"Colour {n}" for n in range(30)))
    [outcome] = await amazon.publish(account, [item(product)])
    assert isinstance(outcome, Sent)
    seller.clock.now += 60
    [there] = await amazon.look(account, [SentItem(item=item(product), reference=outcome.reference)])
    prices = tuple((one.key, one.sku, Money(9900, "USD"), None) for one in product.variants)
    change = PriceChange(listing_channel_id=there.value.channel_id, prices=prices)
    [sent] = await amazon.set_prices(account, [change])
    assert isinstance(sent, Sent)
    seller.clock.now += 60
    assert await amazon.look(account, [SentItem(item=change, reference=sent.reference)]) == [Done(None)]
    [state] = await amazon.read_states(account, [there.value.channel_id])
    assert isinstance(state, Done)
    assert {one.price for one in state.value.items} == {Money(9900, "USD")}


async def test_an_update_leaves_the_stock_as_it_is(seller: Seller, amazon: Amazon, account: PacedAccount) -> None:
    product = mug()
    there = await published(amazon, account, product)
    await seller.lever("change", sku="MUG-1", quantity=2)
    changed = item(replace(product, title="Another"), channel_id=there.channel_id, links=there.links)
    [outcome] = await amazon.update(account, [changed])
    assert isinstance(outcome, Done)
    [row] = await seller.read("products")
    assert (row["summaries"][0]["itemName"], row["fulfillmentAvailability"][0]["quantity"]) == ("Another", 2)


async def test_an_update_leaves_an_offer_for_businesses_alone(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    there = await published(amazon, account, mug())
    [mine] = (await seller.read("products"))[0]["attributes"]["purchasable_offer"]
    both = {"op": "replace", "path": "/attributes/purchasable_offer", "value": [mine, {**mine, "audience": "B2B"}]}
    await seller.item("PATCH", "MUG-1", body={"productType": "HOME", "patches": [both]})
    changed = item(replace(mug(), title="Another"), channel_id=there.channel_id, links=there.links)
    [outcome] = await amazon.update(account, [changed])
    assert isinstance(outcome, Done)
    [row] = await seller.read("products")
    assert [one["audience"] for one in row["attributes"]["purchasable_offer"]] == ["ALL", "B2B"]


async def test_a_linked_listing_is_told_single_attributes_and_keeps_the_merchants_own(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    await published(
        amazon, account, mug(details=mug().details | {"amazon_attributes": "country of origin: CN\nstyle: Old"})
    )
    link = LinkedItem(key=mug().variants[0].key, channel_id="MUG-1", stock_id="MUG-1")
    changed = frozenset({Aspect.FIELDS})
    linked = item(mug(title="New"), channel_id="MUG-1", ours=False, links=(link,), changed=changed)
    [outcome] = await amazon.update(account, [linked])
    assert isinstance(outcome, Done)
    [row] = await seller.read("products")
    assert row["summaries"][0]["itemName"] == "New"
    assert row["attributes"]["style"][0]["value"] == "Old"
    assert row["attributes"]["country_of_origin"][0]["value"] == "CN"


async def test_ending_keeps_the_listing_and_takes_the_offer(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    there = await published(amazon, account, mug())
    assert await amazon.end(account, [there.channel_id, "NEVER-THERE"]) == [Done(None), Done(None)]
    [row] = await seller.read("products")
    assert "purchasable_offer" not in row["attributes"]
    assert row["attributes"]["item_name"]
    [state] = await amazon.read_states(account, [there.channel_id])
    assert isinstance(state, Done)
    assert (state.value.observed, state.value.gone) == (Observed.ENDED, False)


async def test_leaving_deletes_the_listings_and_a_read_says_that_they_are_gone(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    assert amazon.offers is not None
    there = await published(amazon, account, mug(options=("Blue", "Sand")))
    ids = [*(link.channel_id for link in there.links), there.channel_id]
    assert await amazon.offers.leave(account, [*ids, "NEVER-THERE"]) == [Done(None)] * 4
    assert await seller.read("products") == []
    [state] = await amazon.read_states(account, [there.channel_id])
    assert isinstance(state, Done)
    assert (state.value.observed, state.value.gone) == (Observed.ENDED, True)


async def test_an_item_of_the_catalog_is_found_by_its_code_and_offered(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    assert amazon.offers is not None
    [match] = await amazon.offers.search(account, ["4006381333931"])
    assert (match.channel_ref, match.brand, match.code) == ("B0PRACT001", "Stabilo", "4006381333931")
    assert await amazon.offers.restrictions(account, "B0PRACT001") == []
    there = await published(amazon, account, mug(details={"amazon_asin": "B0PRACT001"}))
    assert there.url == "https://www.amazon.com/dp/B0PRACT001"

    [approval] = await amazon.offers.restrictions(account, "B0PRACT003")
    assert (approval.code, approval.problem_class) == ("APPROVAL_REQUIRED", ProblemClass.ACCOUNT)
    [outcome] = await amazon.publish(account, [item(mug(3, details={"amazon_asin": "B0PRACT003"}))])
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.problem_class) == ("6024", ProblemClass.ACCOUNT)


async def test_a_report_is_asked_for_waited_for_and_read_in_its_own_charset(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    japan = replace(account, domain="amazon.co.jp", currency="JPY")
    assert amazon.reports is not None
    reference = await amazon.reports.request(japan)
    assert isinstance(await amazon.reports.fetch(japan, reference), Sent)
    seller.clock.now += 60
    assert await amazon.reports.fetch(japan, reference) == Done([])

    made = mug(title="マグカップ")
    in_yen = tuple(replace(one, price=Money(1200, "JPY"), compare_at=None, cost=None) for one in made.variants)
    await published(amazon, japan, replace(made, variants=in_yen))
    reference = await amazon.reports.request(japan)
    seller.clock.now += 60
    rows = await amazon.reports.fetch(japan, reference)
    assert isinstance(rows, Done)
    assert [row.title for row in rows.value] == ["マグカップ"]

    await published(amazon, account, mug(title="Café mug"))
    reference = await amazon.reports.request(account)
    seller.clock.now += 60
    rows = await amazon.reports.fetch(account, reference)
    assert isinstance(rows, Done)
    [row] = rows.value
    assert (row.sku, row.title, row.price, row.quantity, row.status) == (
        "MUG-1",
        "Café mug",
        Money(2400, "USD"),
        10,
        "Active",
    )


async def test_a_report_that_came_to_nothing_is_asked_for_again_by_whoever_wants_it(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    assert amazon.reports is not None
    await seller.lever("faults", kind="report", count=1)
    reference = await amazon.reports.request(account)
    seller.clock.now += 60
    outcome = await amazon.reports.fetch(account, reference)
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.problem_class) == ("report_fatal", ProblemClass.BUSY)


async def test_ten_thousand_stock_changes_are_one_feed_and_five_calls(
    seller: Seller, amazon: Amazon, account: PacedAccount
) -> None:
    changes = [StockChange(key=str(n), stock_id=f"SKU-{n}", quantity=n % 7) for n in range(10_000)]
    outcomes = await amazon.set_stock(account, changes, idempotency_key="1")
    assert len({one.reference for one in outcomes if isinstance(one, Sent)}) == 1
    assert len(outcomes) == 10_000
    assert (await seller.operations())[-2:] == ["createFeedDocument", "createFeed"]
