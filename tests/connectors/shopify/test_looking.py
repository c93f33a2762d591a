from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from connectors import locations
from connectors.errors import AccountBlocked, Busy, PermissionLost, ProblemClass
from connectors.locations import Location
from connectors.records import (
    Done,
    Failed,
    Found,
    FoundItem,
    Identity,
    ListingState,
    Money,
    Observed,
    ObservedItem,
    Outcome,
    ProductRecord,
)
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.products import BLUE, BLUE_STOCK, PRODUCT, SAND, SAND_STOCK, mug, plain
from tests.connectors.wire import LOCATION, ONLINE_STORE, FakeAccount, Wire, refused

STORE_ROOM = "gid://shopify/Location/68817551383"

# ---- identify ----

SHOP = (
    b'{"data":{"item0":{"id":"gid://shopify/Shop/68817551382","name":"Nordlicht Keramik",'
    b'"myshopifyDomain":"nordlicht-test.myshopify.com","currencyCode":"EUR","ianaTimezone":"Europe/Berlin"},'
    b'"item1":{"accessScopes":[{"handle":"write_products"},{"handle":"read_products"}]}}}'
)
LOCATIONS = (
    b'{"data":{"item0":{"nodes":['
    b'{"id":"gid://shopify/Location/1","name":"Depot","isActive":true,"fulfillsOnlineOrders":true,'
    b'"isFulfillmentService":true},'
    b'{"id":"gid://shopify/Location/2","name":"Store room","isActive":true,"fulfillsOnlineOrders":false,'
    b'"isFulfillmentService":false},'
    b'{"id":"gid://shopify/Location/3","name":"Shop","isActive":true,"fulfillsOnlineOrders":true,'
    b'"isFulfillmentService":false}]}}}'
)
PUBLICATIONS = (
    b'{"data":{"item0":{"nodes":['
    b'{"id":"gid://shopify/Publication/1","supportsFuturePublishing":false,'
    b'"catalog":{"id":"gid://shopify/AppCatalog/1","title":"Point of Sale"}},'
    b'{"id":"gid://shopify/Publication/2","supportsFuturePublishing":true,'
    b'"catalog":{"id":"gid://shopify/AppCatalog/2","title":"Online Store"}}]}}}'
)
DENIED = (
    b'{"data":null,"errors":[{"message":"Access denied for publications field.","path":["item0"],'
    b'"extensions":{"code":"ACCESS_DENIED"}}]}'
)


async def identify(wire: Wire, account: FakeAccount) -> Identity:
    async with wire.client() as client:
        return await Shopify(client).identify(account)


async def test_a_shop_is_known_by_its_id_with_the_settings_merchants_mostly_want() -> None:
    wire = Wire(SHOP, LOCATIONS, PUBLICATIONS)
    assert await identify(wire, FakeAccount(settings={})) == Identity(
        external_id="gid://shopify/Shop/68817551382",
        name="Nordlicht Keramik",
        domain="nordlicht-test.myshopify.com",
        currency="EUR",
        scopes=("read_products", "write_products"),
        settings={
            "location_id": "gid://shopify/Location/3",
            "locations": [
                {"id": "gid://shopify/Location/1", "name": "Depot", "own": False, "counts": False, "gone": False},
                {"id": "gid://shopify/Location/2", "name": "Store room", "own": True, "counts": False, "gone": False},
                {"id": "gid://shopify/Location/3", "name": "Shop", "own": True, "counts": True, "gone": False},
            ],
            "publication_id": "gid://shopify/Publication/2",
            "time_zone": "Europe/Berlin",
        },
    )
    assert [wire.sent(number)["operationName"] for number in range(3)] == ["Shop", "Locations", "Publications"]


async def test_what_may_not_be_read_is_left_out_of_the_settings() -> None:
    identity = await identify(Wire(SHOP, DENIED, DENIED), FakeAccount(settings={}))
    assert identity.settings == {"time_zone": "Europe/Berlin"}


async def test_a_token_that_opens_nothing_identifies_nobody() -> None:
    with pytest.raises(PermissionLost):
        await identify(Wire(refused(401, b'{"errors":"[API] Invalid API key or access token"}')), FakeAccount())


async def test_access_lost_while_looking_around_is_not_a_permission_withheld() -> None:
    with pytest.raises(PermissionLost):
        await identify(Wire(SHOP, refused(401, b"{}")), FakeAccount(settings={}))


# ---- find ----


