"""The connector against the practice store: what one side believes of the protocol, the other has to bear out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.errors import Busy, InDoubt, PermissionLost, ProblemClass
from connectors.rakuten import names
from connectors.rakuten.connector import Rakuten
from connectors.records import (
    Aspect,
    Credentials,
    Done,
    Failed,
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
from tests.connectors.paced import PacedAccount
from tests.connectors.rakuten.practice.practice_store import NAME, SECRET, Shop, practice_store
from tests.connectors.rakuten.products import LIBRARY, MUG_KEY, MUG_MARK, SAND_IMAGE, mug, plain, yen


@pytest.fixture
async def rakuten() -> AsyncIterator[Rakuten]:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        yield Rakuten(client)


@pytest.fixture
def account(shop: Shop) -> PacedAccount:
    return replace(shop.account(), library=dict(LIBRARY))


def done(outcome: Outcome[Published]) -> Published:
    assert isinstance(outcome, Done), outcome
    return outcome.value


def values(outcomes: Sequence[Outcome[Any]]) -> list[Any]:
    """What was read; nothing here is refused."""
    assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes
    return [outcome.value for outcome in outcomes if isinstance(outcome, Done)]


def problem_of(outcome: Outcome[Any]) -> tuple[ProblemClass, str, str]:
    assert isinstance(outcome, Failed), outcome
    return outcome.problem.problem_class, outcome.problem.code, outcome.problem.field


async def publish(rakuten: Rakuten, account: PacedAccount, *products: ProductRecord) -> list[Published]:
    outcomes = await rakuten.publish(account, [PublishItem(product=product) for product in products])
    return [done(outcome) for outcome in outcomes]


async def test_the_store_says_who_it_is_and_when_its_key_ends(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    identity = await rakuten.identify(account)
    assert (identity.name, identity.domain, identity.currency) == (NAME, NAME, "JPY")
    assert identity.external_id.startswith("rakuten:")
    assert SECRET not in identity.external_id
    # The ninetieth day after 18 November 2026, one second before midnight in Japan.
    assert identity.access_ends_at == datetime(2027, 2, 16, 14, 59, 59, tzinfo=UTC)


async def test_published_products_are_live_marked_and_stocked(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    published = await publish(rakuten, account, mug(), plain())
    assert [one.channel_id for one in published] == ["stoneware-mug", "plain"]
    assert [link.channel_id for link in published[0].links] == ["stoneware-mug/MUG-BLU", "stoneware-mug/MUG-SND"]
    assert published[0].url == f"https://item.rakuten.co.jp/{NAME}/stoneware-mug/"
    first, second = values(await rakuten.read_states(account, [one.channel_id for one in published]))
    assert (first.observed, second.observed) == (Observed.LIVE, Observed.LIVE)
    assert [(item.quantity, item.price) for item in first.items] == [(12, yen(2400)), (3, yen(2500))]
    there, _ = await shop.read("products")
    assert there["itemNumber"] == MUG_MARK
    assert there["images"] == [
        {"type": "CABINET", "location": "/mugs/blue.jpg", "alt": "Blue mug"},
        {"type": "CABINET", "location": names.picture_place(SAND_IMAGE)},
    ]


async def test_stock_is_set_as_told(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    (published,) = await publish(rakuten, account, mug())
    changes = [
        StockChange(key=link.key, stock_id=link.stock_id, quantity=number, expected=99)
        for number, link in enumerate(published.links)
    ]
    assert values(await rakuten.set_stock(account, changes, idempotency_key="k")) == [
        StockSet(quantity=0),
        StockSet(quantity=1),
    ]
    (there,) = await shop.read("products")
    assert there["stock"] == {"MUG-BLU": 0, "MUG-SND": 1}


async def test_publishing_twice_makes_one_item_and_leaves_its_stock(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    first = await publish(rakuten, account, mug())
    await shop.lever("change", manage_number="stoneware-mug", variant="MUG-BLU", stock=7)
    assert await publish(rakuten, account, mug()) == first
    (there,) = await shop.read("products")
    assert there["stock"] == {"MUG-BLU": 7, "MUG-SND": 3}


async def test_a_create_whose_answer_was_lost_is_finished_by_repeating_it(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    await shop.lever("faults", kind="drop", count=1, operation="items.upsert")
    (doubt,) = await rakuten.publish(account, [PublishItem(product=mug())])
    assert problem_of(doubt)[:2] == (ProblemClass.UNKNOWN, "no_answer")
    (there,) = await shop.read("products")
    assert there["stock"] == {}
    (found,) = values(await rakuten.find(account, [mug()]))
    assert (found.matched_by, found.mark) == ("mark", MUG_KEY)
    (published,) = await publish(rakuten, account, mug())
    assert published.channel_id == found.channel_id
    (there,) = await shop.read("products")
    assert there["stock"] == {"MUG-BLU": 12, "MUG-SND": 3}


THEIRS = {
    "manageNumber": "stoneware-mug",
    "title": "Their mug",
    "itemNumber": "A-1",
    "genreId": "403885",
    "itemType": "NORMAL",
    "variants": {"MUG-BLU": {"standardPrice": "1", "articleNumber": {"exemptionReason": 5}, "attributes": []}},
    "stock": {"MUG-BLU": 2},
}


async def test_the_merchants_own_item_is_never_overwritten(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    await shop.lever("products", [THEIRS])
    refused, listed = await rakuten.publish(account, [PublishItem(product=mug()), PublishItem(product=plain())])
    assert problem_of(refused) == (ProblemClass.DATA, "HANDLE_NOT_UNIQUE", "/handle")
    assert done(listed).handle == "plain"
    assert [one["title"] for one in await shop.read("products")] == ["Their mug", "Plain"]


async def test_an_item_is_found_by_its_code_then_by_its_sku(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    await shop.lever("products", [THEIRS])
    by_code, by_sku, absent = values(await rakuten.find(account, [mug(), mug(handle="another"), plain(handle="plain")]))
    assert (by_code.matched_by, by_code.mark, by_code.title) == ("handle", "", "Their mug")
    assert (by_sku.matched_by, by_sku.channel_id) == ("sku", "stoneware-mug")
    assert absent is None


async def test_a_part_of_a_sku_is_not_the_sku(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    longer = {"MUG-BLU-L": THEIRS["variants"]["MUG-BLU"]}  # type: ignore[index]  # it is a dict
    await shop.lever("products", [THEIRS | {"manageNumber": "other", "variants": longer}])
    assert values(await rakuten.find(account, [mug()])) == [None]


async def test_a_new_item_is_known_by_its_code_before_the_search_knows_it(tmp_path: Path, rakuten: Rakuten) -> None:
    async with practice_store(tmp_path / "lag.db", index_lag_seconds=86_400) as shop:
        account = shop.account()
        await publish(rakuten, account, mug(images=()))
        (same,) = values(await rakuten.find(account, [mug()]))
        assert same.mark == MUG_KEY
        renamed = mug(handle="renamed")
        assert values(await rakuten.find(account, [renamed])) == [None]
        shop.clock.now += 86_400
        (later,) = values(await rakuten.find(account, [renamed]))
        assert (later.matched_by, later.mark) == ("mark", MUG_KEY)


async def test_a_handle_that_does_not_fit_is_found_again_by_the_code_made_of_our_key(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    product = plain(handle="陶器のマグ")
    (published,) = await publish(rakuten, account, product)
    assert published.channel_id.startswith("cd-")
    assert published.handle == published.channel_id
    (found,) = values(await rakuten.find(account, [product]))
    assert (found.matched_by, found.handle) == ("mark", "陶器のマグ")
    (again,) = values(await rakuten.find(account, [replace(product, handle=published.handle)]))
    assert again.channel_id == published.channel_id


async def test_an_update_replaces_what_is_ours_and_keeps_what_the_merchant_set_in_rms(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    (published,) = await publish(rakuten, account, mug())
    await shop.lever(
        "change", manage_number="stoneware-mug", fields={"tagline": "Theirs", "layout": {"itemLayoutId": 2}}
    )
    moss = replace(mug().variants[1], key="v-moss", option_values=("Moss",), sku="MUG-MOS")
    changed = mug(title="Mug", variants=(mug().variants[0], moss))
    item = PublishItem(product=changed, channel_id=published.channel_id, links=published.links)
    (outcome,) = await rakuten.update(account, [item])
    updated = done(outcome)
    assert updated.links[0] == published.links[0]
    assert updated.links[1].channel_id == "stoneware-mug/MUG-MOS"
    (there,) = await shop.read("products")
    assert (there["title"], there["tagline"], list(there["variants"])) == ("Mug", "Theirs", ["MUG-BLU", "MUG-MOS"])


async def test_a_variant_with_other_options_comes_under_a_new_code(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    (published,) = await publish(rakuten, account, mug())
    blue, sand = mug().variants
    changed = mug(variants=(blue, replace(sand, option_values=("Dune",))))
    item = PublishItem(product=changed, channel_id=published.channel_id, links=published.links)
    (outcome,) = await rakuten.update(account, [item])
    assert done(outcome).links[1].channel_id != "stoneware-mug/MUG-SND"
    (there,) = await shop.read("products")
    assert [one["selectorValues"] for one in there["variants"].values()] == [{"option1": "Blue"}, {"option1": "Dune"}]
    assert (await shop.read("requests"))[-1]["outcome"] == "ok"


async def test_a_variant_that_is_no_longer_counted_sells_on(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    (published,) = await publish(rakuten, account, mug())
    options = {"shipFromIds": [3]}
    await shop.lever("change", manage_number="stoneware-mug", variant="MUG-BLU", stock=0, stock_options=options)
    blue, sand = mug().variants
    changed = mug(variants=(replace(blue, quantity=None), replace(sand, quantity=50)))
    item = PublishItem(product=changed, channel_id=published.channel_id, links=published.links)
    done((await rakuten.update(account, [item]))[0])
    (there,) = await shop.read("products")
    assert there["stock"] == {"MUG-BLU": 99_999, "MUG-SND": 3}
    assert there["stockOptions"]["MUG-BLU"] == options


async def test_words_alone_leave_prices_and_stock_as_they_are(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    (published,) = await publish(rakuten, account, mug())
    await shop.lever("change", manage_number="stoneware-mug", variant="MUG-BLU", price=1, stock=5)
    item = PublishItem(
        product=mug(title="Mug", description_html=""),
        channel_id=published.channel_id,
        links=published.links,
        changed=frozenset({Aspect.FIELDS}),
    )
    done((await rakuten.update(account, [item]))[0])
    (there,) = await shop.read("products")
    assert (there["title"], there["variants"]["MUG-BLU"]["standardPrice"], there["stock"]["MUG-BLU"]) == ("Mug", "1", 5)
    assert there.get("productDescription") == {}


async def test_a_linked_item_keeps_all_but_title_text_and_price(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    await shop.lever("products", [THEIRS | {"tagline": "Theirs", "hideItem": True}])
    link = LinkedItem(key="v-blue", channel_id="stoneware-mug/MUG-BLU", stock_id="stoneware-mug/MUG-BLU")
    item = PublishItem(product=mug(), channel_id="stoneware-mug", ours=False, links=(link,))
    done((await rakuten.update(account, [item]))[0])
    (there,) = await shop.read("products")
    assert (there["title"], there["tagline"], there["itemNumber"], there["hideItem"]) == (
        "Stoneware mug",
        "Theirs",
        "A-1",
        True,
    )
    assert there["variants"]["MUG-BLU"]["standardPrice"] == "2400"
    done((await rakuten.publish(account, [item]))[0])
    (there,) = await shop.read("products")
    assert there["hideItem"] is False


async def test_an_ended_item_is_hidden_and_published_again_comes_back(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    (published,) = await publish(rakuten, account, mug())
    ids = [published.channel_id, "never-there"]
    assert await rakuten.end(account, ids) == [Done(None), Done(None)]
    assert [one.observed for one in values(await rakuten.read_states(account, ids))] == [Observed.ENDED] * 2
    item = PublishItem(product=mug(), channel_id=published.channel_id, links=published.links)
    done((await rakuten.publish(account, [item]))[0])
    (state,) = values(await rakuten.read_states(account, [published.channel_id]))
    assert state.observed is Observed.LIVE


async def test_an_item_deleted_by_hand_is_ended_and_its_update_says_so(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    (published,) = await publish(rakuten, account, mug())
    await shop.lever("delete", manage_number="stoneware-mug")
    (state,) = values(await rakuten.read_states(account, [published.channel_id]))
    assert state.observed is Observed.ENDED
    item = PublishItem(product=mug(), channel_id=published.channel_id, links=published.links)
    assert problem_of((await rakuten.update(account, [item]))[0])[1] == "PRODUCT_DOES_NOT_EXIST"
    assert await shop.read("products") == []


async def test_prices_are_set_and_a_refused_one_says_why(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    await publish(rakuten, account, mug(), plain())
    code = (await shop.read("products"))[1]["variants"]
    (plain_code,) = code
    changes = [
        PriceChange(listing_channel_id="stoneware-mug", prices=(("v-blue", "stoneware-mug/MUG-BLU", yen(1800), None),)),
        PriceChange(listing_channel_id="plain", prices=(("v", f"plain/{plain_code}", yen(1_000_000_000), None),)),
    ]
    first, second = await rakuten.set_prices(account, changes)
    assert first == Done(None)
    assert problem_of(second)[:2] == (ProblemClass.DATA, "IE0003")
    states = values(await rakuten.read_states(account, ["stoneware-mug", "plain"]))
    assert [item.price for state in states for item in state.items] == [yen(1800), yen(2500), yen(500)]


async def test_lead_times_set_in_rms_outlive_a_stock_update(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    await publish(rakuten, account, mug())
    options = {"operationLeadTime": {"normalDeliveryTimeId": 4}, "shipFromIds": [3]}
    await shop.lever("change", manage_number="stoneware-mug", variant="MUG-BLU", stock=7, stock_options=options)
    change = StockChange(key="k", stock_id="stoneware-mug/MUG-BLU", quantity=8)
    assert values(await rakuten.set_stock(account, [change], idempotency_key="k")) == [StockSet(quantity=8)]
    (there,) = await shop.read("products")
    assert there["stock"]["MUG-BLU"] == 8
    assert there["stockOptions"]["MUG-BLU"] == options


async def test_one_refused_row_does_not_hold_back_four_hundred(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    await publish(rakuten, account, plain())
    changes = [StockChange(key=str(n), stock_id=f"plain/{n}", quantity=n) for n in range(400)]
    changes[7] = replace(changes[7], quantity=100_000)
    outcomes = await rakuten.set_stock(account, changes, idempotency_key="k")
    assert [number for number, one in enumerate(outcomes) if isinstance(one, Failed)] == [7]
    assert problem_of(outcomes[7])[:2] == (ProblemClass.DATA, "IE0003")


@pytest.mark.parametrize(
    ("product", "code", "field"),
    [
        (mug(title="漢" * 128), "IE0004", "/title"),
        (mug(title="<b>Mug</b>"), "IE0218", "/title"),
        (mug(description_html="<script>x</script>"), "IE0215", "/description_html"),
        (mug(details={"genre_id": "999999"}), "IE0146", "/details/genre_id"),
        (mug(details={"genre_id": "100999"}), "IE0274", "/details/genre_id"),
        (mug(details={"genre_id": "12"}), "IE0003", "/details/genre_id"),
        (mug(details={"genre_id": "206878"}), "IE0418", "/details/genre_attributes"),
        (
            mug(details={"genre_id": "403885", "genre_attributes": "代表カラー: にじいろ"}),
            "IE0418",
            "/details/genre_attributes",
        ),
        (mug(details={"genre_id": "403885", "genre_attributes": "ない: x"}), "IE1002", "/details/genre_attributes"),
        (mug(variants=(replace(mug().variants[0], barcode="4006381333930"),)), "IE0228", "/variants/0/barcode"),
        (mug(variants=(replace(mug().variants[0], price=yen(-1)),)), "IE0003", "/variants/0/price"),
        (mug(variants=(replace(mug().variants[0], option_values=("Blue: pale",)),)), "IE0278", "/option_names"),
        (
            mug(variants=(mug().variants[0], replace(mug().variants[1], option_values=("Blue",)))),
            "IE0110",
            "/variants",
        ),
    ],
)
async def test_what_rakuten_refuses_is_refused_with_its_code_and_our_field(
    shop: Shop, rakuten: Rakuten, account: PacedAccount, product: ProductRecord, code: str, field: str
) -> None:
    (outcome,) = await rakuten.publish(account, [PublishItem(product=product)])
    assert problem_of(outcome) == (ProblemClass.DATA, code, field)
    assert isinstance(outcome, Failed)
    assert outcome.problem.original
    assert outcome.problem.channel_request_id
    assert await shop.read("products") == []


async def test_mandatory_attributes_once_given_are_taken(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    details = {"genre_id": "206878", "genre_attributes": "単位内容量: 560 [ml]"}
    await publish(rakuten, account, mug(details=details))
    (there,) = await shop.read("products")
    said = {"name": "単位内容量", "values": ["560"], "unit": "ml"}
    assert [one["attributes"] for one in there["variants"].values()] == [[said], [said]]


async def test_calls_of_one_api_come_a_second_apart(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    begun = shop.clock.now
    await publish(rakuten, account, mug(), plain())
    assert shop.clock.now - begun >= 3
    assert {row["status"] for row in await shop.read("requests")} <= {200, 201, 204, 404}
    hasty = replace(account)
    hasty.buckets = {}
    with pytest.raises(Busy) as caught:
        await rakuten.identify(hasty)
    assert (caught.value.problem.code, caught.value.retry_after_seconds) == ("GA0003", 1.0)


async def test_a_renewed_key_opens_nothing_until_it_works_and_is_the_same_store_then(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    before = await rakuten.identify(account)
    renewed = await shop.lever("renew", works_after_seconds=900)
    shop.clock.now += 2
    with pytest.raises(PermissionLost):
        await rakuten.identify(account)
    account.held = Credentials(access_token=renewed["license_key"], others={"service_secret": SECRET})
    with pytest.raises(PermissionLost):
        await rakuten.identify(account)
    shop.clock.now += 900
    assert (await rakuten.identify(account)).external_id == before.external_id


@pytest.mark.parametrize(
    ("lever", "given"), [("expire", {}), ("revoke", {}), ("functions", {"functions": ["inventory"]})]
)
async def test_ended_access_and_a_function_not_ticked_on_ask_the_merchant(
    shop: Shop, rakuten: Rakuten, account: PacedAccount, lever: str, given: dict[str, Any]
) -> None:
    await shop.lever(lever, **given)
    with pytest.raises(PermissionLost) as caught:
        await rakuten.identify(account)
    assert (caught.value.problem.code, caught.value.problem.original) == ("GA0001", "Un-Authorised")


async def test_a_key_whose_end_may_not_be_asked_for_opens_the_store(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    await shop.lever("functions", functions=["item", "inventory"])
    assert (await rakuten.identify(account)).access_ends_at is None


async def test_an_endless_key_has_no_end(shop: Shop, rakuten: Rakuten) -> None:
    shop.key = (await shop.lever("renew", ends=False))["license_key"]
    assert (await rakuten.identify(shop.account())).access_ends_at is None


async def test_maintenance_and_a_failing_store_are_told_apart(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    change = StockChange(key="k", stock_id="plain/x", quantity=1)
    await shop.lever("faults", kind="maintenance", count=1)
    with pytest.raises(Busy) as caught:
        await rakuten.set_stock(account, [change], idempotency_key="k")
    assert caught.value.problem.code == "ES01-02"
    await shop.lever("faults", kind="error", count=1, status=500, operation="inventories.bulk.upsert")
    with pytest.raises(InDoubt):
        await rakuten.set_stock(account, [change], idempotency_key="k")


async def test_a_full_store_needs_the_merchant(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    await shop.lever("item-limit", items=1)
    _, outcome = await rakuten.publish(account, [PublishItem(product=plain()), PublishItem(product=mug())])
    assert problem_of(outcome)[:2] == (ProblemClass.ACCOUNT, "IE0197")


async def test_prices_in_another_currency_never_leave(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    euros = plain(variants=(replace(plain().variants[0], price=Money(500, "EUR")),))
    assert problem_of((await rakuten.publish(account, [PublishItem(product=euros)]))[0]) == (
        ProblemClass.DATA,
        "currency_mismatch",
        "/variants/0/price",
    )
    assert await shop.read("requests") == []
