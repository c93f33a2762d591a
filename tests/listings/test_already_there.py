"""A product the shop has already is never overwritten: it is linked, or listed beside it, as the merchant chooses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from portal.catalog.records import NewProduct, NewVariant
from portal.config import Settings
from portal.listings import publishing, service
from portal.listings.badge import Badge
from portal.listings.badges import badges_of
from portal.models.accounts import Merchant
from portal.models.listings import Listing
from tests.settable_clock import SettableClock
from tests.stage import Stage, a_stage

MUG = NewProduct(handle="mug", title="Our mug", variants=(NewVariant(sku="MUG-1", price_minor=2000, quantity=4),))
THEIRS = {"handle": "mug", "title": "Their mug", "variants": [{"sku": "MUG-1", "price": "15.00", "quantity": 9}]}


@pytest.fixture
async def stage(settings: Settings, clock: SettableClock) -> AsyncIterator[Stage]:
    async with a_stage(settings, clock) as made:
        yield made


async def met(stage: Stage, merchant: Merchant) -> Listing:
    """Our mug was published to a shop that has one of its own, and the worker stopped at it."""
    connection = await stage.connect(merchant)
    await stage.shop().seed([THEIRS])
    (saved,) = await stage.add(merchant, MUG)
    async with stage.sessions.write(merchant.id) as session:
        pairs = [(saved.id, connection.id)]
        await publishing.publish(session, merchant_id=merchant.id, pairs=pairs, now=stage.now)
    await stage.work()
    return await stage.listing(merchant, saved.id)


async def badge(stage: Stage, merchant: Merchant, listing: Listing) -> Badge:
    async with stage.sessions.read(merchant.id) as session:
        row = await session.get_one(Listing, listing.id)
        return (await badges_of(session, [row], now=stage.now))[listing.id]


async def titles(stage: Stage) -> dict[str, Any]:
    return {product["handle"]: product["title"] for product in await stage.shop().products()}


async def test_it_stops_at_what_is_there_and_changes_nothing(stage: Stage, merchant: Merchant) -> None:
    listing = await met(stage, merchant)
    assert listing.found is not None
    assert (await badge(stage, merchant, listing)).state == "already_there"
    assert await titles(stage) == {"mug": "Their mug"}


async def test_linked_it_is_brought_up_to_date_in_place(stage: Stage, merchant: Merchant) -> None:
    listing = await met(stage, merchant)
    async with stage.sessions.write(merchant.id) as session:
        await service.link(session, await service.get(session, listing.id), now=stage.now)
    await stage.work()
    assert await titles(stage) == {"mug": "Our mug"}
    (item,) = await stage.items(merchant, listing)
    assert item.sent_quantity == 4
    stage.process.runtime.clock.advance(3)  # type: ignore[attr-defined]  # a test's clock
    await stage.work()
    assert (await badge(stage, merchant, listing)).state in {"live", "suppressed"}


async def test_listed_as_new_it_stands_beside_the_other(stage: Stage, merchant: Merchant) -> None:
    listing = await met(stage, merchant)
    async with stage.sessions.write(merchant.id) as session:
        await service.list_as_new(session, await service.get(session, listing.id), handle="our-mug", now=stage.now)
    await stage.work()
    assert await titles(stage) == {"mug": "Their mug", "our-mug": "Our mug"}
