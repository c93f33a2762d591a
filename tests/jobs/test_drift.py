"""A number changed at a channel without a compare is put right with a reason; one that a sale has changed never is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from connectors.orders import OrderState
from jobs.drift import LONGEST, Look, Verdict, judge
from portal.clock import new_id
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.orders import Order, OrderLine
from portal.models.stock import Repair
from portal.models.tasks import Task, TaskState
from portal.proof.repairs import ANSWER_LOST, CHANGED_THERE, HELD_AT_MOST
from portal.tasks import kinds
from portal.tenancy import SYSTEM
from tests.depth import histories
from tests.jobs.model_channel import Channel, Trade, a_trade
from tests.settable_clock import SettableClock
from tests.stage import Stage

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ODD = {"seen": 9, "due": 7, "settled": True, "before": 2, "odd_at": NOON, "heard": True}


@pytest.mark.parametrize(
    ("columns", "verdict"),
    [
        ({"seen": 7}, Verdict.RIGHT),
        ({"seen": 7, "settled": False}, Verdict.RIGHT),
        ({"settled": False}, Verdict.UNCLEAR),
        ({"before": None, "odd_at": None}, Verdict.NEW),
        ({"before": 1}, Verdict.NEW),
        ({"heard": False}, Verdict.WAITS),
        ({}, Verdict.CHANGED),
        ({"seen": 5, "before": -2}, Verdict.CHANGED),
        ({"heard": False, "odd_at": NOON - LONGEST * 2}, Verdict.CHANGED),
        ({"seen": 5, "before": -2, "heard": False, "odd_at": NOON - LONGEST * 20}, Verdict.WAITS),
    ],
)
def test_only_what_stands_twice_with_the_orders_heard_between_was_changed_there(
    columns: dict[str, object], verdict: Verdict
) -> None:
    """But what is too large may be lowered when nobody can read the orders: that sells nothing twice."""
    look = Look(**ODD | columns)  # type: ignore[arg-type]  # the columns are the test's to choose
    assert judge(look, NOON) is verdict


@dataclass
class Floor:
    """A merchant's trade on a channel that overwrites, and the worker that looks at it."""

    trade: Trade
    clock: SettableClock

    @property
    def channel(self) -> Channel:
        return self.trade.channel

    async def looks(self) -> None:
        await self.trade.asks(kinds.CHECK_NUMBERS, str(self.trade.connection.id))
        await self.trade.works()

    async def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.trade.works()

    async def changes(self, quantity: int) -> None:
        """By another hand, and looked at until it is settled."""
        self.channel.number += quantity
        await self.later(3601)
        await self.looks()
        await self.later(400)
        await self.looks()

    async def repairs(self) -> Sequence[Repair]:
        async with self.trade.stage.sessions.read(self.trade.merchant.id) as session:
            query = select(Repair).where(Repair.connection_id == self.trade.connection.id).order_by(Repair.id)
            return (await session.scalars(query)).all()

    async def item(self) -> ListingItem:
        async with self.trade.stage.sessions.read(self.trade.merchant.id) as session:
            return await session.get_one(ListingItem, self.trade.item_id)

    async def on_hand(self) -> int:
        return (await self.trade.held())[0]

    async def closes(self) -> None:
        """Nothing of it goes on in the next example."""
        async with self.trade.stage.sessions.write(SYSTEM) as session:
            (await session.get_one(Connection, self.trade.connection.id)).state = ConnectionState.PAUSED


async def a_floor(stage: Stage, merchant: Merchant, clock: SettableClock, *, start: int = 7, lag: float = 0) -> Floor:
    return Floor(await a_trade(stage, merchant, Channel(key="rakuten", number=start, lag=lag)), clock)


@pytest.fixture
async def floor(stage: Stage, merchant: Merchant, clock: SettableClock) -> Floor:
    return await a_floor(stage, merchant, clock)


