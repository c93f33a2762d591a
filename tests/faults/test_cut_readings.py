"""A reading of orders, or a statement, that is cut off half-way leaves no order out, and brings none twice."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from portal.models.connections import Connection
from portal.models.orders import Order, OrderFeed
from portal.models.stock import Movement, Reservation
from portal.order_health.queries import Part, Statement, health
from portal.tasks import kinds
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.market import Market
from tests.faults.moments import Moment
from tests.faults.processes import Worker
from tests.faults.proxy import Proxy, proxy

pytestmark = pytest.mark.faults

SKU = "mug-0"
# Amazon tells of a hundred orders on a page. No channel's list has what changed in the last moments.
PENDING, PAID, LISTED_AFTER_SECONDS = 105, 3, 3.5
# Shopify counts 250 orders on a page, and those that are missing are read fifty at a time.
COUNTED_PAGE, MISSING = 250, 60
# How Amazon's own words for an order are counted by Order Health, where the merchant has a store.
PART = {"PENDING": Part.PENDING, "UNSHIPPED": Part.IN_STORE, "CANCELLED": Part.CANCELLED}
Figure = Callable[[str, object], None]
Cut = Callable[[Installation, Proxy, Worker], None]


def inside(moment: Moment, kind: str) -> Cut:
    return lambda installation, _between, _worker: installation.ask(moment, kind)


def answered(sign: bytes) -> Cut:
    """The worker dies when a call that fits this has been answered, before it has heard of it."""

    def cut(_installation: Installation, between: Proxy, worker: Worker) -> None:
        async def die(path: str, body: bytes) -> None:
            if re.search(sign, path.encode() + body, re.DOTALL) and not worker.died:
                worker.kill()

        between.after = die

    return cut


READINGS = {
    "while page 1 is written": inside(Moment.KEEPING, Order.__name__),
    "when page 1 is here": inside(Moment.KEPT, Order.__name__),
    "when page 2 was sent": answered(b"paginationToken"),
}
SECOND_PAGE = "when page 2 of what is counted was sent"
STATEMENTS = {
    SECOND_PAGE: answered(rb'PlacedOrders.*"\w*after\w*":\s*"'),
    "while what was missing is written": inside(Moment.KEEPING, Order.__name__),
    "when half of what was missing is here": inside(Moment.KEPT, Order.__name__),
    "before the statement is recorded": inside(Moment.ANSWERED, kinds.COMPARE_ORDERS.name),
    "when the statement is recorded": inside(Moment.RECORDED, kinds.COMPARE_ORDERS.name),
}


# One of each is enough for the common run: each takes most of a minute.
@pytest.mark.parametrize("cut", READINGS if TRIALS > 1 else ["when page 1 is here"])
async def test_a_reading_that_is_cut_off_between_two_pages_misses_no_order_and_brings_none_twice(
    installation: Installation, record_property: Figure, cut: str
) -> None:
    async with proxy(installation.stage.practice_url) as between:
        installation.stage.process.runtime.settings.practice_url = between.url
        worker = installation.worker()
        for _ in range(TRIALS):
            trader = await installation.trader(currency="JPY")
            amazon = await _known_to_be_empty(installation, trader)
            sold = await _sold(trader, amazon)
            await trader.publishes()
            await installation.idle()
            await asyncio.sleep(LISTED_AFTER_SECONDS)
            before = await _read_until(trader, amazon)
            READINGS[cut](installation, between, worker)
            await amazon.is_read()
            await worker.death()
            assert await _read_until(trader, amazon) == before, "what was not taken in to the end is read once more"
            await amazon.do(f"orders/{sold[0]}/cancel", reason="Ordered by mistake")
            worker = installation.worker()
            await installation.idle()
            await asyncio.sleep(LISTED_AFTER_SECONDS)
            await amazon.is_read()
            await installation.idle()
            await _all_are_here_once(trader, amazon)
            statement = await _statement(installation, trader, amazon.connection)
            assert _counted(statement) == (PENDING + PAID, PENDING + PAID, 0)
            there = Counter(PART[order["state"]] for order in (await amazon.orders()).values())
            assert statement.parts == there == {Part.PENDING: PENDING - 1, Part.CANCELLED: 1, Part.IN_STORE: PAID}
            await installation.sound()
    record_property("cut readings", f"{cut}: {TRIALS} kills, {TRIALS * (PENDING + PAID)} orders, each here once")


@pytest.mark.parametrize("cut", STATEMENTS if TRIALS > 1 else ["when half of what was missing is here"])
async def test_a_statement_that_is_cut_off_is_made_again_and_says_what_the_shop_counts(
    installation: Installation, record_property: Figure, cut: str
) -> None:
    known = COUNTED_PAGE + 5 - MISSING if cut == SECOND_PAGE else 5
    async with proxy(installation.stage.practice_url) as between:
        installation.stage.process.runtime.settings.practice_url = between.url
        worker = installation.worker()
        for _ in range(TRIALS):
            trader = await installation.trader()
            await _buys(trader, known)
            await market.is_read(trader, trader.connection)
            await installation.idle(180)
            await _buys(trader, MISSING)
            await asyncio.sleep(LISTED_AFTER_SECONDS)
            STATEMENTS[cut](installation, between, worker)
            await market.ask(trader, trader.connection, kinds.COMPARE_ORDERS, str(trader.connection.id))
            await worker.death()
            worker = installation.worker()
            await installation.idle()
            statement = await _statement(installation, trader, trader.connection)
            there = await trader.shop.ask("orders")
            assert _counted(statement) == (len(there), known + MISSING, 0)
            assert statement.parts == {Part.IN_STORE: known + MISSING}
            await installation.sound()
    record_property(
        "cut statements", f"{cut}: {TRIALS} kills, each statement counts {known + MISSING} as the shop does"
    )


async def _known_to_be_empty(installation: Installation, trader: Trader) -> Market:
    """The trader's seller at Amazon, which was read before anything was sold: the clock does not come to it soon."""
    amazon = await market.amazon(trader)
    await amazon.is_read()
    await installation.idle()
    return amazon


