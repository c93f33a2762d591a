"""What orders hold, take and give back: each once, in any order, with bundles and with more sold than there is."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.stock import Component
from portal.models.tasks import Task
from portal.stock.claims import Claim
from portal.tenancy import SYSTEM
from tests.depth import histories
from tests.stock.ledger import Ledger, back, line, sent_back
from tests.stock.products import a_listing, a_product


@pytest.fixture
def ledger(sessions: Sessions, merchant: Merchant) -> Ledger:
    return Ledger(sessions, merchant)


async def variants(ledger: Ledger, count: int = 1) -> list[UUID]:
    product = await a_product(ledger.sessions, ledger.merchant, variants=count)
    async with ledger.sessions.read(SYSTEM) as session:
        query = select(Variant.id).where(Variant.product_id == product.id).order_by(Variant.position)
        return list(await session.scalars(query))


async def test_what_is_held_is_taken_once_and_held_no_more(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.receive(mug, 5)
    sold = line(mug, 2)
    await ledger.reserve(sold)
    await ledger.reserve(sold)
    assert await ledger.levels(mug) == (5, 2)
    assert [taken.repeated for taken in [*await ledger.take(sold), *await ledger.take(sold)]] == [False, True]
    assert await ledger.levels(mug) == (3, 0)
    # A pending order heard of late, after it was paid.
    await ledger.reserve(sold)
    assert await ledger.levels(mug) == (3, 0)
    assert await ledger.wrong() == []


async def test_what_was_released_stays_so_when_an_older_telling_comes_late(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    sold = line(mug, 2)
    await ledger.reserve(sold)
    await ledger.release(sold)
    await ledger.release(sold)
    await ledger.reserve(sold)
    assert await ledger.levels(mug) == (0, 0)
    assert await ledger.wrong() == []


async def test_more_than_there_is_stands_in_the_oversell_ledger(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.receive(mug, 3)
    [taken] = await ledger.take(line(mug, 5))
    assert (taken.missing, await ledger.levels(mug), await ledger.short(mug)) == (2, (0, 0), [(2, 0)])


async def test_a_cancel_settles_what_was_never_there_before_it_fills_the_shelf(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.receive(mug, 3)
    sold = line(mug, 5)
    await ledger.take(sold)
    told = []
    for total in (1, 3, 2, 3, 5, 5, 9):
        [done] = await ledger.give_back(back(sold, total))
        told.append((done.cleared, done.restocked))
    assert told == [(1, 0), (1, 1), (0, 0), (0, 0), (0, 2), (0, 0), (0, 0)]
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((3, 0), [(2, 2)])
    assert await ledger.wrong() == []


async def test_what_comes_in_goes_first_to_who_bought_it_and_comes_back_when_they_cancel(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.receive(mug, 3)
    first, second = line(mug, 5, "line-1"), line(mug, 1, "line-2")
    await ledger.take(first, second)
    assert await ledger.short(mug) == [(2, 0), (1, 0)]
    await ledger.receive(mug, 1, "one more")
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((0, 0), [(2, 1), (1, 0)])
    await ledger.receive(mug, 5, "plenty")
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((3, 0), [(2, 2), (1, 1)])
    [done] = await ledger.give_back(back(first, 5))
    assert (done.cleared, done.restocked) == (0, 5)
    assert await ledger.levels(mug) == (8, 0)
    assert await ledger.wrong() == []


async def test_what_a_cancel_brings_back_goes_first_to_who_bought_it_when_it_was_not_there(ledger: Ledger) -> None:
    """R17: were it on the shelf, every channel would be told to sell a unit that somebody waits for."""
    [mug] = await variants(ledger)
    await ledger.receive(mug, 3)
    first, second = line(mug, 3, "line-1"), line(mug, 1, "line-2")
    await ledger.take(first, second)
    await ledger.give_back(back(first, 2))
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((1, 0), [(1, 1)])
    await ledger.give_back(back(second, 1))
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((2, 0), [(1, 1)])
    assert await ledger.wrong() == []


async def test_what_is_lost_settles_the_shortfall_and_does_not_come_back(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.receive(mug, 3)
    sold = line(mug, 5)
    await ledger.take(sold)
    await ledger.give_back(back(sold, 5, lost=5))
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((0, 0), [(2, 2)])
    await ledger.give_back(back(sold, 5, lost=1))
    assert await ledger.levels(mug) == (2, 0)


async def test_what_was_sent_back_is_on_the_shelf_once_and_never_more_than_left(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.receive(mug, 5)
    sold = line(mug, 3)
    await ledger.take(sold)
    told = [(await ledger.bring_back(sent_back(sold, total)))[0] for total in (1, 1, 0, 2, 1, 9)]
    assert told == [1, 0, 0, 1, 0, 1]
    assert await ledger.levels(mug) == (5, 0)
    assert await ledger.wrong() == []


async def test_what_a_cancel_gave_back_is_not_sent_back_as_well(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.receive(mug, 5)
    sold = line(mug, 3)
    await ledger.take(sold)
    await ledger.give_back(back(sold, 2))
    assert await ledger.bring_back(sent_back(sold, 3)) == [1]
    assert await ledger.levels(mug) == (5, 0)
    assert await ledger.wrong() == []


async def test_what_was_sent_back_was_there_whatever_the_ledger_knew(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    sold = line(mug, 2)
    await ledger.take(sold)
    assert await ledger.bring_back(sent_back(sold, 1)) == [1]
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((1, 0), [(2, 0)])


async def test_a_bundle_that_is_sent_back_brings_its_components_as_they_were(ledger: Ledger) -> None:
    mug, saucer, gift_set = await variants(ledger, 3)
    await ledger.receive(mug, 5)
    await ledger.receive(saucer, 20)
    await ledger.bundle(gift_set, {mug: 1, saucer: 2})
    sold = line(gift_set, 3)
    await ledger.take(sold)
    async with ledger.sessions.write(ledger.merchant.id) as session:
        await session.execute(delete(Component).where(Component.variant_id == saucer))
    assert await ledger.bring_back(sent_back(sold, 2)) == [6]
    assert [await ledger.levels(one) for one in (mug, saucer, gift_set)] == [(4, 0), (18, 0), (0, 0)]
    assert await ledger.wrong() == []


async def test_nothing_comes_back_for_a_cause_that_took_nothing(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    await ledger.reserve(line(mug, 2))
    assert (await ledger.give_back(back(line(mug, 2), 2)))[0].restocked == 0
    assert await ledger.levels(mug) == (0, 2)


async def test_a_sale_of_a_bundle_takes_its_components_and_gives_them_back_as_they_were(ledger: Ledger) -> None:
    mug, saucer, gift_set, box = await variants(ledger, 4)
    await ledger.receive(mug, 5)
    await ledger.receive(saucer, 20)
    await ledger.bundle(gift_set, {mug: 1, saucer: 2})
    sold = line(gift_set, 6)
    await ledger.reserve(sold)
    assert [await ledger.levels(one) for one in (mug, saucer, gift_set)] == [(5, 6), (20, 12), (0, 0)]
    [taken] = await ledger.take(sold)
    assert taken.missing == 1
    assert [await ledger.levels(one) for one in (mug, saucer, gift_set)] == [(0, 0), (8, 0), (0, 0)]
    async with ledger.sessions.write(ledger.merchant.id) as session:
        await session.execute(delete(Component).where(Component.variant_id == saucer))
    await ledger.bundle(gift_set, {box: 1})
    assert [one.repeated for one in await ledger.take(sold)] == [True]
    await ledger.give_back(back(sold, 3))
    assert [await ledger.levels(one) for one in (mug, saucer, box)] == [(2, 0), (14, 0), (0, 0)]
    await ledger.give_back(back(sold, 6))
    assert [await ledger.levels(one) for one in (mug, saucer)] == [(5, 0), (20, 0)]
    assert await ledger.wrong() == []


async def test_what_is_not_counted_is_remembered_and_does_not_move(ledger: Ledger) -> None:
    [mug] = await variants(ledger)
    async with ledger.sessions.write(ledger.merchant.id) as session:
        (await session.get_one(Variant, mug)).tracked = False
    assert [one.missing for one in await ledger.take(line(mug, 2))] == [0]
    assert (await ledger.take(line(mug, 2)))[0].repeated
    await ledger.give_back(back(line(mug, 2), 2))
    assert (await ledger.levels(mug), await ledger.short(mug)) == ((0, 0), [])


async def test_connections_of_a_bundle_are_told_of_its_components(ledger: Ledger) -> None:
    product = await a_product(ledger.sessions, ledger.merchant, variants=2)
    async with ledger.sessions.read(SYSTEM) as session:
        query = select(Variant).where(Variant.product_id == product.id).order_by(Variant.position)
        mug, gift_set = await session.scalars(query)
    connection = await a_listing(ledger.sessions, product, [gift_set])
    await ledger.bundle(gift_set.id, {mug.id: 2})
    await ledger.receive(mug.id, 4)
    async with ledger.sessions.read(SYSTEM) as session:
        told = (await session.scalars(select(Task).where(Task.kind == "stock"))).all()
    assert [task.connection_id for task in told] == [connection.id]


async def test_sales_at_the_same_time_of_a_bundle_and_its_parts_wait_in_no_ring(ledger: Ledger) -> None:
    mug, saucer, gift_set = await variants(ledger, 3)
    await ledger.bundle(gift_set, {mug: 1, saucer: 1})
    await ledger.receive(mug, 100)
    await ledger.receive(saucer, 100)
    orders = [(mug, saucer, gift_set), (gift_set, saucer, mug), (saucer, gift_set, mug)]

    async def sale(number: int) -> None:
        wanted = [line(one, 1, f"{number}:{place}") for place, one in enumerate(orders[number % 3])]
        await ledger.take(*wanted)

    await asyncio.gather(*(sale(number % 12) for number in range(24)))
    assert [await ledger.levels(one) for one in (mug, saucer)] == [(76, 0), (76, 0)]
    assert await ledger.wrong() == []


events = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release", "take", "back", "receive"]),
        st.integers(0, 2),
        st.integers(0, 3),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=14,
)


@histories(6)
@given(happened=events)
async def test_whatever_orders_do_in_whatever_order_the_sums_hold_and_each_counts_once(
    sessions: Sessions, merchant: Merchant, happened: list[tuple[str, int, int, int]]
) -> None:
    """I6, I7, reserved, never below zero; what was taken for an order is what it wanted, or stands as missing."""
    ledger = Ledger(sessions, merchant)
    mug, saucer, gift_set = await variants(ledger, 3)
    await ledger.bundle(gift_set, {mug: 1, saucer: 2})
    places, received, taken = [mug, saucer, gift_set], {mug: 0, saucer: 0}, dict[Claim, int]()
    for step, (what, place, order, number) in enumerate(happened):
        # An order line is always for the same goods and as many.
        sold = line(places[(place + order) % 3], order + 1, f"{order}:{(place + order) % 3}")
        if what == "receive" and place < 2:
            received[places[place]] += number
            await ledger.receive(places[place], number, str(step))
        elif what == "reserve":
            await ledger.reserve(sold)
        elif what == "release":
            await ledger.release(sold)
        elif what == "take":
            await ledger.take(sold)
            taken.setdefault(sold, 0)
        elif what == "back":
            await ledger.give_back(back(sold, number))
            if sold in taken:
                taken[sold] = max(taken[sold], min(number, sold.quantity))
        assert await ledger.wrong() == []
    weight = {mug: {mug: 1, gift_set: 1}, saucer: {saucer: 1, gift_set: 2}}
    gone = {
        part: sum((claim.quantity - back_) * weight[part].get(claim.variant_id, 0) for claim, back_ in taken.items())
        for part in received
    }
    for part, came in received.items():
        missing = sum(quantity - cleared for quantity, cleared in await ledger.short(part))
        left = (await ledger.levels(part))[0]
        assert left == came - gone[part] + missing
        assert not (left and missing), "a unit lies there that somebody waits for"
