"""Many promises of one merchant hold up nobody else's few: the practice server's own record shows the order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from portal.catalog.records import NewProduct, NewVariant
from portal.clock import utc_now
from portal.config import Settings
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.listings import Listing, ListingItem
from portal.models.tasks import OPEN, Task, TaskState
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tenancy import SYSTEM
from tests.jobs.test_worker import pytestmark as of_a_running_worker
from tests.jobs.test_worker import working
from tests.stage import PracticeShop, Stage, a_stage

pytestmark = [*of_a_running_worker, pytest.mark.once]

SECONDS = 300
START = 10


@pytest.fixture
async def stage(settings: Settings) -> AsyncIterator[Stage]:
    """By the real clock: rings are set by it."""
    async with a_stage(settings, utc_now) as made:
        yield made


async def test_five_updates_are_not_held_up_by_another_merchants_five_thousand(
    stage: Stage, merchant: Merchant, other_merchant: Merchant, settings: Settings
) -> None:
    big = await sells(stage, merchant, "big.myshopify.com", products=50, variants=100)
    small = await sells(stage, other_merchant, "small.myshopify.com", products=1, variants=5)
    assert await one_less_of_each(stage, merchant) == 5000
    assert await one_less_of_each(stage, other_merchant) == 5

    async with working(stage.process, settings.redis_url), asyncio.timeout(SECONDS):
        while not await all_are_told(stage):  # noqa: ASYNC110 - the rows are the record, and nothing else tells
            await asyncio.sleep(0.2)

    of_many, of_few = await big.ledger("inventorySetQuantities"), await small.ledger("inventorySetQuantities")
    assert [len(call["values"]["input"]["quantities"]) for call in of_few] == [5]
    assert sum(len(call["values"]["input"]["quantities"]) for call in of_many) == 5000
    before = [call for call in of_many if call["id"] < of_few[0]["id"]]
    assert len(before) <= len(of_many) / 5
    for shop in (big, small):
        left = {sum(v["available"].values()) for product in await shop.products() for v in product["variants"]}
        assert left == {START - 1}


async def sells(stage: Stage, merchant: Merchant, domain: str, *, products: int, variants: int) -> PracticeShop:
    """The merchant has ten of each variant, and the shop shows them: made there by hand, for speed, and linked here."""
    connection, shop = await stage.connect(merchant, shop=domain), stage.shop(domain)
    mugs = [mug(number, variants) for number in range(products)]
    saved = await stage.add(merchant, *mugs)
    await shop.fault("lose")
    await shop.seed([as_typed_in(product) for product in mugs])
    there = {product["handle"]: product for product in await shop.products()}
    async with stage.sessions.write(merchant.id) as session:
        for typed, ours in zip(mugs, saved, strict=True):
            theirs = there[typed.handle]
            listing = Listing(
                merchant_id=merchant.id, connection_id=connection.id, product_id=ours.id, channel_id=theirs["id"]
            )
            session.add(listing)
            await session.flush()
            by_sku = {variant["sku"]: variant for variant in theirs["variants"]}
            pairs = zip(typed.variants, ours.variants, strict=True)
            session.add_all([linked(listing, variant.id, by_sku[new.sku]) for new, variant in pairs])
    return shop


def mug(number: int, variants: int) -> NewProduct:
    sizes = [
        NewVariant(option_values=(str(size),), sku=f"mug-{number}-{size}", price_minor=900, quantity=START)
        for size in range(variants)
    ]
    return NewProduct(handle=f"mug-{number}", title=f"Mug {number}", option_names=("Size",), variants=tuple(sizes))


def as_typed_in(product: NewProduct) -> dict[str, Any]:
    sold = [{"sku": v.sku, "options": list(v.option_values), "quantity": v.quantity} for v in product.variants]
    return {"title": product.title, "handle": product.handle, "options": list(product.option_names), "variants": sold}


def linked(listing: Listing, variant_id: UUID, theirs: dict[str, Any]) -> ListingItem:
    return ListingItem(
        merchant_id=listing.merchant_id,
        listing_id=listing.id,
        connection_id=listing.connection_id,
        variant_id=variant_id,
        channel_id=f"gid://shopify/ProductVariant/{theirs['number']}",
        stock_id=f"gid://shopify/InventoryItem/{theirs['item']}",
        sent_quantity=START,
        confirmed_quantity=START,
    )


async def one_less_of_each(stage: Stage, merchant: Merchant) -> int:
    """One of each variant is sold; how many updates wait for that."""
    async with stage.sessions.write(merchant.id) as session:
        sold = [
            Move(variant_id=variant_id, quantity=-1, cause="sale", cause_id="sale")
            for variant_id in await session.scalars(select(Variant.id))
        ]
        await stock.move(session, merchant_id=merchant.id, moves=sold, made_by="test", now=stage.now)
    return len(await stage.tasks(kind="stock", merchant_id=merchant.id, state=TaskState.WAITING))


async def all_are_told(stage: Stage) -> bool:
    async with stage.sessions.read(SYSTEM) as session:
        still_open = select(func.count()).where(Task.kind == "stock", Task.state.in_(OPEN))
        return not await session.scalar(still_open)
