"""A channel's number that is not what it must be: in every order of events each sale counts once and numbers agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.models.accounts import Merchant
from portal.tasks import kinds
from tests.depth import histories
from tests.jobs.model_channel import START, Channel, Trade, a_trade
from tests.settable_clock import SettableClock
from tests.stage import Stage


@pytest.fixture(autouse=True)
def _orders_are_read() -> Iterator[None]:
    """The kind of task by which a connection's orders are read."""
    before = dict(kinds.KINDS)
    kinds.KINDS[kinds.ORDERS.name] = kinds.ORDERS
    yield
    kinds.KINDS.clear()
    kinds.KINDS.update(before)


async def happens(trade: Trade, clock: SettableClock, *what: str) -> None:
    """ "sale 2", "late 1", "list", "hear", "push", "elsewhere -3", "count +1", "lose after", "wait 5"."""
    for said in what:
        word, _space, number = said.partition(" ")
        if word in {"sale", "late"}:
            key = trade.channel.sells(int(number))
            trade.channel.unlisted |= {key} if word == "late" else set()
        elif word == "list":
            trade.channel.unlisted.clear()
        elif word == "hear" and trade.channel.sales:
            keys = sorted(trade.channel.sales, key=int)
            await trade.hears(keys[int(number or -1) % len(keys)])
        elif word == "elsewhere":
            await trade.moves(int(number))
        elif word == "count":
            trade.channel.number += int(number)
        elif word == "lose":
            trade.channel.lose = number
        elif word == "push":
            await trade.asks(kinds.STOCK, str(trade.item_id))
            await trade.works()
        elif word == "wait":
            clock.advance(float(number))
            await trade.works()