@pytest.mark.parametrize("by", [+2, -3])
async def test_a_number_changed_there_is_put_right_and_says_why(floor: Floor, by: int) -> None:
    floor.channel.number += by
    await floor.later(3601)
    await floor.looks()
    first = floor.clock()
    assert (floor.channel.number, await floor.repairs()) == (7 + by, []), "one look proves nothing"

    await floor.later(400)
    await floor.looks()

    [row] = await floor.repairs()
    assert floor.channel.number == 7
    assert (row.found, row.found_at, row.due, row.reason) == (7 + by, first, 7, CHANGED_THERE)
    assert (row.sent, row.sent_at) == (7, floor.clock())
    assert row.heard_until is not None
    assert row.heard_until >= first
    item = await floor.item()
    assert (item.odd_quantity, item.odd_quantity_at, item.disputed_at) == (None, None, None)
    await floor.later(3601)
    await floor.looks()
    assert len(await floor.repairs()) == 1
    assert ((await floor.item()).seen_quantity, await floor.on_hand()) == (7, 7)


async def test_a_sale_not_heard_of_is_never_overwritten_by_a_repair(floor: Floor) -> None:
    floor.channel.sells(2)
    await floor.later(3601)
    await floor.looks()
    assert ((await floor.item()).odd_quantity, floor.channel.number) == (-2, 5)

    await floor.later(400)
    await floor.looks()

    assert (floor.channel.number, await floor.on_hand(), await floor.repairs()) == (5, 5, [])
    assert (await floor.item()).odd_quantity is None


async def test_what_is_too_few_is_not_raised_while_the_orders_cannot_be_read(floor: Floor) -> None:
    """However long that is; what is too many is lowered after half an hour, which sells nothing twice."""
    floor.trade.reads_orders = False
    floor.channel.sells(2)
    for _ in range(6):
        await floor.later(3601)
        await floor.looks()
    assert (floor.channel.number, await floor.repairs()) == (5, [])

    floor.channel.number = 12
    for _ in range(3):
        await floor.later(3601)
        await floor.looks()
    [row] = await floor.repairs()
    assert (floor.channel.number, row.found, row.heard_until) == (7, 12, None)
    floor.trade.reads_orders = True
    await floor.later(3601)
    assert (floor.channel.number, await floor.on_hand()) == (5, 5)


async def test_a_sale_that_we_cannot_place_is_not_taken_for_a_change(
    floor: Floor, stage: Stage, merchant: Merchant
) -> None:
    """It lowered the number there and nothing here: the order waits for the merchant, and so does the number."""
    order = Order(
        id=new_id(),
        merchant_id=merchant.id,
        connection_id=floor.trade.connection.id,
        channel_id="o",
        number="o",
        placed_at=stage.now,
        changed_at=stage.now,
        state=OrderState.OPEN,
        currency="JPY",
    )
    async with stage.sessions.write(merchant.id) as session:
        session.add(order)
        await session.flush()
        session.add(
            OrderLine(
                id=new_id(),
                merchant_id=merchant.id,
                order_id=order.id,
                position=0,
                channel_id="1",
                item_id="item",
                quantity=2,
            )
        )
    await floor.changes(-2)
    assert (floor.channel.number, await floor.repairs(), (await floor.item()).odd_quantity) == (5, [], -2)


async def test_an_item_whose_number_is_on_its_way_is_left_alone(floor: Floor, stage: Stage) -> None:
    floor.channel.number = 9
    await floor.later(3601)
    await floor.looks()
    await floor.later(330)
    await floor.trade.asks(kinds.STOCK, str(floor.trade.item_id))
    async with stage.sessions.write(SYSTEM) as session:
        # A batch that the channel has taken and works on: its number may be there, or not.
        task = (await session.scalars(select(Task).where(Task.kind == "stock", Task.state == TaskState.WAITING))).one()
        task.state, task.not_before = TaskState.SENT, stage.now + timedelta(days=1)
    looked_at = (await floor.item()).seen_quantity_at
    await floor.later(3601)
    await floor.looks()
    assert (await floor.item()).seen_quantity_at == looked_at, "it is not even looked at"

    for _ in range(3):
        await floor.later(400)
        await floor.trade.asks(kinds.READ, str((await floor.item()).listing_id))
        await floor.trade.works()
    item = await floor.item()
    assert (item.seen_quantity, item.seen_quantity_at, item.odd_quantity) == (9, floor.clock(), None)
    assert (floor.channel.number, await floor.repairs()) == (9, [])


