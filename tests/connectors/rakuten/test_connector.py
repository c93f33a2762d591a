"""Each operation on literal bytes: the request it makes, and what it makes of the answer."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors.errors import Busy, DataRefused, InDoubt, OurFault, ProblemClass
from connectors.rakuten.connector import CAPABILITIES, Rakuten
from connectors.records import (
    Aspect,
    Done,
    Failed,
    Money,
    Outcome,
    PriceChange,
    ProductRecord,
    PublishItem,
    SentItem,
    StockChange,
    StockSet,
)
from tests.connectors.rakuten.products import LINKS, MUG_MARK, mug, plain, yen
from tests.connectors.rakuten.test_client import NOT_FOUND, TITLE, TOO_FAST, an_account
from tests.connectors.wire import Wire, refused

OK = httpx.Response(204)
CREATED = httpx.Response(201, content=b'{"manageNumber":"stoneware-mug"}')
ABSENT = refused(404, NOT_FOUND)
NO_ROWS = b'{"inventories":[]}'


def paths(wire: Wire) -> list[str]:
    return [f"{request.method} {request.url.path.removeprefix('/es/')}" for request in wire.requests]


def problem_of(outcome: Outcome[Any]) -> tuple[ProblemClass, str, str]:
    assert isinstance(outcome, Failed), outcome
    return outcome.problem.problem_class, outcome.problem.code, outcome.problem.field


def test_one_address_serves_all_stores_and_practice_has_its_own() -> None:
    rakuten = Rakuten(httpx.AsyncClient())
    assert rakuten.base_url("demo-shop") == "https://api.rms.rakuten.co.jp"
    assert rakuten.base_url("demo-shop", practice_root="http://127.0.0.1:1") == "http://127.0.0.1:1"


def test_a_batch_fits_a_call_or_the_time_it_may_take() -> None:
    assert CAPABILITIES.stock_batch == 400
    assert CAPABILITIES.read_batch == 50
    assert CAPABILITIES.publish_batch * 3 < 60


# ---- identify ----


async def identify(wire: Wire) -> Any:
    async with wire.client() as client:
        return await Rakuten(client).identify(an_account())


async def test_identifying_asks_for_one_item_and_for_the_end_of_the_key() -> None:
    wire = Wire(b'{"numFound":0,"offset":0,"results":[]}', b'{"expiryDate":"2016-01-01T23:59:59"}')
    identity = await identify(wire)
    assert [str(request.url) for request in wire.requests] == [
        "https://api.rms.rakuten.co.jp/es/2.0/items/search?hits=1",
        "https://api.rms.rakuten.co.jp/es/1.0/license-management/license-key/expiry-date?licenseKey=SL000000_xyz",
    ]
    assert identity.access_ends_at.isoformat() == "2016-01-01T23:59:59+09:00"


@pytest.mark.parametrize(
    "reply",
    [
        refused(401, b'{"Results":{"errorCode":"ES01-01","message":"Un-Authorised"}}'),
        refused(400, b'{"errors":[{"code":"DR0006","message":"Bad Request"}]}'),
        b'{"expiryDate":null}',
    ],
)
async def test_a_key_whose_end_cannot_be_read_opens_the_store_all_the_same(reply: bytes | httpx.Response) -> None:
    assert (await identify(Wire(b'{"results":[]}', reply))).access_ends_at is None


async def test_a_wrong_question_about_the_key_is_our_fault() -> None:
    with pytest.raises(OurFault):
        await identify(Wire(b'{"results":[]}', refused(400, b'{"errors":[{"code":"DR0005","message":"Bad Request"}]}')))


# ---- find ----


async def find(wire: Wire, *products: ProductRecord) -> list[Outcome[Any]]:
    async with wire.client() as client:
        return await Rakuten(client).find(an_account(), products)


NO_ITEMS, NO_HITS = b'{"results":[]}', b'{"numFound":0,"offset":0,"results":[]}'


async def test_all_codes_are_read_in_one_call_and_skus_only_of_what_has_no_page() -> None:
    there = b'{"results":[{"manageNumber":"stoneware-mug","title":"Mug","variants":{"A":{"standardPrice":"1"}}}]}'
    wire = Wire(there)
    first, second = await find(wire, mug(), plain())
    assert isinstance(first, Done)
    assert first.value.matched_by == "handle"
    assert second == Done(None)
    assert wire.sent() == {"manageNumbers": ["stoneware-mug", "plain"]}


async def test_the_first_sku_is_searched_for_as_a_number_and_as_a_code_where_it_can_be_one() -> None:
    blue, sand = mug().variants
    wire = Wire(NO_ITEMS, NO_HITS, NO_HITS, NO_HITS)
    products = [mug(), mug(handle="pot", variants=(replace(sand, sku=""), replace(blue, sku="急須 1")))]
    assert await find(wire, *products) == [Done(None), Done(None)]
    assert [dict(request.url.params) for request in wire.requests[1:]] == [
        {"merchantDefinedSkuId": "MUG-BLU", "hits": "100"},
        {"variantId": "MUG-BLU", "hits": "100"},
        {"merchantDefinedSkuId": "急須 1", "hits": "100"},
    ]


async def test_an_item_deleted_lately_is_no_find() -> None:
    deleted = b'{"numFound":1,"offset":0,"results":[{"item":{"manageNumber":"gone"}},{"item":null}]}'
    wire = Wire(NO_ITEMS, deleted, deleted)
    assert await find(wire, mug(variants=mug().variants[:1])) == [Done(None)]


@pytest.mark.parametrize("reply", [refused(404, NOT_FOUND), b'{"results":[null,{"manageNumber":"stoneware-mug"}]}'])
async def test_absent_items_are_absent_however_rakuten_says_so(reply: bytes | httpx.Response) -> None:
    assert await find(Wire(reply), mug(variants=(replace(mug().variants[0], sku=""),))) == [Done(None)]


async def test_one_absent_item_does_not_make_the_others_absent() -> None:
    there = b'{"manageNumber":"plain","title":"Plain","variants":{"A":{"standardPrice":"1"}}}'
    wire = Wire(refused(404, NOT_FOUND), ABSENT, there, NO_HITS, NO_HITS)
    first, second = await find(wire, mug(), plain())
    assert first == Done(None)
    assert isinstance(second, Done)
    assert second.value.channel_id == "plain"
    assert wire.unused == 0


async def test_stock_is_not_written_where_lead_times_could_not_be_read() -> None:
    with pytest.raises(DataRefused):
        await set_stock(Wire(refused(404, NOT_FOUND)), change("m/A", 1), change("m/B", 2))


async def test_a_refused_search_is_the_outcome_of_its_product_alone() -> None:
    no = refused(400, b'{"errors":[{"code":"IE0004","message":"Max length of merchantDefinedSkuId"}]}')
    first, second = await find(Wire(NO_ITEMS, no), mug(), plain())
    assert problem_of(first)[:2] == (ProblemClass.DATA, "IE0004")
    assert second == Done(None)


# ---- publish ----


async def publish(wire: Wire, *items: PublishItem) -> list[Outcome[Any]]:
    async with wire.client() as client:
        return await Rakuten(client).publish(an_account(), items)


async def test_a_create_looks_first_then_writes_the_item_then_its_stock() -> None:
    wire = Wire(ABSENT, CREATED, OK)
    (outcome,) = await publish(wire, PublishItem(product=mug()))
    assert isinstance(outcome, Done)
    assert outcome.value.links == LINKS
    assert paths(wire) == [
        "GET 2.0/items/manage-numbers/stoneware-mug",
        "PUT 2.0/items/manage-numbers/stoneware-mug",
        "POST 2.1/inventories/bulk-upsert",
    ]
    assert wire.sent(1)["itemNumber"] == MUG_MARK
    assert wire.sent(2) == {
        "inventories": [
            {"manageNumber": "stoneware-mug", "variantId": "MUG-BLU", "mode": "ABSOLUTE", "quantity": 12},
            {"manageNumber": "stoneware-mug", "variantId": "MUG-SND", "mode": "ABSOLUTE", "quantity": 3},
        ]
    }


async def test_a_page_that_is_not_ours_is_never_written() -> None:
    wire = Wire(b'{"manageNumber":"stoneware-mug","itemNumber":"A-1","variants":{}}')
    (outcome,) = await publish(wire, PublishItem(product=mug()))
    assert problem_of(outcome) == (ProblemClass.DATA, "HANDLE_NOT_UNIQUE", "/handle")
    assert wire.unused == 0
    assert len(wire.requests) == 1


async def test_a_product_without_a_genre_is_refused_before_any_call() -> None:
    wire = Wire()
    (outcome,) = await publish(wire, PublishItem(product=mug(details={})))
    assert problem_of(outcome) == (ProblemClass.DATA, "genre_missing", "/details/genre_id")
    assert wire.requests == []


async def test_a_refused_product_does_not_hold_back_the_next() -> None:
    wire = Wire(ABSENT, refused(400, TITLE), ABSENT, CREATED, OK)
    first, second = await publish(wire, PublishItem(product=mug()), PublishItem(product=plain()))
    assert problem_of(first) == (ProblemClass.DATA, "IE0004", "/title")
    assert isinstance(first, Failed)
    assert first.problem.original == "Max length of title must be within 255 bytes."
    assert isinstance(second, Done)


async def test_a_refused_quantity_names_the_variant_and_the_item_stays() -> None:
    body = (
        b'{"errors":[{"code":"IE0003","message":"quantity must be between 0 and 99999.",'
        b'"metadata":{"propertyPath":"inventories[1].quantity"}}]}'
    )
    (outcome,) = await publish(Wire(ABSENT, CREATED, refused(400, body)), PublishItem(product=mug()))
    assert problem_of(outcome) == (ProblemClass.DATA, "IE0003", "/variants/1/quantity")


async def test_a_store_that_is_busy_at_once_is_raised_and_later_is_the_outcome_of_the_rest() -> None:
    with pytest.raises(Busy):
        await publish(Wire(refused(429, TOO_FAST)), PublishItem(product=mug()), PublishItem(product=plain()))
    items = [PublishItem(product=mug()), PublishItem(product=plain()), PublishItem(product=plain())]
    done, *rest = await publish(Wire(ABSENT, CREATED, OK, refused(429, TOO_FAST)), *items)
    assert isinstance(done, Done)
    assert [problem_of(one)[:2] for one in rest] == [(ProblemClass.BUSY, "GA0003")] * 2


async def test_a_lost_answer_is_in_doubt_for_its_item_alone_and_the_rest_waits() -> None:
    wire = Wire(ABSENT, httpx.ReadTimeout("x"))
    first, second = await publish(wire, PublishItem(product=mug()), PublishItem(product=plain()))
    assert problem_of(first)[:2] == (ProblemClass.UNKNOWN, "no_answer")
    assert problem_of(second)[:2] == (ProblemClass.BUSY, "not_tried")


async def test_a_conflict_is_about_its_own_item() -> None:
    body = b'{"errors":[{"code":"CE0001","message":"Your request could not be processed"}]}'
    wire = Wire(ABSENT, refused(409, body), ABSENT, CREATED, OK)
    first, second = await publish(wire, PublishItem(product=mug()), PublishItem(product=plain()))
    assert problem_of(first)[:2] == (ProblemClass.BUSY, "CE0001")
    assert isinstance(second, Done)


async def test_stock_that_could_not_be_told_of_a_new_item_is_not_raised() -> None:
    (outcome,) = await publish(Wire(ABSENT, CREATED, refused(429, TOO_FAST)), PublishItem(product=mug()))
    assert problem_of(outcome)[:2] == (ProblemClass.BUSY, "GA0003")


# ---- update ----


async def update(wire: Wire, item: PublishItem) -> Outcome[Any]:
    async with wire.client() as client:
        (outcome,) = await Rakuten(client).update(an_account(), [item])
        return outcome


OURS = PublishItem(product=mug(), channel_id="stoneware-mug", links=LINKS, changed=frozenset({Aspect.FIELDS}))


async def test_words_alone_are_a_patch() -> None:
    wire = Wire(OK)
    outcome = await update(wire, OURS)
    assert isinstance(outcome, Done)
    assert outcome.value.links == LINKS
    assert paths(wire) == ["PATCH 2.0/items/manage-numbers/stoneware-mug"]
    assert "variants" not in wire.sent()


async def test_what_has_not_changed_is_not_sent() -> None:
    wire = Wire()
    for ours in (True, False):
        item = PublishItem(product=mug(), channel_id="stoneware-mug", ours=ours, links=LINKS, changed=frozenset())
        outcome = await update(wire, item)
        assert isinstance(outcome, Done)
        assert outcome.value.links == LINKS
    assert wire.requests == []


async def test_a_variant_that_is_not_there_yet_asks_for_a_full_write() -> None:
    there = b'{"manageNumber":"stoneware-mug","itemNumber":"x","variants":{}}'
    wire = Wire(there, OK)
    item = PublishItem(product=mug(), channel_id="stoneware-mug", links=LINKS[:1], changed=frozenset({Aspect.FIELDS}))
    assert isinstance(await update(wire, item), Done)
    assert [request.method for request in wire.requests] == ["GET", "PUT"]


async def test_an_update_of_what_is_gone_says_so() -> None:
    outcome = await update(Wire(refused(404, NOT_FOUND)), OURS)
    assert problem_of(outcome) == (ProblemClass.DATA, "PRODUCT_DOES_NOT_EXIST", "")
    assert isinstance(outcome, Failed)
    assert outcome.problem.original == "Not found for inputs; manageNumber=mug"
    whole = PublishItem(product=mug(), channel_id="stoneware-mug", links=LINKS)
    wire = Wire(refused(404, NOT_FOUND))
    assert problem_of(await update(wire, whole))[1] == "PRODUCT_DOES_NOT_EXIST"
    assert paths(wire) == ["GET 2.0/items/manage-numbers/stoneware-mug"]


# ---- end ----


async def test_ending_hides_and_what_is_gone_is_ended() -> None:
    wire = Wire(OK, refused(404, NOT_FOUND))
    async with wire.client() as client:
        assert await Rakuten(client).end(an_account(), ["mug", "gone", "no such/name"]) == [Done(None)] * 3
    assert paths(wire) == ["PATCH 2.0/items/manage-numbers/mug", "PATCH 2.0/items/manage-numbers/gone"]
    assert wire.sent() == {"hideItem": True}


# ---- prices ----


async def test_prices_are_one_patch_a_listing_and_a_foreign_currency_is_never_sent() -> None:
    wire = Wire(OK)
    changes = [
        PriceChange(listing_channel_id="mug", prices=(("v", "mug/A", yen(810), None), ("w", "mug/B", yen(1), None))),
        PriceChange(listing_channel_id="pot", prices=(("v", "pot/A", Money(100, "EUR"), None),)),
    ]
    async with wire.client() as client:
        first, second = await Rakuten(client).set_prices(an_account(), changes)
    assert first == Done(None)
    assert problem_of(second)[:2] == (ProblemClass.DATA, "currency_mismatch")
    assert paths(wire) == ["PATCH 2.0/items/manage-numbers/mug"]
    assert wire.sent() == {"variants": {"A": {"standardPrice": "810"}, "B": {"standardPrice": "1"}}}


async def test_a_refused_price_keeps_the_words_of_the_reference() -> None:
    body = (
        b'{"errors":[{"code":"IE0003","message":"variants.433913.standardPrice must be between 0 to 999999999.",'
        b'"metadata":{"propertyPath":"variants.433913.standardPrice"}}]}'
    )
    change = PriceChange(listing_channel_id="mug", prices=(("v", "mug/433913", yen(-100), None),))
    async with Wire(refused(400, body)).client() as client:
        (outcome,) = await Rakuten(client).set_prices(an_account(), [change])
    assert isinstance(outcome, Failed)
    assert outcome.problem.original == "variants.433913.standardPrice must be between 0 to 999999999."
    assert (outcome.problem.code, outcome.problem.field) == ("IE0003", "/variants")


# ---- stock ----


def change(stock_id: str, quantity: int) -> StockChange:
    return StockChange(key=stock_id, stock_id=stock_id, quantity=quantity, expected=7)


async def set_stock(wire: Wire, *changes: StockChange) -> list[Outcome[StockSet]]:
    async with wire.client() as client:
        return await Rakuten(client).set_stock(an_account(), changes, idempotency_key="k")


async def test_a_stock_row_keeps_the_lead_times_that_leaving_them_out_would_clear() -> None:
    held = (
        b'{"inventories":[{"manageNumber":"mug","variantId":"A","quantity":1,'
        b'"operationLeadTime":{"normalDeliveryTimeId":4},"shipFromIds":[3],"created":"x","updated":"y"}]}'
    )
    wire = Wire(held, OK)
    assert await set_stock(wire, change("mug/A", 5), change("mug/B", 6)) == [
        Done(StockSet(quantity=5)),
        Done(StockSet(quantity=6)),
    ]
    assert paths(wire) == ["POST 2.1/inventories/bulk-get", "POST 2.1/inventories/bulk-upsert"]
    first, second = wire.sent()["inventories"]
    assert first == {
        "manageNumber": "mug",
        "variantId": "A",
        "mode": "ABSOLUTE",
        "quantity": 5,
        "operationLeadTime": {"normalDeliveryTimeId": 4},
        "shipFromIds": [3],
    }
    assert second == {"manageNumber": "mug", "variantId": "B", "mode": "ABSOLUTE", "quantity": 6}


BAD_ROW = (
    b'{"errors":[{"code":"IE0003","message":"quantity must be between 0 and 99999.",'
    b'"metadata":{"propertyPath":"inventories[1].quantity"}}]}'
)


async def test_a_named_row_fails_alone_and_the_others_go_again() -> None:
    wire = Wire(NO_ROWS, refused(400, BAD_ROW), OK)
    one, bad, three = await set_stock(wire, change("m/A", 1), change("m/B", 100_000), change("m/C", 3))
    assert (one, three) == (Done(StockSet(quantity=1)), Done(StockSet(quantity=3)))
    assert problem_of(bad)[:2] == (ProblemClass.DATA, "IE0003")
    assert [row["variantId"] for row in wire.sent()["inventories"]] == ["A", "C"]


async def test_a_refusal_that_names_no_row_is_narrowed_down() -> None:
    nameless = b'{"errors":[{"code":"IE0121","message":"Inventory cannot be added"}]}'
    wire = Wire(NO_ROWS, refused(400, nameless), OK, refused(400, nameless))
    first, second = await set_stock(wire, change("m/A", 1), change("m/B", 2))
    assert first == Done(StockSet(quantity=1))
    assert problem_of(second)[:2] == (ProblemClass.DATA, "IE0121")


async def test_a_pair_named_twice_is_sent_once_with_its_last_number() -> None:
    wire = Wire(NO_ROWS, OK)
    assert await set_stock(wire, change("m/A", 1), change("m/A", 2)) == [Done(StockSet(quantity=2))] * 2
    assert len(wire.sent()["inventories"]) == 1


async def test_what_is_no_stock_id_is_never_sent() -> None:
    (outcome,) = await set_stock(Wire(), change("nonsense", 1))
    assert problem_of(outcome)[:2] == (ProblemClass.OURS, "not_a_stock_id")


async def test_a_lost_stock_call_is_raised_in_doubt() -> None:
    with pytest.raises(InDoubt):
        await set_stock(Wire(NO_ROWS, httpx.ReadTimeout("x")), change("m/A", 1))


async def test_what_stops_the_second_try_is_the_outcome_of_its_rows_alone() -> None:
    wire = Wire(NO_ROWS, refused(400, BAD_ROW), refused(429, TOO_FAST))
    one, bad = await set_stock(wire, change("m/A", 1), change("m/B", 100_000))
    assert problem_of(one)[:2] == (ProblemClass.BUSY, "GA0003")
    assert problem_of(bad)[:2] == (ProblemClass.DATA, "IE0003")


# ---- what Rakuten has not ----


async def test_nothing_is_ever_on_its_way_and_no_webhook_is_heard() -> None:
    async with Wire().client() as client:
        rakuten = Rakuten(client)
        (outcome,) = await rakuten.look(an_account(), [SentItem(item=PublishItem(product=mug()), reference="r")])
        assert problem_of(outcome)[0] is ProblemClass.OURS
        assert rakuten.parse_webhook({}, b"", secrets=[]) is None
        await rakuten.subscribe(an_account(), "https://hub.example/")
        await rakuten.revoke(an_account())