HISTORIES = {
    "heard before the push": ("sale 2", "hear", "push"),
    "heard after the push found it": ("sale 2", "elsewhere -1", "push", "hear", "wait 5"),
    "found by reading the orders": ("sale 2", "elsewhere -1", "push", "wait 5", "wait 5"),
    "two sales, one heard": ("sale 2", "sale 3", "hear 0", "push", "wait 5"),
    "two sales, the second after the push": ("sale 2", "push", "sale 3", "wait 5", "wait 5"),
    "told again and again": ("sale 2", "hear", "push", "hear", "wait 5", "hear"),
    "our push was taken, its answer lost": ("elsewhere -4", "lose after", "push", "wait 20", "wait 20"),
    "our push was lost on its way": ("elsewhere -4", "lose before", "push", "wait 20", "wait 20"),
    "a sale after a push whose answer was lost": ("elsewhere -4", "lose after", "push", "sale 1", "wait 20"),
    "a sale as large as what a lost push took off": ("elsewhere -1", "lose before", "push", "sale 1", "wait 20"),
    "the same, and it was taken": ("elsewhere -1", "lose after", "push", "sale 1", "wait 20"),
    "a push back to what it was, lost": ("elsewhere -1", "lose after", "push", "elsewhere +1", "wait 20"),
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
async def test_each_sale_counts_once_and_no_difference_is_left(
    stage: Stage, merchant: Merchant, clock: SettableClock, history: tuple[str, ...]
) -> None:
    trade = await a_trade(stage, merchant, Channel())
    await happens(trade, clock, *history)
    await trade.quiets(clock)
    sold = sum(trade.channel.sales.values())
    on_hand, moved = await trade.held()
    assert on_hand == trade.channel.number == START + trade.moved - sold
    assert moved.get("order", 0) == -sold
    assert moved.get("changed_at_channel", 0) == 0


@pytest.mark.parametrize("has_orders", [True, False])
@pytest.mark.parametrize("by", [-3, +4])
async def test_what_no_sale_explains_is_taken_in_with_its_cause(
    stage: Stage, merchant: Merchant, clock: SettableClock, has_orders: bool, by: int
) -> None:
    trade = await a_trade(stage, merchant, Channel(has_orders=has_orders))
    await happens(trade, clock, f"count {by:+}", "elsewhere -2", "push")
    on_hand, moved = await trade.held()
    if has_orders:
        assert (on_hand, moved.get("changed_at_channel")) == (START - 2, None), "taken in before the orders were read"
    await trade.quiets(clock)
    on_hand, moved = await trade.held()
    assert (on_hand, moved["changed_at_channel"]) == (START - 2 + by, by)
    assert trade.channel.number == on_hand


async def test_until_it_is_explained_the_smaller_number_is_told(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    """While the orders cannot be read, what may be sold already is not offered again, and nothing else waits for it.

    It is told at once: else the channel would sell what it still shows.
    """
    trade = await a_trade(stage, merchant, Channel())
    trade.reads_orders = False
    trade.channel.sells(2)
    await happens(trade, clock, "elsewhere -40", "push")
    assert trade.channel.number == START - 40 - 2
    await happens(trade, clock, "wait 5", "wait 5")
    assert trade.channel.number == START - 40 - 2
    assert (await trade.held())[0] == START - 40
    await happens(trade, clock, "elsewhere +5", "push")
    assert trade.channel.number == START - 40 + 5 - 2
    trade.reads_orders = True
    await trade.quiets(clock)
    assert await trade.held() == (START - 37, {"received": START, "elsewhere": -35, "order": -2})
    assert trade.channel.number == START - 37


events = st.lists(
    st.one_of(
        st.sampled_from(["push", "wait 5", "wait 20", "lose before", "lose after", "hear"]),
        st.integers(1, 3).map(lambda n: f"sale {n}"),
        st.integers(0, 5).map(lambda n: f"hear {n}"),
        st.integers(-3, 3).filter(bool).map(lambda n: f"elsewhere {n}"),
        st.integers(-3, 3).filter(bool).map(lambda n: f"count {n}"),
    ),
    max_size=14,
)


@pytest.mark.once
@histories(4)
@given(history=events)
async def test_in_any_order_of_events_numbers_agree_and_each_sale_counts_once(
    stage: Stage, merchant: Merchant, clock: SettableClock, history: list[str]
) -> None:
    trade = await a_trade(stage, merchant, Channel())
    await happens(trade, clock, *history)
    await trade.quiets(clock)
    sold = sum(trade.channel.sales.values())
    by_hand = sum(int(said.split()[1]) for said in history if said.startswith("count"))
    on_hand, moved = await trade.held()
    assert on_hand == trade.channel.number, history
    assert moved.get("order", 0) == -sold, history
    if "lose after" not in history and "lose before" not in history:
        assert moved.get("changed_at_channel", 0) == by_hand, history
    elif not by_hand:
        assert moved.get("changed_at_channel", 0) == 0, history


async def test_a_sale_too_many_that_is_listed_late_is_missing_once_and_no_stock_comes_of_it(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    """R17: its unit was taken for a change made there, when there was none to take any more."""
    trade = await a_trade(stage, merchant, Channel())
    await happens(trade, clock, f"elsewhere -{START}", "late 1", "push", "wait 5", "wait 5")
    assert ((await trade.held())[0], await trade.missing()) == (0, 1)
    await happens(trade, clock, "list")
    await trade.quiets(clock)
    assert ((await trade.held())[0], await trade.missing()) == (0, 1)
    assert trade.channel.number == 0


scarce = st.lists(
    st.one_of(
        st.sampled_from(["push", "wait 5", "wait 20", "hear", "list"]),
        st.integers(1, 3).map(lambda n: f"sale {n}"),
        st.integers(1, 3).map(lambda n: f"late {n}"),
        st.integers(0, 5).map(lambda n: f"hear {n}"),
        st.integers(-3, 3).filter(bool).map(lambda n: f"elsewhere {n}"),
        st.integers(-3, 3).filter(bool).map(lambda n: f"count {n}"),
    ),
    max_size=14,
)


@pytest.mark.once
@histories(4)
@given(history=scarce)
async def test_however_little_there_is_no_unit_is_lost_or_invented(
    stage: Stage, merchant: Merchant, clock: SettableClock, history: list[str]
) -> None:
    trade = await a_trade(stage, merchant, Channel(number=2))
    await happens(trade, clock, *history, "list")
    await trade.quiets(clock)
    sold = sum(trade.channel.sales.values())
    by_hand = sum(int(said.split()[1]) for said in history if said.startswith("count"))
    on_hand, missing = (await trade.held())[0], await trade.missing()
    assert on_hand - missing == 2 + trade.moved - sold + by_hand, history
    assert trade.channel.number == on_hand, history
    assert not (on_hand and missing), history