async def test_a_push_starts_the_looking_anew(floor: Floor) -> None:
    """What it overwrote is gone; what is there ten minutes later may be another change."""
    floor.channel.number = 9
    await floor.later(3601)
    await floor.looks()
    await floor.trade.moves(-1)
    await floor.later(60)
    floor.channel.number += 2
    await floor.later(340)
    await floor.looks()
    assert ((await floor.item()).odd_quantity, await floor.repairs()) == (None, [])
    await floor.later(601)
    await floor.looks()
    await floor.later(400)
    await floor.looks()
    [row] = await floor.repairs()
    assert (row.found, row.due, row.sent, floor.channel.number) == (8, 6, 6, 6)


async def test_a_push_whose_answer_was_lost_by_our_fault_is_told_as_the_reason(floor: Floor, stage: Stage) -> None:
    async with stage.sessions.write(SYSTEM) as session:
        item = await session.get_one(ListingItem, floor.trade.item_id)
        item.stock_problem = {"problem_class": "ours", "code": "KeyError"}
    await floor.changes(-1)
    [row] = await floor.repairs()
    assert (row.reason, floor.channel.number) == (ANSWER_LOST, 7)
    assert (await floor.item()).stock_problem is None


@pytest.mark.parametrize("by", [+2, -2])
async def test_a_number_that_never_holds_becomes_the_merchants_to_settle(floor: Floor, by: int) -> None:
    """It is lowered all the same, and left alone where it is too small."""
    for number in range(HELD_AT_MOST):
        await floor.changes(by)
        assert (len(await floor.repairs()), floor.channel.number) == (number + 1, 7)
        assert (await floor.item()).disputed_at is None
    await floor.changes(by)

    assert (await floor.item()).disputed_at == floor.clock()
    lowered = by > 0
    assert (floor.channel.number, len(await floor.repairs())) == (7 if lowered else 5, HELD_AT_MOST + lowered)

    floor.channel.number = 7
    await floor.later(3601)
    await floor.looks()
    assert (await floor.item()).disputed_at is not None, "it has to hold for some days"
    await floor.later(timedelta(days=2).total_seconds())
    await floor.looks()
    assert (await floor.item()).disputed_at is None


async def test_a_held_listings_number_is_seen_and_not_touched(floor: Floor, stage: Stage) -> None:
    async with stage.sessions.write(SYSTEM) as session:
        (await session.scalars(select(Listing))).one().intent = Intent.HOLD
    await floor.changes(+2)
    assert (floor.channel.number, await floor.repairs()) == (9, [])


async def test_selling_stopped_is_held_against_the_channel_too(floor: Floor, stage: Stage, merchant: Merchant) -> None:
    async with stage.sessions.write(SYSTEM) as session:
        (await session.get_one(Merchant, merchant.id)).stopped_at = stage.now
    await floor.trade.asks(kinds.STOCK, str(floor.trade.item_id))
    await floor.later(60)
    assert floor.channel.number == 0
    await floor.changes(+4)
    [row] = await floor.repairs()
    assert (row.found, row.due, row.sent, floor.channel.number) == (4, 0, 0, 0)


