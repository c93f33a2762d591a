"""The connector on literal wire bytes: what each operation sends, and what it makes of answers nobody practises."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.errors import Busy, ChannelError, InDoubt, OurFault, ProblemClass
from connectors.protocol import KeysRefused
from connectors.records import (
    Done,
    Failed,
    Observed,
    Outcome,
    PriceChange,
    ProductRecord,
    PublishItem,
    StockChange,
    StockSet,
    VariantRecord,
)
from connectors.yahoo import codes
from connectors.yahoo.connector import CAPABILITIES, YahooShopping
from tests.connectors.wire import Wire
from tests.connectors.yahoo.products import mug, plain, yen
from tests.connectors.yahoo.store_account import an_account, refused_xml

OK = b"<ResultSet><Result><Status>OK</Status></Result></ResultSet>"
UPDATED = b"<ResultSet><Status>OK</Status></ResultSet>"


def refused_item(code: bytes, message: bytes = b"") -> bytes:
    """A result that is NG, with one error."""
    said = b"<Error><Code>" + code + b"</Code><Message>" + message + b"</Message></Error>"
    return b"<ResultSet><Result><Status>NG</Status>" + said + b"</Result></ResultSet>"


NOTHING = refused_item(b"pm-05001")
GONE = refused_xml(400, "<Error><Message>指定された商品コードは存在しません。</Message><Code>it-00000</Code></Error>")


async def with_wire(wire: Wire, call: Callable[[YahooShopping, Any], Awaitable[Any]]) -> Any:
    async with wire.client() as client:
        return await call(YahooShopping(client), an_account())


def form(wire: Wire, number: int) -> dict[str, str]:
    body = wire.requests[number].content.decode()
    return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}


def operations(wire: Wire) -> list[str]:
    return [request.url.path.rpartition("/")[2] for request in wire.requests]


# ---- names ----


@pytest.mark.parametrize(
    "typed",
    [
        "demo-store",
        " Demo-Store ",
        "https://store.shopping.yahoo.co.jp/demo-store/",
        "store.shopping.yahoo.co.jp/demo-store/mug.html",
        "http://store.shopping.yahoo.co.jp/demo-store?x=1",
    ],
)
async def test_a_store_is_named_by_its_account_or_its_address(typed: str) -> None:
    async with Wire().client() as client:
        assert YahooShopping(client).account_domain(typed) == "demo-store"


@pytest.mark.parametrize(
    "typed",
    ["", "a b", "お店", "https://example.com/demo-store/", "store.shopping.yahoo.co.jp", "ftp://x", "//[", "a" * 129],
)
async def test_what_names_no_store_is_answered_with_a_sentence(typed: str) -> None:
    async with Wire().client() as client:
        with pytest.raises(ValueError, match="Type the store account"):
            YahooShopping(client).account_domain(typed)


async def test_test_stores_have_a_host_of_their_own_and_practice_stores_the_practice_server() -> None:
    async with Wire().client() as client:
        yahoo = YahooShopping(client)
        assert yahoo.base_url("demo") == "https://circus.shopping.yahooapis.jp"
        assert yahoo.base_url("snbx-demo") == "https://test.circus.shopping.yahooapis.jp"
        assert yahoo.base_url("demo", practice_root="http://127.0.0.1:1/yahoo") == "http://127.0.0.1:1/yahoo"
        with pytest.raises(KeysRefused):
            yahoo.credentials_of({})
        assert yahoo.parse_webhook({}, b"", secrets=()) is None
    assert [detail.name for detail in CAPABILITIES.details] == ["product_category", "path"]


def test_subcodes_are_skus_where_they_can_be_and_never_twice() -> None:
    def variant(key: str, sku: str) -> VariantRecord:
        return VariantRecord(key=key, option_values=(key,), sku=sku, price=yen(1))

    product = mug(variants=(variant("a", "SKU-1"), variant("b", "SKU-1"), variant("c", "青"), variant("d", "")))
    chosen = codes.subcodes(product)
    assert chosen == ["SKU-1", codes.derived("b"), codes.derived("c"), codes.derived("d")]
    assert all(map(codes.is_code, chosen))
    assert codes.subcodes(plain()) == []


@pytest.mark.parametrize(
    ("handle", "kept"),
    [("Mug-1", True), ("a" * 99, True), ("a" * 100, False), ("a_b", False), ("茶", False), ("", False)],
)
def test_a_handle_yahoo_takes_is_the_item_code(handle: str, kept: bool) -> None:
    product = plain(handle=handle)
    code = codes.item_code(product)
    assert code == (handle if kept else codes.derived(product.key))
    assert codes.is_mark(code, product) is not kept


# ---- publish ----


async def publish(wire: Wire, *products: ProductRecord) -> list[Outcome[Any]]:
    items = [PublishItem(product=one) for one in products]
    outcomes: list[Outcome[Any]] = await with_wire(wire, lambda yahoo, account: yahoo.publish(account, items))
    return outcomes


async def test_a_create_looks_edits_stocks_and_publishes() -> None:
    wire = Wire(GONE, OK, OK, NOTHING)
    (outcome,) = await publish(wire, mug())
    assert isinstance(outcome, Done)
    assert operations(wire) == ["getItem", "editItem", "setStock", "reservePublish"]
    assert form(wire, 1) == {
        "seller_id": "teststore",
        "item_code": "stoneware-mug",
        "path": "食器:マグ",
        "name": "マグカップ",
        "product_category": "1447",
        "price": "2600",
        "display": "1",
        "caption": "<p>手びねり。</p>",
        "meta_desc": "手びねりのマグ",
        "options": "色#青,砂",
        "subcodes": "色:青=MUG-BLU|色:砂=MUG-SND",
        "subcode_param": "MUG-BLU=price:2400|MUG-SND=price:2600",
    }
    assert form(wire, 2)["item_code"] == "stoneware-mug:MUG-BLU,stoneware-mug:MUG-SND"
    assert form(wire, 2)["quantity"] == "12,3"
    assert form(wire, 3) == {"seller_id": "teststore", "mode": "1"}


async def test_a_code_just_written_is_not_written_again_while_yahoo_does_not_show_it_yet() -> None:
    wire = Wire(GONE, OK, OK, OK)
    first, second = await publish(wire, plain(), plain("p-other"))
    assert isinstance(first, Done)
    assert isinstance(second, Failed)
    assert second.problem.code == "HANDLE_NOT_UNIQUE"
    assert operations(wire) == ["getItem", "editItem", "setStock", "reservePublish"]


async def test_two_options_of_a_variant_stand_in_one_choice() -> None:
    variant = VariantRecord(key="v", option_values=("青", "大"), sku="S", price=yen(1))
    wire = Wire(GONE, OK, NOTHING)
    await publish(wire, mug(option_names=("色", "サイズ"), variants=(variant,)))
    assert form(wire, 1)["options"] == "色#青|サイズ#大"
    assert form(wire, 1)["subcodes"] == "色:青#サイズ:大=S"


async def test_search_text_too_long_for_yahoo_is_left_out() -> None:
    wire = Wire(GONE, OK, OK, NOTHING)
    await publish(wire, plain(seo_description="あ" * 81, active=False))
    assert "meta_desc" not in form(wire, 1)
    assert form(wire, 1)["display"] == "0"


async def test_stock_that_cannot_be_set_with_a_create_does_not_fail_it() -> None:
    wire = Wire(GONE, OK, refused_xml(500, ""), OK)
    (outcome,) = await publish(wire, plain())
    assert isinstance(outcome, Done)


async def test_what_concerns_more_than_an_item_stops_the_batch_and_raises_when_it_is_first() -> None:
    forbidden = "<Error><Message>Your Request was Forbidden</Message></Error>"
    with pytest.raises(Busy):
        await publish(Wire(refused_xml(403, forbidden)), plain(), mug())
    wire = Wire(GONE, OK, refused_xml(403, forbidden), OK, OK)
    first, *rest = await publish(wire, plain(), mug(), plain("p-3", "three"))
    assert isinstance(first, Done)
    assert [one.problem.problem_class for one in rest if isinstance(one, Failed)] == [ProblemClass.BUSY] * 2
    assert operations(wire)[-2:] == ["setStock", "reservePublish"]


async def test_a_publish_yahoo_refuses_for_a_reason_we_do_not_know_fails_with_its_words() -> None:
    (outcome,) = await publish(Wire(GONE, OK, OK, refused_item(b"pm-01", b"x")), plain())
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.original) == ("pm-01", "x")


# ---- prices, end ----


async def test_prices_end_a_sale_and_each_row_is_encoded_twice() -> None:
    wire = Wire(UPDATED, OK)
    change = PriceChange(listing_channel_id="tea", prices=(("v", "tea", yen(1200), None),))
    (outcome,) = await with_wire(wire, lambda yahoo, account: yahoo.set_prices(account, [change]))
    assert outcome == Done(None)
    assert b"item1=item_code%3Dtea%26price%3D1200%26sale_price%3D" in wire.requests[0].content


async def test_a_refused_update_that_names_no_row_is_halved_until_it_does() -> None:
    refused = b"<ResultSet><Status>NG</Status><Result><Code>it-01023</Code><Message>x</Message></Result></ResultSet>"
    wire = Wire(refused, UPDATED, refused, NOTHING)
    good, bad = await with_wire(wire, lambda yahoo, account: yahoo.end(account, ["a", "b"]))
    assert good == Done(None)
    assert isinstance(bad, Failed)
    assert operations(wire) == ["updateItems", "updateItems", "updateItems", "reservePublish"]


async def test_a_lost_end_is_in_doubt() -> None:
    with pytest.raises(InDoubt):
        await with_wire(Wire(refused_xml(500, "")), lambda yahoo, account: yahoo.end(account, ["a"]))


# ---- stock ----


async def set_stock(wire: Wire, *rows: tuple[str, int]) -> list[Outcome[StockSet]]:
    changes = [StockChange(key=code, stock_id=code, quantity=quantity) for code, quantity in rows]
    outcomes: list[Outcome[StockSet]] = await with_wire(
        wire, lambda yahoo, account: yahoo.set_stock(account, changes, idempotency_key="k")
    )
    return outcomes


ROWS = (
    b'<ResultSet totalResultsAvailable="2" totalResultsReturned="2"><Result><SellerId>teststore</SellerId>'
    b"<ItemCode>a001</ItemCode><SubCode/><Status>1</Status><Quantity>10</Quantity><AllowOverdraft>0</AllowOverdraft>"
    b"<UpdateTime>x</UpdateTime></Result>\n <Result><ItemCode>a002</ItemCode><SubCode/><Status>0</Status>"
    b"<ErrorCode>st-02104</ErrorCode></Result></ResultSet>"
)


async def test_stock_is_sent_absolute_and_each_row_has_its_outcome() -> None:
    wire = Wire(ROWS)
    good, refused, unheard = await set_stock(wire, ("a001", 10), ("a002", 5), ("a003", 1))
    assert form(wire, 0) == {"seller_id": "teststore", "item_code": "a001,a002,a003", "quantity": "10,5,1"}
    assert good == Done(StockSet(quantity=10))
    assert isinstance(refused, Failed)
    assert (refused.problem.problem_class, refused.problem.code) == (ProblemClass.DATA, "st-02104")
    assert isinstance(unheard, Failed)
    assert (unheard.problem.problem_class, unheard.problem.code) == (ProblemClass.UNKNOWN, "no_result")


async def test_stock_that_was_set_but_not_read_again_is_set() -> None:
    whole = refused_xml(207, "<Error><Message>x</Message><Code>ed-10002</Code></Error>")
    assert await set_stock(Wire(whole), ("a", 3)) == [Done(StockSet(quantity=3))]
    row = ROWS.replace(b"st-02104", b"ed-10002")
    assert (await set_stock(Wire(row), ("a002", 5)))[0] == Done(StockSet(quantity=5))


async def test_one_code_twice_is_sent_once() -> None:
    wire = Wire(ROWS)
    await set_stock(wire, ("a001", 9), ("a001", 10))
    assert (form(wire, 0)["item_code"], form(wire, 0)["quantity"]) == ("a001", "10")


@pytest.mark.parametrize(
    ("code", "kind"), [("st-02102", OurFault), ("ed-00002", Busy), ("ed-10001", InDoubt), ("st-02999", InDoubt)]
)
async def test_an_error_of_the_whole_stock_call_is_raised(code: str, kind: type[ChannelError]) -> None:
    with pytest.raises(kind):
        await set_stock(Wire(refused_xml(400, f"<Error><Message/><Code>{code}</Code></Error>")), ("a", 1))


async def test_a_code_that_would_break_the_row_is_never_sent() -> None:
    wire = Wire()
    (outcome,) = await set_stock(wire, ("a,b", 1))
    assert isinstance(outcome, Failed)
    assert wire.requests == []


# ---- reading ----


@pytest.mark.parametrize(
    "body",
    [
        b"<ResultSet><Result><Name>x</Name><Price>980</Price><Display>1</Display></Result></ResultSet>",
        b"<ResultSet><Name>x</Name><Price>980</Price></ResultSet>",
    ],
)
async def test_an_items_fields_are_read_from_the_root_or_from_a_result(body: bytes) -> None:
    stock = b"<Result><ItemCode>a</ItemCode><SubCode/><Status>1</Status><Quantity>4</Quantity></Result>"
    wire = Wire(body, b"<ResultSet>" + stock + b"</ResultSet>", b"<ResultSet/>")
    (outcome,) = await with_wire(wire, lambda yahoo, account: yahoo.read_states(account, ["a"]))
    assert isinstance(outcome, Done)
    assert outcome.value.observed is Observed.LIVE
    assert [(item.quantity, item.price) for item in outcome.value.items] == [(4, yen(980))]
    assert outcome.value.url == "https://store.shopping.yahoo.co.jp/teststore/a.html"


async def test_without_the_list_of_what_waits_an_item_is_taken_for_published() -> None:
    item = b"<ResultSet><Result><Name>x</Name></Result></ResultSet>"
    wire = Wire(item, b"<ResultSet/>", refused_xml(404, ""))
    (outcome,) = await with_wire(wire, lambda yahoo, account: yahoo.read_states(account, ["a"]))
    assert isinstance(outcome, Done)
    assert outcome.value.observed is Observed.LIVE


async def test_a_list_refused_for_what_was_asked_proves_access_all_the_same() -> None:
    wire = Wire(refused_xml(400, "<Error><Message>検索条件</Message><Code>it-00001</Code></Error>"))
    identity = await with_wire(wire, lambda yahoo, account: yahoo.identify(account))
    assert identity.external_id == "teststore"
    query = parse_qs(wire.requests[0].url.query.decode())
    assert (query["results"], query["type"]) == (["1"], ["item_code"])
