"""Co-selling against practice Amazon, from the barcode to the offer there: what is found, asked, refused and sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors.records import Observed
from portal.models.accounts import ListingMode, Merchant, Role
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.inbox import InboxItem
from portal.models.listings import LastAttempt, Listing
from portal.models.stock import Movement
from portal.offers import asking
from tests.channels.test_amazon_path import MUG, Amazon, offered
from tests.connections.premises import Premises, words
from tests.jobs.test_shopify_path import settle
from tests.listings.site import Browser
from tests.offers.desk import BAG, PEN, PEN_CODE, TEA, TEA_CODE, fields_of, made, offer_form
from tests.people import a_merchant
from tests.settable_clock import SettableClock

OWN = {"sku": "TEA-1", "price": "198", "quantity": "7"}


def item(connection: Connection, ref: str = TEA) -> str:
    return f"/offers/new/item?account={connection.id}&ref={ref}"


async def test_an_item_is_found_by_its_barcode_and_offered_with_price_and_stock(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    found = await alice.get(f"/offers/new?account={connection.id}&codes={TEA_CODE}")
    assert f"Green tea, 525 ml {TEA_CODE} Suntory {TEA} PRODUCT" in words(found)
    link = found.select_one('#found a[href^="/offers/new/item"]')
    assert link is not None

    listing = await made(premises, seller, alice, str(link["href"]), sku="TEA-1", price="１９８円", quantity="7")
    await settle(premises.stage, clock)

    [there] = await amazon.products()
    assert there["sku"] == "TEA-1"
    assert there["attributes"]["merchant_suggested_asin"][0]["value"] == TEA
    assert there["offers"][0]["price"] == {"currencyCode": "JPY", "amount": "198"}
    assert there["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}]
    assert there["attributes"].keys().isdisjoint({"item_name", "brand", "product_description"})
    assert there["requirements"] == "LISTING_OFFER_ONLY"
    assert (await premises.stage.listing(seller, listing.product_id)).observed is Observed.LIVE
    [variant] = await premises.site.rows(seller, Variant)
    assert variant.barcode == TEA_CODE
    row = words(await alice.get("/offers"))
    fragment = await alice.http.get(
        f"/live/fragments?id=offer-row-{listing.product_id}", headers={"HX-Request": "true"}
    )
    assert f'id="offer-row-{listing.product_id}"' in fragment.text
    assert "Live" in fragment.text
    assert f"Green tea, 525 ml {TEA} · TEA-1" in row
    assert "¥198 7 Live" in row
    assert "Holds its own stock" in row


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (TEA, ["Green tea, 525 ml"]),
        (f"  {TEA.lower()}  ", ["Green tea, 525 ml"]),
        ("４９０１７７７３００４４６", ["Green tea, 525 ml"]),
        (f"{PEN_CODE[:7]}-{PEN_CODE[7:]}\n{TEA_CODE}、{BAG}", ["Green tea", "Stabilo point 88", "Designer handbag"]),
        (f"0{PEN_CODE}", ["has no item with 04006381333931"]),
        ("4901234567894 B0NOTTHERE", ["has no item with 4901234567894 and B0NOTTHERE", "Check the digits"]),
        (f"{TEA} 4901234567894", ["Green tea", "has no item with 4901234567894."]),
    ],
)
async def test_codes_are_read_in_any_form_and_those_without_an_item_are_named(
    connection: Connection, alice: Browser, typed: str, shown: Sequence[str]
) -> None:
    answer = await alice.http.get("/offers/new", params={"account": str(connection.id), "codes": typed})

    assert answer.status_code == 200
    text = answer.text.replace("\n", " ")
    assert [one for one in shown if one.rstrip(".") not in text] == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [("!!", "!! is no barcode or ASIN"), (" ".join(str(n) for n in range(21)), "at most 20 codes at once")],
)
async def test_what_can_be_no_code_is_said_with_nothing_lost(
    connection: Connection, amazon: Amazon, alice: Browser, typed: str, says: str
) -> None:
    answer = await alice.http.get("/offers/new", params={"account": str(connection.id), "codes": typed})

    assert answer.status_code == 422
    assert says in answer.text
    assert typed in answer.text
    assert "searchCatalogItems" not in await amazon.operations()


async def test_a_restricted_item_is_refused_in_amazons_words_before_anything_is_made(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser
) -> None:
    answer = await offer_form(alice, item(connection, BAG), **OWN)

    assert answer.status_code == 422
    assert "Amazon wants to approve you for this item first" in answer.text
    assert "Ask for approval in Seller Central" in answer.text
    assert "You need approval to list this item." in answer.text
    assert 'value="TEA-1"' in answer.text
    assert await premises.site.rows(seller, Product) == []
    assert await amazon.products() == []


@pytest.mark.parametrize(
    "wrong",
    [
        ({"same": ""}, "same", "Compare your item with the one shown"),
        ({"sku": " "}, "sku", "Enter a SKU of your own"),
        ({"price": "0"}, "price", "Add a price above zero."),
        ({"price": "1.5"}, "price", "JPY has none"),
        ({"price": "cheap"}, "price", "Enter a number"),
        ({"quantity": "-1"}, "quantity", "Enter zero or more."),
        ({"quantity": "2.5"}, "quantity", "Enter a whole number"),
        ({"quantity": ""}, "quantity", "Enter a whole number"),
    ],
)
async def test_what_cannot_be_offered_is_said_at_its_field(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, wrong: tuple[dict[str, str], str, str]
) -> None:
    typed, field, says = wrong
    answer = await offer_form(alice, item(connection), **(OWN | typed))

    assert answer.status_code == 422
    assert says in answer.text
    assert f'href="#field-{field}"' in answer.text
    kept = OWN | typed
    assert f'name="price" type="text" value="{kept["price"]}"' in answer.text
    assert f'name="quantity" type="text" value="{kept["quantity"]}"' in answer.text
    assert await premises.site.rows(seller, Product) == []


async def test_a_sku_is_one_things_name(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    await offered(premises, seller, MUG)
    taken = await offer_form(alice, item(connection), **(OWN | {"sku": "MUG-1"}))
    assert taken.status_code == 422
    assert "マグカップ has this SKU. Link the offer to that product" in taken.text

    await made(premises, seller, alice, item(connection), **OWN)
    await settle(premises.stage, clock)
    [offer] = await premises.site.rows(seller, Product, source="offer")
    async with premises.stage.sessions.write(seller.id) as session:
        variant = (await premises.site.rows(seller, Variant, product_id=offer.id))[0]
        (await session.get_one(Variant, variant.id)).sku = "TEA-RENAMED"
    at_amazon = await offer_form(alice, item(connection, PEN), **OWN)
    assert at_amazon.status_code == 422
    assert "This account sells something under this SKU already" in at_amazon.text


async def test_sent_twice_an_offer_is_made_once(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    fields = fields_of(await alice.get(item(connection)), "/offers") | OWN | {"same": "1"}

    first, second = await alice.post("/offers", fields), await alice.post("/offers", fields)

    assert first.headers["location"] == second.headers["location"]
    assert len(await premises.site.rows(seller, Listing)) == 1
    assert [row.quantity for row in await premises.site.rows(seller, Movement)] == [7]


async def test_a_change_of_stock_and_of_price_reaches_the_offer(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    listing = await made(premises, seller, alice, item(connection), **OWN)
    await settle(premises.stage, clock)
    [variant] = await premises.site.rows(seller, Variant)

    page = await alice.get(f"/products/{listing.product_id}/stock")
    action = f"/products/{listing.product_id}/variants/{variant.id}/stock"
    fields = fields_of(page, action) | {"quantity": "-3", "reason": "damaged"}
    assert (await alice.post(action, fields)).status_code == 303
    await settle(premises.stage, clock)

    [there] = await amazon.products()
    assert there["fulfillmentAvailability"][0]["quantity"] == 4
    assert "¥198 4 Live" in words(await alice.get("/offers"))


async def test_an_offer_is_for_its_own_channel_alone(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    """Neither does it ask in the inbox for other channels, nor does Auto-Sync bring it there."""
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Merchant, seller.id)).listing_mode = ListingMode.AUTO_SYNC
    other = await premises.site.connection(seller, "Demo", ConnectionState.PAUSED)

    await made(premises, seller, alice, item(connection), **OWN)
    await settle(premises.stage, clock)

    assert await premises.site.rows(seller, InboxItem) == []
    assert await premises.site.rows(seller, Listing, connection_id=other.id) == []


async def test_a_product_of_the_catalog_is_offered_with_its_own_sku_price_and_stock(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser, clock: SettableClock
) -> None:
    coded = replace(MUG, variants=(replace(MUG.variants[0], barcode=TEA_CODE),))
    saved = await offered(premises, seller, coded, amazon_product_type="")
    met = await alice.get(item(connection) + f"&code={TEA_CODE}")
    assert f'value="{saved.id}"' in str(met), "the product with the item's barcode is proposed"
    fields = fields_of(await alice.get(item(connection)), "/offers")
    searched = await alice.post("/offers", fields | {"do": "search", "q": "mug-1", "sku": "KEPT"})
    assert searched.status_code == 200
    assert "MUG-1 · ¥1,200 · 5 in stock" in searched.text
    assert 'value="KEPT"' in searched.text

    answer = await alice.post("/offers", fields | {"product": str(saved.id), "same": "1"})
    assert answer.status_code == 303, answer.text
    await settle(premises.stage, clock)

    [there] = await amazon.products()
    assert (there["sku"], there["attributes"]["merchant_suggested_asin"][0]["value"]) == ("MUG-1", TEA)
    assert there["offers"][0]["price"]["amount"] == "1200"
    assert there["fulfillmentAvailability"][0]["quantity"] == 5
    assert len(await premises.site.rows(seller, Product)) == 1
    assert "Linked to its product" in words(await alice.get("/offers"))
    again = await alice.post("/offers", fields | {"product": str(saved.id), "same": "1"})
    assert again.headers["location"] == answer.headers["location"]
    await alice.post(f"{answer.headers['location']}/end")
    await settle(premises.stage, clock)
    await alice.post("/offers", fields | {"product": str(saved.id), "same": "1"})
    await settle(premises.stage, clock)
    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE


async def test_a_product_that_cannot_be_behind_an_offer_says_why(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    many = await premises.site.product(seller, "Shirt", skus=("S", "M"))
    bare = await premises.site.product(seller, "Unnamed", skus=("",))
    listed = await offered(premises, seller, MUG)
    await premises.site.listing(seller, listed.id, connection, attempt=LastAttempt.ACCEPTED)

    for product_id, says in (
        (many.id, "Shirt has several variants"),
        (bare.id, "Unnamed has no SKU"),
        (listed.id, "マグカップ has a listing on Amazon already"),
    ):
        answer = await offer_form(alice, item(connection), product=str(product_id))
        assert answer.status_code == 422
        assert says in answer.text
        assert f'value="{product_id}" checked' in answer.text


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "maintenance", "count": 9}, "Amazon isn&#39;t answering just now"),
        ({"kind": "throttle", "count": 9}, "Amazon isn&#39;t answering just now"),
        ({"kind": "drop", "when": "before", "count": 9}, "Amazon isn&#39;t answering just now"),
    ],
)
async def test_a_channel_that_does_not_answer_is_said_and_nothing_is_lost(
    connection: Connection, amazon: Amazon, alice: Browser, fault: dict[str, object], says: str
) -> None:
    shown = fields_of(await alice.get(item(connection)), "/offers")
    await amazon.do("faults", **fault)

    searched = await alice.http.get("/offers/new", params={"account": str(connection.id), "codes": TEA})
    assert searched.status_code == 200
    assert says in searched.text
    assert TEA in searched.text

    answer = await alice.post("/offers", shown | OWN | {"same": "1"})
    assert says in answer.text
    assert 'value="TEA-1"' in answer.text


async def test_a_channel_that_thinks_too_long_keeps_nobody_waiting(
    connection: Connection, amazon: Amazon, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await amazon.do("faults", kind="slow", seconds=0.5, count=1)
    monkeypatch.setattr(asking, "SECONDS", 0.1)

    searched = await alice.get(f"/offers/new?account={connection.id}&codes={TEA}")

    assert "Amazon isn't answering just now" in words(searched)


async def test_an_account_that_is_paused_is_not_asked(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, alice: Browser
) -> None:
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Connection, connection.id)).state = ConnectionState.PAUSED

    searched = await alice.get(f"/offers/new?account={connection.id}&codes={TEA}")

    assert "This account is paused" in words(searched)
    assert searched.select_one(f'.banner a[href="/channels/{connection.id}"]') is not None
    assert "searchCatalogItems" not in await amazon.operations()


async def test_an_account_that_lets_nobody_in_says_so_with_the_way_back_in(
    connection: Connection, amazon: Amazon, alice: Browser
) -> None:
    await amazon.do("revoke")
    await amazon.do("expire")

    searched = await alice.get(f"/offers/new?account={connection.id}&codes={TEA}")

    assert "Amazon no longer accepts our access" in words(searched)
    assert searched.select_one(f'a[href^="/channels/{connection.id}/reconnect"]') is not None


async def test_accounts_in_another_currency_are_not_for_these_prices(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Merchant, seller.id)).currency = "USD"

    answer = await alice.http.get("/offers/new", params={"account": str(connection.id), "codes": TEA})

    assert answer.status_code == 422
    assert "Prices are in USD, this Amazon account sells in JPY" in answer.text


async def test_another_merchants_account_products_and_offers_are_nobodys(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    listing = await made(premises, seller, alice, item(connection), **OWN)
    fields = fields_of(await alice.get(item(connection, PEN)), "/offers")
    other = await a_merchant(premises.stage.sessions, "Charlie's", currency="JPY")
    charlie = await premises.site.sign_in(other, "charlie")

    async with charlie.http:
        assert "TEA-1" not in words(await charlie.get("/offers"))
        await charlie.get(item(connection), status=404)
        await charlie.get(f"/offers/{listing.product_id}/link", status=404)
        assert (await charlie.post("/offers", fields | OWN | {"same": "1"})).status_code == 404
        linked = await charlie.post(f"/offers/{listing.product_id}/link", {"product": str(listing.product_id)})
        assert linked.status_code == 404
    assert await premises.site.rows(other, Product) == []


async def test_a_viewer_sees_offers_and_makes_none(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    listing = await made(premises, seller, alice, item(connection), **OWN)
    victor = await premises.site.sign_in(seller, "victor", Role.VIEWER)

    async with victor.http:
        page = await victor.get("/offers")
        assert "TEA-1" in words(page)
        assert page.select_one('a[href="/offers/new"], a[href$="/link"]') is None
        await victor.get(item(connection), status=403)
        await victor.get(f"/offers/{listing.product_id}/link", status=403)


async def test_without_an_account_the_page_leads_to_one(alice: Browser) -> None:
    page = await alice.get("/offers")

    assert "Connect your Amazon account first" in words(page)
    assert page.select_one('.empty a[href="/channels"]') is not None


async def test_offers_are_searched_by_asin_and_by_words(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    await made(premises, seller, alice, item(connection), **OWN)
    await made(premises, seller, alice, item(connection, PEN), sku="PEN-1", price="100", quantity="1")
    await offered(premises, seller, MUG)

    async def found(query: str) -> list[str]:
        page = await alice.get(f"/offers?q={query}")
        return sorted(str(row.select("th a")[0].string) for row in page.select("#offer-rows tr"))

    assert await found("") == ["Green tea, 525 ml", "Stabilo point 88 fineliner, blue"]
    assert await found(PEN.lower()) == ["Stabilo point 88 fineliner, blue"]
    assert await found("tea-1") == ["Green tea, 525 ml"]
    assert "No offer matches" in words(await alice.get("/offers?q=nothing"))


async def test_the_channels_page_and_the_products_lead_to_co_selling(connection: Connection, alice: Browser) -> None:
    for path in ("/products", "/channels", f"/channels/{connection.id}"):
        assert (await alice.get(path)).select_one('a[href="/offers"]') is not None, path
