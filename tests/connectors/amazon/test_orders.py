"""Orders read from practice Amazon: their states, amounts and buyers, page by page, and none is missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors.errors import Busy, PermissionLost, ProblemClass
from connectors.orders import Address, OrderState
from connectors.protocol import Account
from connectors.records import Done, Failed, Money
from tests.connectors.amazon.market import JAPAN, SKU, Market, opened, to_cancel
from tests.connectors.amazon.official import OfficialTransport
from tests.connectors.amazon.practice.practice_seller import practice_seller

A_WHILE = timedelta(minutes=15)
JAPANESE_BUYER = {
    "name": "山田 太郎",
    "email": "taro@marketplace.example.com",
    "phone": "03-0000-0000",
    "address1": "丸の内1-1",
    "address2": "見本ビル202",
    "city": "千代田区",
    "region": "東京都",
    "postal_code": "100-0005",
    "note": "玄関に置いてください",
}


async def changed(market: Market, since: datetime, account: Account | None = None) -> list[str]:
    """The ids of all pages."""
    ids, page = [], ""
    while True:
        found = await market.orders.changed(account or market.account, since, page)
        ids += [order.channel_id for order in found.orders]
        page = found.next_page
        if not page:
            return ids


async def test_an_order_goes_from_pending_to_shipped_as_amazon_says(market: Market) -> None:
    order_id = await market.buy(2, pending=True)
    pending = await market.told(order_id)
    await market.happens("pay", order_id)
    paid = await market.told(order_id)
    await market.tell(await market.parcel(order_id, 1))
    partly = await market.told(order_id)
    await market.tell(await market.parcel(order_id, 2))
    shipped = await market.told(order_id)

    assert [one.state for one in (pending, paid, partly, shipped)] == [
        OrderState.PENDING,
        OrderState.OPEN,
        OrderState.OPEN,
        OrderState.SHIPPED,
    ]
    assert [one.lines[0].shipped for one in (pending, paid, partly, shipped)] == [0, 0, 1, 2]
    assert [parcel.number for parcel in shipped.parcels] == ["1234-1", "1234-2"]
    assert shipped.parcels[0].lines == ((shipped.lines[0].channel_id, 1),)


async def test_what_is_not_known_of_a_pending_order_is_none(market: Market) -> None:
    told = await market.told(await market.buy(pending=True))

    assert (told.subtotal, told.shipping, told.tax, told.discount, told.total) == (None,) * 5
    assert told.lines[0].unit_price is None
    assert told.buyer is None
    assert (told.lines[0].sku, told.lines[0].item_id, told.lines[0].quantity) == (SKU, SKU, 1)


async def test_amounts_are_minor_units_and_tax_comes_on_top_in_the_united_states(market: Market) -> None:
    line = {"sku": SKU, "quantity": 2, "tax": "4.80", "discount": "5.00"}
    told = await market.told(await market.buy(lines=[line], shipping="6.50"))

    dollars = {
        "subtotal": told.subtotal,
        "shipping": told.shipping,
        "tax": told.tax,
        "discount": told.discount,
        "total": told.total,
    }
    assert {name: amount and amount.minor for name, amount in dollars.items()} == {
        "subtotal": 4800,
        "shipping": 650,
        "tax": 480,
        "discount": 500,
        "total": 5430,
    }
    assert told.taxes_included is False
    assert told.lines[0].unit_price == Money(2400, "USD")
    assert (told.lines[0].tax, told.lines[0].discount) == (Money(480, "USD"), Money(500, "USD"))
    assert (told.currency, told.payment, told.shipping_method) == ("USD", "CreditCard", "STANDARD")
    assert told.ship_by is not None
    assert told.url == f"https://sellercentral.amazon.com/orders-v3/order/{told.channel_id}"


async def test_prices_in_yen_hold_their_tax_and_the_buyer_is_read_as_written(market: Market) -> None:
    line = {"sku": "TEA-1", "title": "緑茶", "price": 1200, "quantity": 3, "tax": 266}
    order_id = await market.buy(lines=[line], marketplace=JAPAN, buyer=JAPANESE_BUYER)

    told = await market.told(order_id, market.japan)

    assert (told.total, told.tax, told.taxes_included) == (Money(3600, "JPY"), Money(266, "JPY"), True)
    assert told.lines[0].title == "緑茶"
    buyer = told.buyer
    assert buyer is not None
    assert (buyer.name, buyer.email, buyer.note) == (
        "山田 太郎",
        "taro@marketplace.example.com",
        "玄関に置いてください",
    )
    assert buyer.ship_to == Address(
        name="山田 太郎",
        line1="丸の内1-1",
        line2="見本ビル202",
        city="千代田区",
        region="東京都",
        postal_code="100-0005",
        country="JP",
        phone="03-0000-0000",
    )
    assert "山田" not in repr(told)


async def test_what_amazon_ships_is_told_like_any_other_and_leaves_our_shelf_alone(market: Market) -> None:
    theirs = await market.told(await market.buy(fulfilled_by="AMAZON"))
    assert theirs.by_channel
    assert theirs.buyer is not None
    assert theirs.buyer.ship_to is None
    assert await market.stock() == 10
    assert not (await market.told(await market.buy())).by_channel
    assert await market.stock() == 9


async def test_selling_lowers_amazons_own_stock_and_never_below_none(market: Market) -> None:
    await market.buy(4)
    assert await market.stock() == 6
    await market.buy(7)
    assert await market.stock() == 0


async def test_a_buyers_wish_to_cancel_is_told_until_it_is_done(market: Market) -> None:
    order_id = await market.buy()
    await market.happens("request-cancel", order_id, reason="Found it cheaper")
    asked = await market.told(order_id)
    await market.cancel(to_cancel(order_id))
    done = await market.told(order_id)

    assert (asked.cancel_requested, asked.state, asked.cancel_reason) == (True, OrderState.OPEN, "Found it cheaper")
    assert (done.cancel_requested, done.state, done.cancel_reason) == (False, OrderState.CANCELLED, "NoInventory")


@pytest.mark.parametrize("restock", [True, False])
async def test_a_buyer_who_cancels_leaves_no_unit_to_ship(market: Market, restock: bool) -> None:
    order_id = await market.buy(3)
    await market.happens("cancel", order_id, restock=restock)

    told = await market.told(order_id)

    assert (told.state, told.lines[0].quantity, told.lines[0].cancelled) == (OrderState.CANCELLED, 3, 3)
    assert await market.stock() == (10 if restock else 7)


async def test_more_orders_than_a_page_come_page_by_page_each_once(market: Market) -> None:
    since = market.now
    bought = (await market.seller.lever("orders", lines=[{"sku": SKU}], count=250))["order_ids"]
    market.later()

    first = await market.orders.changed(market.account, since)
    ids = await changed(market, since)

    assert len(first.orders) == 100
    assert sorted(ids) == sorted(bought)
    assert (await market.seller.operations()).count("searchOrders") == 1 + 3


async def test_a_change_is_found_from_the_time_of_the_last_reading_although_amazon_is_minutes_late(
    tmp_path: Path,
) -> None:
    async with (
        practice_seller(tmp_path / "late.db", orders_after_seconds=120) as seller,
        httpx.AsyncClient(transport=OfficialTransport()) as client,
    ):
        market = await opened(seller, client)
        old = await market.buy(pending=True)
        market.later(1800)
        await market.happens("pay", old)
        new = await market.buy()

        market.later(60)
        read_at = market.now
        assert await changed(market, read_at - A_WHILE) == [], "what is newer than two minutes is not shown yet"
        market.later(180)
        assert set(await changed(market, read_at)) == {old, new}
        market.later(600)
        assert await changed(market, market.now) == []


async def test_orders_are_those_of_the_connections_own_marketplace(market: Market) -> None:
    since = market.now
    here = await market.buy()
    there = await market.buy(lines=[{"sku": "TEA-1", "title": "Tea", "price": 500}], marketplace=JAPAN)
    market.later()

    assert await changed(market, since) == [here]
    assert await changed(market, since, market.japan) == [there]
    assert await market.orders.find(market.account, there) is None
    assert (await market.told(there, market.japan)).currency == "JPY"


async def test_an_order_is_found_by_its_number_and_an_unknown_one_is_none(market: Market) -> None:
    order_id = await market.buy(number="114-1234567-7654321")

    found = await market.orders.find(market.account, f" {order_id} ")
    assert found is not None
    assert (found.channel_id, found.number) == (order_id, order_id)
    unknown, malformed = await market.orders.read(market.account, ["114-0000000-0000000", "#1001"])
    assert (unknown, malformed) == (Done(None), Done(None))
    assert await market.orders.find(market.account, "1001") is None
    assert (await market.seller.operations()).count("getOrder") == 2


async def test_all_that_were_placed_in_a_while_are_counted_in_every_state_and_no_buyer_is_asked_for(
    market: Market,
) -> None:
    before = await market.buy()
    market.later()
    start = market.now
    bought = [await market.buy(pending=True), await market.buy(), await market.buy()]
    await market.happens("cancel", bought[1])
    market.later()
    end = market.now
    after = await market.buy()
    market.later()

    placed = await market.orders.placed(market.account, start, end)

    assert sorted(placed) == sorted(bought)
    assert not {before, after} & set(placed)
    assert "buyer" not in market.account.exchanges[-1].response_body


async def test_a_sku_amazon_does_not_list_can_be_bought_where_its_words_are_given(market: Market) -> None:
    line = {"sku": "NOT-OURS", "title": "Somebody's", "price": "9.99"}
    told = await market.told(await market.buy(lines=[line]))
    assert (told.lines[0].sku, told.lines[0].unit_price) == ("NOT-OURS", Money(999, "USD"))


async def test_reading_many_stops_where_amazon_wants_it_slower_and_says_when_to_come_again(market: Market) -> None:
    ids = [await market.buy() for _ in range(3)]
    market.account.longest_wait = 0
    wanted = ids * 12

    outcomes = await market.orders.read(market.account, wanted)

    assert [isinstance(one, Done) for one in outcomes] == [True] * 30 + [False] * 6
    last = outcomes[-1]
    assert isinstance(last, Failed)
    assert last.problem.problem_class is ProblemClass.BUSY
    assert last.retry_after_seconds is not None
    assert 0 < last.retry_after_seconds <= 2


async def test_a_throttled_search_is_busy_for_as_long_as_amazon_restores_a_call(market: Market) -> None:
    await market.seller.lever("faults", kind="throttle", operation="searchOrders")
    with pytest.raises(Busy) as error:
        await market.orders.changed(replace(market.account, longest_wait=1e9), market.now)
    assert error.value.problem.code == "QuotaExceeded"
    assert error.value.retry_after_seconds == pytest.approx(1 / 0.0056)


async def test_credentials_that_ended_are_said_to_be_lost(market: Market) -> None:
    order_id = await market.buy()
    parcel = await market.parcel(order_id)
    await market.seller.lever("expire")
    for call in (
        market.orders.changed(market.account, market.now),
        market.orders.read(market.account, [order_id]),
        market.orders.tell_shipped(market.account, [parcel]),
        market.orders.cancel(market.account, [to_cancel(order_id)]),
    ):
        with pytest.raises(PermissionLost):
            await call
