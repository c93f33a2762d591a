"""What is listed is looked at again: the longest not looked at first, a bounded part, each connection by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from connectors.errors import Busy
from connectors.records import Observed
from jobs import checking
from jobs.lanes import Worker
from jobs.registry import HANDLERS
from portal.clock import new_id
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.tasks import TaskState
from portal.proof import queries as proof
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tenancy import SYSTEM
from tests.jobs.model_channel import Channel, a_trade
from tests.settable_clock import SettableClock
from tests.stage import Stage
from tests.stock.products import a_product


class Market:
    """A channel that answers for many listings, and notes what it was asked."""

    def __init__(self, key: str = "yahoo") -> None:
        self.channel, self.asked, self.down = Channel(key=key), list[list[str]](), False
        self.capabilities, self.orders = self.channel.capabilities, None

    async def read_states(self, account: Any, channel_ids: Sequence[str]) -> list[Any]:
        self.asked.append(list(channel_ids))
        if self.down:
            raise Busy("unreachable")
        return await self.channel.read_states(account, channel_ids)


async def a_market(stage: Stage, merchant: Merchant, listings: int, channel: str = "yahoo") -> Connection:
    """A connection with so many listings, never looked at, called 0, 1, 2 …"""
    connection = Connection(
        id=new_id(), merchant_id=merchant.id, channel=channel, state=ConnectionState.ACTIVE, external_id=new_id().hex
    )
    async with stage.sessions.write(SYSTEM) as session:
        session.add(connection)
    for number in range(listings):
        product = await a_product(stage.sessions, merchant)
        async with stage.sessions.write(SYSTEM) as session:
            variant = (await session.scalars(select(Variant).where(Variant.product_id == product.id))).one()
            owner = {"merchant_id": merchant.id, "connection_id": connection.id}
            listing = Listing(
                id=new_id(), **owner, product_id=product.id, channel_id=str(number), observed=Observed.LIVE
            )
            session.add(listing)
            await session.flush()
            channel_id = "item" if not number else f"item-{number}"
            session.add(ListingItem(**owner, listing_id=listing.id, variant_id=variant.id, channel_id=channel_id))
    return connection


async def listing_of(stage: Stage, connection: Connection, number: int) -> Listing:
    async with stage.sessions.read(SYSTEM) as session:
        query = select(Listing).where(Listing.connection_id == connection.id, Listing.channel_id == str(number))
        return (await session.scalars(query)).one()


async def chosen(stage: Stage, connection: Connection) -> list[str]:
    async with stage.sessions.read(connection.merchant_id) as session:
        return [one.channel_id for one in await checking.choose(session, connection, stage.now)]


async def ran(stage: Stage) -> None:
    await checking.check_numbers({"worker": Worker(stage.process.runtime, "worker", HANDLERS)})
    await stage.work()


async def change(stage: Stage, connection: Connection, number: int, **columns: Any) -> UUID:
    async with stage.sessions.write(SYSTEM) as session:
        row = await session.get_one(Listing, (await listing_of(stage, connection, number)).id)
        for name, value in columns.items():
            setattr(row, name, value)
    return UUID(str(row.id))


async def test_all_is_looked_at_a_batch_a_run_and_the_oldest_first(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    market = Market()
    stage.process.runtime.connectors["yahoo"] = market  # type: ignore[assignment]
    connection = await a_market(stage, merchant, 25)
    for _ in range(4):
        await ran(stage)
        clock.advance(180)
    assert [len(one) for one in market.asked] == [10, 10, 5]
    assert len({one for some in market.asked for one in some}) == 25, "each once"

    clock.advance(3600)
    first = market.asked[0]
    assert sorted(await chosen(stage, connection)) == sorted(first), "whose look is the longest ago"
    await change(stage, connection, 24, looked_at=stage.now - timedelta(days=1))
    assert (await chosen(stage, connection))[0] == "24"


@pytest.mark.parametrize(("listings", "batch"), [(1, 10), (4800, 10), (4801, 20), (10_000, 30)])
def test_ten_thousand_are_looked_at_within_a_day_by_few_calls(listings: int, batch: int) -> None:
    assert checking.size(listings, 10) == batch
    assert checking.size(listings, 10) * checking.RUNS_A_DAY >= listings


async def test_what_must_be_looked_at_comes_before_what_is_older(stage: Stage, merchant: Merchant) -> None:
    connection = await a_market(stage, merchant, 12)
    await change(stage, connection, 11, looked_at=stage.now, look_due_at=stage.now)
    found = await chosen(stage, connection)
    assert (found[0], len(found)) == ("11", 10)


async def test_what_is_held_ended_or_on_its_way_is_not_looked_at(stage: Stage, merchant: Merchant) -> None:
    connection = await a_market(stage, merchant, 5)
    await change(stage, connection, 0, intent=Intent.HOLD)
    await change(stage, connection, 1, intent=Intent.WITHDRAW)
    await change(stage, connection, 2, channel_id="")
    listing = await listing_of(stage, connection, 3)
    [item] = await stage.items(merchant, listing)
    async with stage.sessions.write(merchant.id) as session:
        await tasks.enqueue(
            session, kinds.STOCK, [str(item.id)], merchant_id=merchant.id, connection_id=connection.id, now=stage.now
        )
    assert await chosen(stage, connection) == ["4"]


async def test_every_connection_has_its_own_run_and_none_while_one_waits_or_it_is_paused(
    stage: Stage, merchant: Merchant, other_merchant: Merchant
) -> None:
    one, two = await a_market(stage, merchant, 40), await a_market(stage, other_merchant, 1)
    held, empty = await a_market(stage, merchant, 1), await a_market(stage, merchant, 0)
    async with stage.sessions.write(SYSTEM) as session:
        (await session.get_one(Connection, held.id)).state = ConnectionState.PAUSED
    context = {"worker": Worker(stage.process.runtime, "worker", HANDLERS)}
    for _ in range(3):
        await checking.check_numbers(context)
    waiting = await stage.tasks(kind="check_numbers")
    assert {task.connection_id for task in waiting} == {one.id, two.id}
    assert len(waiting) == 2
    assert {task.merchant_id for task in waiting} == {merchant.id, other_merchant.id}
    assert empty.id not in {task.connection_id for task in waiting}


async def test_a_run_sees_its_own_merchants_listings_only(
    stage: Stage, merchant: Merchant, other_merchant: Merchant
) -> None:
    mine, theirs = await a_market(stage, merchant, 1), await a_market(stage, other_merchant, 1)
    async with stage.sessions.read(merchant.id) as session:
        assert await checking.choose(session, theirs, stage.now) == []
        assert len(await checking.choose(session, mine, stage.now)) == 1


async def test_a_channel_that_cannot_be_read_counts_nothing_as_checked(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    market = Market()
    stage.process.runtime.connectors["yahoo"] = market  # type: ignore[assignment]
    connection = await a_market(stage, merchant, 1)
    await ran(stage)
    listing = await listing_of(stage, connection, 0)
    seen_at = stage.now
    market.down = True
    clock.advance(3601)
    await ran(stage)

    async with stage.sessions.read(merchant.id) as session:
        numbers = (await proof.numbers(session, [listing.id]))[listing.id]
        [figures] = await proof.figures(session, [connection.id], now=stage.now + timedelta(hours=23))
    assert numbers.proof is not None
    assert (numbers.unchecked, numbers.proof.unchecked, numbers.proof.seen_at) == (1, True, seen_at)
    assert (figures.checked, figures.counted) == (0, 1)
    [task] = [one for one in await stage.tasks(kind="check_numbers") if one.state is TaskState.WAITING]
    assert task.not_before > stage.now, "it goes on trying by itself"

    market.down = False
    clock.advance(600)
    await stage.work()
    async with stage.sessions.read(merchant.id) as session:
        numbers = (await proof.numbers(session, [listing.id]))[listing.id]
    assert (numbers.unchecked, numbers.seen) == (0, 1)


async def test_a_listing_that_shows_no_number_is_not_counted_as_checked(stage: Stage, merchant: Merchant) -> None:
    """So is what a channel ships from its own warehouse: that is no number of ours, and it is never put right."""
    market = Market()
    stage.process.runtime.connectors["yahoo"] = market  # type: ignore[assignment]
    connection = await a_market(stage, merchant, 2)
    await ran(stage)
    listing = await listing_of(stage, connection, 1)
    async with stage.sessions.read(merchant.id) as session:
        numbers = (await proof.numbers(session, [listing.id]))[listing.id]
    assert (listing.looked_at, numbers.seen, numbers.unchecked) == (stage.now, 0, 1)


async def test_a_run_ends_in_time_and_the_rest_is_the_oldest_in_the_next(
    stage: Stage, merchant: Merchant, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "RUNS_A_DAY", 1)
    market = Market()
    slow = market.read_states

    async def slowly(account: Any, channel_ids: Sequence[str]) -> list[Any]:
        clock.advance(20)
        return await slow(account, channel_ids)

    market.read_states = slowly  # type: ignore[method-assign]
    stage.process.runtime.connectors["yahoo"] = market  # type: ignore[assignment]
    connection = await a_market(stage, merchant, 25)
    await ran(stage)
    assert [len(one) for one in market.asked] == [10, 10]
    assert len(await chosen(stage, connection)) == 5


async def test_a_look_says_what_buyers_see_too(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    trade = await a_trade(stage, merchant, Channel(key="rakuten"))
    await trade.asks(kinds.CHECK_NUMBERS, str(trade.connection.id))
    await trade.works()
    async with stage.sessions.read(merchant.id) as session:
        listing = (await session.scalars(select(Listing))).one()
    assert (listing.observed, listing.observed_at, listing.looked_at) == (Observed.LIVE, clock(), clock())
