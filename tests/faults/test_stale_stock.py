"""R18: whatever becomes of a worker in the middle of a push, the channel ends with our number and ours is true."""

from __future__ import annotations

import asyncio
from functools import partial
from signal import SIGSTOP
from time import monotonic

import pytest

from portal.models.tasks import TaskState
from tests.faults.installation import RECOVERY_SECONDS, TRIALS, Installation, Trader
from tests.faults.moments import Moment
from tests.faults.proxy import Proxy, proxy

pytestmark = pytest.mark.faults

SKU = "mug-0"


async def test_a_push_that_was_taken_and_not_recorded_is_no_change_by_the_shop(installation: Installation) -> None:
    worker = installation.worker()
    for _ in range(TRIALS):
        trader = await _selling(installation)
        await trader.kill(worker, "inventorySetQuantities", "after")
        await trader.moves(-3, [SKU])
        await worker.death()
        await trader.moves(-1, [SKU])
        worker = installation.worker()
        await installation.idle()
        await trader.sells_each_product_once()
        await installation.sound()


@pytest.mark.parametrize("then", [-1, +1], ids=["sold again", "back to what it was"])
async def test_a_worker_that_falls_silent_in_a_push_overwrites_nothing(installation: Installation, then: int) -> None:
    """Its call arrives after another worker has taken the lane and pushed a newer number."""
    settings = installation.stage.process.runtime.settings
    async with proxy(settings.practice_url) as between:
        settings.practice_url = between.url
        silent = installation.worker()
        for _ in range(TRIALS):
            trader = await _selling(installation)
            arrived, released = _hold_next_push(between)
            await trader.moves(-1, [SKU])
            await asyncio.wait_for(arrived.wait(), 30)
            installation.ask(Moment.COMMITTED, how=SIGSTOP)
            assert await installation.stopped() is silent
            await trader.moves(then, [SKU])
            other = installation.worker()
            await installation.eventually(partial(_pushed_again, installation, trader), RECOVERY_SECONDS)
            released.set()
            silent.go_on()
            await installation.idle()
            await trader.sells_each_product_once()
            await installation.sound()
            silent.kill()
            silent = other


async def test_two_hundred_changes_in_ten_seconds_with_five_workers_end_in_one_number_and_few_calls(
    installation: Installation,
) -> None:
    for _ in range(5):
        installation.worker()
    trader = await _selling(installation)
    before = len(await trader.shop.ledger("inventorySetQuantities"))
    await trader.moves(+300, [SKU])
    await trader.shop.fault("slow", count=10, operation="inventorySetQuantities", seconds=0.7, when="before")
    began = monotonic()
    for number in range(200):
        if number == 100:
            installation.ask(Moment.CLAIMED, "stock", how=SIGSTOP)
        await trader.moves(-1, [SKU])
        await asyncio.sleep(0.05)
    took = monotonic() - began
    silent = await installation.stopped()
    await installation.idle()
    silent.go_on()
    await installation.idle()
    await trader.sells_each_product_once()
    calls = len(await trader.shop.ledger("inventorySetQuantities")) - before
    # On a full machine the changes take longer than ten seconds, and there are calls all the while.
    assert calls <= 25 * max(1, took / 10), f"{calls} calls, and the changes took {took:.0f} s"
    await installation.sound()


async def _selling(installation: Installation) -> Trader:
    """A trader who has one product in the shop."""
    trader = await installation.trader()
    await trader.stocks(["mug"])
    await trader.publishes()
    await installation.idle()
    return trader


def _hold_next_push(between: Proxy) -> tuple[asyncio.Event, asyncio.Event]:
    """The next push has arrived; it goes on to the shop when released. Later ones pass."""
    arrived, released = asyncio.Event(), asyncio.Event()

    async def hold(_path: str, body: bytes) -> None:
        if b"inventorySetQuantities" in body and not arrived.is_set():
            arrived.set()
            await released.wait()

    between.before = hold
    return arrived, released


async def _pushed_again(installation: Installation, trader: Trader) -> bool:
    """Another worker has done what the silent one was at."""
    tasks = await installation.stage.tasks(kind="stock", merchant_id=trader.merchant.id, state=TaskState.DONE)
    return any(task.lost_starts for task in tasks)