async def _sold(trader: Trader, amazon: Market) -> list[str]:
    """More than a page, of which most wait for their payment; the ids of those that wait."""
    await trader.stocks(["mug"])
    await trader.moves(PENDING + PAID, [SKU])
    waiting = await amazon.sells(SKU, count=PENDING, pending=True)
    await amazon.sells(SKU, count=PAID)
    trader.expected[SKU] -= PAID
    return waiting


async def _buys(trader: Trader, count: int) -> None:
    """So many are sold in the shop, of something that is none of ours, and the shop's letters are lost."""
    line = {"sku": "other", "quantity": 1, "title": "Something", "price": "10.00"}
    await trader.shop.do("orders", lines=[line], count=count)


async def _read_until(trader: Trader, amazon: Market) -> datetime:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        feed = await session.get_one(OrderFeed, amazon.connection.id)
        since: datetime = feed.since
        return since


async def _all_are_here_once(trader: Trader, amazon: Market) -> None:
    """Amazon's orders and no others, what waits held once, and what was paid taken once."""
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        here = list(await session.scalars(select(Order.channel_id).where(Order.connection_id == amazon.connection.id)))
        held = [one.quantity for one in await session.scalars(select(Reservation)) if one.ended_at is None]
        taken = list(await session.scalars(select(Movement.quantity).where(Movement.cause == "order")))
    assert sorted(here) == sorted(await amazon.orders())
    assert (held, taken) == ([1] * (PENDING - 1), [-1] * PAID)
    assert await trader.on_hand() == trader.expected, "stock was invented or lost"
    assert await trader.offered() == trader.expected | {SKU: trader.expected[SKU] - len(held)}


async def _statement(installation: Installation, trader: Trader, connection: Connection) -> Statement:
    """What Order Health says of the connection, after the hour's statement was asked for once more."""
    await market.ask(trader, connection, kinds.COMPARE_ORDERS, str(connection.id))
    await installation.idle()
    channels = {"shopify": True, "amazon": False}
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        told = await health(session, period="24h", told_at_once=channels, now=trader.stage.now)
    return next(one for one in told.statements if one.connection.id == connection.id)


def _counted(statement: Statement) -> tuple[int, int, int]:
    """How many are here, how many the channel counts, and how many of those are not here."""
    assert statement.compared is not None
    return statement.total, statement.compared["count"], statement.compared["missing_count"]