async def test_a_compare_explains_a_difference_where_the_channel_has_one(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    """Counted by hand at Shopify: it is taken in, with its cause, and no repair is written."""
    floor = Floor(await a_trade(stage, merchant, Channel(key="shopify", number=7)), clock)
    await floor.changes(+3)
    for _ in range(4):
        await floor.later(400)
    on_hand, moved = await floor.trade.held()
    assert (on_hand, moved["changed_at_channel"], floor.channel.number) == (10, 3, 10)
    assert await floor.repairs() == []


words = st.one_of(
    st.sampled_from(["look", "push", "orders", "lose before", "lose after"]),
    st.sampled_from([30, 200, 400, 700, 3700]).map(lambda n: f"wait {n}"),
    st.integers(1, 3).map(lambda n: f"sale {n}"),
    st.integers(0, 4).map(lambda n: f"hear {n}"),
    st.integers(-3, 3).filter(bool).map(lambda n: f"elsewhere {n}"),
)
by_hand = st.integers(-3, 4).filter(bool).map(lambda n: f"count {n}")


async def happens(floor: Floor, said: str) -> None:
    word, _space, number = said.partition(" ")
    trade, channel = floor.trade, floor.channel
    if word == "look":
        await trade.asks(kinds.READ, str((await floor.item()).listing_id))
        await trade.works()
    elif word == "sale" and channel.number > 0:
        channel.sells(min(int(number), channel.number), floor.clock())
    elif word == "hear" and channel.told(floor.clock()):
        keys = channel.told(floor.clock())
        await trade.hears(keys[int(number) % len(keys)])
    elif word == "elsewhere":
        await trade.moves(int(number))
    elif word == "count":
        channel.number = max(0, channel.number + int(number))
    elif word == "lose":
        channel.lose = number
    elif word in ("push", "orders"):
        kind, subject = (kinds.STOCK, trade.item_id) if word == "push" else (kinds.ORDERS, trade.connection.id)
        await trade.asks(kind, str(subject))
        await trade.works()
    elif word == "wait":
        await floor.later(float(number))


async def quiets(floor: Floor) -> None:
    """The channel's orders are read as ever, and it is looked at; nobody pushes what did not change."""
    for _ in range(3):
        await happens(floor, "orders")
        for pause in (3700, 400, 700, 400):
            await floor.later(pause)
            await floor.looks()


@pytest.mark.once
@histories(4)
@given(
    history=st.lists(words, max_size=14),
    start=st.sampled_from([50, 3]),
    lag=st.sampled_from([0.0, 120.0, 290.0]),
)
async def test_in_any_order_of_sales_looks_and_pushes_no_repair_is_written_and_no_more_offered_than_there_is(
    stage: Stage, merchant: Merchant, clock: SettableClock, history: list[str], start: int, lag: float
) -> None:
    floor = await a_floor(stage, merchant, clock, start=start, lag=lag)
    for said in history:
        await happens(floor, said)
    await quiets(floor)
    on_hand, moved = await floor.trade.held()
    repairs = [(row.found, row.due) for row in await floor.repairs()]
    await floor.closes()
    assert repairs == [], history
    assert floor.channel.number == on_hand, history
    assert -moved.get("order", 0) <= sum(floor.channel.sales.values()), history


@pytest.mark.once
@histories(4)
@given(
    history=st.lists(st.one_of(words, by_hand), max_size=14),
    start=st.sampled_from([50, 3]),
    lag=st.sampled_from([0.0, 120.0, 290.0]),
)
async def test_whatever_is_changed_there_in_between_ends_right_and_is_no_more_repairs_than_changes(
    stage: Stage, merchant: Merchant, clock: SettableClock, history: list[str], start: int, lag: float
) -> None:
    floor = await a_floor(stage, merchant, clock, start=start, lag=lag)
    for said in history:
        await happens(floor, said)
    await quiets(floor)
    on_hand, _moved = await floor.trade.held()
    repairs = await floor.repairs()
    await floor.closes()
    counts = [said for said in history if said.startswith("count")]
    assert len(repairs) <= len(counts), history
    assert all(row.found != row.due for row in repairs), history
    disputed = (await floor.item()).disputed_at is not None
    assert floor.channel.number == on_hand or (disputed and floor.channel.number < on_hand), history
