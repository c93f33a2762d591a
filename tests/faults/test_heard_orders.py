"""R1, R2, R23: a sale that a channel told of, or meant to, is here once, whatever dies while it is told."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection
from functools import partial

import pytest
from sqlalchemy import func, select

from jobs.orders import EVERY
from portal.models.orders import Order, OrderFeed
from portal.models.stock import Movement
from portal.order_health.queries import health
from portal.tasks import kinds
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.letters import Letterbox, Post
from tests.faults.moments import Moment
from tests.servers import free_port

pytestmark = pytest.mark.faults

SKU = "mug-0"
Figure = Callable[[str, object], None]


async def test_events_that_are_brought_five_times_move_stock_once(
    installation: Installation, letterbox: Letterbox, record_property: Figure
) -> None:
    """R2: shuffled, twenty at once, to two web processes of which one is killed half-way."""
    events = max(20, 10 * TRIALS)
    installation.worker()
    trader = await _seller(installation, events)
    letters = 5 * await letterbox.sales(trader, SKU, events)
    random.shuffle(letters)
    first, second = await installation.web(), await installation.web()
    post, at_once = Post(installation), asyncio.Semaphore(20)

    async def bring(number: int) -> None:
        async with at_once:
            if number == len(letters) // 2:
                first.kill()
            await post.brings(letters[number], lambda: random.choice([first, second]).url)

    await asyncio.gather(*(bring(number) for number in range(len(letters))))
    trader.expected[SKU] -= events
    await _every_sale_is_here_once(installation, trader, events, moved=events)
    record_property("R2", f"{events} events x 5: {len(letters)} x 2xx, {post.refused} tries refused or cut off")


async def test_no_order_that_was_answered_is_lost_while_web_and_worker_are_killed(
    installation: Installation, letterbox: Letterbox, record_property: Figure
) -> None:
    """R1: twenty letters a second, web and worker killed every two seconds and started again.

    How fast 99 of a hundred answers came is a figure: the promise is a second, and this machine may be busy.
    """
    events = max(100, 50 * TRIALS)
    installation.worker()
    trader = await _seller(installation, events)
    letters = await letterbox.sales(trader, SKU, events)
    web = await installation.web()
    post, all_brought = Post(installation), asyncio.Event()
    kills = asyncio.create_task(_kill_again_and_again(installation, all_brought))
    loop = asyncio.get_running_loop()
    start = loop.time()
    brought = []
    for number, letter in enumerate(letters):
        await asyncio.sleep(start + number / 20 - loop.time())
        brought.append(asyncio.create_task(post.brings(letter, lambda: web.url)))
    await asyncio.gather(*brought)
    all_brought.set()
    await kills
    trader.expected[SKU] -= events
    # A reading that takes longer than two seconds is killed as often as it begins. The clock asks for the next one.
    await _every_sale_is_here_once(installation, trader, events, moved=events, set_aside={kinds.ORDERS.name})
    killed = sum(web.died for web in installation.webs)
    assert killed, "nobody was killed: the trial would prove nothing"
    figure = f"{events} orders, {killed} webs killed, {post.refused} tries lost, p99 {post.slowest_of_a_hundred:.3f} s"
    record_property("R1", figure)


@pytest.mark.parametrize("finder", [kinds.ORDERS, kinds.COMPARE_ORDERS], ids=["polling", "statement"])
async def test_sales_whose_letters_were_lost_are_found_though_their_finder_is_killed_twice(
    installation: Installation, record_property: Figure, finder: kinds.Kind
) -> None:
    """R23: every tenth letter is lost, of something whose stock is not ours: no number of it can tell of the sale."""
    events = max(50, 50 * TRIALS)
    trader, lost = await _a_tenth_is_lost(installation, "other", events)
    assert len(await market.orders_of(trader)) == events - lost
    for moment in (Moment.CLAIMED, Moment.ANSWERED):
        worker = installation.workers[-1]
        installation.ask(moment, finder.name)
        await market.ask(trader, trader.connection, finder, str(trader.connection.id))
        await worker.death()
        installation.worker()
    await _every_sale_is_here_once(installation, trader, events, moved=0)
    await _statement_is_true(installation, trader, events)
    record_property("R23", f"{finder.name}: {events} orders, {lost} letters lost, all found, none twice")


@pytest.mark.skipif(TRIALS == 1, reason="the clock comes to it once a minute")
async def test_sales_whose_letters_were_lost_are_found_by_the_clock_though_it_is_killed_twice(
    installation: Installation, record_property: Figure
) -> None:
    """R23: nobody asks for anything; all was last read ten minutes ago."""
    events = 50 * TRIALS
    trader, lost = await _a_tenth_is_lost(installation, "other", events)
    installation.ask(Moment.CLAIMED, kinds.ORDERS.name)
    async with trader.stage.sessions.write(trader.merchant.id) as session:
        feed = await session.get_one(OrderFeed, trader.connection.id)
        feed.read_at = trader.stage.now - EVERY
    began = trader.stage.now
    await installation.workers[-1].death(75)
    installation.ask(Moment.ANSWERED, kinds.ORDERS.name)
    worker = installation.worker()
    await worker.death()
    installation.worker()
    await _every_sale_is_here_once(installation, trader, events, moved=0)
    seconds = (trader.stage.now - began).total_seconds()
    await _statement_is_true(installation, trader, events)
    record_property("R23", f"clock: {events} orders, {lost} letters lost, all found {seconds:.0f} s after ten minutes")


async def test_sales_whose_letters_were_lost_show_in_the_stock_and_are_looked_for(
    installation: Installation, record_property: Figure
) -> None:
    """R23: nobody asks for anything, and no clock strikes."""
    events = max(50, 50 * TRIALS)
    trader, lost = await _a_tenth_is_lost(installation, SKU, events)
    trader.expected[SKU] -= events
    await _every_sale_is_here_once(installation, trader, events, moved=events)
    await _statement_is_true(installation, trader, events)
    record_property("R23", f"stock: {events} orders, {lost} letters lost, all found, none twice")


async def _a_tenth_is_lost(installation: Installation, sku: str, events: int) -> tuple[Trader, int]:
    """So many are sold in a shop that loses every tenth letter of a sale; how many were lost."""
    port = free_port()
    installation.stage.process.runtime.settings.public_url = f"http://127.0.0.1:{port}"
    await installation.web(port)
    installation.worker()
    trader = await _seller(installation, events)
    # A connection that was never read would be read by the clock, at some moment of the trial.
    await market.is_read(trader, trader.connection)
    await installation.idle()
    await trader.shop.fault("lose", percent=10, topic="orders/create")
    line = {"sku": sku, "quantity": 1, "title": "Something", "price": "10.00"}
    for asked in range(0, events, 250):
        await trader.shop.do("orders", lines=[line], count=min(250, events - asked))
    await installation.eventually(partial(_all_delivered, trader), 240)
    await installation.idle(120)
    lost = events - sum(row["topic"] == "orders/create" for row in await trader.shop.ask("deliveries"))
    assert lost, "nothing was lost: the trial would prove nothing"
    return trader, lost


async def _statement_is_true(installation: Installation, trader: Trader, events: int) -> None:
    """Order Health says what the shop counts, and misses nothing."""
    await market.ask(trader, trader.connection, kinds.COMPARE_ORDERS, str(trader.connection.id))
    await installation.idle()
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        told = await health(session, period="24h", told_at_once={"shopify": True}, now=trader.stage.now)
    [statement] = told.statements
    assert statement.compared is not None
    said = (statement.total, statement.compared["count"], told.missing)
    assert said == (events, len(await trader.shop.ask("orders")), 0)


async def _all_delivered(trader: Trader) -> bool:
    return all(row["state"] == "delivered" for row in await trader.shop.ask("deliveries"))


async def _kill_again_and_again(installation: Installation, enough: asyncio.Event) -> None:
    """Every two seconds the web and the worker die, and others begin at once at the same address.

    It ends between two kills and is never cancelled: that would leave open what httpx is about to close.
    """
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), 2)
            return
        web, worker = installation.webs[-1], installation.workers[-1]
        port = int(web.url.rpartition(":")[2])
        web.kill()
        worker.kill()
        installation.worker()
        await installation.web(port)


async def _seller(installation: Installation, units: int) -> Trader:
    """A trader whose shop sells one product, of which there are more than will be sold, and sends letters."""
    trader = await installation.trader()
    await trader.stocks(["mug"])
    await trader.moves(units, [SKU])
    await trader.publishes()
    await installation.idle()
    await trader.shop.heal("lose")
    return trader


async def _every_sale_is_here_once(
    installation: Installation, trader: Trader, events: int, *, moved: int, set_aside: Collection[str] = ()
) -> None:
    """As many orders as the shop has, stock lowered once for each, and the shop offers what is left."""
    await installation.eventually(partial(_heard, trader, events), 240)
    await installation.idle(120)
    there = {order["order_id"] for order in await trader.shop.ask("orders")}
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        here = list(await session.scalars(select(Order.channel_id)))
        lowered = await session.scalar(select(func.count()).where(Movement.cause == "order"))
    assert (len(here), set(here)) == (events, there)
    assert lowered == moved
    assert await trader.on_hand() == trader.expected, "stock was invented or lost"
    assert await trader.offered() == trader.expected
    await trader.has_kept_every_promise(set_aside=set_aside)
    await installation.sound()


async def _heard(trader: Trader, events: int) -> bool:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        return (await session.scalar(select(func.count()).select_from(Order)) or 0) >= events
