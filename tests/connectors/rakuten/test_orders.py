"""Orders on the wire: the requests as Rakuten's pages have them, and answers the practice store does not give."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import carriers
from connectors.errors import ChannelError, OurFault, ProblemClass
from connectors.orders import CancelReason, OrderState, OrderToCancel, ParcelToTell
from connectors.rakuten import order_feed, order_mapping
from connectors.rakuten.orders import RakutenOrders
from connectors.records import Done, Failed
from tests.connectors.rakuten.products import yen
from tests.connectors.rakuten.test_client import an_account
from tests.connectors.wire import FakeAccount, Wire, refused

NOW = datetime(2026, 11, 18, 3, tzinfo=UTC)
NUMBER, OTHER = "123456-20180101-00001801", "123456-20180101-00001901"

MODEL: dict[str, Any] = {
    "orderNumber": NUMBER,
    "orderProgress": 300,
    "orderDatetime": "2018-01-01T09:30:00+0900",
    "goodsPrice": 2000,
    "postagePrice": 500,
    "deliveryPrice": 330,
    "paymentCharge": 250,
    "totalPrice": 2700,
    "couponAllTotalPrice": 100,
    "additionalFeeOccurAmountToUser": 20,
    "WrappingModel1": {"name": "赤いリボン", "price": 200, "includeTaxFlag": 0, "taxPrice": 20},
    "WrappingModel2": None,
    "TaxSummaryModelList": [{"reqPriceTax": 100}, {"reqPriceTax": 8}],
    "CouponModelList": None,
    "ChangeReasonModelList": None,
    "OrdererModel": {"familyName": "見本", "firstName": None, "phoneNumber1": "03", "phoneNumber2": "0000"},
    "PackageModelList": [
        {
            "basketId": 10746402,
            "SenderModel": {"familyName": "見本", "zipCode1": "100", "zipCode2": "0000"},
            "ItemModelList": [
                {
                    "itemDetailId": 77,
                    "itemName": "マグカップ",
                    "itemNumber": "OLD-1",
                    "manageNumber": "mug",
                    "units": 2,
                    "priceTaxIncl": 1000,
                    "taxRate": 0.08,
                    "SkuModelList": [{"variantId": "", "merchantDefinedSkuId": None}],
                }
            ],
            "ShippingModelList": None,
        }
    ],
}


def answer(**body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def told(kind: str, code: str, words: str = "…", **more: Any) -> dict[str, Any]:
    return {"messageType": kind, "messageCode": f"ORDER_EXT_API_{code}", "message": words, **more}


def read_answer(*models: dict[str, Any], **messages: Any) -> bytes:
    return answer(MessageModelList=[told("INFO", "GET_ORDER_INFO_101")], OrderModelList=list(models), version=10)


def orders_of(client: Any) -> RakutenOrders:
    return RakutenOrders(client, NOW.timestamp)


def a_parcel(**changes: Any) -> ParcelToTell:
    usual = ParcelToTell(
        key="k",
        order_id=NUMBER,
        ordinal=1,
        carrier="sagawa",
        carrier_name="佐川",
        number="SN111111",
        shipped_at=datetime(2018, 1, 24, 15, tzinfo=UTC),
        lines=(),
        last=True,
    )
    return replace(usual, **changes)


async def test_a_search_is_asked_as_the_page_has_it() -> None:
    nothing = answer(orderNumberList=[], MessageModelList=[told("INFO", "SEARCH_ORDER_INFO_102")])
    wire, account = Wire(*[nothing] * 4), an_account()
    async with wire.client() as client:
        page = await orders_of(client).changed(account, NOW - timedelta(minutes=10))
    assert (page.orders, page.next_page) == ([], "")
    assert str(wire.requests[0].url) == "https://api.rms.rakuten.co.jp/es/2.0/order/searchOrder/"
    assert wire.requests[0].headers["Content-Type"] == "application/json; charset=utf-8"
    assert wire.sent(0) == {
        "orderProgressList": [100, 200, 300, 400, 800, 900],
        "dateType": 1,
        "startDatetime": "2026-07-21T12:00:00+0900",
        "endDatetime": "2026-09-21T12:00:00+0900",
        "PaginationRequestModel": {
            "requestRecordsAmount": 300,
            "requestPage": 1,
            "SortModelList": [{"sortColumn": 1, "sortDirection": 1}],
        },
    }
    assert [
        (wire.sent(n)["dateType"], wire.sent(n)["startDatetime"], wire.sent(n)["endDatetime"]) for n in (1, 2, 3)
    ] == [
        (1, "2026-09-21T12:00:01+0900", "2026-11-18T23:59:59+0900"),
        (3, "2026-11-18T11:50:00+0900", "2026-11-18T23:59:59+0900"),
        (5, "2026-11-18T11:50:00+0900", "2026-11-18T23:59:59+0900"),
    ]
    assert account.paid == [("order", 1)] * 4


def test_no_search_is_longer_or_older_than_rakuten_takes() -> None:
    for days in (0, 1, 62, 63, 120, 200, 729, 5_000):
        for search in order_feed.searches(NOW - timedelta(days=days), NOW):
            assert search.start <= search.end <= search.start + timedelta(days=63)
            assert search.start >= NOW - timedelta(days=730)


def test_no_second_is_left_out_between_the_searches_of_one_kind() -> None:
    since = NOW - timedelta(days=300)
    for kind in (1, 3, 5):
        found = [one for one in order_feed.searches(since, NOW) if one.date_type == kind]
        assert len(found) > 1
        assert found[0].start <= since
        assert found[-1].end > NOW
        for before, after in itertools.pairwise(found):
            assert after.start - before.end == timedelta(seconds=1)


async def test_a_read_asks_for_the_newest_version_and_says_what_was_answered() -> None:
    wire = Wire(read_answer(MODEL))
    async with wire.client() as client:
        [outcome] = await orders_of(client).read(an_account(), [NUMBER])
    assert wire.sent() == {"orderNumberList": [NUMBER], "version": 10}
    assert isinstance(outcome, Done)
    order = outcome.value
    assert order is not None
    assert (order.changed_at, order.placed_at) == (NOW, datetime(2018, 1, 1, 0, 30, tzinfo=UTC))
    # 総合計（税込）: 2,700 - 100 + 330 + 250 + 20, and the goods with their ribbon: 2 × 1,000 + 220.
    assert (order.total, order.subtotal, order.tax) == (yen(3200), yen(2220), yen(108))
    [line] = order.lines
    assert (line.channel_id, line.sku, line.item_id, line.tax_rate) == ("77", "OLD-1", "", "0.08")
    assert order.buyer is not None
    assert (order.buyer.name, order.buyer.phone) == ("見本", "03-0000")


async def test_an_order_left_out_is_unknown_and_one_with_a_message_is_not() -> None:
    late = told("ERROR", "GET_ORDER_ERROR_101", "注文情報の取得に失敗しました。", orderNumber=OTHER)
    flaw = told("WARNING", "GET_ORDER_WARNING_101", "メールアドレスのマスキングに失敗しました。", orderNumber=NUMBER)
    wire = Wire(answer(MessageModelList=[late, flaw], OrderModelList=[MODEL]))
    async with wire.client() as client:
        outcomes = await orders_of(client).read(an_account(), [OTHER, NUMBER, "123456-20180101-1"])
    assert isinstance(outcomes[0], Failed)
    assert (outcomes[0].problem.problem_class, outcomes[0].problem.original) == (
        ProblemClass.BUSY,
        "注文情報の取得に失敗しました。",
    )
    assert isinstance(outcomes[1], Done)
    assert outcomes[2] == Done(None)


async def test_another_shops_number_is_found_nowhere_and_what_we_wrote_wrong_is_our_fault() -> None:
    strange = answer(MessageModelList=[told("ERROR", "GET_ORDER_ERROR_016")])
    wrong = answer(MessageModelList=[told("ERROR", "GET_ORDER_ERROR_014")])
    async with Wire(refused(400, strange), refused(400, wrong)).client() as client:
        orders = orders_of(client)
        assert await orders.find(an_account(), NUMBER) is None
        with pytest.raises(OurFault):
            await orders.find(an_account(), NUMBER)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, told("ERROR", "SEARCH_ORDER_ERROR_009", "dateTypeの項目を指定して下さい。"), ProblemClass.OURS),
        (500, told("ERROR", "SEARCH_ORDER_ERROR_000"), ProblemClass.BUSY),
        (200, told("ERROR", "SEARCH_ORDER_ERROR_000"), ProblemClass.BUSY),
        (200, told("WARNING", "SEARCH_ORDER_WARNING_001", "ただいま楽天処理中です。"), ProblemClass.BUSY),
        (503, told("WARNING", "SEARCH_ORDER_WARNING_001", "ただいま楽天処理中です。"), ProblemClass.BUSY),
    ],
)
async def test_a_search_that_fails_is_never_an_empty_page(
    status: int, message: dict[str, Any], kind: ProblemClass
) -> None:
    body = answer(orderNumberList=None, MessageModelList=[message], PaginationResponseModel=None)
    async with Wire(refused(status, body)).client() as client:
        with pytest.raises(ChannelError) as caught:
            await orders_of(client).changed(an_account(), NOW)
    assert (caught.value.problem_class, caught.value.problem.original) == (kind, message["message"])


@pytest.mark.parametrize("body", [b"{}", b'{"MessageModelList":[],"OrderModelList":null}'])
async def test_an_answer_that_says_nothing_is_not_taken_for_no_orders(body: bytes) -> None:
    async with Wire(body, body).client() as client:
        orders = orders_of(client)
        with pytest.raises(OurFault):
            await orders.changed(an_account(), NOW)
        with pytest.raises(OurFault):
            await orders.read(an_account(), [NUMBER])


async def test_a_parcel_is_told_as_the_page_has_it() -> None:
    added = told("INFO", "UPDATE_ORDERSHIPPING_INFO_101", dataNumber=1, shippingDetailId=15420)
    wire = Wire(read_answer(MODEL), answer(MessageModelList=[added]))
    async with wire.client() as client:
        assert await orders_of(client).tell_shipped(an_account(), [a_parcel()]) == [Done("15420")]
    assert str(wire.requests[1].url).endswith("/es/2.0/order/updateOrderShipping/")
    row = {"deliveryCompany": "1002", "shippingNumber": "SN111111", "shippingDate": "2018-01-25"}
    assert wire.sent() == {
        "orderNumber": NUMBER,
        "BasketidModelList": [{"basketId": 10746402, "ShippingModelList": [row]}],
    }


async def test_a_parcel_that_was_added_without_an_id_is_looked_up_next_time() -> None:
    warned = told("WARNING", "UPDATE_ORDERSHIPPING_WARNING_101", dataNumber=1, shippingDetailId=None)
    row = {"shippingDetailId": 9, "shippingNumber": "SN111111", "deliveryCompany": "1002", "shippingDate": None}
    package = MODEL["PackageModelList"][0] | {"ShippingModelList": [row]}
    wire = Wire(
        read_answer(MODEL), answer(MessageModelList=[warned]), read_answer(MODEL | {"PackageModelList": [package]})
    )
    async with wire.client() as client:
        orders = orders_of(client)
        [late] = await orders.tell_shipped(an_account(), [a_parcel()])
        assert isinstance(late, Failed)
        assert late.problem.problem_class is ProblemClass.BUSY
        assert await orders.tell_shipped(an_account(), [a_parcel()]) == [Done("9")]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (CancelReason.OUT_OF_STOCK, 8),
        (CancelReason.CUSTOMER, 1),
        (CancelReason.ADDRESS, 6),
        (CancelReason.UNPAID, 4),
        (CancelReason.OTHER, 10),
    ],
)
async def test_a_cancellation_says_why_and_what_becomes_of_the_stock(reason: CancelReason, code: int) -> None:
    flawed = told("WARNING", "CANCEL_ORDER_WARNING_101", "在庫の更新に失敗しました。", orderNumber=NUMBER)
    wire = Wire(read_answer(MODEL), answer(MessageModelList=[flawed]))
    async with wire.client() as client:
        order = OrderToCancel(order_id=NUMBER, reason=reason, lines=(), restock=True)
        assert await orders_of(client).cancel(an_account(), [order]) == [Done(None)]
    assert wire.sent() == {"orderNumber": NUMBER, "inventoryRestoreType": 1, "changeReasonDetailApply": code}


async def test_cancelled_in_between_counts_as_done() -> None:
    already = answer(MessageModelList=[told("ERROR", "CANCEL_ORDER_ERROR_103", orderNumber=NUMBER)])
    async with Wire(read_answer(MODEL), refused(400, already)).client() as client:
        order = OrderToCancel(order_id=NUMBER, reason=CancelReason.OTHER, lines=())
        assert await orders_of(client).cancel(an_account(), [order]) == [Done(None)]


@pytest.mark.parametrize(
    ("changes", "state", "asked"),
    [
        ({"orderProgress": 800, "shippingCmplRptDatetime": "2018-01-02T00:00:00+0900"}, OrderState.SHIPPED, True),
        ({"orderProgress": 400, "shippingCmplRptDatetime": "2018-01-02T00:00:00+0900"}, OrderState.SHIPPED, False),
        ({"rakutenConfirmFlag": 1}, OrderState.PENDING, False),
        ({"cautionDisplayType": 1}, OrderState.OPEN, False),
        ({"orderProgress": 900, "cautionDisplayType": 2}, OrderState.CANCELLED, False),
    ],
)
def test_what_else_stands_in_an_order_decides_with_its_state(
    changes: dict[str, Any], state: OrderState, asked: bool
) -> None:
    order = order_mapping.order(MODEL | changes, read_at=NOW)
    assert (order.state, order.cancel_requested) == (state, asked)


def test_every_carrier_named_is_one_we_know() -> None:
    assert set(RakutenOrders.carriers) <= {*carriers.NAMES, carriers.OTHER}
    assert RakutenOrders.carriers[carriers.OTHER] == "1000"


def test_a_webhook_tells_nothing() -> None:
    assert RakutenOrders(None, NOW.timestamp).heard(FakeAccount(), "order", {}) is None  # type: ignore[arg-type]