def values(outcomes: Sequence[Outcome[Any]]) -> list[Any]:
    """What was found; nothing here is refused."""
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    return [outcome.value for outcome in outcomes if isinstance(outcome, Done)]


def node(*, product: str = PRODUCT, mark: str = "", variants: bytes = b"", more: str = "") -> bytes:
    marked = b'{"value":"%s"}' % mark.encode() if mark else b"null"
    page = (
        b'{"hasNextPage":true,"endCursor":"%s"}' % more.encode() if more else b'{"hasNextPage":false,"endCursor":null}'
    )
    return (
        b'{"id":"%s","handle":"stoneware-mug","title":"Stoneware mug","onlineStoreUrl":null,"mark":%s,'
        b'"variants":{"nodes":[%s],"pageInfo":%s}}' % (product.encode(), marked, variants, page)
    )


def variant(channel_id: str, stock_id: str, value: str, sku: str) -> bytes:
    return (
        b'{"id":"%s","sku":"%s","barcode":null,"selectedOptions":[{"name":"Colour","value":"%s"}],'
        b'"inventoryItem":{"id":"%s"}}' % (channel_id.encode(), sku.encode(), value.encode(), stock_id.encode())
    )


BLUE_NODE, SAND_NODE = variant(BLUE, BLUE_STOCK, "Blue", "MUG-BLU"), variant(SAND, SAND_STOCK, "Sand", "MUG-SND")


def hit(*, sku: str = "", barcode: str = "", product: str = PRODUCT, mark: str = "") -> bytes:
    marked = b'{"value":"%s"}' % mark.encode() if mark else b"null"
    return b'{"id":"gid://shopify/ProductVariant/9","sku":"%s","barcode":"%s","product":{"id":"%s","mark":%s}}' % (
        sku.encode(),
        barcode.encode(),
        product.encode(),
        marked,
    )


def looked(by_handle: bytes, *hits: bytes) -> bytes:
    return b'{"data":{"item0":%s,"item1":{"nodes":[%s]}}}' % (by_handle, b",".join(hits))


async def find(wire: Wire, products: Sequence[ProductRecord]) -> list[Found | None]:
    async with wire.client() as client:
        found = values(await Shopify(client).find(FakeAccount(), products))
    assert wire.unused == 0
    return found


async def test_a_batch_is_looked_for_in_one_request() -> None:
    wire = Wire(b'{"data":{"item0":null,"item1":null,"item2":{"nodes":[]}}}')
    assert await find(wire, [mug(), plain()]) == [None, None]
    assert wire.variables() == {
        "handle0": "stoneware-mug",
        "handle1": "plain",
        "search2": "sku:'MUG-BLU' OR sku:'MUG-SND' OR barcode:'4006381333931'",
    }


async def test_a_product_with_our_mark_is_ours() -> None:
    wire = Wire(looked(node(mark="p-mug", variants=BLUE_NODE)))
    assert await find(wire, [mug()]) == [
        Found(
            channel_id=PRODUCT,
            handle="stoneware-mug",
            title="Stoneware mug",
            matched_by="mark",
            mark="p-mug",
            items=(FoundItem(channel_id=BLUE, stock_id=BLUE_STOCK, sku="MUG-BLU", option_values=("Blue",)),),
        )
    ]


@pytest.mark.parametrize("mark", ["", "p-other"])
async def test_the_merchants_own_product_is_found_by_its_handle(mark: str) -> None:
    (found,) = await find(Wire(looked(node(mark=mark))), [mug()])
    assert found is not None
    assert (found.matched_by, found.mark) == ("handle", mark)


@pytest.mark.parametrize(
    ("matching", "matched_by"),
    [
        (hit(sku="mug-blu"), "sku"),
        (hit(barcode="4006381333931"), "barcode"),
        (hit(sku="MUG-BLU", mark="p-mug"), "mark"),
    ],
)
async def test_a_product_under_another_handle_is_found_by_its_codes(matching: bytes, matched_by: str) -> None:
    wire = Wire(
        looked(b"null", hit(sku="MUG-BLU-XL", product="gid://shopify/Product/1"), matching),
        b'{"data":{"item0":%s}}' % node(),
    )
    (found,) = await find(wire, [mug()])
    assert found is not None
    assert (found.channel_id, found.matched_by) == (PRODUCT, matched_by)
    assert wire.variables() == {"id0": PRODUCT}


