"""A price changed in the catalog reaches every shop that lists it, and no other field goes along."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from portal.listings import service as listings
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, Listing
from portal.models.tasks import TaskState
from portal.tasks import kinds
from portal.tasks import service as tasks
from tests.jobs.test_shopify_path import mug, publish, settle
from tests.settable_clock import SettableClock
from tests.stage import Stage


@pytest.fixture
async def connection(stage: Stage, merchant: Merchant) -> Connection:
    return await stage.connect(merchant)


async def listed(stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock, *handles: str) -> Any:
    saved = await stage.add(merchant, *(mug(handle) for handle in handles))
    await publish(stage, merchant, connection, *(product.id for product in saved))
    await settle(stage, clock)
    return saved


async def price(stage: Stage, merchant: Merchant, product_id: UUID, variant_id: UUID, **columns: int | None) -> None:
    """The merchant has typed in another price."""
    async with stage.sessions.write(merchant.id) as session:
        product = await session.get_one(Product, product_id)
        variant = await session.get_one(Variant, variant_id)
        for name, value in columns.items():
            setattr(variant, name, value)
        product.version += 1
        await session.flush()
        await listings.product_changed(session, merchant.id, [product_id], stage.now)


async def push(stage: Stage, merchant: Merchant, connection: Connection, *product_ids: UUID) -> None:
    subjects = [str((await stage.listing(merchant, product_id)).id) for product_id in product_ids]
    async with stage.sessions.write(merchant.id) as session:
        await tasks.enqueue(
            session, kinds.PRICE, subjects, merchant_id=merchant.id, connection_id=connection.id, now=stage.now
        )


async def prices(stage: Stage, handle: str = "mug") -> list[str]:
    [there] = [product for product in await stage.shop().products() if product["handle"] == handle]
    return [variant["price"] for variant in there["variants"]]


async def test_a_new_price_is_in_the_shop(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    [saved] = await listed(stage, merchant, connection, clock, "mug")
    assert await prices(stage) == ["24.00", "25.00"]

    await price(stage, merchant, saved.id, saved.variants[0].id, price_minor=1999, compare_at_minor=2400)
    await settle(stage, clock)

    [there] = await stage.shop().products()
    assert [(v["price"], v["compare_at_price"]) for v in there["variants"]] == [("19.99", "24.00"), ("25.00", None)]
    items = await stage.items(merchant, await stage.listing(merchant, saved.id))
    assert sorted(item.approved_price_minor or 0 for item in items) == [1999, 2500]


async def test_a_price_is_known_as_sent_as_taken_and_as_shown(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    [saved] = await listed(stage, merchant, connection, clock, "mug")
    listing = await stage.listing(merchant, saved.id)
    await price(stage, merchant, saved.id, saved.variants[0].id, price_minor=1999)
    await settle(stage, clock)

    items = await stage.items(merchant, listing)
    steps = {(one.sent_price_minor, one.approved_price_minor, one.reported_price_minor) for one in items}
    # The shop told us of the change by itself, and so it was looked at.
    assert steps == {(1999, 1999, 1999), (2500, 2500, 2500)}


async def test_a_price_task_sends_prices_and_nothing_else(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    [saved] = await listed(stage, merchant, connection, clock, "mug")
    await stage.shop().do("change", handle="mug", title="Renamed in the shop")
    async with stage.sessions.write(merchant.id) as session:
        (await session.get_one(Variant, saved.variants[0].id)).price_minor = 100

    await push(stage, merchant, connection, saved.id)
    await stage.work()

    [there] = await stage.shop().products()
    assert (there["title"], [v["price"] for v in there["variants"]]) == ("Renamed in the shop", ["1.00", "25.00"])


async def test_the_price_is_read_when_it_is_sent(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    [saved] = await listed(stage, merchant, connection, clock, "mug")

    for minor in (100, 200, 300):
        async with stage.sessions.write(merchant.id) as session:
            (await session.get_one(Variant, saved.variants[0].id)).price_minor = minor
        await push(stage, merchant, connection, saved.id)
    calls = len(await stage.shop().ask("requests"))
    await stage.work()

    assert await prices(stage) == ["3.00", "25.00"]
    assert len(await stage.shop().ask("requests")) == calls + 1


async def test_a_refused_price_holds_back_no_other_and_is_named(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    [bad, good] = await listed(stage, merchant, connection, clock, "bad", "good")
    for saved in (bad, good):
        async with stage.sessions.write(merchant.id) as session:
            (await session.get_one(Variant, saved.variants[0].id)).price_minor = 777
    await stage.shop().fault(
        "refuse",
        count=1,
        of="productVariantsBulkUpdate",
        field=["variants", "0", "price"],
        message="Nein",
        code="PRODUCT_DOES_NOT_EXIST",
    )

    await push(stage, merchant, connection, bad.id, good.id)
    await stage.work()

    found = sorted([(await prices(stage, "bad"))[0], (await prices(stage, "good"))[0]])
    assert found == ["24.00", "7.77"]
    said = [(await stage.listing(merchant, saved.id)).problem for saved in (bad, good)]
    assert [problem["original"] for problem in said if problem] == ["Nein"]


async def test_a_listing_taken_off_sale_is_priced_no_more(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    [saved] = await listed(stage, merchant, connection, clock, "mug")
    await push(stage, merchant, connection, saved.id)
    async with stage.sessions.write(merchant.id) as session:
        row = await session.get_one(Listing, (await stage.listing(merchant, saved.id)).id)
        row.intent = Intent.WITHDRAW
    calls = len(await stage.shop().ask("requests"))

    await stage.work()

    assert [task.state for task in await stage.tasks(kind=kinds.PRICE.name)] == [TaskState.CANCELLED]
    assert len(await stage.shop().ask("requests")) == calls
