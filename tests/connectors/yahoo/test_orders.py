"""Orders on literal wire bytes: what is asked, what is read of the answers, how refusals are sorted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from connectors.errors import AccountBlocked, Busy, DataRefused, InDoubt, PermissionLost, ProblemClass
from connectors.orders import (
    NOT_UNDERSTOOD,
    Address,
    Buyer,
    CancelReason,
    OrderLine,
    OrderRecord,
    OrderState,
    OrderToCancel,
    Parcel,
    ParcelToTell,
)
from connectors.protocol import Orders
from connectors.records import Done, Failed, Money
from connectors.yahoo.connector import YahooShopping
from tests.connectors.wire import FakeAccount, Wire
from tests.connectors.yahoo.order_answers import DONE, MUG, ORDER_ID, TEA, listed, order
from tests.connectors.yahoo.store_account import an_account, refused_xml

READ_AT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
PARCEL = ParcelToTell(
    key="p-1",
    order_id=ORDER_ID,
    ordinal=1,
    carrier="yamato",
    carrier_name="ヤマト運輸",
    number="1234-5678-9012",
    shipped_at=datetime(2026, 11, 3, 20, 0, tzinfo=UTC),
    lines=(),
    last=True,
)
TO_CANCEL = OrderToCancel(order_id=ORDER_ID, reason=CancelReason.OUT_OF_STOCK, lines=())
UNKNOWN_ORDER = refused_xml(404, "<Error><Message>no such order</Message><Code>od91801</Code></Error>")


@asynccontextmanager
async def orders_over(wire: Wire) -> AsyncIterator[Orders]:
    async with wire.client() as client:
        found = YahooShopping(client, clock=READ_AT.timestamp).orders
        assert found is not None
        yield found


async def read(answer: bytes | httpx.Response | Exception, account: FakeAccount | None = None) -> OrderRecord | None:
    async with orders_over(Wire(answer)) as orders:
        (outcome,) = await orders.read(account or an_account(), [ORDER_ID])
    assert isinstance(outcome, Done), outcome
    return outcome.value


async def read_whole(**changed: str) -> OrderRecord:
    record = await read(order(**changed))
    assert record is not None
    return record


async def tell(wire: Wire, parcel: ParcelToTell = PARCEL) -> Done[str] | Failed:
    async with orders_over(wire) as orders:
        (outcome,) = await orders.tell_shipped(an_account(), [parcel])
    assert isinstance(outcome, Done | Failed)
    assert wire.unused == 0
    return outcome


async def cancel(wire: Wire) -> Done[None] | Failed:
    async with orders_over(wire) as orders:
        (outcome,) = await orders.cancel(an_account(), [TO_CANCEL])
    assert isinstance(outcome, Done | Failed)
    assert wire.unused == 0
    return outcome


def sent(wire: Wire) -> list[tuple[str, str]]:
    """Operation and body of every call, without the XML declaration."""
    return [(str(one.url).rpartition("/")[2], one.content.decode().partition("?>")[2].strip()) for one in wire.requests]


def yen(amount: int) -> Money:
    return Money(amount, "JPY")


# ---- what is read ----


async def test_an_order_is_read_whole() -> None:
    record = await read(order())
    assert record == OrderRecord(
        channel_id=ORDER_ID,
        number=ORDER_ID,
        placed_at=datetime(2026, 11, 1, 3, 34, 56, tzinfo=UTC),
        changed_at=datetime(2026, 11, 1, 23, 0, tzinfo=UTC),
        state=OrderState.OPEN,
        currency="JPY",
        lines=(
            OrderLine(
                channel_id="1",
                sku="MUG-BLU",
                title="マグカップ",
                quantity=2,
                item_id="mug:MUG-BLU",
                unit_price=yen(2000),
                tax_rate="0.1",
                discount=yen(200),
            ),
            OrderLine(
                channel_id="2",
                sku="tea",
                title="煎茶",
                quantity=1,
                item_id="tea",
                unit_price=yen(900),
                tax_rate="0.08",
            ),
        ),
        subtotal=yen(4900),
        shipping=yen(550),
        discount=yen(300),
        total=yen(5150),
        taxes_included=True,
        buyer=Buyer(
            name="見本 花子",
            email="hanako@example.com",
            phone="03-0000-0000",
            ship_to=Address(
                name="Sample Taro",
                line1="例1-1",
                line2="例ビル5",
                city="大阪市",
                region="大阪府",
                postal_code="5300000",
                country="JP",
                phone="06-0000-0000",
            ),
            bill_to=Address(
                name="見本 花子",
                line1="見本町1-2-3",
                city="千代田区",
                region="東京都",
                postal_code="1000000",
                country="JP",
                phone="03-0000-0000",
            ),
            note="Ring twice & wait",
        ),
        payment="クレジットカード",
        shipping_method="宅配便",
        ship_by=datetime(2026, 11, 5, 14, 59, 59, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, OrderState.OPEN),
        ({"ShipStatus": "2"}, OrderState.OPEN),
        # Cash on delivery: not paid, and Yahoo! says that it may be shipped.
        ({"PayStatus": "0"}, OrderState.OPEN),
        ({"PayStatus": "0", "ShipStatus": "0"}, OrderState.PENDING),
        ({"ShipStatus": "0"}, OrderState.PENDING),
        ({"PayStatus": "0", "ShipStatus": ""}, OrderState.PENDING),
        ({"PayStatus": "1", "ShipStatus": ""}, OrderState.OPEN),
        ({"OrderStatus": "1"}, OrderState.PENDING),
        ({"OrderStatus": "3"}, OrderState.PENDING),
        ({"OrderStatus": "9"}, OrderState.PENDING),
        ({"FraudHoldStatus": "1"}, OrderState.PENDING),
        ({"ShipStatus": "3"}, OrderState.SHIPPED),
        ({"ShipStatus": "4"}, OrderState.SHIPPED),
        ({"OrderStatus": "5"}, OrderState.SHIPPED),
        ({"OrderStatus": "4"}, OrderState.CANCELLED),
        ({"OrderStatus": "4", "ShipStatus": "3"}, OrderState.CANCELLED),
    ],
)
async def test_the_state_follows_what_yahoo_lets_be_shipped(changed: dict[str, str], state: OrderState) -> None:
    record = await read_whole(**changed)
    assert record.state is state
    units = [2, 1]
    assert [line.quantity for line in record.lines] == units
    assert [line.shipped for line in record.lines] == (units if state is OrderState.SHIPPED else [0, 0])
    assert [line.cancelled for line in record.lines] == (units if state is OrderState.CANCELLED else [0, 0])


@pytest.mark.parametrize(
    ("changed", "fraud"),
    [({"Suspect": "1"}, "high"), ({"Suspect": "2"}, "low"), ({"Suspect": "0"}, ""), ({"FraudHoldStatus": "1"}, "high")],
)
async def test_the_fraud_level_is_yahoos_own_suspicion(changed: dict[str, str], fraud: str) -> None:
    assert (await read_whole(**changed)).fraud == fraud


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("210", "out_of_stock"),
        ("220", "out_of_stock"),
        ("100", "customer"),
        ("130", "address"),
        ("170", "unpaid"),
        ("230", "other"),
        ("999", "other"),
        ("", ""),
    ],
)
async def test_a_cancelled_order_says_why(code: str, reason: str) -> None:
    assert (await read_whole(OrderStatus="4", CancelReason=code)).cancel_reason == reason


async def test_what_yahoo_does_not_say_is_not_known() -> None:
    bare = (
        b"<OrderId>teststore-1</OrderId><OrderStatus>2</OrderStatus><Item><LineId>1</LineId><ItemId>a</ItemId></Item>"
    )
    record = await read(
        b"<ResultSet><Result><Status>OK</Status><OrderInfo>" + bare + b"</OrderInfo></Result></ResultSet>"
    )
    assert record is not None
    assert (record.subtotal, record.shipping, record.discount, record.total, record.tax) == (None,) * 5
    assert (record.buyer, record.ship_by, record.parcels, record.test) == (None, None, (), False)
    assert (record.placed_at, record.changed_at) == (READ_AT, READ_AT)
    (line,) = record.lines
    assert (line.unit_price, line.discount, line.tax, line.tax_rate, line.quantity) == (None, None, None, "", 0)


async def test_a_coupon_counts_once_whether_or_not_the_price_was_lowered_by_it() -> None:
    lowered = await read(order(MUG))
    kept = await read(order(MUG | {"UnitPrice": "2000", "CouponDiscount": "200"}))
    assert lowered is not None
    assert kept is not None
    for record in (lowered, kept):
        assert (record.lines[0].unit_price, record.lines[0].discount) == (yen(2000), yen(200))
        assert (record.subtotal, record.discount) == (yen(4000), yen(300))


async def test_a_line_without_tax_says_so() -> None:
    record = await read(order(TEA | {"IsTaxable": "false"}))
    assert record is not None
    assert record.lines[0].tax_rate == "0"


async def test_a_shipped_order_has_its_one_parcel() -> None:
    record = await read_whole(
        ShipStatus="3",
        ShipCompanyCode="1003",
        ShipInvoiceNumber1="999",
        ShipDate="20261103",
        ShipUrl="https://example.com/t",
    )
    assert record.parcels == (
        Parcel(
            channel_id=ORDER_ID,
            carrier="Japan Post",
            carrier_code="1003",
            number="999",
            url="https://example.com/t",
            shipped_at=datetime(2026, 11, 2, 15, 0, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    "text", ["20261101123456", "2026-11-01 12:34:56", "2026/11/01 12:34:56", "2026-11-01T12:34:56"]
)
async def test_a_time_without_a_zone_is_japans(text: str) -> None:
    assert (await read_whole(OrderTime=text)).placed_at == datetime(2026, 11, 1, 3, 34, 56, tzinfo=UTC)


async def test_an_order_of_a_test_store_is_a_test() -> None:
    record = await read(order(), an_account(domain="snbx-abc"))
    assert record is not None
    assert record.test


# ---- what is asked ----


async def test_an_order_is_asked_for_by_its_id_with_what_we_keep_and_no_more() -> None:
    wire, account = Wire(order()), an_account()
    async with orders_over(wire) as orders:
        await orders.read(account, [ORDER_ID])
    ((operation, body),) = sent(wire)
    assert operation == "orderInfo"
    assert body.startswith(f"<Req><Target><OrderId>{ORDER_ID}</OrderId><Field>OrderId,OrderTime,LastUpdateTime,")
    assert body.endswith("</Field></Target><SellerId>teststore</SellerId></Req>")
    assert "CardNumber" not in body
    (request,) = wire.requests
    assert request.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert account.paid == [("orderInfo", 1), ("day", 1)]


async def test_a_list_is_asked_for_by_the_time_of_the_orders_in_japan() -> None:
    wire = Wire(listed())
    async with orders_over(wire) as orders:
        await orders.placed(an_account(), SINCE, datetime(2026, 11, 2, tzinfo=UTC))
    assert sent(wire) == [
        (
            "orderList",
            (
                "<Req><Search><Result>2000</Result><Start>1</Start><Sort>+order_time</Sort><Condition>"
                "<OrderTimeFrom>20261101090000</OrderTimeFrom><OrderTimeTo>20261102090000</OrderTimeTo></Condition>"
                "<Field>OrderId,OrderTime,LastUpdateTime,PublicationTime</Field></Search><SellerId>teststore</SellerId></Req>"
            ),
        )
    ]


async def test_only_orders_changed_since_are_read_and_one_of_unknown_time_too() -> None:
    rows = [
        ("teststore-1", "2026-10-01T00:00:00+09:00", "2026-11-01T08:59:59+09:00"),
        ("teststore-2", "2026-10-02T00:00:00+09:00", "2026-11-01T09:00:00+09:00"),
        ("teststore-3", "2026-10-03T00:00:00+09:00", "?"),
    ]
    wire = Wire(listed(*rows), order(OrderId="teststore-2"), order(OrderId="teststore-3"))
    async with orders_over(wire) as orders:
        page = await orders.changed(an_account(), SINCE.replace(microsecond=900_000))
    assert [one.channel_id for one in page.orders] == ["teststore-2", "teststore-3"]
    assert page.next_page == ""
    assert "<OrderTimeFrom>20260505090000</OrderTimeFrom>" in sent(wire)[0][1]


async def test_a_page_that_is_not_the_last_asks_for_the_rest_from_where_it_ended() -> None:
    wire = Wire(listed(("teststore-1", "", "2026-10-01"), total=3), listed(total=3))
    async with orders_over(wire) as orders:
        page = await orders.changed(an_account(), SINCE)
        assert (list(page.orders), page.next_page) == ([], "2")
        assert (await orders.changed(an_account(), SINCE, page.next_page)).next_page == ""
    assert "<Start>2</Start>" in sent(wire)[1][1]


async def test_a_number_without_the_stores_name_finds_the_order() -> None:
    wire = Wire(order(), order())
    async with orders_over(wire) as orders:
        assert await orders.find(an_account(), " 10000001 ") == await orders.find(an_account(), ORDER_ID)
    assert all(f"<OrderId>{ORDER_ID}</OrderId>" in body for _operation, body in sent(wire))


@pytest.mark.parametrize("number", ["", "山田 太郎", "<Req>", "a\x00b", "x" * 151])
async def test_what_is_no_order_number_is_not_sent(number: str) -> None:
    wire = Wire()
    async with orders_over(wire) as orders:
        assert await orders.find(an_account(), number) is None
    assert wire.requests == []


async def test_nothing_is_heard_by_itself() -> None:
    async with orders_over(Wire()) as orders:
        assert orders.heard(an_account(), "orders", {"id": 1}) is None


async def test_a_shipment_is_told_and_then_the_order_is_done() -> None:
    wire = Wire(order(), DONE, DONE)
    assert await tell(wire) == Done(ORDER_ID)
    assert sent(wire)[1:] == [
        (
            "orderShipStatusChange",
            (
                f"<Req><Target><OrderId>{ORDER_ID}</OrderId><IsPointFix>true</IsPointFix></Target><Order><Ship>"
                "<ShipStatus>3</ShipStatus><ShipCompanyCode>1001</ShipCompanyCode>"
                "<ShipInvoiceNumber1>1234-5678-9012</ShipInvoiceNumber1><ShipDate>20261104</ShipDate></Ship></Order>"
                "<SellerId>teststore</SellerId></Req>"
            ),
        ),
        (
            "orderStatusChange",
            (
                f"<Req><Target><OrderId>{ORDER_ID}</OrderId><IsPointFix>true</IsPointFix></Target>"
                "<Order><OrderStatus>5</OrderStatus></Order><SellerId>teststore</SellerId></Req>"
            ),
        ),
    ]


async def test_an_order_is_not_done_before_it_is_paid_nor_before_its_last_parcel() -> None:
    assert await tell(Wire(order(PayStatus="0"), DONE)) == Done(ORDER_ID)
    assert await tell(Wire(order(), DONE), replace(PARCEL, last=False)) == Done(ORDER_ID)


@pytest.mark.parametrize(("carrier", "code"), [("sagawa", "1002"), ("dhl", "1000"), ("other", "1000")])
async def test_a_carrier_yahoo_does_not_know_is_another(carrier: str, code: str) -> None:
    wire = Wire(order(), DONE, DONE)
    await tell(wire, replace(PARCEL, carrier=carrier, number=""))
    assert f"<ShipCompanyCode>{code}</ShipCompanyCode><ShipDate>" in sent(wire)[1][1]


async def test_a_number_that_is_there_is_not_told_again() -> None:
    there = order(ShipStatus="3", ShipInvoiceNumber1="123456789012", OrderStatus="5")
    assert await tell(Wire(there)) == Done(ORDER_ID)


async def test_what_only_lacks_its_end_is_only_ended() -> None:
    wire = Wire(order(ShipStatus="3", ShipInvoiceNumber1="123456789012"), DONE)
    assert await tell(wire) == Done(ORDER_ID)
    assert [operation for operation, _body in sent(wire)] == ["orderInfo", "orderStatusChange"]


async def test_a_second_parcel_has_no_place_in_an_order() -> None:
    there = order(ShipStatus="3", ShipInvoiceNumber1="999")
    refused = await tell(Wire(there), replace(PARCEL, ordinal=2))
    assert isinstance(refused, Failed)
    assert (refused.problem.problem_class, refused.problem.code) == (ProblemClass.DATA, "second_parcel")


async def test_a_number_of_ours_is_put_right() -> None:
    wire = Wire(order(ShipStatus="3", ShipInvoiceNumber1="999", OrderStatus="5"), DONE)
    assert await tell(wire, replace(PARCEL, told=ORDER_ID)) == Done(ORDER_ID)


async def test_a_cancelled_or_unknown_order_is_not_shipped() -> None:
    for answer, code in ((order(OrderStatus="4"), "order_cancelled"), (UNKNOWN_ORDER, "order_unknown")):
        refused = await tell(Wire(answer))
        assert isinstance(refused, Failed)
        assert (refused.problem.problem_class, refused.problem.code) == (ProblemClass.DATA, code)


async def test_an_order_is_cancelled_with_its_reason() -> None:
    wire = Wire(order(), DONE)
    assert await cancel(wire) == Done(None)
    assert sent(wire)[1] == (
        "orderStatusChange",
        (
            f"<Req><Target><OrderId>{ORDER_ID}</OrderId><IsPointFix>false</IsPointFix></Target>"
            "<Order><OrderStatus>4</OrderStatus><CancelReason>210</CancelReason></Order><SellerId>teststore</SellerId></Req>"
        ),
    )


async def test_what_is_cancelled_already_is_done_and_what_has_left_is_not_cancelled() -> None:
    assert await cancel(Wire(order(OrderStatus="4"))) == Done(None)
    for answer in (order(ShipStatus="3"), order(OrderStatus="5")):
        refused = await cancel(Wire(answer))
        assert isinstance(refused, Failed)
        assert refused.problem.code == "order_shipped"


# ---- what is refused ----


def an_error(code: str, message: str = "") -> str:
    return f"<Error><Message>{message}</Message><Code>{code}</Code></Error>"


@pytest.mark.parametrize("code", ["od91801", "or-01001"])
async def test_an_order_yahoo_does_not_know_is_none(code: str) -> None:
    assert await read(refused_xml(404, an_error(code))) is None


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refused_xml(503, an_error("ed-00002")), Busy, "ed-00002"),
        (refused_xml(401, an_error("px-04102", "AccessToken has been expired.")), PermissionLost, "px-04102"),
        (refused_xml(403, an_error("px-04303")), AccountBlocked, "px-04303"),
        (refused_xml(403, an_error("px-04306")), AccountBlocked, "px-04306"),
        (refused_xml(403, "<Error><Message>Your Request was Forbidden</Message></Error>"), Busy, "refused"),
        (refused_xml(503, ""), Busy, "http_503"),
        (httpx.ReadTimeout("late"), Busy, "no_answer"),
    ],
)
async def test_a_reading_that_fails_says_who_must_act(
    answer: bytes | httpx.Response | Exception, kind: type[Exception], code: str
) -> None:
    with pytest.raises(kind) as raised:
        await read(answer)
    assert raised.value.problem.code == code  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refused_xml(400, an_error("od90101")), ProblemClass.OURS, "od90101"),
        (refused_xml(500, an_error("od91133")), ProblemClass.DATA, "od91133"),
        (b"<ResultSet><Result><Status>OK</Status></Result></ResultSet>", ProblemClass.OURS, "unreadable_answer"),
        (b"no xml", ProblemClass.OURS, "unreadable_answer"),
        (order(OrderId=""), ProblemClass.OURS, NOT_UNDERSTOOD),
        (order(MUG | {"Quantity": "some"}), ProblemClass.OURS, NOT_UNDERSTOOD),
    ],
)
async def test_a_reading_that_fails_for_one_order_is_that_orders_own(
    answer: bytes | httpx.Response, kind: ProblemClass, code: str
) -> None:
    async with orders_over(Wire(answer, order())) as orders:
        failed, read = await orders.read(an_account(), [ORDER_ID, "teststore-2"])
    assert isinstance(failed, Failed)
    assert (failed.problem.problem_class, failed.problem.code) == (kind, code)
    assert isinstance(read, Done)


async def test_a_list_that_is_refused_is_raised() -> None:
    refused: list[Callable[[Orders], object]] = [
        lambda orders: orders.changed(an_account(), SINCE),
        lambda orders: orders.placed(an_account(), SINCE, SINCE),
    ]
    for ask in refused:
        async with orders_over(Wire(refused_xml(400, an_error("od90180", "だめです。")))) as orders:
            with pytest.raises(DataRefused) as raised:
                await ask(orders)  # type: ignore[misc]
            assert raised.value.problem.original == "だめです。"


@pytest.mark.parametrize("status", [200, 400])
async def test_a_change_yahoo_refuses_keeps_its_words(status: int) -> None:
    body = an_error("od91150", "変更できません。")
    answer = refused_xml(
        status, body if status == 400 else f"<ResultSet><Result><Status>NG</Status>{body}</Result></ResultSet>"
    )
    for outcome in (await cancel(Wire(order(), answer)), await tell(Wire(order(), answer))):
        assert isinstance(outcome, Failed)
        problem = outcome.problem
        assert (problem.problem_class, problem.code, problem.original) == (
            ProblemClass.DATA,
            "od91150",
            "変更できません。",
        )


@pytest.mark.parametrize("answer", [httpx.ReadTimeout("late"), refused_xml(500, an_error("od91001"))])
async def test_a_change_without_an_answer_is_in_doubt(answer: httpx.Response | Exception) -> None:
    with pytest.raises(InDoubt):
        await cancel(Wire(order(), answer))
    with pytest.raises(InDoubt):
        await tell(Wire(order(), answer))


async def test_one_order_that_is_refused_stops_no_other_and_one_that_is_lost_does() -> None:
    refused = refused_xml(400, an_error("od90180"))
    async with orders_over(Wire(refused, order(), httpx.ReadTimeout("late"))) as orders:
        first, second, third, fourth = await orders.read(an_account(), ["a-1", ORDER_ID, "a-3", "a-4"])
    assert isinstance(first, Failed)
    assert isinstance(second, Done)
    for outcome in (third, fourth):
        assert isinstance(outcome, Failed)
        assert outcome.problem.problem_class is ProblemClass.BUSY
    lost = [order(OrderStatus="4"), order(), httpx.ReadTimeout("late")]
    async with orders_over(Wire(*lost)) as orders:
        done, doubt, left = await orders.cancel(an_account(), [TO_CANCEL] * 3)
    assert isinstance(done, Done)
    assert isinstance(doubt, Failed)
    assert isinstance(left, Failed)
    assert (doubt.problem.problem_class, left.problem.code) == (ProblemClass.UNKNOWN, "not_tried")


# ---- what is kept ----


async def test_nothing_of_a_buyer_is_kept_for_support() -> None:
    """In Japanese and in English, in what we send, in what comes back, and in addresses."""
    account = an_account()
    planted = [
        "見本",
        "花子",
        "千代田区",
        "1000000",
        "03-0000-0000",
        "hanako@example.com",
        "Sample",
        "Taro",
        "Ring twice",
    ]
    answer = httpx.Response(200, headers={"content-type": "text/xml"}, content=order())
    async with orders_over(Wire(answer, order(), DONE, DONE)) as orders:
        await orders.read(account, [ORDER_ID])
        await orders.find(account, "Sample Taro")
        await orders.tell_shipped(account, [replace(PARCEL, carrier_name="Sample Taro 03-0000-0000")])
    kept = repr(account.exchanges)
    assert len(account.exchanges) == 4
    assert "orderShipStatusChange" in kept
    assert [text for text in [*planted, "planted-token"] if text in kept] == []
