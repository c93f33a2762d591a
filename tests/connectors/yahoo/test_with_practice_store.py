"""The connector against the practice store: what one side believes of the protocol, the other has to bear out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors.errors import AccountBlocked, Busy, InDoubt, PermissionLost, ProblemClass
from connectors.records import (
    Aspect,
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
    Sent,
    SentItem,
    StockChange,
    StockSet,
)
from connectors.yahoo.codes import derived
from connectors.yahoo.connector import YahooShopping
from tests.connectors.paced import PacedAccount
from tests.connectors.yahoo.practice.practice_store import ITEM, SELLER, Store, account_of
from tests.connectors.yahoo.products import IN_LIBRARY, LIBRARY, mug, plain, yen

MUG, TEA = mug(), plain()


@pytest.fixture
async def yahoo() -> AsyncIterator[YahooShopping]:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        yield YahooShopping(client)


@pytest.fixture
def account(store: Store) -> PacedAccount:
    return replace(account_of(store), library=dict(LIBRARY))


def values(outcomes: Sequence[Outcome[Any]]) -> list[Any]:
    assert all(isinstance(one, Done) for one in outcomes), outcomes
    return [one.value for one in outcomes if isinstance(one, Done)]


def failed(outcome: Outcome[Any]) -> tuple[ProblemClass, str, str]:
    """Class, code and field of a refusal."""
    assert isinstance(outcome, Failed), outcome
    return outcome.problem.problem_class, outcome.problem.code, outcome.problem.field


async def publish(yahoo: YahooShopping, account: PacedAccount, *products: ProductRecord) -> list[Published]:
    return values(await yahoo.publish(account, [PublishItem(product=one) for one in products]))


async def test_the_store_is_identified_and_says_when_access_ends(yahoo: YahooShopping, account: PacedAccount) -> None:
    identity = await yahoo.identify(account)
    assert (identity.external_id, identity.domain, identity.currency) == (SELLER, SELLER, "JPY")
    assert identity.access_ends_at == account.held.refresh_expires_at


async def test_products_are_published_read_and_their_stock_is_set(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    published = await publish(yahoo, account, MUG, TEA)
    assert [one.channel_id for one in published] == ["stoneware-mug", "tea"]
    assert published[0].links == (
        LinkedItem(key="v-blue", channel_id="stoneware-mug:MUG-BLU", stock_id="stoneware-mug:MUG-BLU"),
        LinkedItem(key="v-sand", channel_id="stoneware-mug:MUG-SND", stock_id="stoneware-mug:MUG-SND"),
    )
    there = {one["item_code"]: one for one in await store.read("products")}
    assert there["stoneware-mug"]["live"] == there["stoneware-mug"]["fields"]
    assert there["stoneware-mug"]["stock"] == {"MUG-BLU": 12, "MUG-SND": 3}
    states = values(await yahoo.read_states(account, ["stoneware-mug", "tea", "gone"]))
    assert [state.observed for state in states] == [Observed.LIVE, Observed.LIVE, Observed.ENDED]
    assert [item.quantity for item in states[0].items] == [12, 3]
    assert [(item.quantity, item.price) for item in states[1].items] == [(5, Money(980, "JPY"))]
    changes = [
        StockChange(key="v-blue", stock_id="stoneware-mug:MUG-BLU", quantity=7),
        StockChange(key="v-tea", stock_id="tea", quantity=0),
    ]
    assert values(await yahoo.set_stock(account, changes, idempotency_key="k")) == [
        StockSet(quantity=7),
        StockSet(quantity=0),
    ]
    there = {one["item_code"]: one for one in await store.read("products")}
    assert (there["stoneware-mug"]["stock"]["MUG-BLU"], there["tea"]["stock"]) == (7, {"": 0})


async def test_a_batch_is_published_once_and_at_the_rate_yahoo_allows(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    began = store.clock.now
    await publish(yahoo, account, *(plain(f"p-{number}", f"tea-{number}") for number in range(5)))
    operations = await store.operations()
    assert operations.count("editItem") == operations.count("getItem") == 5
    assert operations[-2:] == ["setStock", "reservePublish"]
    assert 4 <= store.clock.now - began < 8


# ---- a first publish ----


async def test_an_item_of_the_merchants_own_is_never_overwritten(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.seed(ITEM | {"item_code": "stoneware-mug"})
    refused, listed = await yahoo.publish(account, [PublishItem(product=MUG), PublishItem(product=TEA)])
    assert failed(refused) == (ProblemClass.DATA, "HANDLE_NOT_UNIQUE", "/handle")
    assert isinstance(listed, Done)
    theirs, _ours = await store.read("products")
    assert theirs["fields"]["name"] == "マグカップ"
    assert "caption" not in theirs["fields"]


async def test_two_products_of_one_handle_are_not_made_one_item(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    first, second = await yahoo.publish(
        account, [PublishItem(product=TEA), PublishItem(product=replace(MUG, handle="tea"))]
    )
    assert isinstance(first, Done)
    assert failed(second) == (ProblemClass.DATA, "HANDLE_NOT_UNIQUE", "/handle")
    (there,) = await store.read("products")
    assert there["fields"]["name"] == "煎茶"


async def test_a_handle_yahoo_does_not_take_gives_a_code_that_is_our_mark(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    product = plain(handle="煎茶")
    (first,) = await publish(yahoo, account, product)
    assert first.channel_id == derived(product.key)
    assert await publish(yahoo, account, product) == [first]
    (found,) = values(await yahoo.find(account, [product]))
    assert (found.matched_by, found.mark, found.channel_id) == ("mark", product.key, first.channel_id)
    assert len(await store.read("products")) == 1


async def test_a_create_whose_answer_was_lost_is_finished_by_a_look(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.lever("faults", kind="drop", count=1, operation="editItem")
    items = [PublishItem(product=TEA), PublishItem(product=MUG)]
    lost, untried = await yahoo.publish(account, items)
    assert isinstance(lost, Sent)
    assert failed(untried)[:2] == (ProblemClass.BUSY, "not_tried")
    (there,) = await store.read("products")
    assert there["live"] is None
    (looked,) = values(await yahoo.look(account, [SentItem(item=items[0], reference=lost.reference)]))
    assert looked.channel_id == "tea"
    (there,) = await store.read("products")
    assert there["live"] == there["fields"]


async def test_a_create_that_was_never_executed_goes_again(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.lever("faults", kind="drop", count=1, operation="editItem", when="before")
    item = PublishItem(product=TEA)
    (lost,) = await yahoo.publish(account, [item])
    assert isinstance(lost, Sent)
    (looked,) = await yahoo.look(account, [SentItem(item=item, reference=lost.reference)])
    assert failed(looked)[:2] == (ProblemClass.BUSY, "not_created")
    assert "reservePublish" not in await store.operations()
    assert len(await publish(yahoo, account, TEA)) == 1


@pytest.mark.parametrize("kind", ["throttle", "maintenance", "drop"])
async def test_items_whose_publish_failed_are_on_their_way_until_it_works(
    store: Store, yahoo: YahooShopping, account: PacedAccount, kind: str
) -> None:
    await store.lever("faults", kind=kind, count=2, operation="reservePublish")
    item = PublishItem(product=TEA)
    (sent,) = await yahoo.publish(account, [item])
    assert isinstance(sent, Sent)
    (again,) = await yahoo.look(account, [SentItem(item=item, reference=sent.reference)])
    assert isinstance(again, Sent)
    assert len(values(await yahoo.look(account, [SentItem(item=item, reference=again.reference)]))) == 1
    (there,) = await store.read("products")
    assert there["live"] == there["fields"]


async def test_a_look_tells_the_merchant_that_access_is_lost(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.lever("faults", kind="error", count=1, operation="reservePublish", status=503)
    item = PublishItem(product=TEA)
    (sent,) = await yahoo.publish(account, [item])
    assert isinstance(sent, Sent)
    await store.lever("revoke")
    with pytest.raises(PermissionLost):
        await yahoo.look(account, [SentItem(item=item, reference=sent.reference)])


# ---- refusals ----


@pytest.mark.parametrize(
    ("product", "code", "field"),
    [
        (plain(title="茶" * 76), "it-99003", "/title"),
        (plain(details={"product_category": "abc", "path": "茶"}), "it-01089", "/details/product_category"),
        (plain(details={"product_category": "1", "path": "茶" * 21}), "it-99004", "/details/path"),
        (plain(description_html="茶" * 5001), "it-99005", "/description_html"),
        (plain(images=(ImageRecord(IN_LIBRARY),)), "it-14091", "/images"),
        (plain(variants=(replace(TEA.variants[0], barcode="4901234567890"),)), "it-99007", "/variants/0/barcode"),
        (plain(variants=(replace(TEA.variants[0], price=yen(100_000_000)),)), "it-01023", "/variants/0/price"),
        (plain(variants=(replace(TEA.variants[0], price=yen(0)),)), "it-01023", "/variants/0/price"),
        (mug(variants=(replace(MUG.variants[0], price=yen(0)), MUG.variants[1])), "it-01023", "/variants"),
    ],
)
async def test_yahoos_refusal_names_the_field_and_keeps_its_words(
    store: Store, yahoo: YahooShopping, account: PacedAccount, product: ProductRecord, code: str, field: str
) -> None:
    (outcome,) = await yahoo.publish(account, [PublishItem(product=product)])
    assert failed(outcome) == (ProblemClass.DATA, code, field)
    assert isinstance(outcome, Failed)
    assert (outcome.problem.original_lang, bool(outcome.problem.original)) == ("ja", True)
    assert await store.read("ledger") == []


@pytest.mark.parametrize(
    ("product", "code", "field"),
    [
        (plain(details={"path": "茶"}), "detail_missing", "/details/product_category"),
        (plain(details={"product_category": "1447", "path": " "}), "detail_missing", "/details/path"),
        (mug(option_names=("色:柄",)), "option_characters", "/option_names/0"),
        (
            mug(variants=(MUG.variants[0], replace(MUG.variants[1], option_values=("砂,白",)))),
            "option_characters",
            "/variants/1/option_values",
        ),
        (mug(option_names=("a", "b", "c")), "too_many_options", "/option_names"),
        (
            plain(variants=(replace(TEA.variants[0], price=Money(100, "EUR")),)),
            "currency_mismatch",
            "",
        ),
    ],
)
async def test_what_yahoo_could_not_read_is_refused_before_any_call(
    store: Store, yahoo: YahooShopping, account: PacedAccount, product: ProductRecord, code: str, field: str
) -> None:
    (outcome,) = await yahoo.publish(account, [PublishItem(product=product)])
    assert failed(outcome) == (ProblemClass.DATA, code, field)
    assert await store.operations() == []


async def test_a_bad_item_does_not_hold_back_the_batch(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    bad = plain("p-bad", "bad", title="茶" * 76)
    outcomes = await yahoo.publish(account, [PublishItem(product=one) for one in (bad, TEA)])
    assert failed(outcomes[0])[1] == "it-99003"
    assert isinstance(outcomes[1], Done)
    assert [one["item_code"] for one in await store.read("products")] == ["tea"]


# ---- update ----


async def test_an_update_replaces_what_is_ours_and_keeps_the_subcodes(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    (published,) = await publish(yahoo, account, MUG)
    moss = replace(MUG.variants[1], key="v-moss", option_values=("苔",), sku="MUG-MOS")
    renamed = replace(MUG.variants[0], sku="NEW-SKU")
    changed = replace(MUG, title="新しいマグ", handle="renamed", variants=(renamed, moss), description_html="")
    item = PublishItem(product=changed, channel_id=published.channel_id, links=published.links)
    (updated,) = values(await yahoo.update(account, [item]))
    assert (updated.channel_id, updated.links[0]) == ("stoneware-mug", published.links[0])
    assert updated.links[1].channel_id == "stoneware-mug:MUG-MOS"
    (there,) = await store.read("products")
    assert there["live"]["subcodes"] == "色:青=MUG-BLU|色:苔=MUG-MOS"
    assert there["live"]["name"] == "新しいマグ"
    assert "caption" not in there["live"]
    assert there["stock"]["MUG-BLU"] == 12


async def test_an_item_the_merchant_deleted_is_not_made_again_by_an_update(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    (published,) = await publish(yahoo, account, TEA)
    await store.lever("delete", item_code="tea")
    item = PublishItem(product=TEA, channel_id="tea", links=published.links)
    (outcome,) = await yahoo.update(account, [item])
    assert failed(outcome)[:2] == (ProblemClass.DATA, "PRODUCT_DOES_NOT_EXIST")
    assert await store.read("products") == []


async def test_a_linked_item_is_told_single_fields_and_keeps_the_rest(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.seed(ITEM | {"headline": "店長おすすめ", "sale_price": "2000"})
    link = LinkedItem(key=TEA.variants[0].key, channel_id="mug", stock_id="mug")
    item = PublishItem(product=replace(TEA, details={}), channel_id="mug", ours=False, links=(link,))
    (told,) = values(await yahoo.update(account, [item]))
    assert told.channel_id == "mug"
    (there,) = await store.read("products")
    live = there["live"]
    assert (live["name"], live["price"], live["headline"]) == ("煎茶", "980", "店長おすすめ")
    assert (live["path"], live["product_category"]) == ("食器:マグ", "1447")
    assert "sale_price" not in live


async def test_only_what_changed_is_told_to_a_linked_item(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.seed(ITEM)
    item = PublishItem(product=TEA, channel_id="mug", ours=False, changed=frozenset({Aspect.FIELDS}))
    values(await yahoo.update(account, [item]))
    (row,) = [row for row in await store.read("ledger") if row["operation"] == "updateItems"]
    assert row["details"] == {"item_code": "mug", "name": "煎茶"}


async def test_publishing_a_linked_item_again_puts_it_back_on_sale_and_an_update_does_not(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.seed(ITEM)
    item = PublishItem(product=TEA, channel_id="mug", ours=False, links=())
    await yahoo.end(account, ["mug"])
    values(await yahoo.update(account, [item]))
    (there,) = await store.read("products")
    assert there["live"]["display"] == "0"
    values(await yahoo.publish(account, [item]))
    (there,) = await store.read("products")
    assert there["live"]["display"] == "1"


async def test_an_item_of_ours_that_was_ended_is_published_again(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    (published,) = await publish(yahoo, account, MUG)
    await yahoo.end(account, [published.channel_id])
    item = PublishItem(product=MUG, channel_id=published.channel_id, links=published.links)
    assert values(await yahoo.publish(account, [item])) == [published]
    (there,) = await store.read("products")
    assert there["live"]["display"] == "1"


async def test_one_refused_row_does_not_hold_back_the_other_linked_items(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.seed(ITEM, ITEM | {"item_code": "pot"})
    items = [
        PublishItem(product=replace(TEA, title="茶" * 76), channel_id="mug", ours=False),
        PublishItem(product=TEA, channel_id="gone", ours=False),
        PublishItem(product=TEA, channel_id="pot", ours=False),
    ]
    too_long, gone, good = await yahoo.update(account, items)
    assert failed(too_long) == (ProblemClass.DATA, "it-99003", "/title")
    assert failed(gone)[:2] == (ProblemClass.DATA, "PRODUCT_DOES_NOT_EXIST")
    assert isinstance(good, Done)
    live = {one["item_code"]: one["live"]["name"] for one in await store.read("products")}
    assert live == {"mug": "マグカップ", "pot": "煎茶"}


async def test_a_lost_update_is_in_doubt_and_repeating_it_is_harmless(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    (published,) = await publish(yahoo, account, TEA)
    item = PublishItem(product=replace(TEA, title="玉露"), channel_id="tea", links=published.links)
    await store.lever("faults", kind="drop", count=1, operation="editItem")
    with pytest.raises(InDoubt):
        await yahoo.update(account, [item])
    assert len(values(await yahoo.update(account, [item]))) == 1
    (there,) = await store.read("products")
    assert there["live"]["name"] == "玉露"


# ---- prices, ending, states ----


async def test_prices_of_items_and_variants_are_set_and_live(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    mugs, _tea = await publish(yahoo, account, MUG, TEA)
    changes = [
        PriceChange(
            listing_channel_id=mugs.channel_id,
            prices=tuple((link.key, link.channel_id, yen(3000), None) for link in mugs.links),
        ),
        PriceChange(listing_channel_id="tea", prices=(("v", "tea", Money(1, "EUR"), None),)),
        PriceChange(listing_channel_id="tea", prices=(("v", "tea", yen(1200), None),)),
        PriceChange(listing_channel_id="gone", prices=(("v", "gone", yen(1200), None),)),
    ]
    first, euros, third, gone = await yahoo.set_prices(account, changes)
    assert (first, third) == (Done(None), Done(None))
    assert failed(euros)[1] == "currency_mismatch"
    assert failed(gone)[1] == "PRODUCT_DOES_NOT_EXIST"
    live = {one["item_code"]: one["live"] for one in await store.read("products")}
    assert live["stoneware-mug"]["subcode_param"] == "MUG-BLU=price:3000|MUG-SND=price:3000"
    assert (live["stoneware-mug"]["price"], live["tea"]["price"]) == ("3000", "1200")
    assert (await store.operations()).count("reservePublish") == 2


async def test_ending_hides_and_deletes_nothing_and_gone_is_ended(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await publish(yahoo, account, TEA)
    assert await yahoo.end(account, ["tea", "gone"]) == [Done(None), Done(None)]
    (there,) = await store.read("products")
    assert there["live"]["display"] == "0"
    assert await yahoo.end(account, ["tea"]) == [Done(None)]
    (state,) = values(await yahoo.read_states(account, ["tea"]))
    assert state.observed is Observed.ENDED


async def test_an_end_that_was_not_published_is_not_done(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await publish(yahoo, account, TEA)
    await store.lever("faults", kind="drop", count=1, operation="reservePublish", when="before")
    (outcome,) = await yahoo.end(account, ["tea"])
    assert failed(outcome)[0] is ProblemClass.UNKNOWN
    assert await yahoo.end(account, ["tea"]) == [Done(None)]


async def test_an_edit_that_is_not_published_is_pending(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await publish(yahoo, account, TEA, MUG)
    await store.post("updateItems", item1="item_code=tea&name=x")
    states = values(await yahoo.read_states(account, ["tea", "stoneware-mug"]))
    assert [state.observed for state in states] == [Observed.PENDING, Observed.LIVE]


async def test_an_item_is_found_by_its_code_or_by_the_sku_that_is_its_code(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.seed(ITEM | {"item_code": "SKU-tea", "stock": {"": 4}}, ITEM | {"item_code": "stoneware-mug"})
    tea, mugs, nothing = values(await yahoo.find(account, [TEA, MUG, plain("p-x", "other")]))
    assert (tea.matched_by, tea.channel_id, tea.mark) == ("sku", "SKU-tea", "")
    assert [(one.stock_id, one.sku) for one in tea.items] == [("SKU-tea", "SKU-tea")]
    assert (mugs.matched_by, mugs.mark) == ("handle", "")
    assert nothing is None


# ---- stock ----


async def test_a_refused_row_of_stock_is_its_own(store: Store, yahoo: YahooShopping, account: PacedAccount) -> None:
    await store.lever("faults", kind="refuse", code="ed-00006", item="b")
    rows = [("a", 1), ("b", 2), ("c d", 3), ("e", 1_000_000_000)]
    changes = [StockChange(key=code, stock_id=code, quantity=quantity) for code, quantity in rows]
    good, locked, strange, too_many = await yahoo.set_stock(account, changes, idempotency_key="k")
    assert good == Done(StockSet(quantity=1))
    assert failed(locked)[:2] == (ProblemClass.BUSY, "ed-00006")
    assert failed(strange)[:2] == (ProblemClass.OURS, "not_a_stock_code")
    assert failed(too_many)[:2] == (ProblemClass.DATA, "st-02104")


async def test_a_thousand_numbers_are_one_call_and_a_repetition_changes_nothing(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    changes = [StockChange(key=str(n), stock_id=f"code-{n}", quantity=n) for n in range(1000)]
    await store.lever("faults", kind="drop", count=1, operation="setStock")
    with pytest.raises(InDoubt):
        await yahoo.set_stock(account, changes, idempotency_key="k")
    outcomes = await yahoo.set_stock(account, changes, idempotency_key="k")
    assert values(outcomes) == [StockSet(quantity=n) for n in range(1000)]
    assert await store.operations() == ["setStock", "setStock"]


# ---- the account ----


async def test_another_hand_on_the_stock_is_seen_by_the_next_read(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await publish(yahoo, account, TEA)
    await store.lever("change", item_code="tea", quantity=2)
    (state,) = values(await yahoo.read_states(account, ["tea"]))
    assert state.items[0].quantity == 2


async def test_who_may_not_act_for_the_store_is_told_so(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.client.post("/practice/api/stores", json={"seller_id": "theirs", "owner": "somebody-else"})
    account.domain = "theirs"
    with pytest.raises(PermissionLost) as caught:
        await yahoo.identify(account)
    assert caught.value.problem.code == "px-14304"


@pytest.mark.parametrize(("state", "code"), [("closed", "ed-00003"), ("unlinked", "px-14303")])
async def test_a_store_that_is_closed_is_the_merchants_to_open(
    store: Store, yahoo: YahooShopping, account: PacedAccount, state: str, code: str
) -> None:
    await store.lever("state", state=state)
    with pytest.raises(AccountBlocked) as caught:
        await yahoo.identify(account)
    assert caught.value.problem.code == code


async def test_an_expired_token_is_lost_permission_unless_another_is_there_by_now(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.lever("expire")
    with pytest.raises(PermissionLost) as caught:
        await yahoo.identify(account)
    assert caught.value.problem.code == "expired_token"
    renewed = replace(account.held, access_token=(await store.lever("tokens"))["access_token"])
    given = iter([account.held, renewed, renewed])

    async def credentials() -> Any:
        return next(given)

    account.credentials = credentials  # type: ignore[method-assign]
    assert (await yahoo.identify(account)).external_id == SELLER


@pytest.mark.parametrize("kind", ["throttle", "maintenance"])
async def test_a_busy_store_is_busy_and_nothing_is_executed(
    store: Store, yahoo: YahooShopping, account: PacedAccount, kind: str
) -> None:
    await store.lever("faults", kind=kind, count=1)
    change = StockChange(key="a", stock_id="a", quantity=1)
    with pytest.raises(Busy):
        await yahoo.set_stock(account, [change], idempotency_key="k")
    assert await store.read("ledger") == []
    assert values(await yahoo.set_stock(account, [change], idempotency_key="k")) == [StockSet(quantity=1)]