async def test_our_mark_counts_more_than_a_handle() -> None:
    renamed = "gid://shopify/Product/77"
    wire = Wire(
        looked(node(), hit(sku="MUG-BLU", product=renamed, mark="p-mug")),
        b'{"data":{"item0":%s}}' % node(product=renamed, mark="p-mug"),
    )
    (found,) = await find(wire, [mug()])
    assert found is not None
    assert (found.channel_id, found.matched_by) == (renamed, "mark")


async def test_a_code_that_is_only_like_ours_is_not_ours() -> None:
    assert await find(Wire(looked(b"null", hit(sku="MUG-BLU-XL"), hit(barcode="40063813339310"))), [mug()]) == [None]


async def test_every_page_of_variants_is_read() -> None:
    second = b'{"data":{"item0":{"variants":{"nodes":[%s],"pageInfo":{"hasNextPage":false}}}}}' % SAND_NODE
    wire = Wire(looked(node(variants=BLUE_NODE, more="cursor-1")), second)
    (found,) = await find(wire, [mug()])
    assert found is not None
    assert [item.channel_id for item in found.items] == [BLUE, SAND]
    assert wire.variables() == {"id0": PRODUCT, "after0": "cursor-1"}


async def test_a_product_that_cannot_be_read_whole_holds_back_no_other() -> None:
    """A few products of two thousand variants cost more than a full bucket: each look gets some of them done."""
    large, small = node(variants=BLUE_NODE, more="c"), node(product="gid://shopify/Product/2")
    both = b'{"data":{"item0":%s,"item1":%s,"item2":{"nodes":[]},"item3":{"nodes":[]}}}' % (large, small)
    async with Wire(both, refused(429, b"{}")).client() as client:
        first, second = await Shopify(client).find(FakeAccount(), [mug(), mug(key="p-2")])
    assert isinstance(first, Failed)
    assert first.problem.problem_class is ProblemClass.BUSY
    assert isinstance(second, Done)
    assert second.value is not None


async def test_a_look_that_fails_finds_nothing_out() -> None:
    with pytest.raises(Busy):
        await find(Wire(refused(502, b"")), [mug()])


# ---- read states ----


def state(*, status: str = "ACTIVE", published: bool = True, media: bytes = b"") -> bytes:
    return (
        b'{"data":{"item0":{"id":"%s","status":"%s","onlineStoreUrl":"https://shop.example/products/stoneware-mug",'
        b'"publishedOnPublication":%s,"media":{"nodes":[%s]},"variants":{"nodes":[{"id":"%s","price":"24.0",'
        b'"inventoryItem":{"inventoryLevel":{"quantities":[{"name":"available","quantity":9}]}}},'
        b'{"id":"%s","price":"24.00","inventoryItem":{"inventoryLevel":null}}],'
        b'"pageInfo":{"hasNextPage":false,"endCursor":null}}}}}'
    ) % (PRODUCT.encode(), status.encode(), b"true" if published else b"false", media, BLUE.encode(), SAND.encode())


async def read_states(wire: Wire, ids: Sequence[str], account: FakeAccount | None = None) -> list[ListingState]:
    async with wire.client() as client:
        return values(await Shopify(client).read_states(account or FakeAccount(), ids))


async def test_a_listing_is_read_as_buyers_and_our_location_see_it() -> None:
    wire = Wire(state())
    assert await read_states(wire, [PRODUCT]) == [
        ListingState(
            channel_id=PRODUCT,
            observed=Observed.LIVE,
            url="https://shop.example/products/stoneware-mug",
            items=(
                ObservedItem(channel_id=BLUE, quantity=9, price=Money(2400, "EUR")),
                ObservedItem(channel_id=SAND, quantity=None, price=Money(2400, "EUR")),
            ),
        )
    ]
    assert wire.variables() == {"id0": PRODUCT, "publicationId0": ONLINE_STORE, "locationId0": LOCATION}


def two_locations() -> FakeAccount:
    places = [Location(id=LOCATION, name="Shop"), Location(id=STORE_ROOM, name="Store room")]
    chosen = locations.chosen(locations.first_choice(places, LOCATION), {LOCATION, STORE_ROOM}, LOCATION)
    return FakeAccount(settings=chosen | {"publication_id": ONLINE_STORE})


def levels_elsewhere(*variants: tuple[str, bytes], more: bytes = b"null") -> bytes:
    nodes = b",".join(
        b'{"id":"%s","inventoryItem":{"inventoryLevel":%s}}' % (channel_id.encode(), level)
        for channel_id, level in variants
    )
    page = b'{"hasNextPage":%s,"endCursor":%s}' % (b"false" if more == b"null" else b"true", more)
    return b'{"data":{"item0":{"id":"%s","variants":{"nodes":[%s],"pageInfo":%s}}}}' % (PRODUCT.encode(), nodes, page)


