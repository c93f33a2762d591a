"""A product of as many variants as Shopify takes: written behind our back, finished by looks, and lost by nothing."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.records import Observed
from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.listings import publishing
from portal.listings import service as listings
from portal.listings.badges import badges_of
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductImage, Variant
from portal.models.connections import Connection
from portal.models.listings import LastAttempt, Listing
from portal.models.tasks import TaskState
from tests.depth import THOROUGH
from tests.settable_clock import SettableClock
from tests.stage import Stage

pytestmark = pytest.mark.once

MOST = 2048 if THOROUGH else 600


def shirt(count: int = MOST, images: int = 200) -> NewProduct:
    """A shirt in 16 sizes and 128 colours, each variant with one of the product's images."""
    pictures = tuple(NewImage(url=f"https://cdn.example.com/shirt-{n}.jpg", alt=f"{n}") for n in range(images))
    return NewProduct(
        handle="shirt",
        title="Shirt",
        option_names=("Size", "Colour"),
        images=pictures,
        variants=tuple(
            NewVariant(
                option_values=(f"S{n % 16}", f"C{n // 16}"),
                sku=f"SHIRT-{n}",
                price_minor=1000 + n,
                quantity=n % 7,
                image_url=pictures[n % images].url if images else "",
            )
            for n in range(count)
        ),
    )


@pytest.fixture
async def connection(stage: Stage, merchant: Merchant) -> Connection:
    connection = await stage.connect(merchant)
    await stage.work()
    return connection


async def publish(stage: Stage, connection: Connection, product: NewProduct) -> Any:
    async with stage.sessions.read(connection.merchant_id) as session:
        merchant = await session.get_one(Merchant, connection.merchant_id)
    (saved,) = await stage.add(merchant, product)
    async with stage.sessions.write(connection.merchant_id) as session:
        pairs = [(saved.id, connection.id)]
        await publishing.publish(session, merchant_id=connection.merchant_id, pairs=pairs, now=stage.now)
    await stage.work()
    return saved


async def go_on(stage: Stage, clock: SettableClock, *, rounds: int = 8, seconds: float = 20) -> None:
    for _ in range(rounds):
        clock.advance(seconds)
        await stage.work()


async def badge(stage: Stage, listing: Listing) -> str:
    async with stage.sessions.read(listing.merchant_id) as session:
        return (await badges_of(session, [listing], now=stage.now))[listing.id].state


