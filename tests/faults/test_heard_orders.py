"""R1, R2, R23: a sale that a channel told of, or meant to, is here once, whatever dies while it is told."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
from sqlalchemy import func, select

from portal.models.orders import Order
from portal.models.stock import Movement
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.letters import Letterbox, Post
from tests.serving import serving

pytestmark = pytest.mark.faults

SKU = "mug-0"
Figure = Callable[[str, object], None]


@pytest.fixture
async def letterbox(installation: Installation) -> AsyncIterator[Letterbox]:
    """Where the shop's letters end for now: a trial brings them to the web itself."""
    box = Letterbox()
    async with serving(box) as url:
        installation.stage.process.runtime.settings.public_url = url
        yield box


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
    await _every_sale_is_here_once(installation, trader, events)
    record_property("R2", f"{events} events x 5: {len(letters)} x 2xx, {post.refused} tries refused or cut off")


async def test_no_order_that_was_answered_is_lost_while_web_and_worker_are_killed(
    installation: Installation, letterbox: Letterbox, record_property: Figure
) -> None:
    """R1: twenty letters a second, web and worker killed every two seconds and started again."""
    events = max(100, 50 * TRIALS)
    installation.worker()
    trader = await _seller(installation, events)
    letters = await letterbox.sales(trader, SKU, events)
    web = await installation.web()
    post, kills = Post(installation), asyncio.create_task(_kill_again_and_again(installation))
    loop = asyncio.get_running_loop()
    start = loop.time()
    brought = []
    for number, letter in enumerate(letters):
        await asyncio.sleep(start + number / 20 - loop.time())
        brought.append(asyncio.create_task(post.brings(letter, lambda: web.url)))
    await asyncio.gather(*brought)
    kills.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await kills
    if installation.workers[-1].died:
        installation.worker()
    await _every_sale_is_here_once(installation, trader, events)
    killed = sum(web.died for web in installation.webs)
    assert killed, "nobody was killed: the trial would prove nothing"
    assert post.slowest_of_a_hundred < 5, "a channel waits no longer"
    figure = f"{events} orders, {killed} webs killed, {post.refused} tries lost, p99 {post.slowest_of_a_hundred:.3f} s"
    record_property("R1", figure)


async def _kill_again_and_again(installation: Installation) -> None:
    """Every two seconds the web and the worker die, and others begin at once at the same address."""
    while True:
        await asyncio.sleep(2)
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


async def _every_sale_is_here_once(installation: Installation, trader: Trader, events: int) -> None:
    """As many orders as the shop has, stock lowered once for each, and the shop offers what is left."""
    trader.expected[SKU] -= events
    await installation.eventually(partial(_heard, trader, events), 120)
    await installation.idle()
    there = {order["order_id"] for order in await trader.shop.ask("orders")}
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        here = list(await session.scalars(select(Order.channel_id)))
        moved = await session.scalar(select(func.count()).where(Movement.cause == "order"))
    assert (len(here), set(here)) == (events, there)
    assert moved == events
    assert await trader.on_hand() == trader.expected, "stock was invented or lost"
    assert await trader.offered() == trader.expected
    await trader.has_kept_every_promise()
    await installation.sound()


async def _heard(trader: Trader, events: int) -> bool:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        return (await session.scalar(select(func.count()).select_from(Order)) or 0) >= events