async def test_stock_is_what_all_locations_that_count_hold_together() -> None:
    five = b'{"quantities":[{"name":"available","quantity":5}]}'
    first, second = levels_elsewhere((BLUE, five), more=b'"next"'), levels_elsewhere((SAND, five))
    wire = Wire(state(), first, second)
    (listing,) = await read_states(wire, [PRODUCT], two_locations())
    assert [item.quantity for item in listing.items] == [14, 5]
    assert wire.unused == 0
    assert wire.variables(1) == {"id0": PRODUCT, "after0": None, "locationId0": STORE_ROOM}
    assert wire.variables(2)["after0"] == "next"


async def test_what_is_stocked_nowhere_has_no_number() -> None:
    wire = Wire(state(), levels_elsewhere((BLUE, b"null"), (SAND, b"null")))
    (listing,) = await read_states(wire, [PRODUCT], two_locations())
    assert [item.quantity for item in listing.items] == [9, None]


async def test_a_listing_whose_other_location_cannot_be_read_has_no_state() -> None:
    async with Wire(state(), refused(503, b"")).client() as client:
        (outcome,) = await Shopify(client).read_states(two_locations(), [PRODUCT])
    assert isinstance(outcome, Failed)
    assert outcome.problem.problem_class is ProblemClass.BUSY


async def test_a_product_that_is_gone_is_ended_and_order_is_kept() -> None:
    other = "gid://shopify/Product/1"
    body = state().replace(b'{"data":{"item0":', b'{"data":{"item0":null,"item1":')
    states = await read_states(Wire(body), [other, PRODUCT])
    assert [(found.channel_id, found.observed) for found in states] == [
        (other, Observed.ENDED),
        (PRODUCT, Observed.LIVE),
    ]


async def test_an_image_that_failed_is_a_warning_and_not_a_refusal() -> None:
    media = (
        b'{"id":"gid://shopify/MediaImage/1","status":"READY","mediaErrors":[]},'
        b'{"id":"gid://shopify/MediaImage/2","status":"FAILED","mediaErrors":[{"code":"IMAGE_DOWNLOAD_FAILURE",'
        b'"message":"Image could not be downloaded"}]}'
    )
    (listing,) = await read_states(Wire(state(media=media)), [PRODUCT])
    assert listing.observed is Observed.LIVE
    (warning,) = listing.warnings
    assert warning.problem_class is ProblemClass.DATA
    assert (warning.code, warning.original, warning.field) == (
        "IMAGE_DOWNLOAD_FAILURE",
        "Image could not be downloaded",
        "/images",
    )


@pytest.mark.parametrize("missing", ["location_id", "publication_id"])
async def test_without_a_place_to_look_at_the_merchant_is_asked_to_choose(missing: str) -> None:
    settings = {"location_id": LOCATION, "publication_id": ONLINE_STORE}
    del settings[missing]
    with pytest.raises(AccountBlocked) as caught:
        await read_states(Wire(), [PRODUCT], FakeAccount(settings=settings))
    assert caught.value.problem.code == f"no_{missing.removesuffix('_id')}"


async def test_a_state_that_cannot_be_read_is_an_error_and_not_an_end() -> None:
    with pytest.raises(Busy):
        await read_states(Wire(refused(500, b"")), [PRODUCT])


async def test_a_state_that_cannot_be_read_whole_holds_back_no_other() -> None:
    more = state().replace(b'{"hasNextPage":false,"endCursor":null}', b'{"hasNextPage":true,"endCursor":"c"}', 1)
    both = more[:-2] + b',"item1":null}}'
    async with Wire(both, refused(503, b"")).client() as client:
        first, second = await Shopify(client).read_states(FakeAccount(), [PRODUCT, "gid://shopify/Product/1"])
    assert isinstance(first, Failed)
    assert first.problem.problem_class is ProblemClass.BUSY
    assert isinstance(second, Done)
    assert second.value.observed is Observed.ENDED


async def test_an_exchange_says_when_it_was() -> None:
    account = FakeAccount()
    await read_states(Wire(state()), [PRODUCT], account)
    assert isinstance(account.exchanges[0].started_at, datetime)
    assert account.exchanges[0].started_at.tzinfo is not None
