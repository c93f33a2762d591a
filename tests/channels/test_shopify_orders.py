"""Shopify's orders over HTTP against the practice shop: what the shop did is what the connector tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Busy, InDoubt, OurFault, PermissionLost, ProblemClass
from connectors.orders import CancelReason, OrderState, OrderToCancel, ParcelToTell
from connectors.records import Done, Failed, Money, Sent
from tests.connectors.shopify.shop_orders import LONG_AGO, Till, a_till

UNKNOWN = "gid://shopify/Order/42"


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with a_till(tmp_path) as opened:
        yield opened


def dollars(minor: int) -> Money:
    return Money(minor, "USD")


def to_cancel(order_id: str, reason: CancelReason = CancelReason.OTHER, **more: Any) -> OrderToCancel:
    return OrderToCancel(order_id=order_id, reason=reason, lines=(), **more)


async def test_a_sale_is_told_whole_and_lowers_the_shops_stock(till: Till) -> None:
    order_id = await till.sell(quantity=2, shipping="5.00")
    order = await till.read(order_id)
    (line,) = order.lines
    assert (order.channel_id, order.number, order.state) == (order_id, "#1001", OrderState.OPEN)
    assert (order.placed_at, order.changed_at) == (till.now.replace(microsecond=0),) * 2
    assert (order.currency, order.test, order.by_channel, order.reference) == ("USD", False, False, "")
    assert (order.subtotal, order.shipping, order.tax) == (dollars(2500), dollars(500), dollars(0))
    assert (order.discount, order.total) == (dollars(0), dollars(3000))
    assert (line.sku, line.title, line.quantity, line.unit_price) == ("MUG", "Mug", 2, dollars(1250))
    assert (line.cancelled, line.shipped, line.restocked) == (0, 0, 0)
    assert line.item_id.startswith("gid://shopify/ProductVariant/")
    assert (order.payment, order.shipping_method) == ("practice_pay", "Standard")
    assert order.url == f"{till.account.base_url}/admin/orders/{order_id.rsplit('/', 1)[1]}"
    assert order.buyer is not None
    assert order.buyer.ship_to is not None
    assert (order.buyer.name, order.buyer.email) == ("Ada Practice", "ada@example.com")
    assert (order.buyer.ship_to.region, order.buyer.ship_to.country) == ("IL", "US")
    assert await till.stock() == 8


async def test_an_orders_address_leads_to_it(till: Till) -> None:
    order = await till.read(await till.sell())
    answer = await till.shop.client.get(order.url)
    assert answer.status_code == 302
    page = await till.shop.client.get(answer.headers["location"])
    assert f'id="{answer.headers["location"].split("#")[1]}"' in page.text


async def test_no_more_is_sold_than_is_there(till: Till) -> None:
    answer = await till.shop.client.post(
        "/practice/api/shops/demo.myshopify.com/orders", json={"lines": [{"sku": "MUG", "quantity": 11}]}
    )
    assert answer.status_code == 400
    assert (await till.stock(), await till.record()) == (10, [])


async def test_a_sku_the_shop_does_not_have_is_sold_by_its_words(till: Till) -> None:
    placed = await till.shop.lever("orders", lines=[{"sku": "X-1", "title": "Odd", "price": "1.00", "quantity": 3}])
    (line,) = (await till.read(placed["order_id"])).lines
    assert (line.sku, line.title, line.item_id, line.quantity) == ("X-1", "Odd", "", 3)


async def test_every_state_is_said_by_what_was_cancelled_left_and_paid(till: Till) -> None:
    pending = await till.sell(pending=True)
    opened, part, whole = await till.sell(), await till.sell(quantity=2), await till.sell()
    dropped, refunded = await till.sell(), await till.sell()
    await till.do("fulfil", part, lines=[{"sku": "MUG", "quantity": 1}])
    await till.do("fulfil", whole)
    await till.do("cancel", dropped)
    await till.do("restock", refunded)
    states = {order.channel_id: order.state for order in await till.changed()}
    assert states == {
        pending: OrderState.PENDING,
        opened: OrderState.OPEN,
        part: OrderState.OPEN,
        whole: OrderState.SHIPPED,
        dropped: OrderState.CANCELLED,
        refunded: OrderState.CANCELLED,
    }
    await till.do("pay", pending)
    assert (await till.read(pending)).state is OrderState.OPEN


async def test_parcels_say_what_left_by_whom(till: Till) -> None:
    order_id = await till.sell(quantity=3)
    await till.do("fulfil", order_id, lines=[{"sku": "MUG", "quantity": 2}], carrier="Yamato (EN)", number="1234")
    order = await till.read(order_id)
    (parcel,) = order.parcels
    assert (parcel.carrier, parcel.number, parcel.lines) == ("Yamato (EN)", "1234", ((order.lines[0].channel_id, 2),))
    assert (parcel.shipped_at, order.lines[0].shipped) == (order.changed_at, 2)
    await till.do("fulfil", order_id)
    assert [one.lines[0][1] for one in (await till.read(order_id)).parcels] == [2, 1]
    await till.do("unfulfil", order_id)
    order = await till.read(order_id)
    assert (order.state, len(order.parcels), order.lines[0].shipped) == (OrderState.OPEN, 1, 2)


async def test_units_restocked_in_the_shop_are_told_and_returns_are_not_cancelled(till: Till) -> None:
    order_id = await till.sell(quantity=4)
    await till.do("restock", order_id, lines=[{"sku": "MUG", "quantity": 1}])
    line = (await till.read(order_id)).lines[0]
    assert (line.quantity, line.cancelled, line.restocked) == (4, 1, 1)
    await till.do("fulfil", order_id)
    await till.do("restock", order_id, lines=[{"sku": "MUG", "quantity": 1}])
    order = await till.read(order_id)
    assert order.state is OrderState.SHIPPED
    assert (order.lines[0].cancelled, order.lines[0].shipped, order.lines[0].restocked) == (1, 3, 1)
    assert (order.lines[0].returned, order.lines[0].shelved) == (1, 1)
    assert order.lines[0].returned_at == order.changed_at
    assert await till.stock() == 8


async def test_what_comes_back_while_the_rest_is_to_be_sent_is_not_cancelled(till: Till) -> None:
    order_id = await till.sell(quantity=4)
    await till.do("fulfil", order_id, lines=[{"sku": "MUG", "quantity": 2}])
    await till.do("restock", order_id, lines=[{"sku": "MUG", "quantity": 1}], returned=True)
    order = await till.read(order_id)
    assert order.state is OrderState.OPEN
    assert (order.lines[0].cancelled, order.lines[0].shipped, order.lines[0].restocked) == (0, 2, 0)
    assert (order.lines[0].returned, order.lines[0].shelved) == (1, 1)


async def test_what_is_refunded_without_restocking_after_it_left_came_back_and_is_on_no_shelf(till: Till) -> None:
    order_id = await till.sell(quantity=3)
    await till.do("restock", order_id, lines=[{"sku": "MUG", "quantity": 1}], keep=True)
    assert (await till.read(order_id)).lines[0].returned == 0, "it had not left: that is a cancellation"
    await till.do("fulfil", order_id)
    await till.do("restock", order_id, lines=[{"sku": "MUG", "quantity": 1}], keep=True)
    line = (await till.read(order_id)).lines[0]
    assert (line.cancelled, line.shipped, line.returned, line.shelved) == (1, 2, 1, 0)
    assert await till.stock() == 7


async def test_a_return_to_another_location_is_not_on_the_shelf_that_we_count(till: Till) -> None:
    order_id = await till.sell(quantity=2)
    await till.do("fulfil", order_id)
    await till.do("restock", order_id, lines=[{"sku": "MUG", "quantity": 1}])
    [place] = [key for one in await till.shop.read("products") for key in one["variants"][0]["available"]][:1]
    for location, shelved in ((place, 1), ("42", 0)):
        till.account.settings = {"location_id": f"gid://shopify/Location/{location}"}
        line = (await till.read(order_id)).lines[0]
        assert (line.returned, line.shelved) == (1, shelved)


async def test_a_buyers_cancellation_with_and_without_restock(till: Till) -> None:
    kept, back = await till.sell(quantity=2), await till.sell(quantity=3)
    await till.do("cancel", kept)
    await till.do("cancel", back, restock=True, reason="INVENTORY")
    first, second = await till.read(kept), await till.read(back)
    assert (first.cancel_reason, second.cancel_reason) == ("customer", "inventory")
    assert [(one.lines[0].cancelled, one.lines[0].restocked) for one in (first, second)] == [(2, 0), (3, 3)]
    assert await till.stock() == 8


@pytest.mark.parametrize(("included", "total"), [(True, 3250), (False, 3625)])
async def test_taxes_and_discounts_are_the_shops_own(till: Till, included: bool, total: int) -> None:
    lines = [{"sku": "MUG", "quantity": 2, "discount": "2.50"}, {"sku": "CUP", "quantity": 5, "discount": 0}]
    placed = await till.shop.lever(
        "orders", lines=lines, tax_rate="0.1", taxes_included=included, discount="10.00", shipping="5.00"
    )
    order = await till.read(placed["order_id"])
    assert order.taxes_included is included
    assert (order.subtotal, order.discount) == (dollars(2750), dollars(1250))
    assert [(line.discount, line.tax_rate) for line in order.lines] == [(dollars(250), "0.1"), (dollars(0), "0.1")]
    assert order.tax == dollars(sum(line.tax.minor for line in order.lines if line.tax))
    assert order.total == dollars(2750 + 500 + (0 if included else 375))
    assert order.total == dollars(total)


async def test_the_gravest_assessment_is_the_fraud_level(till: Till) -> None:
    order_id = await till.sell()
    assert (await till.read(order_id)).fraud == ""
    await till.do("assess", order_id, level="high")
    assert (await till.read(order_id)).fraud == "high"


async def test_pages_miss_nothing_and_repeat_nothing(till: Till) -> None:
    placed = (await till.shop.lever("orders", lines=[{"sku": "X", "title": "X", "price": "1"}], count=120))["order_ids"]
    pages = [await till.orders.changed(till.account, LONG_AGO)]
    while pages[-1].next_page:
        pages.append(await till.orders.changed(till.account, LONG_AGO, pages[-1].next_page))
    assert [len(page.orders) for page in pages] == [50, 50, 20]
    assert [order.channel_id for page in pages for order in page.orders] == placed


async def test_an_order_that_changes_between_two_pages_comes_again(till: Till) -> None:
    first = (await till.shop.lever("orders", lines=[{"sku": "X", "title": "X", "price": "1"}], count=60))["order_id"]
    page = await till.orders.changed(till.account, LONG_AGO)
    till.later(seconds=5)
    await till.do("fulfil", first)
    rest = await till.orders.changed(till.account, LONG_AGO, page.next_page)
    assert [(one.channel_id, one.state) for one in rest.orders][-1] == (first, OrderState.SHIPPED)


async def test_since_tells_of_what_changed_too_and_of_a_little_before(till: Till) -> None:
    old, touched = await till.sell(), await till.sell()
    till.later(hours=1)
    since = till.now
    just_before = await till.sell()
    till.later(minutes=1)
    await till.do("write", touched, note="later")
    made = await till.sell()
    found = [order.channel_id for order in await till.changed(since + timedelta(seconds=30))]
    assert found == [just_before, touched, made]
    assert old not in found


async def test_an_order_the_search_does_not_know_yet_is_found_by_the_next_reading(till: Till) -> None:
    await till.shop.lever("faults", kind="lag", seconds=60, count=1)
    since = till.now
    order_id = await till.sell()
    assert await till.changed(since) == []
    till.later(seconds=90)
    assert [order.channel_id for order in await till.changed(till.now)] == [order_id]


async def test_an_order_of_many_lines_is_read_whole(till: Till) -> None:
    lines = [{"sku": f"X-{number}", "title": "X", "price": "1", "quantity": 2} for number in range(300)]
    order_id = (await till.shop.lever("orders", lines=lines))["order_id"]
    sent = [{"sku": f"X-{number}", "quantity": 1} for number in range(60)]
    await till.do("fulfil", order_id, lines=sent)
    (order,) = await till.changed()
    assert [line.sku for line in order.lines] == [f"X-{number}" for number in range(300)]
    assert sum(line.shipped for line in order.lines) == 60
    assert (await till.read(order_id)) == order


async def test_what_is_no_order_here_is_none_in_its_place(till: Till) -> None:
    order_id = await till.sell()
    outcomes = await till.orders.read(till.account, [UNKNOWN, order_id, "302-1234567-7654321", order_id])
    values = [outcome.value for outcome in outcomes if isinstance(outcome, Done)]
    assert [value and value.channel_id for value in values] == [None, order_id, None, order_id]


async def test_an_order_is_found_by_what_people_call_it(till: Till) -> None:
    await till.sell()
    order_id = await till.sell(number="EN-77")
    number = order_id.rsplit("/", 1)[1]
    for text in ("EN-77", " EN-77 ", order_id, number):
        found = await till.orders.find(till.account, text)
        assert found is not None, text
        assert found.channel_id == order_id
    for text in ("#1001", "1001"):
        found = await till.orders.find(till.account, text)
        assert found is not None, text
        assert found.number == "#1001"
    for text in ("1002", "#1", "it's", UNKNOWN):
        assert await till.orders.find(till.account, text) is None


async def test_a_statement_counts_what_was_placed_in_its_time(till: Till) -> None:
    await till.sell()
    till.later(hours=1)
    start, first = till.now.replace(microsecond=0), await till.sell()
    till.later(hours=1)
    end, _after = till.now.replace(microsecond=0), await till.sell()
    await till.do("cancel", first)
    assert await till.orders.placed(till.account, start, end) == [first]


async def test_a_cancellation_is_a_job_and_then_done(till: Till) -> None:
    order_id = await till.sell(quantity=2)
    order = to_cancel(order_id, CancelReason.OUT_OF_STOCK, restock=True, note="n" * 300)
    (outcome,) = await till.orders.cancel(till.account, [order])
    assert isinstance(outcome, Sent)
    assert (await till.read(order_id)).state is OrderState.OPEN
    assert await till.settled(order, outcome) == Done(None)
    after = await till.read(order_id)
    assert (after.state, after.cancel_reason, after.lines[0].restocked) == (OrderState.CANCELLED, "inventory", 0)
    assert await till.stock() == 8, "the shop's stock is told by us, so it restocks nothing"


async def test_cancelled_twice_counts_as_done_and_while_it_is_done_as_under_way(till: Till) -> None:
    order = to_cancel(await till.sell())
    (first,) = await till.orders.cancel(till.account, [order])
    (again,) = await till.orders.cancel(till.account, [order])
    assert isinstance(again, Sent)
    assert await till.settled(order, again) == Done(None)
    assert await till.settled(order, first) == Done(None)
    assert await till.orders.cancel(till.account, [order]) == [Done(None)]
    assert (await till.record())[0]["cancels"] == 1


async def test_what_was_shipped_is_not_cancelled_in_the_shops_words(till: Till) -> None:
    shipped, other = await till.sell(), await till.sell()
    await till.do("fulfil", shipped)
    refused, unknown, taken = await till.orders.cancel(
        till.account, [to_cancel(shipped), to_cancel(UNKNOWN), to_cancel(other)]
    )
    assert isinstance(refused, Failed)
    assert refused.problem.problem_class is ProblemClass.DATA
    assert refused.problem.original == "Cannot cancel an order that has outstanding fulfillments"
    assert isinstance(unknown, Failed)
    assert unknown.problem.original == "Order does not exist"
    assert isinstance(taken, Sent)


async def test_shipped_while_it_was_being_cancelled_nobody_says_it_is_cancelled(till: Till) -> None:
    order = to_cancel(await till.sell())
    (outcome,) = await till.orders.cancel(till.account, [order])
    await till.do("fulfil", order.order_id)
    settled = await till.settled(order, outcome)
    assert isinstance(settled, Failed)
    assert settled.problem.code == "not_cancelled"


async def test_a_cancellation_whose_answer_was_lost_is_settled_by_looking(till: Till) -> None:
    order = to_cancel(await till.sell())
    await till.shop.lever("faults", kind="drop", operation="orderCancel", count=1)
    with pytest.raises(InDoubt):
        await till.orders.cancel(till.account, [order])
    till.later(minutes=1)
    assert (await till.read(order.order_id)).state is OrderState.CANCELLED
    assert await till.orders.cancel(till.account, [order]) == [Done(None)]
    assert (await till.record())[0]["cancels"] == 1


async def test_nothing_is_told_to_a_store(till: Till) -> None:
    parcel = ParcelToTell(
        key="k",
        order_id=await till.sell(),
        ordinal=1,
        carrier="yamato",
        carrier_name="Yamato",
        number="1",
        shipped_at=till.now,
        lines=(),
        last=True,
    )
    with pytest.raises(OurFault):
        await till.orders.tell_shipped(till.account, [parcel])


async def test_a_busy_shop_says_when_to_come_back(till: Till) -> None:
    await till.shop.lever("faults", kind="throttle", count=1)
    with pytest.raises(Busy) as caught:
        await till.orders.changed(till.account, LONG_AGO)
    assert caught.value.retry_after_seconds >= 1
    assert await till.orders.changed(till.account, LONG_AGO) is not None


async def test_expired_access_is_the_merchants_to_renew(till: Till) -> None:
    await till.shop.lever("revoke")
    with pytest.raises(PermissionLost):
        await till.orders.changed(till.account, LONG_AGO)


async def test_without_the_permission_for_orders_shopify_names_it(till: Till) -> None:
    await till.shop.lever("scopes", scopes="write_products")
    with pytest.raises(PermissionLost) as caught:
        await till.orders.changed(till.account, LONG_AGO)
    assert caught.value.problem.code == "ACCESS_DENIED"
    assert "read_orders" in caught.value.problem.original
