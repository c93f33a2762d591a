"""Orders are taken in once, in whatever order they are told of, and stock moves once for each line."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.orders import OrderRecord, OrderState, Parcel
from portal.invariants import violations
from portal.models.connections import Connection
from portal.models.orders import StoreStep
from portal.orders import buyers, references
from portal.tasks import kinds
from tests.depth import histories
from tests.orders.sales import SOLD, Shop, sale, with_line

SHIPPED, CANCELLED, PENDING, OPEN = OrderState.SHIPPED, OrderState.CANCELLED, OrderState.PENDING, OrderState.OPEN


async def test_a_sale_lowers_stock_once_however_often_it_is_told(shop: Shop) -> None:
    first = await shop.hear(sale(units=2))
    assert len(first) == 1
    assert await shop.hear(sale(units=2)) == []
    assert await shop.hear(sale(units=2), sale(units=2, minutes=1)) == []
    assert await shop.on_hand() == 3
    assert await shop.movements() == 1
    assert await violations(shop.sessions, shop.now) == []


async def test_a_marketplaces_order_is_on_its_way_to_the_store_and_a_sale_in_the_store_is_not(shop: Shop) -> None:
    await shop.hear(sale())
    await shop.hear(sale("#1001"), of=shop.store)
    market, store = await shop.orders()
    assert (market.store_step, store.store_step) == (StoreStep.WAITING, StoreStep.NONE)
    [task] = await shop.tasks(kinds.STORE_ORDER.name)
    assert (task.subject, task.connection_id) == (str(market.id), shop.store.id)
    assert await shop.on_hand() == 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_created_changed_and_cancelled_end_alike_in_every_order(shop: Shop, order: tuple[int, ...]) -> None:
    """R3, with a telling that is older than all others last."""
    told = [sale(units=2), sale(units=2, minutes=1), sale(units=2, minutes=2, state=CANCELLED)]
    for place in order:
        await shop.hear(told[place])
    await shop.hear(sale(units=2, minutes=-1))
    found = await shop.order()
    assert found.state is CANCELLED
    assert (await shop.on_hand(), await shop.missing()) == (5, 0)
    assert await violations(shop.sessions, shop.now) == []


async def test_of_two_tellings_of_one_moment_the_further_one_stands(shop: Shop) -> None:
    await shop.hear(sale(state=CANCELLED))
    await shop.hear(sale(state=OPEN))
    assert (await shop.order()).state is CANCELLED


async def test_what_is_not_paid_is_held_and_taken_once_it_is(shop: Shop) -> None:
    await shop.hear(sale(units=2, state=PENDING))
    assert (await shop.on_hand(), await shop.reserved()) == (5, 2)
    assert (await shop.order()).store_step is StoreStep.NONE
    await shop.hear(sale(units=2, minutes=1))
    assert (await shop.on_hand(), await shop.reserved()) == (3, 0)
    assert (await shop.order()).store_step is StoreStep.WAITING


async def test_what_was_never_paid_is_held_no_more(shop: Shop) -> None:
    await shop.hear(sale(units=2, state=PENDING))
    await shop.hear(sale(units=2, minutes=1, state=CANCELLED))
    assert (await shop.on_hand(), await shop.reserved(), await shop.movements()) == (5, 0, 0)


async def test_more_sold_than_there_is_stands_in_the_oversell_ledger_and_a_cancel_clears_it_first(shop: Shop) -> None:
    await shop.hear(sale(units=7))
    assert (await shop.on_hand(), await shop.missing()) == (0, 2)
    await shop.hear(with_line(sale(units=7, minutes=1), cancelled=3))
    assert (await shop.on_hand(), await shop.missing()) == (1, 0)
    assert (await shop.order()).lines[0].check_stock


async def test_a_cancelled_order_gives_its_stock_back_once_and_asks_to_look(shop: Shop) -> None:
    """R25: cancelled, told again, told late."""
    await shop.hear(sale(units=2))
    for minutes in (2, 2, 1, 3):
        await shop.hear(sale(units=2, minutes=minutes, state=CANCELLED))
    order = await shop.order()
    assert await shop.on_hand() == 5
    assert order.lines[0].check_stock
    assert (order.store_step, order.cancelled_at) == (StoreStep.NONE, shop.now)
    [task] = await shop.tasks(kinds.STORE_ORDER.name)
    assert task.state == "cancelled"


@pytest.mark.parametrize("units", [3, 7], ids=["all of it was there", "some of it was not"])
async def test_a_line_that_grew_gives_all_of_it_back(shop: Shop, units: int) -> None:
    await shop.hear(sale(units=2))
    await shop.hear(sale(units=units, minutes=1))
    assert (await shop.on_hand(), await shop.missing()) == (max(0, 5 - units), max(0, units - 5))
    await shop.hear(sale(units=units, minutes=2, state=CANCELLED))
    assert (await shop.on_hand(), await shop.missing()) == (5, 0)
    assert await violations(shop.sessions, shop.now) == []


async def test_what_has_left_does_not_come_back_by_a_cancel(shop: Shop) -> None:
    await shop.hear(with_line(sale(units=2), shipped=1))
    await shop.hear(with_line(sale(units=2, minutes=1, state=CANCELLED), shipped=1))
    assert await shop.on_hand() == 4


async def test_an_order_that_the_channel_ships_itself_takes_nothing_of_ours(shop: Shop) -> None:
    await shop.hear(sale(by_channel=True))
    assert await shop.on_hand() == 5
    assert (await shop.order()).store_step is StoreStep.NONE


async def test_an_order_of_before_the_connection_is_history(shop: Shop) -> None:
    await shop.hear(sale(placed_at=SOLD - timedelta(days=60)))
    assert await shop.on_hand() == 5
    assert (await shop.order()).history


@pytest.mark.parametrize(("seconds", "is_history"), [(0, False), (-1, True)])
async def test_what_was_sold_in_the_second_of_the_connection_is_a_sale(
    shop: Shop, seconds: int, is_history: bool
) -> None:
    """Channels tell whole seconds; the connection was made at some moment inside of one."""
    shop.market.created_at = SOLD + timedelta(microseconds=900_000)
    await shop.hear(sale(placed_at=SOLD + timedelta(seconds=seconds)))
    assert ((await shop.order()).history, await shop.on_hand()) == (is_history, 5 if is_history else 4)


async def test_a_sku_that_nobody_knows_moves_nothing(shop: Shop) -> None:
    await shop.hear(sale(sku="OTHER"))
    assert await shop.on_hand() == 5
    assert (await shop.order()).lines[0].variant_id is None


async def test_the_buyer_is_sealed_and_searched_by_nobody(shop: Shop) -> None:
    await shop.hear(sale())
    order = await shop.order()
    assert order.buyer is not None
    assert b"Taro" not in order.buyer
    assert "taro" not in order.search_text
    opened = buyers.opened(shop.vault, order)
    assert opened is not None
    assert (opened.name, opened.ship_to.line1 if opened.ship_to else "") == ("Planted Taro", "1-2-3 Ginza")
    masked = buyers.masked(opened)
    assert "Taro" not in repr(buyers.as_document(masked))
    assert "Ginza" not in repr(buyers.as_document(masked))


def echo(number: str, *, state: OrderState = OPEN, minutes: int = 0, parcels: tuple[Parcel, ...] = ()) -> OrderRecord:
    """The store's own telling of the order that we made there for the marketplace's `number`."""
    return sale(
        f"gid://shopify/Order/{number}",
        state=state,
        minutes=minutes,
        reference=references.of("amazon", number),
        parcels=parcels,
    )


async def test_a_stores_echo_of_our_own_order_is_never_a_sale(shop: Shop) -> None:
    await shop.hear(sale())
    await shop.hear(echo("250-1"), of=shop.store)
    [order] = await shop.orders()
    assert await shop.on_hand() == 4
    assert order.store_step is StoreStep.CREATED


async def test_an_echo_of_an_order_nobody_knows_is_no_sale_either(shop: Shop) -> None:
    await shop.hear(echo("999-9"), of=shop.store)
    assert await shop.orders() == []
    assert await shop.on_hand() == 5


async def test_a_parcel_of_the_store_is_told_to_the_source_alone(shop: Shop) -> None:
    await shop.hear(sale())
    left = Parcel(channel_id="f1", carrier="ヤマト運輸", number="1234", shipped_at=SOLD)
    for _ in range(2):
        await shop.hear(echo("250-1", minutes=1, state=SHIPPED, parcels=(left,)), of=shop.store)
    [task] = await shop.tasks(kinds.SHIPPED.name)
    assert task.connection_id == shop.market.id


async def test_a_cancellation_in_the_store_travels_to_the_source(shop: Shop) -> None:
    await shop.hear(sale())
    await shop.hear(echo("250-1", minutes=1, state=CANCELLED), of=shop.store)
    [task] = await shop.tasks(kinds.CANCEL_ORDER.name)
    assert task.connection_id == shop.market.id
    assert await shop.on_hand() == 4, "stock moves when the marketplace says that it is cancelled"


async def test_a_cancellation_at_the_source_travels_to_the_store(shop: Shop) -> None:
    await shop.hear(sale())
    await shop.hear(echo("250-1"), of=shop.store)
    await shop.hear(sale(minutes=1, state=CANCELLED))
    [task] = await shop.tasks(kinds.CANCEL_ORDER.name)
    assert task.connection_id == shop.store.id


async def test_what_is_handled_outside_travels_nowhere(shop: Shop) -> None:
    async with shop.sessions.write(shop.merchant.id) as session:
        for connection in (shop.market, shop.store):
            row = await session.get_one(Connection, connection.id)
            row.handled_outside = ["cancellations", "shipments"]
    shop.market.handled_outside = shop.store.handled_outside = ["cancellations", "shipments"]
    await shop.hear(sale())
    left = Parcel(channel_id="f1", number="1234", shipped_at=SOLD)
    await shop.hear(echo("250-1", minutes=1, parcels=(left,)), of=shop.store)
    await shop.hear(echo("250-1", minutes=2, state=CANCELLED, parcels=(left,)), of=shop.store)
    assert await shop.tasks(kinds.SHIPPED.name) == []
    assert await shop.tasks(kinds.CANCEL_ORDER.name) == []


told = st.lists(
    st.tuples(
        st.sampled_from([PENDING, OPEN, SHIPPED, CANCELLED]),
        st.integers(min_value=1, max_value=6),
        st.integers(min_value=0, max_value=6),
        st.integers(min_value=0, max_value=5),
    ),
    min_size=1,
    max_size=6,
)


@histories(8)
@given(told=told, number=st.uuids())
async def test_whatever_is_told_the_ledger_is_whole(
    shop: Shop, told: list[tuple[OrderState, int, int, int]], number: object
) -> None:
    """Any tellings in any order: on hand is the sum of the movements, and nothing is below zero."""
    for state, units, cancelled, minutes in told:
        record = sale(str(number), units=units, state=state, minutes=minutes)
        await shop.hear(with_line(record, cancelled=min(units, cancelled)))
    assert await violations(shop.sessions, shop.now) == []
    assert await shop.on_hand() >= 0
    assert await shop.reserved() >= 0
