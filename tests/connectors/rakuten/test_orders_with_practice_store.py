"""Orders: the connector against the practice store, over HTTP, with the store's own record as the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.errors import AccountBlocked, Busy, PermissionLost, ProblemClass
from connectors.orders import CancelReason, OrderRecord, OrderState, OrderToCancel, ParcelToTell
from connectors.rakuten import order_feed
from connectors.rakuten.connector import Rakuten
from connectors.rakuten.orders import RakutenOrders
from connectors.records import Done, Failed, Outcome
from tests.connectors.paced import PacedAccount
from tests.connectors.rakuten.practice.practice_store import Shop, an_item
from tests.connectors.rakuten.products import yen

MUG = {"sku": "MUG-1", "quantity": 2}


@pytest.fixture
def account(shop: Shop) -> PacedAccount:
    return shop.account()


@pytest.fixture
async def orders(shop: Shop) -> AsyncIterator[RakutenOrders]:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        found = Rakuten(client, clock=shop.clock).orders
        assert isinstance(found, RakutenOrders)
        yield found


@pytest.fixture
async def mug(shop: Shop) -> None:
    """A mug at 1,200 yen is sold there, ten of it."""
    await shop.lever("products", [an_item(manageNumber="mug", stock={"MUG-1": 10})])


async def place(shop: Shop, **given: Any) -> str:
    return str((await shop.lever("orders", {"lines": [MUG]} | given))["order_id"])


async def happens(shop: Shop, number: str, action: str, **given: Any) -> None:
    shop.clock.now += 1
    await shop.lever(f"orders/{number}/{action}", given)


async def there(shop: Shop, number: str) -> dict[str, Any]:
    [found] = [one for one in await shop.read("orders") if one["order_id"] == number]
    return dict(found)


async def stock(shop: Shop) -> int:
    return int((await shop.read("products"))[0]["stock"]["MUG-1"])


async def read(orders: RakutenOrders, account: PacedAccount, number: str) -> OrderRecord:
    [outcome] = await orders.read(account, [number])
    assert isinstance(outcome, Done), outcome
    assert outcome.value is not None
    return outcome.value


async def all_changed(orders: RakutenOrders, account: PacedAccount, since: datetime) -> list[OrderRecord]:
    page = await orders.changed(account, since)
    found = list(page.orders)
    while page.next_page:
        page = await orders.changed(account, since, page.next_page)
        found += page.orders
    return found


async def numbers_changed(orders: RakutenOrders, account: PacedAccount, since: datetime) -> set[str]:
    return {one.number for one in await all_changed(orders, account, since)}


def parcel(order_id: str, /, **changes: Any) -> ParcelToTell:
    usual = ParcelToTell(
        key="k-1",
        order_id=order_id,
        ordinal=1,
        carrier="yamato",
        carrier_name="ヤマト運輸",
        number="1111-2222-3333",
        shipped_at=datetime(2026, 11, 18, 20, tzinfo=UTC),
        lines=(),
        last=True,
    )
    return replace(usual, **changes)


def to_cancel(number: str, **changes: Any) -> OrderToCancel:
    return replace(OrderToCancel(order_id=number, reason=CancelReason.OUT_OF_STOCK, lines=()), **changes)


def problem_of(outcome: Outcome[Any]) -> tuple[ProblemClass, str]:
    assert isinstance(outcome, Failed), outcome
    return outcome.problem.problem_class, outcome.problem.code


# ---- what an order says ----


async def test_a_paid_order_is_told_whole_and_has_lowered_the_stock(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    buyer = {"name": "試験 太郎", "note": "玄関前に置いてください"}
    number = await place(shop, buyer=buyer, postage=500, coupon=100)
    placed_at = datetime.fromtimestamp(shop.clock.now, UTC)

    order = await read(orders, account, number)

    assert (order.channel_id, order.number, order.state) == (number, number, OrderState.OPEN)
    assert (order.placed_at, order.currency, order.taxes_included) == (placed_at, "JPY", True)
    assert (order.subtotal, order.shipping, order.discount, order.total) == (yen(2400), yen(500), yen(100), yen(2800))
    assert order.tax == yen(2800 * 10 // 110)
    [line] = order.lines
    assert (line.sku, line.title, line.quantity, line.item_id) == ("MUG-1", "Mug", 2, "mug/MUG-1")
    assert (line.unit_price, line.tax, line.tax_rate, line.discount) == (yen(1200), None, "0.1", None)
    assert (line.cancelled, line.shipped, line.restocked) == (0, 0, 0)
    assert (order.payment, order.shipping_method, order.parcels) == ("クレジットカード", "宅配便", ())
    assert order.buyer is not None
    assert (order.buyer.name, order.buyer.email, order.buyer.note) == ("試験 太郎", "hanako@example.com", buyer["note"])
    place_ = order.buyer.ship_to
    assert place_ is not None
    assert (place_.postal_code, place_.region, place_.city, place_.line1, place_.country, place_.phone) == (
        "100-0000",
        "東京都",
        "見本区",
        "見本町1-2-3",
        "JP",
        "03-0000-0000",
    )
    assert await stock(shop) == 8


async def test_stock_there_never_goes_below_zero(shop: Shop, orders: RakutenOrders, mug: None) -> None:
    await place(shop, lines=[{"sku": "MUG-1", "quantity": 99}])
    assert await stock(shop) == 0


@pytest.mark.parametrize(
    ("progress", "state"),
    [
        (100, OrderState.PENDING),
        (200, OrderState.PENDING),
        (300, OrderState.OPEN),
        (400, OrderState.PENDING),
        (500, OrderState.SHIPPED),
        (600, OrderState.SHIPPED),
        (700, OrderState.SHIPPED),
        (800, OrderState.PENDING),
        (900, OrderState.CANCELLED),
    ],
)
async def test_every_state_is_one_of_ours(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None, progress: int, state: OrderState
) -> None:
    number = await place(shop)
    await happens(shop, number, "progress", state=progress)
    order = await read(orders, account, number)
    assert (order.state, order.cancel_requested) == (state, progress == 800)
    [line] = order.lines
    gone, left = state is OrderState.CANCELLED, state is OrderState.SHIPPED
    assert (line.quantity, line.cancelled, line.shipped) == (2, 2 * gone, 2 * left)


async def test_what_rakuten_will_cancel_and_a_gift_without_an_address_are_not_to_be_shipped(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    doomed, gift = await place(shop), await place(shop, gift=True)
    await happens(shop, doomed, "caution")
    order = await read(orders, account, doomed)
    assert (order.state, order.cancel_requested) == (OrderState.PENDING, True)
    order = await read(orders, account, gift)
    assert (order.state, order.cancel_requested) == (OrderState.PENDING, False)
    assert order.buyer is not None
    assert order.buyer.ship_to is None


async def test_amounts_that_are_not_settled_are_not_known(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop, pending=True, postage=None)
    order = await read(orders, account, number)
    assert (order.shipping, order.total, order.tax) == (None, None, None)
    assert order.subtotal == yen(2400)
    await happens(shop, number, "change", postage=800)
    assert (await read(orders, account, number)).total == yen(3200)


async def test_prices_without_tax_are_told_with_it_and_a_lines_coupon_is_its_own(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    lines = [MUG | {"tax_included": False, "coupon": 50}, {"sku": "NEW", "quantity": 1, "title": "Pot", "price": 900}]
    order = await read(orders, account, await place(shop, lines=lines))
    assert [(line.sku, line.unit_price, line.discount) for line in order.lines] == [
        ("MUG-1", yen(1320), yen(50)),
        ("NEW", yen(900), None),
    ]
    assert (order.subtotal, order.discount, order.total) == (yen(3540), yen(50), yen(3490))


async def test_an_order_that_is_not_there_is_none_and_is_found_by_its_number_where_it_is(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop)
    outcomes = await orders.read(account, ["100000-20260101-0000000009", number, "Ä"])
    assert [isinstance(one, Done) and one.value and one.value.number for one in outcomes] == [None, number, None]
    found = await orders.find(account, f" {number} ")
    assert found is not None
    assert found.number == number
    assert await orders.find(account, "100000-20260101-0000000009") is None
    assert await orders.find(account, "order 7") is None


# ---- what has changed ----


async def test_no_change_is_missed_whenever_the_order_was_made(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    paid, shipped, cancelled, edited, still = [await place(shop, pending=n == 0) for n in range(5)]
    shop.clock.now += 30 * 86_400
    since = datetime.fromtimestamp(shop.clock.now, UTC)
    await happens(shop, paid, "pay")
    await happens(shop, shipped, "ship", deliveryCompany="1002", shippingNumber="5", shippingDate="2026-12-18")
    await happens(shop, cancelled, "cancel")
    await happens(shop, edited, "change", quantity=1)
    new = await place(shop)
    await happens(shop, still, "progress", state=600)

    found = {one.number: one for one in await all_changed(orders, account, since)}

    assert {paid, shipped, cancelled, edited, new} <= set(found)
    assert [found[one].state for one in (paid, shipped, cancelled, edited, new)] == [
        OrderState.OPEN,
        OrderState.SHIPPED,
        OrderState.CANCELLED,
        OrderState.OPEN,
        OrderState.OPEN,
    ]
    assert found[edited].lines[0].quantity == 1
    assert still not in found, "a payout is no change for us, and old shipped orders are not read again"


async def test_a_preorder_of_long_ago_is_heard_of_when_it_is_paid_and_when_it_is_shipped(
    shop: Shop, orders: RakutenOrders, mug: None
) -> None:
    shop.key = (await shop.lever("renew", ends=False))["license_key"]
    account = shop.account()
    number = await place(shop, pending=True)
    shop.clock.now += 300 * 86_400
    since = datetime.fromtimestamp(shop.clock.now, UTC)
    assert await numbers_changed(orders, account, since) == set()
    await happens(shop, number, "pay")
    assert await numbers_changed(orders, account, since) == {number}
    shop.clock.now += 86_400
    since = datetime.fromtimestamp(shop.clock.now, UTC)
    assert await numbers_changed(orders, account, since) == set()
    await happens(shop, number, "ship", shippingDate="2027-09-20")
    assert await numbers_changed(orders, account, since) == {number}


async def test_a_reading_costs_four_searches_and_one_read(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    await place(shop)
    since = datetime.fromtimestamp(shop.clock.now - 600, UTC)
    assert len(await all_changed(orders, account, since)) == 1
    asked = [row["operation"] for row in await shop.read("requests")]
    assert asked == ["order.searchOrder"] * 4 + ["order.getOrder"]
    assert account.paid == [("order", 1)] * 5


async def test_pages_hold_all_orders_though_one_is_shipped_between_them(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_feed, "ORDERS_A_PAGE", 3)
    placed = []
    for _ in range(8):
        shop.clock.now += 60
        placed.append(await place(shop))
    shop.clock.now += 30 * 86_400  # so that the search by time of payment finds none of them
    since = datetime.fromtimestamp(shop.clock.now, UTC)

    page = await orders.changed(account, since)
    assert len(page.orders) == 3
    await happens(shop, placed[0], "ship", shippingDate="2026-11-18")
    found = {one.number for one in page.orders}
    while page.next_page:
        page = await orders.changed(account, since, page.next_page)
        found |= {one.number for one in page.orders}

    assert found == set(placed)


async def test_more_orders_of_one_second_than_a_page_holds_are_all_told(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_feed, "ORDERS_A_PAGE", 3)
    made = (await shop.lever("orders", {"lines": [MUG], "count": 8}))["order_ids"]
    since = datetime.fromtimestamp(shop.clock.now - 60, UTC)
    assert await numbers_changed(orders, account, since) == set(made)


async def test_orders_beyond_a_hundred_are_read_in_hundreds(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    made = (await shop.lever("orders", {"lines": [MUG], "count": 250}))["order_ids"]
    since = datetime.fromtimestamp(shop.clock.now - 60, UTC)
    assert await numbers_changed(orders, account, since) == set(made)
    assert [row["operation"] for row in await shop.read("requests")].count("order.getOrder") == 3


async def test_an_order_that_cannot_be_told_now_is_said_to_be_unread_and_holds_back_no_other(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number, other = await place(shop), await place(shop)
    words = {"code": "WARNING_001", "message": "ただいま楽天処理中です。"}
    await shop.lever("faults", kind="refuse", count=2, operation="order.getOrder", order=number, **words)
    since = datetime.fromtimestamp(shop.clock.now - 60, UTC)
    page = await orders.changed(account, since)
    assert [order.number for order in page.orders] == [other]
    [unread] = page.unread
    assert (unread.number, unread.problem.problem_class) == (number, ProblemClass.BUSY)
    assert unread.problem.original == words["message"]
    assert problem_of((await orders.read(account, [number]))[0])[0] is ProblemClass.BUSY
    assert await numbers_changed(orders, account, since) == {number, other}


async def test_placed_counts_from_the_start_until_before_the_end(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime.fromtimestamp(shop.clock.now, UTC)
    first = await place(shop)
    shop.clock.now += 86_399
    last = await place(shop)
    shop.clock.now += 1
    await place(shop)
    await happens(shop, first, "cancel")
    end = start + timedelta(days=1)
    assert await orders.placed(account, start, end) == [first, last]
    monkeypatch.setattr(order_feed, "NUMBERS_A_SEARCH", 1)
    assert await orders.placed(account, start, end) == [first, last]
    monkeypatch.setattr(order_feed, "REACHABLE", 1)
    assert await orders.placed(account, start - timedelta(days=200), end) == [first, last]
    assert await orders.placed(account, start, start) == []


# ---- what we tell ----


async def test_a_parcel_told_twice_is_there_once_and_ships_the_order(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop)
    first = await orders.tell_shipped(account, [parcel(number)])
    assert await orders.tell_shipped(account, [parcel(number)]) == first
    assert await orders.tell_shipped(account, [parcel(number, number="1111 2222 3333")] * 2) == first * 2
    record = await there(shop, number)
    [row] = record["parcels"]
    # 20:00 UTC is the next day in Japan.
    assert (row["company"], row["tracking"], row["day"]) == ("1001", "1111-2222-3333", "2026-11-19")
    assert (row["told"], first, record["state"]) == (1, [Done(str(row["id"]))], 500)
    order = await read(orders, account, number)
    assert order.state is OrderState.SHIPPED
    [told] = order.parcels
    assert (told.channel_id, told.carrier, told.carrier_code, told.number) == (
        str(row["id"]),
        "ヤマト運輸",
        "1001",
        "1111-2222-3333",
    )


async def test_two_parcels_of_one_order_told_at_once_are_two_and_a_correction_changes_the_one_it_is_of(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop)
    pair = [parcel(number, last=False), parcel(number, ordinal=2, number="4444", carrier="other", carrier_name="?")]
    outcomes = await orders.tell_shipped(account, pair)
    ids = [one.value for one in outcomes if isinstance(one, Done)]
    assert len(set(ids)) == 2
    assert await orders.tell_shipped(account, [parcel(number, number="1111", told=ids[0])]) == [Done(ids[0])]
    rows = (await there(shop, number))["parcels"]
    assert [(str(row["id"]), row["tracking"], row["company"]) for row in rows] == [
        (ids[0], "1111", "1001"),
        (ids[1], "4444", "1000"),
    ]


async def test_a_parcel_goes_to_the_basket_its_lines_are_in(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop, lines=[MUG, MUG | {"basket": 2}])
    first, second = (await there(shop, number))["lines"]
    await orders.tell_shipped(account, [parcel(number, lines=((second["line_id"], 2),))])
    record = await there(shop, number)
    assert [row["basket_id"] for row in record["parcels"]] == [second["basket_id"]]
    assert record["state"] == 300
    half = await read(orders, account, number)
    assert (half.state, [line.shipped for line in half.lines]) == (OrderState.OPEN, [0, 2])
    assert half.parcels[0].lines == ((second["line_id"], 2),)

    whole = parcel(number, ordinal=2, number="777")
    [outcome] = await orders.tell_shipped(account, [whole])
    record = await there(shop, number)
    assert [row["tracking"] for row in record["parcels"]].count("777") == 2
    assert record["state"] == 500
    assert await orders.tell_shipped(account, [whole]) == [outcome]
    assert len((await there(shop, number))["parcels"]) == 3
    assert first["basket_id"] != second["basket_id"]


async def test_a_parcel_whose_answer_was_lost_is_found_by_looking(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop)
    await shop.lever("faults", kind="drop", count=1, operation="order.updateOrderShipping", when="after")
    [doubt] = await orders.tell_shipped(account, [parcel(number)])
    assert problem_of(doubt) == (ProblemClass.UNKNOWN, "no_answer")
    [row] = (await there(shop, number))["parcels"]
    assert await orders.tell_shipped(account, [parcel(number)]) == [Done(str(row["id"]))]
    [row] = (await there(shop, number))["parcels"]
    assert row["told"] == 1


async def test_one_parcel_that_is_refused_holds_back_no_other(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    gone, good = await place(shop), await place(shop)
    await happens(shop, gone, "cancel")
    outcomes = await orders.tell_shipped(
        account, [parcel(gone), parcel("100000-20260101-0000000009"), parcel("?"), parcel(good)]
    )
    assert problem_of(outcomes[0]) == (ProblemClass.DATA, "ORDER_EXT_API_UPDATE_ORDERSHIPPING_ERROR_102")
    assert isinstance(outcomes[0], Failed)
    assert (outcomes[0].problem.original, outcomes[0].problem.original_lang) == (
        "既にキャンセルされている注文です。",
        "ja",
    )
    assert [problem_of(one)[1] for one in outcomes[1:3]] == ["order_unknown"] * 2
    assert isinstance(outcomes[3], Done)


@pytest.mark.parametrize(("restock", "left"), [(True, 10), (False, 8)])
async def test_a_cancelled_order_returns_stock_there_as_asked_and_says_so(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None, restock: bool, left: int
) -> None:
    number = await place(shop)
    assert await orders.cancel(account, [to_cancel(number, restock=restock)]) == [Done(None)]
    assert await orders.cancel(account, [to_cancel(number, restock=restock)]) == [Done(None)]
    assert await stock(shop) == left
    record = await there(shop, number)
    assert record["cancels"] == [{"who": "shop", "restore": 1 if restock else 2, "reason": 8, "outcome": "cancelled"}]
    order = await read(orders, account, number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, "欠品")
    assert (order.lines[0].cancelled, order.lines[0].restocked) == (2, 2 if restock else 0)


async def test_a_buyers_cancellation_follows_the_skus_own_setting(
    shop: Shop, orders: RakutenOrders, account: PacedAccount
) -> None:
    variants = {"MUG-1": an_item()["variants"]["MUG-1"] | {"restockOnCancel": True}}
    await shop.lever("products", [an_item(manageNumber="mug", stock={"MUG-1": 10}, variants=variants)])
    number = await place(shop)
    await happens(shop, number, "request-cancel")
    assert (await read(orders, account, number)).cancel_requested
    assert await orders.cancel(account, [to_cancel(number)]) == [Done(None)], "Rakuten finishes it by itself"
    await happens(shop, number, "cancel")
    assert await stock(shop) == 10
    assert (await read(orders, account, number)).lines[0].restocked == 2


async def test_what_has_left_is_not_cancelled_and_rakuten_says_why(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    shipped, half = await place(shop), await place(shop, lines=[MUG, MUG | {"basket": 2}])
    line = (await there(shop, half))["lines"][0]["line_id"]
    await orders.tell_shipped(account, [parcel(shipped), parcel(half, lines=((line, 2),))])
    outcomes = await orders.cancel(account, [to_cancel(shipped), to_cancel(half), to_cancel("x")])
    assert [problem_of(one) for one in outcomes] == [
        (ProblemClass.DATA, "ORDER_EXT_API_CANCEL_ORDER_ERROR_108"),
        (ProblemClass.DATA, "ORDER_EXT_API_CANCEL_ORDER_ERROR_102"),
        (ProblemClass.DATA, "order_unknown"),
    ]
    assert isinstance(outcomes[1], Failed)
    assert outcomes[1].problem.original == "発送日が登録されているためキャンセル申請できません。"
    assert (await there(shop, shipped))["state"] == 500


async def test_a_cancellation_whose_answer_was_lost_is_found_by_looking(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop)
    await shop.lever("faults", kind="drop", count=1, operation="order.cancelOrder", when="after")
    assert problem_of((await orders.cancel(account, [to_cancel(number, restock=True)]))[0])[0] is ProblemClass.UNKNOWN
    assert await orders.cancel(account, [to_cancel(number, restock=True)]) == [Done(None)]
    assert len((await there(shop, number))["cancels"]) == 1
    assert await stock(shop) == 10


async def test_accepted_orders_go_on_to_their_payment_once(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    new, unsettled = await place(shop, pending=True), await place(shop, pending=True, postage=None)
    paid = await place(shop)
    outcomes = await orders.accept(account, [new, unsettled, paid, "x"])
    assert (outcomes[0], outcomes[2]) == (Done(None), Done(None))
    assert problem_of(outcomes[1]) == (ProblemClass.DATA, "ORDER_EXT_API_CONFIRM_ORDER_ERROR_105")
    assert problem_of(outcomes[3])[1] == "order_unknown"
    assert [(await there(shop, one))["state"] for one in (new, unsettled, paid)] == [200, 100, 300]
    assert await orders.accept(account, [new]) == [Done(None)]
    confirms = [row for row in await shop.read("requests") if row["operation"] == "order.confirmOrder"]
    assert len(confirms) == 1


async def test_an_order_that_somebody_confirms_between_our_look_and_our_call_is_accepted(
    shop: Shop, account: PacedAccount, mug: None
) -> None:
    number = await place(shop, pending=True)

    async def in_rms(request: httpx.Request) -> None:
        if "confirmOrder" in request.url.path:
            await shop.lever(f"orders/{number}/pay", {})

    async with httpx.AsyncClient(verify=False, trust_env=False, event_hooks={"request": [in_rms]}) as client:
        orders = Rakuten(client, clock=shop.clock).orders
        assert orders is not None
        assert await orders.accept(account, [number]) == [Done(None)]
    [refused] = [row for row in await shop.read("requests") if row["operation"] == "order.confirmOrder"]
    assert refused["outcome"] == "ORDER_EXT_API_CONFIRM_ORDER_ERROR_103"


# ---- what stops a call ----


async def test_throttled_maintenance_and_ended_keys_stop_everything(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop)
    since = datetime.fromtimestamp(shop.clock.now - 60, UTC)
    calls = (
        lambda: orders.changed(account, since),
        lambda: orders.read(account, [number]),
        lambda: orders.find(account, number),
        lambda: orders.placed(account, since, since + timedelta(days=1)),
        lambda: orders.tell_shipped(account, [parcel(number)]),
        lambda: orders.cancel(account, [to_cancel(number)]),
    )
    for kind, code in (("throttle", "ES01-03"), ("maintenance", "ES01-02")):
        for call in calls:
            await shop.lever("faults", kind=kind, count=1)
            with pytest.raises(Busy) as busy:
                await call()
            assert busy.value.problem.code == code
            assert busy.value.retry_after_seconds > 0
    await shop.lever("expire")
    for call in calls:
        with pytest.raises(PermissionLost) as lost:
            await call()
        assert (lost.value.problem.code, lost.value.problem.original) == ("ES01-01", "Un-Authorised")
    assert (await there(shop, number))["parcels"] == []


async def test_orders_that_are_not_ticked_on_say_so_and_do_not_look_like_ended_keys(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    """A store connected before there were orders goes on selling."""
    number = await place(shop)
    await shop.lever("functions", functions=["item", "inventory", "license", "cabinet"])
    with pytest.raises(AccountBlocked) as blocked:
        await orders.read(account, [number])
    assert (blocked.value.problem.code, blocked.value.problem.original) == ("orders_not_switched_on", "Un-Authorised")


async def test_a_busy_order_is_tried_again_and_an_unknown_error_of_a_write_is_in_doubt(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    number = await place(shop)
    for code, kind in (("ERROR_111", ProblemClass.BUSY), ("ERROR_000", ProblemClass.UNKNOWN)):
        refusal = {"operation": "order.updateOrderShipping", "code": code, "message": "…"}
        await shop.lever("faults", kind="refuse", count=1, **refusal)
        assert problem_of((await orders.tell_shipped(account, [parcel(number)]))[0])[0] is kind
    assert isinstance((await orders.tell_shipped(account, [parcel(number)]))[0], Done)


async def test_calls_come_a_second_apart(shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None) -> None:
    numbers: Sequence[str] = [await place(shop) for _ in range(3)]
    begun = shop.clock.now
    await orders.tell_shipped(account, [parcel(one) for one in numbers])
    assert shop.clock.now - begun >= 3
    assert {row["status"] for row in await shop.read("requests")} == {200}


async def test_nothing_of_the_buyer_is_in_what_is_kept_for_support(
    shop: Shop, orders: RakutenOrders, account: PacedAccount, mug: None
) -> None:
    person = {
        "name": "Quillfeather Zebulon",
        "kana": "クイルフェザー ゼビュロン",
        "email": "zebulon@example.com",
        "phone": "03-0000-1234",
        "postal_code": "199-0099",
        "region": "架空県",
        "city": "幻影市",
        "line1": "夢見町9-8-7",
        "note": "Please ring twice. 裏口からお願いします",
    }
    number = await place(shop, buyer=person)
    order = await read(orders, account, number)
    await orders.tell_shipped(account, [parcel(number)])
    assert order.buyer is not None
    assert order.buyer.note == person["note"]
    kept = "\n".join(str(exchange) for exchange in account.exchanges)
    assert "PackageModelList" in kept, "what was read is among what is kept"
    planted = [part for value in person.values() for part in (value, *value.split(" ")) if len(part) > 2]
    assert [text for text in (*planted, '"199"', '"0099"', '"1234"') if text in kept] == []
    assert number in kept
