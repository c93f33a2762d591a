"""Holding, ending, linking, listing as new, and what a change in the catalog sets off."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import ProblemClass
from connectors.records import Observed
from portal.errors import Conflict, FormInvalid
from portal.listings import linking, service
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from tests.listings.site import DATA_PROBLEM, Site

LIVE: dict[str, Any] = {
    "attempt": LastAttempt.ACCEPTED,
    "observed": Observed.LIVE,
    "sent_version": 1,
    "channel_id": "gid://1",
}
THERE: dict[str, Any] = {
    "channel_id": "gid://9",
    "handle": "mug",
    "title": "Old mug",
    "matched_by": "sku",
    "mark": "",
    "url": "https://demo.example/mug",
    "items": [
        {"channel_id": "gid://v1", "stock_id": "gid://i1", "sku": "A", "barcode": "", "option_values": ["S0"]},
        {"channel_id": "gid://v2", "stock_id": "gid://i2", "sku": "X", "barcode": "", "option_values": ["Odd"]},
    ],
}
MET: dict[str, Any] = {
    "attempt": LastAttempt.REJECTED,
    "problem": {**DATA_PROBLEM, "code": "already_on_channel", "field": "/handle"},
    "problem_count": 1,
    "found": THERE,
}


async def set_up(site: Site, merchant: Merchant, skus: tuple[str, ...] = ("A",), **columns: Any) -> Listing:
    mug, demo = await site.product(merchant, "Mug", skus=skus), await site.connection(merchant)
    return await site.listing(merchant, mug, demo, **columns)


async def change(site: Site, merchant: Merchant, listing: Listing, **columns: Any) -> None:
    async with site.sessions.write(merchant.id) as session:
        product = await session.get_one(Product, listing.product_id)
        for name, value in columns.items():
            setattr(product, name, value)
    async with site.sessions.write(merchant.id) as session:
        await service.product_changed(session, merchant.id, [listing.product_id], site.now)


async def now(site: Site, merchant: Merchant) -> Listing:
    listing: Listing
    (listing,) = await site.rows(merchant, Listing)
    return listing


# ---- ending and holding


async def test_ending_a_live_listing_promises_to_take_it_off_sale_once(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **LIVE)
    for _ in range(3):
        async with site.sessions.write(merchant.id) as session:
            await service.end(session, await service.get(session, listing.id), now=site.now)
    assert await site.waiting(merchant) == [("end", str(listing.id))]
    assert (await now(site, merchant)).intent is Intent.WITHDRAW


async def test_ending_what_never_left_sends_nothing(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, attempt=LastAttempt.REJECTED, problem=DATA_PROBLEM)
    async with site.sessions.write(merchant.id) as session:
        await service.end(session, await service.get(session, listing.id), now=site.now)
    row = await now(site, merchant)
    assert await site.waiting(merchant) == []
    assert (row.intent, row.observed, row.problem) == (Intent.WITHDRAW, Observed.ENDED, None)


async def test_what_may_have_left_is_ended_at_the_channel(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, attempt=LastAttempt.IN_DOUBT)
    async with site.sessions.write(merchant.id) as session:
        await service.end(session, await service.get(session, listing.id), now=site.now)
    assert await site.waiting(merchant) == [("end", str(listing.id))]


async def test_a_held_listing_sends_nothing_more(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **LIVE)
    await change(site, merchant, listing, version=2)
    assert await site.waiting(merchant) == [("update", str(listing.id))]
    async with site.sessions.write(merchant.id) as session:
        await service.hold(session, await service.get(session, listing.id), now=site.now)
    await change(site, merchant, listing, version=3)
    assert await site.waiting(merchant) == []
    assert (await now(site, merchant)).attempt is LastAttempt.ACCEPTED


# ---- already there: link or list as new


async def test_linking_joins_the_variants_and_promises_update_look_and_stock(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, ("A", "B"), **MET)
    async with site.sessions.write(merchant.id) as session:
        linked = await service.link(session, await service.get(session, listing.id), now=site.now)
    row = await now(site, merchant)
    (item,) = await site.rows(merchant, ListingItem)
    assert (row.channel_id, row.ours, row.found, row.attempt) == ("gid://9", False, None, LastAttempt.QUEUED)
    assert (item.channel_id, item.stock_id) == ("gid://v1", "gid://i1")
    assert len(linked.alone) == 1
    expected = {("update", str(listing.id)), ("read", str(listing.id)), ("stock", str(item.id))}
    assert set(await site.waiting(merchant)) == expected


async def test_linking_twice_changes_nothing_more(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **MET)
    async with site.sessions.write(merchant.id) as session:
        await service.link(session, await service.get(session, listing.id), now=site.now)
    with pytest.raises(Conflict):
        async with site.sessions.write(merchant.id) as session:
            await service.link(session, await service.get(session, listing.id), now=site.now)
    assert len(await site.rows(merchant, ListingItem)) == 1


async def test_two_products_are_never_linked_to_one(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **MET)
    other = await site.product(merchant, "Other")
    connection_id = listing.connection_id
    async with site.sessions.write(merchant.id) as session:
        session.add(
            Listing(merchant_id=merchant.id, product_id=other.id, connection_id=connection_id, channel_id="gid://9")
        )
    with pytest.raises(Conflict):
        async with site.sessions.write(merchant.id) as session:
            await service.link(session, await service.get(session, listing.id), now=site.now)
    assert await site.rows(merchant, ListingItem) == []


async def test_listing_as_new_takes_another_handle(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **MET)
    async with site.sessions.write(merchant.id) as session:
        await service.list_as_new(session, await service.get(session, listing.id), handle=" Mug-2 ", now=site.now)
    row = await now(site, merchant)
    assert (row.handle, row.found, row.ours) == ("mug-2", None, True)
    assert await site.waiting(merchant) == [("publish", str(listing.id))]


@pytest.mark.parametrize("handle", ["mug", "", "a b", "-a", "a--b", "a/b", "x" * 256])
async def test_a_handle_in_use_or_that_can_be_none_is_refused(site: Site, merchant: Merchant, handle: str) -> None:
    listing = await set_up(site, merchant, **MET)
    with pytest.raises(FormInvalid):
        async with site.sessions.write(merchant.id) as session:
            await service.list_as_new(session, await service.get(session, listing.id), handle=handle, now=site.now)
    assert await site.waiting(merchant) == []


# ---- a change in the catalog


async def test_a_new_version_is_sent_to_what_is_listed(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **LIVE)
    await change(site, merchant, listing, version=2)
    await change(site, merchant, listing, version=3)
    assert await site.waiting(merchant) == [("update", str(listing.id))]


async def test_the_same_version_sends_nothing(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **LIVE)
    await change(site, merchant, listing)
    assert await site.waiting(merchant) == []


async def test_a_price_alone_is_sent_as_a_price(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **LIVE)
    (variant,) = await site.rows(merchant, Variant)
    item = {"connection_id": listing.connection_id, "listing_id": listing.id, "variant_id": variant.id}
    async with site.sessions.write(merchant.id) as session:
        session.add(ListingItem(merchant_id=merchant.id, channel_id="gid://v", approved_price_minor=900, **item))
    await change(site, merchant, listing)
    assert await site.waiting(merchant) == [("price", str(listing.id))]


async def test_editing_starts_a_refused_listing_again_with_a_clean_count(site: Site, merchant: Merchant) -> None:
    refused: dict[str, Any] = {"attempt": LastAttempt.REJECTED, "problem": DATA_PROBLEM, "problem_count": 3}
    listing = await set_up(site, merchant, **refused)
    await change(site, merchant, listing, version=2)
    row = await now(site, merchant)
    assert (row.attempt, row.problem_count, row.problem) == (LastAttempt.QUEUED, 0, DATA_PROBLEM)
    assert await site.waiting(merchant) == [("publish", str(listing.id))]


async def test_editing_does_not_start_what_the_account_blocks(site: Site, merchant: Merchant) -> None:
    blocked = {**DATA_PROBLEM, "problem_class": ProblemClass.ACCOUNT.value, "code": "PRODUCT_SUSPENDED"}
    listing = await set_up(site, merchant, attempt=LastAttempt.REJECTED, problem=blocked)
    await change(site, merchant, listing, version=2)
    assert await site.waiting(merchant) == []


async def test_a_choice_still_to_make_is_not_made_by_an_edit(site: Site, merchant: Merchant) -> None:
    listing = await set_up(site, merchant, **MET)
    await change(site, merchant, listing, version=2)
    assert await site.waiting(merchant) == []


@pytest.mark.parametrize("attempt", [LastAttempt.SENDING, LastAttempt.SENT])
async def test_what_is_on_its_way_is_followed_by_the_newer_version_once_it_is_through(
    site: Site, merchant: Merchant, attempt: LastAttempt
) -> None:
    listing = await set_up(site, merchant, attempt=attempt, channel_id="gid://1", sent_version=1)
    await change(site, merchant, listing, version=2)
    assert await site.waiting(merchant) == []
    async with site.sessions.write(merchant.id) as session:
        row = await service.get(session, listing.id)
        row.attempt = LastAttempt.ACCEPTED
        await service.catch_up(session, merchant.id, [row], site.now)
    assert await site.waiting(merchant) == [("update", str(listing.id))]
    assert (await now(site, merchant)).attempt is LastAttempt.QUEUED


def test_our_side_of_a_link_is_read_from_the_variant() -> None:
    row = Variant(sku="A", barcode="1", option_values=["S"])
    assert linking.ours(row).option_values == ("S",)
