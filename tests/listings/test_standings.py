"""Beside a product's editor: how it stands on each channel, and the way to each field that is missed."""

from __future__ import annotations

from portal.models.accounts import Merchant
from portal.models.connections import ConnectionState
from tests.listings.site import Site


async def test_each_channel_says_what_the_product_lacks_there_and_leads_to_the_field(
    site: Site, merchant: Merchant
) -> None:
    await site.connection(merchant)
    free = await site.product(merchant, "Free", price_minor=0)
    alice = await site.sign_in(merchant, "alice")
    card = (await alice.get(f"/products/{free.id}")).select_one(f"#product-channels-{free.id}")
    assert card is not None
    assert "Needs info" in card.text
    [fix] = card.select("li li a")
    page = await alice.get(str(fix["href"]).partition("#")[0])
    assert fix.text == "No price"
    assert page.select_one(f"#{str(fix['href']).partition('#')[2]}"), "the field is on this page"


async def test_it_is_fetched_again_when_the_product_or_its_listing_changes(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    mug = await site.product(merchant, "Mug")
    listing = await site.listing(merchant, mug, demo)
    alice = await site.sign_in(merchant, "alice")
    card = (await alice.get(f"/products/{mug.id}")).select_one(f"#product-channels-{mug.id}")
    assert card is not None
    assert {f"product:{mug.id}", f"listing:{listing.id}"} <= set(str(card["data-live"]).split())
    assert card.select_one(f'a[href="/listings/{listing.id}"]')
    again = await alice.http.get(f"/live/fragments?id=product-channels-{mug.id}")
    assert "Shopify" in again.text


async def test_without_a_channel_it_says_where_to_connect_one(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant, state=ConnectionState.DISCONNECTED)
    mug = await site.product(merchant, "Mug")
    alice = await site.sign_in(merchant, "alice")
    card = (await alice.get(f"/products/{mug.id}")).select_one(f"#product-channels-{mug.id}")
    assert card is not None
    assert card.select_one('a[href="/channels"]')


async def test_another_merchants_product_stands_nowhere(
    site: Site, merchant: Merchant, other_merchant: Merchant
) -> None:
    await site.connection(other_merchant)
    mug = await site.product(merchant, "Mug", price_minor=0)
    charlie = await site.sign_in(other_merchant, "charlie")
    answer = await charlie.http.get(f"/live/fragments?id=product-channels-{mug.id}")
    assert "No price" not in answer.text
