"""From the catalog to a practice shop and back: what the shop recorded is the truth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from connectors.records import Observed
from jobs.stock import CHANGED_THERE
from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.connections import secrets
from portal.connections import service as connections
from portal.listings import publishing
from portal.listings import service as listings
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import LastAttempt, Listing
from portal.models.stock import Movement
from portal.models.tasks import TaskState
from portal.orders import feeds
from portal.stock import service as stock
from portal.stock.service import Move
from tests.settable_clock import SettableClock
from tests.stage import SHOP, Stage


def mug(handle: str = "mug", title: str = "Stoneware mug", quantity: int = 5) -> NewProduct:
    return NewProduct(
        handle=handle,
        title=title,
        description_html="<p>Hand thrown.</p>",
        option_names=("Colour",),
        images=(NewImage(url="https://cdn.example.com/mug.jpg", alt="Mug"),),
        variants=(
            NewVariant(option_values=("Blue",), sku=f"{handle}-blu", price_minor=2400, quantity=quantity),
            NewVariant(option_values=("Sand",), price_minor=2500, quantity=3),
        ),
    )


async def publish(stage: Stage, merchant: Merchant, connection: Connection, *product_ids: UUID) -> None:
    async with stage.sessions.write(merchant.id) as session:
        pairs = [(product_id, connection.id) for product_id in product_ids]
        await publishing.publish(session, merchant_id=merchant.id, pairs=pairs, now=stage.now)


async def settle(stage: Stage, clock: SettableClock) -> None:
    """Work now, then what was put off for a few seconds."""
    for _ in range(4):
        await stage.work()
        clock.advance(5)


async def the_listing(stage: Stage, merchant: Merchant, product_id: UUID) -> Listing:
    return await stage.listing(merchant, product_id)


async def test_a_product_goes_live_with_its_stock_price_and_image(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug())

    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)

    listing = await stage.listing(merchant, saved.id)
    assert (listing.attempt, listing.observed) == (LastAttempt.ACCEPTED, Observed.LIVE)
    [there] = await stage.shop().products()
    assert (there["title"], there["handle"], there["status"]) == ("Stoneware mug", "mug", "ACTIVE")
    assert [(v["price"], available(v)) for v in there["variants"]] == [("24.00", 5), ("25.00", 3)]
    assert [file["source"] for file in there["files"]] == ["https://cdn.example.com/mug.jpg"]
    items = await stage.items(merchant, listing)
    assert sorted(item.confirmed_quantity or 0 for item in items) == [3, 5]


async def test_many_products_go_in_few_calls(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    connection = await stage.connect(merchant)
    saved = await stage.add(merchant, *(mug(f"mug-{n}") for n in range(10)))

    await publish(stage, merchant, connection, *(product.id for product in saved))
    await settle(stage, clock)

    assert len(await stage.shop().products()) == 10
    creating = [r for r in await stage.shop().ask("requests") if "productSet" in str(r)]
    assert len(creating) <= 2


async def test_a_refusal_is_kept_byte_for_byte_and_mended_by_an_edit(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    [saved, fine] = await stage.add(merchant, mug("bad"), mug("good"))
    await stage.work()
    said = "Handle 'bad' wird nicht angenommen — ①㈱"
    await stage.shop().fault(
        "refuse", count=1, of="productSet", handle="bad", field=["input"], message=said, code="INVALID_INPUT"
    )

    await publish(stage, merchant, connection, saved.id, fine.id)
    await settle(stage, clock)

    refused = await stage.listing(merchant, saved.id)
    assert refused.attempt is LastAttempt.REJECTED
    assert refused.problem is not None
    assert (refused.problem["original"], refused.problem["code"]) == (said, "INVALID_INPUT")
    assert (await stage.listing(merchant, fine.id)).observed is Observed.LIVE, "a bad item held back its batch"

    async with stage.sessions.write(merchant.id) as session:
        product = await session.get_one(Product, saved.id)
        product.title, product.version = "Mended", product.version + 1
        await listings.product_changed(session, merchant.id, [saved.id], stage.now)
    await settle(stage, clock)

    mended = await stage.listing(merchant, saved.id)
    assert (mended.attempt, mended.observed, mended.problem) == (LastAttempt.ACCEPTED, Observed.LIVE, None)


async def test_a_lost_answer_makes_one_product(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    """K6: the shop accepted, the line broke; the next try finds its own mark and makes nothing twice."""
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug())
    await stage.shop().fault("drop", count=1, operation="productSet", when="after")

    await publish(stage, merchant, connection, saved.id)
    await stage.work()
    in_doubt = await stage.listing(merchant, saved.id)
    for _ in range(5):
        clock.advance(20)
        await stage.work()

    assert in_doubt.attempt is LastAttempt.IN_DOUBT
    assert (await stage.listing(merchant, saved.id)).observed is Observed.LIVE
    assert len(await stage.shop().products()) == 1
    made = {str(row["ids"]) for row in await stage.shop().ledger("productSet")}
    assert len(made) == 1, "a repetition made another product"


async def test_publishing_never_destroys_what_the_merchant_has_there(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    await stage.shop().http.post(
        f"{stage.practice_url}/practice/api/shops/{SHOP}/products",
        json=[
            {
                "handle": "mug",
                "title": "The shop's own mug",
                "variants": [{"sku": "OWN", "price": "9.00", "available": 7}],
            }
        ],
        headers={"Origin": stage.practice_url},
    )
    [saved] = await stage.add(merchant, mug())

    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)

    [there] = await stage.shop().products()
    listing = await stage.listing(merchant, saved.id)
    assert there["title"] == "The shop's own mug"
    assert listing.found is not None
    assert listing.found["handle"] == "mug"
    assert await stage.shop().ledger("productSet") == []


async def test_a_revoked_token_parks_the_work_and_reconnecting_drains_it_once(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    await stage.work()
    saved = await stage.add(merchant, *(mug(f"mug-{n}") for n in range(3)))
    await stage.shop().do("revoke")

    await publish(stage, merchant, connection, *(product.id for product in saved))
    await settle(stage, clock)

    async with stage.sessions.read(merchant.id) as session:
        held = await session.get_one(Connection, connection.id)
    waiting = [t for t in await stage.tasks(kind="publish") if t.state is TaskState.WAITING]
    assert held.state is ConnectionState.NEEDS_REAUTH
    assert held.problem is not None
    assert "Invalid API key or access token" in held.problem["original"]
    assert len(waiting) == 3

    await stage.connect(merchant, again=connection)
    await settle(stage, clock)

    assert len(await stage.shop().products()) == 3
    async with stage.sessions.read(merchant.id) as session:
        assert (await session.get_one(Connection, connection.id)).state is ConnectionState.ACTIVE


async def test_another_account_is_refused_on_reconnect(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)

    with pytest.raises(connections.OtherAccount) as refused:
        await stage.connect(merchant, shop="other.myshopify.com", again=connection)

    assert refused.value.came != refused.value.expected


async def test_two_hundred_changes_of_one_variant_in_ten_seconds_cost_few_calls(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug(quantity=500))
    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)
    before = len(await stage.shop().ledger("inventorySetQuantities"))

    for number in range(200):
        await sell(stage, merchant, saved.variants[0].id, 1, f"order-{number}")
        clock.advance(0.05)
        await stage.work()
    await settle(stage, clock)

    [there] = await stage.shop().products()
    assert available(there["variants"][0]) == 300
    assert 1 < len(await stage.shop().ledger("inventorySetQuantities")) - before <= 7


@pytest.mark.parametrize("moment", ["request", "response"], ids=["not yet sent", "accepted, not yet heard"])
async def test_stock_that_changes_between_a_publishs_read_and_its_write_ends_right(
    stage: Stage, merchant: Merchant, clock: SettableClock, moment: str
) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug(quantity=5))
    sold: list[str] = []

    async def sell_meanwhile(message: httpx.Request | httpx.Response) -> None:
        request = message if isinstance(message, httpx.Request) else message.request
        if b"productSet" in request.content and not sold:
            sold.append(request.content.decode())
            await sell(stage, merchant, saved.variants[0].id, 2, "order-1")

    stage.process.runtime.http.event_hooks[moment].append(sell_meanwhile)
    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)

    assert len(sold) == 1
    [created] = await stage.shop().ledger("productSet")
    assert first_quantity(created) == 5, "it was read before the sale"
    [there] = await stage.shop().products()
    async with stage.sessions.read(merchant.id) as session:
        variant = await session.get_one(Variant, saved.variants[0].id)
    assert (variant.on_hand, available(there["variants"][0])) == (3, 3)


def first_quantity(created: dict[str, Any]) -> int:
    """How many of the first variant a product was created with."""
    return int(created["values"]["input"]["variants"][0]["inventoryQuantities"][0]["quantity"])


async def sell(stage: Stage, merchant: Merchant, variant_id: UUID, quantity: int, cause_id: str) -> None:
    move = Move(variant_id=variant_id, quantity=-quantity, cause="sale", cause_id=cause_id)
    async with stage.sessions.write(merchant.id) as session:
        await stock.move(session, merchant_id=merchant.id, moves=[move], made_by="test", now=stage.now)


async def test_a_sale_in_the_shop_that_we_have_not_heard_of_is_not_undone(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug(quantity=5))
    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)
    await stage.shop().do("change", sku="mug-blu", stock=3)

    await sell(stage, merchant, saved.variants[0].id, 1, "order-1")
    await settle(stage, clock)

    [there] = await stage.shop().products()
    async with stage.sessions.read(merchant.id) as session:
        variant = await session.get_one(Variant, saved.variants[0].id)
        total = await session.scalar(select(func.sum(Movement.quantity)).where(Movement.variant_id == variant.id))
    assert (variant.on_hand, total, available(there["variants"][0])) == (2, 2, 2)


async def test_a_sale_there_that_leaves_the_very_number_we_were_to_tell_is_a_sale_all_the_same(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    """R17: taken for a push of ours, it would count twice once it is heard of, and stock be invented to explain it."""
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug(quantity=2))
    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)
    await stage.shop().do("orders", lines=[{"sku": "mug-blu", "quantity": 1}])
    await sell(stage, merchant, saved.variants[0].id, 1, "order-1")
    await stage.work()

    async with stage.sessions.write(merchant.id) as session:
        await feeds.read(session, connection, now=stage.now)
    for _ in range(3):
        await settle(stage, clock)

    [there] = await stage.shop().products()
    async with stage.sessions.read(merchant.id) as session:
        rows = await session.scalars(select(Movement).where(Movement.variant_id == saved.variants[0].id))
        moved = [(row.cause, row.quantity) for row in rows if row.quantity < 0 or row.cause == CHANGED_THERE]
    assert sorted(moved) == [("order", -1), ("sale", -1)]
    assert available(there["variants"][0]) == 0


def available(variant: dict[str, Any]) -> int:
    """What the shop has to sell of a variant, over its locations."""
    return sum(variant["available"].values())


async def test_an_expired_token_is_renewed_once_and_nobody_notices(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug())
    clock.advance(3600)

    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)

    assert (await stage.listing(merchant, saved.id)).observed is Observed.LIVE
    async with stage.sessions.read(merchant.id) as session:
        row = await session.get_one(Connection, connection.id)
    assert row.secrets is not None
    held = secrets.open_sealed(stage.process.runtime.vault, row, row.secrets)
    assert held.expires_at is not None
    assert held.expires_at > stage.now + timedelta(minutes=30)


async def test_ending_takes_off_sale_and_deletes_nothing(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug())
    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)

    async with stage.sessions.write(merchant.id) as session:
        listing = await session.get_one(Listing, (await stage.listing(merchant, saved.id)).id)
        await listings.end(session, listing, now=stage.now)
    await settle(stage, clock)

    [there] = await stage.shop().products()
    assert there["status"] == "DRAFT"
    assert (await stage.listing(merchant, saved.id)).observed is Observed.ENDED


async def test_throttling_waits_and_then_goes_on(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    connection = await stage.connect(merchant)
    await stage.work()
    [saved] = await stage.add(merchant, mug())
    await stage.shop().fault("throttle", count=2)

    await publish(stage, merchant, connection, saved.id)
    for _ in range(6):
        await stage.work()
        clock.advance(30)

    assert (await stage.listing(merchant, saved.id)).observed is Observed.LIVE


async def test_a_number_that_was_never_taken_is_not_expected_there(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    """Were it, the next compare would fail and stock would be invented to explain it."""
    connection = await stage.connect(merchant)
    await stage.work()
    [saved] = await stage.add(merchant, mug())
    await stage.shop().fault("throttle", count=2, operation="inventorySetQuantities")
    await publish(stage, merchant, connection, saved.id)
    await stage.work()

    await sell(stage, merchant, saved.variants[0].id, 1, "order-1")
    for _ in range(5):
        await stage.work()
        clock.advance(30)

    [there] = await stage.shop().products()
    assert [available(variant) for variant in there["variants"]] == [4, 3]
    async with stage.sessions.read(merchant.id) as session:
        assert (await session.get_one(Variant, saved.variants[0].id)).on_hand == 4


async def test_a_change_of_words_is_one_cheap_call(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    connection = await stage.connect(merchant)
    saved = await stage.add(merchant, mug("mug-a"), mug("mug-b"))
    await publish(stage, merchant, connection, *(product.id for product in saved))
    await settle(stage, clock)
    before = await stage.shop().ask("bucket")
    calls = len(await stage.shop().ask("requests"))

    await stage.add(merchant, mug("mug-a", "Red mug"), mug("mug-b", "Green mug"))
    await settle(stage, clock)

    assert [product["title"] for product in await stage.shop().products()] == ["Red mug", "Green mug"]
    after = await stage.shop().ask("bucket")
    assert after["spent"] - before["spent"] == 20
    assert len(await stage.shop().ask("requests")) - calls == 1


async def test_an_archived_product_goes_off_sale(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug())
    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)

    async with stage.sessions.write(merchant.id) as session:
        (await session.get_one(Product, saved.id)).status = ProductStatus.ARCHIVED
        await session.flush()
        await listings.product_changed(session, merchant.id, [saved.id], stage.now)
    await settle(stage, clock)

    [there] = await stage.shop().products()
    assert there["status"] == "DRAFT"


async def test_a_new_price_travels_alone(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, mug())
    await publish(stage, merchant, connection, saved.id)
    await settle(stage, clock)
    written = len(await stage.shop().ledger("productSet"))

    async with stage.sessions.write(merchant.id) as session:
        (await session.get_one(Variant, saved.variants[0].id)).price_minor = 1990
        await session.flush()
        await listings.product_changed(session, merchant.id, [saved.id], stage.now)
    await stage.shop().fault("throttle", count=1)
    for _ in range(4):
        await stage.work()
        clock.advance(30)

    [there] = await stage.shop().products()
    assert there["variants"][0]["price"] == "19.90"
    assert len(await stage.shop().ledger("productSet")) == written
    assert (await stage.listing(merchant, saved.id)).attempt is LastAttempt.ACCEPTED


async def test_two_numbers_changed_in_the_shop_at_once_are_both_taken_in(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    saved = await stage.add(merchant, mug("mug-a", quantity=9), mug("mug-b", quantity=9))
    await publish(stage, merchant, connection, *(product.id for product in saved))
    await settle(stage, clock)
    for handle in ("mug-a", "mug-b"):
        await stage.shop().do("change", sku=f"{handle}-blu", stock=4)

    for product in saved:
        await sell(stage, merchant, product.variants[0].id, 1, "order-1")
    await settle(stage, clock)

    async with stage.sessions.read(merchant.id) as session:
        held = [(await session.get_one(Variant, product.variants[0].id)).on_hand for product in saved]
    there = await stage.shop().products()
    assert held == [3, 3]
    assert [available(product["variants"][0]) for product in there] == [3, 3]


async def test_ending_while_nobody_knows_whether_it_was_made_takes_off_sale_what_was(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    made, never = await stage.add(merchant, mug("made"), mug("never"))
    await stage.work()
    await stage.shop().fault("drop", count=1, operation="productSet", when="after")
    await publish(stage, merchant, connection, made.id)
    await stage.work()
    await stage.shop().fault("drop", count=1, operation="productSet", when="before")
    await publish(stage, merchant, connection, never.id)
    await stage.work()
    rows = [await stage.listing(merchant, saved.id) for saved in (made, never)]
    assert [row.attempt for row in rows] == [LastAttempt.IN_DOUBT] * 2

    async with stage.sessions.write(merchant.id) as session:
        for row in rows:
            await listings.end(session, await session.get_one(Listing, row.id), now=stage.now)
    await settle(stage, clock)

    [there] = await stage.shop().products()
    assert (there["handle"], there["status"]) == ("made", "DRAFT")
    tasks_left = [task for task in await stage.tasks(kind="end") if task.state is not TaskState.DONE]
    assert tasks_left == []


async def test_a_product_made_unheard_is_found_though_it_was_renamed_meanwhile(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    """Without a SKU or barcode only the handle leads to it, and the handle is another one by now."""
    connection = await stage.connect(merchant)
    [saved] = await stage.add(merchant, NewProduct(handle="old", title="Mug", variants=(NewVariant(price_minor=100),)))
    await stage.work()
    await stage.shop().fault("drop", count=1, operation="productSet", when="after")
    await publish(stage, merchant, connection, saved.id)
    await stage.work()
    assert (await stage.listing(merchant, saved.id)).attempt is LastAttempt.IN_DOUBT

    async with stage.sessions.write(merchant.id) as session:
        product = await session.get_one(Product, saved.id)
        product.handle, product.version = "new", product.version + 1
    await settle(stage, clock)

    assert len(await stage.shop().products()) == 1
    assert (await stage.listing(merchant, saved.id)).observed is Observed.LIVE
