"""The connector against the practice shop: what one side believes of the protocol, the other has to bear out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.errors import AccountBlocked, Busy, InDoubt, PermissionLost, ProblemClass
from connectors.records import (
    Credentials,
    Done,
    Failed,
    ImageRecord,
    LinkedItem,
    Money,
    Observed,
    Outcome,
    PriceChange,
    ProductRecord,
    Published,
    PublishItem,
    StockChange,
    StockSet,
)
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.practice.practice_shop import DOMAIN, Shop, practice_shop
from tests.connectors.shopify.products import mug, plain
from tests.connectors.wire import FakeAccount

SCOPES = "write_products,write_inventory,read_locations,write_publications,write_files"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with practice_shop(tmp_path / "practice.db") as running:
        yield running


@pytest.fixture
async def shopify() -> AsyncIterator[Shopify]:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        yield Shopify(client)


@pytest.fixture
async def account(shop: Shop, shopify: Shopify) -> FakeAccount:
    """The shop as it was connected: with the settings identify gives it."""
    account = FakeAccount(
        domain=DOMAIN,
        base_url=f"{shop.url}/shops/{DOMAIN}",
        settings={},
        currency="USD",
        held=Credentials(access_token=shop.token, refresh_token="shprt_x"),
    )
    account.settings = (await shopify.identify(account)).settings
    return account


def dollars(product: ProductRecord) -> ProductRecord:
    def priced(amount: Money | None) -> Money | None:
        return Money(amount.minor, "USD") if amount else None

    variants = tuple(
        replace(row, price=Money(row.price.minor, "USD"), compare_at=priced(row.compare_at), cost=priced(row.cost))
        for row in product.variants
    )
    return replace(product, variants=variants)


MUG, PLAIN = dollars(mug()), dollars(plain())


def done(outcome: Outcome[Published]) -> Published:
    assert isinstance(outcome, Done), outcome
    return outcome.value


def values(outcomes: Sequence[Outcome[Any]]) -> list[Any]:
    """What was read; nothing here is refused."""
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    return [outcome.value for outcome in outcomes if isinstance(outcome, Done)]


def code_of(outcome: Outcome[Any]) -> str:
    assert isinstance(outcome, Failed), outcome
    return outcome.problem.code


async def publish(shopify: Shopify, account: FakeAccount, *products: ProductRecord) -> list[Published]:
    outcomes = await shopify.publish(account, [PublishItem(product=product) for product in products])
    return [done(outcome) for outcome in outcomes]


async def test_the_shop_says_who_it_is(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    identity = await shopify.identify(account)
    assert (identity.domain, identity.currency) == (DOMAIN, "USD")
    assert identity.settings["location_id"] == shop.location
    assert identity.settings["publication_id"].startswith("gid://shopify/Publication/")
    assert "write_products" in identity.scopes


async def test_published_products_are_live_marked_and_stocked(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    published = await publish(shopify, account, MUG, PLAIN)
    assert [len(one.links) for one in published] == [2, 1]
    assert published[0].url.endswith("/products/stoneware-mug")
    states = values(await shopify.read_states(account, [one.channel_id for one in published]))
    assert [state.observed for state in states] == [Observed.LIVE, Observed.LIVE]
    assert [(item.quantity, item.price) for item in states[0].items] == [
        (12, Money(2400, "USD")),
        (3, Money(2400, "USD")),
    ]
    first, _ = await shop.read("products")
    assert "p-mug" in first["metafields"].values()
    assert first["publishedOn"] == ["Online Store"]
    assert [one.matched_by for one in values(await shopify.find(account, [MUG, PLAIN])) if one] == ["mark", "mark"]


async def test_publishing_twice_makes_one_product(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    first = await publish(shopify, account, MUG)
    assert await publish(shopify, account, MUG) == first
    assert len(await shop.read("products")) == 1


async def test_a_create_whose_answer_was_lost_is_finished_by_repeating_it(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    await shop.lever("faults", kind="drop", count=1, operation="productSet")
    with pytest.raises(InDoubt):
        await publish(shopify, account, MUG)
    (there,) = await shop.read("products")
    assert there["publishedOn"] == []
    (published,) = await publish(shopify, account, MUG)
    assert published.channel_id.endswith(f"/{there['number']}")
    (there,) = await shop.read("products")
    assert there["publishedOn"] == ["Online Store"]


async def test_showing_that_failed_is_finished_by_an_update_as_well(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    await shop.lever("faults", kind="error", count=1, operation="publishablePublish", status=503, body="")
    (failed,) = await shopify.publish(account, [PublishItem(product=MUG)])
    assert isinstance(failed, Failed)
    assert failed.problem.problem_class is ProblemClass.UNKNOWN
    (found,) = values(await shopify.find(account, [MUG]))
    assert found is not None
    (outcome,) = await shopify.update(account, [PublishItem(product=MUG, channel_id=found.channel_id)])
    assert len(done(outcome).links) == 2
    (there,) = await shop.read("products")
    assert there["publishedOn"] == ["Online Store"]


async def test_the_merchants_own_product_is_never_overwritten(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    theirs = {"title": "Their mug", "handle": "stoneware-mug", "variants": [{"sku": "MUG-BLU", "price": "1.00"}]}
    await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=[theirs])
    refused, listed = await shopify.publish(account, [PublishItem(product=MUG), PublishItem(product=PLAIN)])
    assert code_of(refused) == "HANDLE_NOT_UNIQUE"
    assert isinstance(refused, Failed)
    assert refused.problem.field == "/handle"
    assert done(listed).handle == "plain"
    assert [one["title"] for one in await shop.read("products")] == ["Their mug", "Plain"]
    (found,) = values(await shopify.find(account, [MUG]))
    assert found is not None
    assert (found.matched_by, found.mark) == ("handle", "")
    (by_sku,) = values(await shopify.find(account, [replace(MUG, handle="another-handle")]))
    assert by_sku is not None
    assert (by_sku.matched_by, by_sku.channel_id) == ("sku", found.channel_id)


async def test_an_update_replaces_what_is_ours_and_keeps_address_and_images(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    (published,) = await publish(shopify, account, MUG)
    moss = replace(MUG.variants[1], key="v-moss", option_values=("Moss",), sku="MUG-MOS")
    changed = replace(
        MUG,
        title="Mug",
        handle="renamed",
        variants=(MUG.variants[0], moss),
        images=(*MUG.images, ImageRecord("https://cdn.example.com/mug-moss.png")),
    )
    item = PublishItem(product=changed, channel_id=published.channel_id, links=published.links)
    (outcome,) = await shopify.update(account, [item])
    updated = done(outcome)
    assert updated.handle == "stoneware-mug"
    assert updated.links[0] == published.links[0]
    assert updated.links[1].key == "v-moss"
    (there,) = await shop.read("products")
    assert (there["title"], [row["sku"] for row in there["variants"]]) == ("Mug", ["MUG-BLU", "MUG-MOS"])
    assert "p-mug" in there["metafields"].values()
    assert len(there["files"]) == 2


async def test_a_linked_product_keeps_what_we_do_not_own(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    variants = [{"sku": sku, "price": "1.00", "quantity": 5, "options": [sku]} for sku in ("MUG-BLU", "OTHER")]
    theirs = {"title": "Their mug", "vendor": "Theirs", "tags": ["sale"], "options": ["Kind"], "variants": variants}
    await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=[theirs])
    (found,) = values(await shopify.find(account, [MUG]))
    assert found is not None
    twin = found.items[0]
    links = (LinkedItem(key="v-blue", channel_id=twin.channel_id, stock_id=twin.stock_id),)
    item = PublishItem(product=replace(MUG, vendor=""), channel_id=found.channel_id, ours=False, links=links)
    (outcome,) = await shopify.update(account, [item])
    assert done(outcome).links == links
    (there,) = await shop.read("products")
    assert (there["title"], there["vendor"], there["tags"]) == ("Stoneware mug", "Theirs", ["sale"])
    assert [(row["sku"], row["price"]) for row in there["variants"]] == [("MUG-BLU", "24.00"), ("OTHER", "1.00")]


async def test_ended_is_off_sale_and_publishing_again_brings_it_back(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    (published,) = await publish(shopify, account, MUG)
    gone = "gid://shopify/Product/1"
    assert await shopify.end(account, [published.channel_id, gone]) == [Done(None), Done(None)]
    assert await shopify.end(account, [published.channel_id]) == [Done(None)]
    ended, missing = values(await shopify.read_states(account, [published.channel_id, gone]))
    assert (ended.observed, missing.observed) == (Observed.ENDED, Observed.ENDED)
    assert len(await shop.read("products")) == 1
    for ours in (True, False):
        item = PublishItem(product=MUG, channel_id=published.channel_id, ours=ours, links=published.links)
        (outcome,) = await shopify.publish(account, [item])
        done(outcome)
        (back,) = values(await shopify.read_states(account, [published.channel_id]))
        assert back.observed is Observed.LIVE
        await shopify.end(account, [published.channel_id])


async def test_stock_is_set_compared_and_replayed(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    (published,) = await publish(shopify, account, MUG)
    blue, sand = (link.stock_id for link in published.links)
    changes = [
        StockChange(key="v-blue", stock_id=blue, quantity=9, expected=12),
        StockChange(key="v-sand", stock_id=sand, quantity=2, expected=99),
        StockChange(key="v-gone", stock_id="gid://shopify/InventoryItem/1", quantity=1),
    ]
    outcomes = await shopify.set_stock(account, changes, idempotency_key="attempt-1")
    assert outcomes[:2] == [Done(StockSet(quantity=9)), Done(StockSet(quantity=3, stale_actual=3))]
    assert code_of(outcomes[2]) == "INVALID_INVENTORY_ITEM"
    await shop.lever("change", sku="MUG-BLU", stock=7)
    again = await shopify.set_stock(account, changes, idempotency_key="attempt-1")
    assert again[0] == Done(StockSet(quantity=9))
    (state,) = values(await shopify.read_states(account, [published.channel_id]))
    assert [item.quantity for item in state.items] == [7, 3]


async def test_a_lost_stock_answer_is_settled_by_the_same_key(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    (published,) = await publish(shopify, account, MUG)
    change = StockChange(key="v-blue", stock_id=published.links[0].stock_id, quantity=4, expected=12)
    await shop.lever("faults", kind="drop", count=1, operation="inventorySetQuantities")
    with pytest.raises(InDoubt):
        await shopify.set_stock(account, [change], idempotency_key="k")
    assert await shopify.set_stock(account, [change], idempotency_key="k") == [Done(StockSet(quantity=4))]
    other = await shopify.set_stock(account, [change], idempotency_key="another attempt")
    assert other == [Done(StockSet(quantity=4, stale_actual=4))], "by another key, nobody knows whose number it is"


async def test_an_item_that_is_not_tracked_is_tracked_once_stock_is_set(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    (published,) = await publish(shopify, account, PLAIN)
    change = StockChange(key="v", stock_id=published.links[0].stock_id, quantity=6)
    assert await shopify.set_stock(account, [change], idempotency_key="k") == [Done(StockSet(quantity=6))]
    (there,) = await shop.read("products")
    assert there["variants"][0]["tracked"] is True


async def test_prices_arrive_and_a_bad_one_stays_its_own_listings_problem(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    mugs, plains = await publish(shopify, account, MUG, PLAIN)
    prices = tuple((link.key, link.channel_id, Money(1990, "USD"), None) for link in mugs.links)
    bad = (("v", plains.links[0].channel_id, Money(-1, "USD"), None),)
    outcomes = await shopify.set_prices(
        account,
        [
            PriceChange(listing_channel_id=mugs.channel_id, prices=prices),
            PriceChange(listing_channel_id=plains.channel_id, prices=bad),
        ],
    )
    assert outcomes[0] == Done(None)
    assert code_of(outcomes[1]) == "GREATER_THAN_OR_EQUAL_TO"
    first, second = await shop.read("products")
    assert [(row["price"], row["compare_at_price"]) for row in first["variants"]] == [("19.90", None)] * 2
    assert second["variants"][0]["price"] == "5.00"


async def test_refusals_come_with_words_and_place(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    twice = replace(MUG, handle="twice", variants=(MUG.variants[0], replace(MUG.variants[0], key="v-2")))
    long = replace(PLAIN, handle="long", title="x" * 256)
    costly = replace(PLAIN, handle="costly", variants=(replace(PLAIN.variants[0], cost=Money(-1, "USD")),))
    outcomes = await shopify.publish(account, [PublishItem(product=one) for one in (twice, long, costly, PLAIN)])
    problems = [outcome.problem for outcome in outcomes if isinstance(outcome, Failed)]
    assert [(one.code, one.field) for one in problems] == [
        ("VARIANT_ALREADY_EXISTS", "/variants/1"),
        ("TOO_LONG", "/title"),
        ("INVALID_VARIANT", "/variants/0/cost"),
    ]
    assert all(one.original and one.problem_class is ProblemClass.DATA for one in problems)
    assert done(outcomes[3]).handle == "plain"


async def test_a_broken_image_is_a_warning_on_a_live_listing(
    shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    broken = replace(PLAIN, images=(ImageRecord("https://cdn.example.com/broken/a.jpg"),))
    (published,) = await publish(shopify, account, broken)
    for _ in range(3):
        await shopify.read_states(account, [published.channel_id])
    (state,) = values(await shopify.read_states(account, [published.channel_id]))
    assert state.observed is Observed.LIVE
    assert [warning.field for warning in state.warnings] == ["/images"]


async def test_an_empty_bucket_says_how_long_to_wait(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    await shop.lever("empty-bucket")
    with pytest.raises(Busy) as caught:
        await publish(shopify, account, MUG)
    assert caught.value.retry_after_seconds >= 1
    assert account.corrected[-1][1:] == (2000.0, 100.0)
    assert await shop.read("products") == []


async def test_what_we_expect_to_pay_is_what_is_asked(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    (published,) = await publish(shopify, account, MUG)
    values(await shopify.read_states(account, [published.channel_id]))
    values(await shopify.find(account, [MUG]))
    asked = [row["cost"] for row in await shop.read("requests")][-len(account.paid) :]
    assert asked
    assert [round(cost, 1) for _, cost in account.paid] == pytest.approx(asked, abs=4)


@pytest.mark.parametrize(
    ("lever", "details", "kind"),
    [
        ("revoke", {}, PermissionLost),
        ("uninstall", {}, PermissionLost),
        ("scopes", {"scopes": "read_products"}, PermissionLost),
        ("state", {"state": "frozen"}, AccountBlocked),
        ("state", {"state": "locked"}, AccountBlocked),
        ("state", {"state": "gone"}, AccountBlocked),
        ("faults", {"kind": "maintenance", "count": 1}, Busy),
        ("faults", {"kind": "throttle", "count": 1}, Busy),
    ],
)
async def test_access_that_breaks_is_told_apart(
    lever: str, details: dict[str, Any], kind: type[Exception], shop: Shop, shopify: Shopify, account: FakeAccount
) -> None:
    (published,) = await publish(shopify, account, PLAIN)
    await shop.lever(lever, **details)
    with pytest.raises(kind):
        values(await shopify.read_states(account, [published.channel_id]))


async def test_webhooks_are_subscribed_once(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    for _ in range(2):
        await shopify.subscribe(account, f"{shop.url}/hook")
    assert len(await shop.read("subscriptions")) == 10, "those of orders need a permission that is not there"
    await shop.lever("scopes", scopes=f"{SCOPES},read_orders")
    for _ in range(2):
        await shopify.subscribe(account, f"{shop.url}/hook")
    assert len(await shop.read("subscriptions")) == 15


async def test_revoking_ends_our_access(shop: Shop, shopify: Shopify, account: FakeAccount) -> None:
    await shopify.revoke(account)
    with pytest.raises(PermissionLost):
        await shopify.identify(account)
    await shopify.revoke(account)
