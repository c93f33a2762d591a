"""An offer that held its own stock is linked to the product it is: one number from then on, and Amazon hears it."""

from __future__ import annotations

import pytest

from connectors.records import Observed
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.stock import Movement
from portal.stock import service as stock
from portal.stock.service import Move
from tests.channels.test_amazon_path import MUG, Amazon, offered
from tests.connections.premises import Premises, words
from tests.jobs.test_shopify_path import settle
from tests.listings.site import Browser
from tests.offers.desk import TEA, fields_of, made
from tests.settable_clock import SettableClock

OWN = {"sku": "TEA-1", "price": "198", "quantity": "3"}


@pytest.fixture
async def offer(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> Listing:
    """For sale at Amazon as TEA-1, three of them at 198 yen."""
    path = f"/offers/new/item?account={connection.id}&ref={TEA}"
    listing = await made(premises, seller, alice, path, **OWN)
    await settle(premises.stage, clock)
    return await premises.stage.listing(seller, listing.product_id)


@pytest.fixture
def at_amazon(amazon: Amazon, offer: Listing) -> tuple[Amazon, Listing]:
    """The offer, with the practice seller's own view of it."""
    return amazon, offer


async def link(alice: Browser, offer: Listing, product_id: object, **chosen: str) -> str:
    """The merchant searches, chooses and sends the form; where that leads, or what it says."""
    path = f"/offers/{offer.product_id}/link"
    fields = fields_of(await alice.get(f"{path}?q=mug"), path)
    answer = await alice.post(path, fields | {"product": str(product_id)} | chosen)
    return answer.headers["location"] if answer.status_code == 303 else f"{answer.status_code} {answer.text}"


@pytest.mark.parametrize("units", ["counted", "add"])
async def test_linked_the_offer_sells_the_products_stock_at_its_price(
    premises: Premises,
    seller: Merchant,
    alice: Browser,
    clock: SettableClock,
    at_amazon: tuple[Amazon, Listing],
    units: str,
) -> None:
    (amazon, offer), together = at_amazon, {"counted": 5, "add": 8}[units]
    mug = await offered(premises, seller, MUG)
    await settle(premises.stage, clock)

    assert await link(alice, offer, mug.id, units=units) == f"/listings/{offer.id}"
    await settle(premises.stage, clock)

    [there] = await amazon.products()
    assert (there["sku"], there["requirements"]) == ("TEA-1", "LISTING_OFFER_ONLY"), "it is the offer it was"
    assert there["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": together}]
    assert there["offers"][0]["price"]["amount"] == "1200"
    listing = await premises.stage.listing(seller, mug.id)
    assert (listing.id, listing.observed, listing.problem) == (offer.id, Observed.LIVE, None)
    [before] = await premises.site.rows(seller, Variant, product_id=offer.product_id)
    [after] = await premises.site.rows(seller, Variant, product_id=mug.id)
    assert (before.on_hand, after.on_hand) == (0, together)
    assert [row.quantity for row in await premises.site.rows(seller, Movement, variant_id=before.id)] == [3, -3]
    [archived] = await premises.site.rows(seller, Product, id=offer.product_id)
    assert archived.status is ProductStatus.ARCHIVED
    [row] = (await alice.get("/offers")).select("#offer-rows tr")
    assert "マグカップ" in words(row)
    assert "Linked to its product" in words(row)


async def test_after_linking_a_sale_and_a_new_price_reach_the_offer_under_its_own_sku(
    premises: Premises, seller: Merchant, amazon: Amazon, alice: Browser, clock: SettableClock, offer: Listing
) -> None:
    mug = await offered(premises, seller, MUG)
    await settle(premises.stage, clock)
    await link(alice, offer, mug.id)
    await settle(premises.stage, clock)

    async with premises.stage.sessions.write(seller.id) as session:
        sale = Move(variant_id=mug.variants[0].id, quantity=-2, cause="order", cause_id="1")
        await stock.move(session, merchant_id=seller.id, moves=[sale], made_by="test", now=premises.stage.now)
    page = await alice.get(f"/products/{mug.id}")
    action = f"/products/{mug.id}"
    form = page.select_one(f'form[method="post"][action="{action}"]')
    assert form is not None
    fields = {str(c["name"]): str(c.get("value", "")) for c in page.select(f'[form="{form.get("id")}"][name]')}
    fields |= fields_of(page, action)
    fields |= {str(c["name"]): c.get_text().lstrip("\n") for c in form.select("textarea[name]")}
    fields |= {"status": "active", f"variant-{mug.variants[0].id}-price": "1500"}
    assert (await alice.post(action, fields)).status_code == 303
    await settle(premises.stage, clock)
    await settle(premises.stage, clock)

    [there] = await amazon.products()
    assert there["fulfillmentAvailability"][0]["quantity"] == 3
    assert there["offers"][0]["price"]["amount"] == "1500"


async def test_an_offer_ended_and_published_again_after_linking_is_for_sale_under_its_own_sku(
    premises: Premises, seller: Merchant, amazon: Amazon, alice: Browser, clock: SettableClock, offer: Listing
) -> None:
    mug = await offered(premises, seller, MUG)
    await settle(premises.stage, clock)
    await link(alice, offer, mug.id)
    await settle(premises.stage, clock)

    await alice.post(f"/listings/{offer.id}/end")
    await settle(premises.stage, clock)
    assert [one["offers"] for one in await amazon.products()] == [[]]
    await alice.post(f"/listings/{offer.id}/publish")
    await settle(premises.stage, clock)

    [there] = await amazon.products()
    assert there["sku"] == "TEA-1"
    assert there["offers"][0]["price"]["amount"] == "1200"
    assert there["fulfillmentAvailability"][0]["quantity"] == 5


async def test_an_offer_on_its_way_is_not_linked_yet(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    path = f"/offers/new/item?account={connection.id}&ref={TEA}"
    sending = await made(premises, seller, alice, path, **OWN)
    mug = await offered(premises, seller, MUG)

    said = await link(alice, sending, mug.id)

    assert said.startswith("409")
    assert "This offer is being sent just now" in said
    assert (await premises.stage.listing(seller, sending.product_id)).id == sending.id


async def test_what_cannot_be_linked_says_why_and_changes_nothing(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock, offer: Listing
) -> None:
    listed = await offered(premises, seller, MUG)
    await premises.site.listing(seller, listed.id, connection, intent=Intent.WITHDRAW)

    said = await link(alice, offer, listed.id, units="add")
    assert said.startswith("422")
    assert "マグカップ has a listing on Amazon already" in said
    assert f'value="{listed.id}" checked' in said
    assert 'value="add" checked' in said
    assert (await link(alice, offer, "")).startswith("422")

    [row] = await premises.site.rows(seller, Variant, product_id=offer.product_id)
    assert row.on_hand == 3
    [item] = await premises.site.rows(seller, ListingItem, listing_id=offer.id)
    assert item.variant_id == row.id


async def test_an_offer_is_linked_once(
    premises: Premises, seller: Merchant, alice: Browser, clock: SettableClock, offer: Listing
) -> None:
    mug = await offered(premises, seller, MUG)
    await settle(premises.stage, clock)
    path = f"/offers/{offer.product_id}/link"
    fields = fields_of(await alice.get(f"{path}?q=mug"), path) | {"product": str(mug.id), "units": "add"}

    first, second = await alice.post(path, fields), await alice.post(path, fields)

    assert (first.status_code, second.status_code) == (303, 409)
    [variant] = await premises.site.rows(seller, Variant, product_id=mug.id)
    assert variant.on_hand == 8
