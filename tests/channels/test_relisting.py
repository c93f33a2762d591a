"""A listing that its code joined to a stranger's item: off practice Amazon, gone, and back under another code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.records import Observed
from portal.catalog.records import NewVariant
from portal.codes import service as codes
from portal.codes.forms import Wanted
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, LastAttempt, Listing
from tests.channels.test_amazon_path import MUG, TAKEN_CODE, Amazon, amazon, connection, offered
from tests.connections.premises import Premises
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

__all__ = ["amazon", "connection"]

PENS = replace(
    MUG, handle="pens", vendor="Stabilo", variants=(replace(MUG.variants[0], sku="PEN", barcode=TAKEN_CODE),)
)


@pytest.fixture
async def chained(premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock) -> Listing:
    """Live at Amazon, on the item that has the code."""
    saved = await offered(premises, seller, PENS, amazon_product_type="PRODUCT", amazon_code_exemption="")
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    listing = await premises.stage.listing(seller, saved.id)
    assert (listing.observed, listing.url[-10:]) == (Observed.LIVE, "B0PRACT001")
    return listing


async def make_codes(premises: Premises, seller: Merchant, count: int) -> None:
    async with premises.stage.sessions.write(seller.id) as session:
        await codes.generate(session, seller.id, Wanted("4512345678", None, count), now=premises.stage.now)


async def now_of(premises: Premises, seller: Merchant, listing: Listing) -> Any:
    return await premises.stage.listing(seller, listing.product_id)


async def test_own_codes_take_the_old_ones_place_and_the_listing_comes_back_on_an_item_of_its_own(
    premises: Premises, seller: Merchant, chained: Listing, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    await make_codes(premises, seller, 1)
    page = (await alice.get(f"/listings/{chained.id}")).select_one(f'a[href="/listings/{chained.id}/relisting"]')
    assert page is not None

    answer = await alice.post(f"/listings/{chained.id}/relisting", {"way": "own"})
    assert answer.status_code == 303
    shown = (await alice.get(f"/listings/{chained.id}")).get_text(" ")
    assert "We are taking it off Amazon, to list it again with another code" in shown
    for _ in range(3):
        await settle(premises.stage, clock)

    after = await now_of(premises, seller, chained)
    assert (after.intent, after.observed, after.relisting) == (Intent.PUBLISH, Observed.LIVE, False)
    assert after.url.startswith("https://www.amazon.co.jp/dp/B")
    assert not after.url.endswith("B0PRACT001")
    operations = await amazon.operations()
    assert operations.count("deleteListingsItem") == 1
    assert operations.index("deleteListingsItem") < len(operations) - 1 - operations[::-1].index("putListingsItem")
    [variant] = await premises.site.rows(seller, Variant)
    assert variant.barcode.startswith("4512345678")
    [there] = await amazon.products()
    assert there["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 5}]


async def test_an_exempted_product_comes_back_without_a_code_and_keeps_its_barcode_at_home(
    premises: Premises, seller: Merchant, chained: Listing, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    await alice.post(f"/listings/{chained.id}/relisting", {"way": "exempt"})
    for _ in range(3):
        await settle(premises.stage, clock)

    after = await now_of(premises, seller, chained)
    assert after.observed is Observed.LIVE
    assert not after.url.endswith("B0PRACT001")
    [variant] = await premises.site.rows(seller, Variant)
    assert variant.barcode == TAKEN_CODE
    [product] = await premises.site.rows(seller, Product)
    assert product.details["amazon_code_exemption"] == "yes"


async def test_nothing_is_published_before_amazon_says_that_it_is_gone(
    premises: Premises, seller: Merchant, chained: Listing, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    """The first readings after the withdrawal come to nothing."""
    await amazon.do("faults", kind="maintenance", operation="searchListingsItems")
    before = (await amazon.operations()).count("putListingsItem")
    await alice.post(f"/listings/{chained.id}/relisting", {"way": "exempt"})
    for _ in range(3):
        await settle(premises.stage, clock)

    waiting = await now_of(premises, seller, chained)
    assert (waiting.intent, waiting.relisting, waiting.attempt) == (Intent.WITHDRAW, True, LastAttempt.ACCEPTED)
    assert (await amazon.operations()).count("putListingsItem") == before
    assert await amazon.products() == []
    shown = (await alice.get(f"/listings/{chained.id}")).get_text(" ")
    assert "We wait until Amazon says that it is gone, then list it again" in shown

    await amazon.clear()
    clock.advance(3600)
    for _ in range(3):
        await settle(premises.stage, clock)
    assert (await now_of(premises, seller, chained)).observed is Observed.LIVE


async def test_a_withdrawal_that_amazon_cannot_take_now_is_tried_again(
    premises: Premises, seller: Merchant, chained: Listing, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    await amazon.do("faults", kind="drop", when="after", operation="deleteListingsItem", count=1)
    await alice.post(f"/listings/{chained.id}/relisting", {"way": "exempt"})
    for _ in range(4):
        await settle(premises.stage, clock)
        clock.advance(60)
    assert (await now_of(premises, seller, chained)).observed is Observed.LIVE
    assert len(await amazon.products()) == 1


async def test_who_thinks_better_of_it_leaves_it_off(
    premises: Premises, seller: Merchant, chained: Listing, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    await alice.post(f"/listings/{chained.id}/relisting", {"way": "exempt"})
    assert "Don't list it again" in (await alice.get(f"/listings/{chained.id}")).get_text(" ")
    await alice.post(f"/listings/{chained.id}/end")
    for _ in range(3):
        await settle(premises.stage, clock)
    after = await now_of(premises, seller, chained)
    assert (after.intent, after.relisting, after.observed) == (Intent.WITHDRAW, False, Observed.ENDED)
    assert "deleteListingsItem" not in await amazon.operations()


@pytest.mark.parametrize(
    ("way", "barcode", "says"),
    [
        ("own", TAKEN_CODE, "There are not enough free codes"),
        ("typed", "2000000000008", "is an in-store number"),
        ("typed", "4006381333930", "The last digit should be 1"),
        ("", TAKEN_CODE, "Choose what it is listed under"),
    ],
)
async def test_what_could_not_be_listed_again_stays_where_it_is(
    premises: Premises, seller: Merchant, chained: Listing, alice: Browser, *, way: str, barcode: str, says: str
) -> None:
    [variant] = await premises.site.rows(seller, Variant)
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Variant, variant.id)).barcode = barcode
    answer = await alice.post(f"/listings/{chained.id}/relisting", {"way": way})
    assert answer.status_code == 422
    assert says in answer.text
    after = await now_of(premises, seller, chained)
    assert (after.intent, after.relisting, after.observed) == (Intent.PUBLISH, False, Observed.LIVE)


async def test_a_product_with_variants_leaves_whole_and_comes_back_whole(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    variants = tuple(
        NewVariant(sku=f"MUG-{c}", price_minor=1200, quantity=5, option_values=(c,)) for c in ("Blue", "Sand")
    )
    saved = await offered(premises, seller, replace(MUG, option_names=("Color",), variants=variants))
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    listing = await premises.stage.listing(seller, saved.id)
    assert listing.observed is Observed.LIVE
    await make_codes(premises, seller, 2)

    await alice.post(f"/listings/{listing.id}/relisting", {"way": "own"})
    await premises.stage.work()
    assert await amazon.products() == []
    for _ in range(3):
        await settle(premises.stage, clock)

    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE
    assert len(await amazon.products()) == 3
    [product] = await premises.site.rows(seller, Product)
    assert "amazon_code_exemption" not in product.details
    given = {row.barcode for row in await premises.site.rows(seller, Variant)}
    assert len(given) == 2
    items = await premises.stage.items(seller, listing)
    assert {item.confirmed_quantity for item in items} == {5}