async def test_a_product_of_very_many_variants_goes_live_whole(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    saved = await publish(stage, connection, shirt())
    listing = await stage.listing(merchant, saved.id)
    assert (listing.attempt, await badge(stage, listing)) == (LastAttempt.SENT, "checking")
    assert await stage.shop().products() == [], "Shopify takes its time"

    await go_on(stage, clock)

    listing = await stage.listing(merchant, saved.id)
    assert (listing.attempt, listing.observed, listing.problem) == (LastAttempt.ACCEPTED, Observed.LIVE, None)
    (there,) = await stage.shop().products()
    assert there["publishedOn"] == ["Online Store"]
    held = {row["sku"]: (row["price"], sum(row["available"].values()), row["image"]) for row in there["variants"]}
    assert held == {
        f"SHIRT-{n}": (f"{(1000 + n) / 100:.2f}", n % 7, f"https://cdn.example.com/shirt-{n % 200}.jpg")
        for n in range(MOST)
    }
    items = await stage.items(merchant, listing)
    assert len({item.channel_id for item in items}) == MOST
    assert {item.sent_quantity == item.confirmed_quantity for item in items} == {True}
    assert len(await stage.shop().ledger("productSet")) == 1
    assert len(await stage.shop().ledger("productSetOperation")) == 1
    costs = [row["cost"] or 0 for row in await stage.shop().ask("requests")]
    assert max(costs) <= 1000


async def test_an_update_of_a_large_product_keeps_every_variant_and_its_address(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    saved = await publish(stage, connection, shirt(300, images=0))
    await go_on(stage, clock, rounds=3)
    (before,) = await stage.shop().products()

    async with stage.sessions.write(merchant.id) as session:
        product = await session.get_one(Product, saved.id)
        product.title, product.version = "New shirt", product.version + 1
        url = "https://cdn.example.com/new.jpg"
        session.add(ProductImage(merchant_id=merchant.id, product_id=saved.id, position=1, url=url))
        await session.flush()
        await listings.product_changed(session, merchant.id, [saved.id], stage.now)
    await stage.work()
    assert (await stage.listing(merchant, saved.id)).attempt is LastAttempt.SENT
    await go_on(stage, clock, rounds=3)

    (after,) = await stage.shop().products()
    assert after["title"] == "New shirt"
    assert after["number"] == before["number"]
    assert after["variants"] == before["variants"]


@pytest.mark.parametrize("renamed", [False, True])
async def test_what_changed_while_it_was_written_is_sent_afterwards(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock, renamed: bool
) -> None:
    saved = await publish(stage, connection, shirt(300, images=0))
    async with stage.sessions.write(merchant.id) as session:
        (await session.get_one(Variant, saved.variants[0].id)).price_minor = 777
        product = await session.get_one(Product, saved.id)
        product.title, product.version = ("Renamed", product.version + 1) if renamed else (product.title, 1)
        await session.flush()
        await listings.product_changed(session, merchant.id, [saved.id], stage.now)
    await go_on(stage, clock, rounds=3)

    (there,) = await stage.shop().products()
    assert there["variants"][0]["price"] == "7.77"
    assert there["title"] == ("Renamed" if renamed else "Shirt")
    assert len(await stage.shop().ledger("productSet")) == 1, "what changed travels alone"


async def test_a_product_taken_off_sale_while_it_is_written_ends_off_sale(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    saved = await publish(stage, connection, shirt(300, images=0))
    async with stage.sessions.write(merchant.id) as session:
        listing = await session.get_one(Listing, (await stage.listing(merchant, saved.id)).id)
        await listings.end(session, listing, now=stage.now)
    await go_on(stage, clock, rounds=3)

    (there,) = await stage.shop().products()
    assert (there["status"], there["publishedOn"]) == ("DRAFT", [])
    assert (await stage.listing(merchant, saved.id)).observed is Observed.ENDED


async def test_work_shopify_refuses_in_the_end_is_refused_with_its_words(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    await stage.shop().fault(
        "refuse", count=1, of="productSetOperation", field=["input"], message="Nein — ①", code="INVALID_PRODUCT"
    )
    saved = await publish(stage, connection, shirt(300, images=0))
    await go_on(stage, clock, rounds=2)

    listing = await stage.listing(merchant, saved.id)
    assert listing.attempt is LastAttempt.REJECTED
    assert listing.problem is not None
    assert listing.problem["original"] == "Nein — ①"


async def test_a_lost_answer_to_a_large_create_makes_one_product(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    """Shopify took it and the line broke: the work goes on there while we look for a product that is not there yet."""
    await stage.shop().fault("drop", count=1, operation="productSet", when="after")
    saved = await publish(stage, connection, shirt(300, images=0))
    assert (await stage.listing(merchant, saved.id)).attempt is LastAttempt.IN_DOUBT
    await go_on(stage, clock)

    assert len(await stage.shop().products()) == 1
    listing = await stage.listing(merchant, saved.id)
    assert (listing.attempt, listing.observed) == (LastAttempt.ACCEPTED, Observed.LIVE)
    assert {task.state for task in await stage.tasks(kind="publish")} == {TaskState.DONE}


async def test_a_second_create_that_meets_the_first_takes_over_what_it_made(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    """The answer is lost, the repetition overtakes the work: the second operation finds the handle taken, by us."""
    await stage.shop().fault("drop", count=1, operation="productSet", when="after")
    await stage.shop().fault("linger", count=2, seconds=30)
    saved = await publish(stage, connection, shirt(300, images=0))
    clock.advance(7)
    await stage.work()
    assert len(await stage.shop().ledger("productSet")) == 2
    await go_on(stage, clock)

    assert len(await stage.shop().products()) == 1
    listing = await stage.listing(merchant, saved.id)
    assert (listing.attempt, listing.problem) == (LastAttempt.ACCEPTED, None)
