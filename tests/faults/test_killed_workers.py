"""R4, R11: whatever moment a worker is killed at, nothing is lost, nothing is made twice, and no stock is invented."""

from __future__ import annotations

import asyncio
import random
from functools import partial

import pytest

from tests.faults import processes
from tests.faults.installation import TRIALS, Installation, Trader

pytestmark = pytest.mark.faults

NAMES = [f"mug-{number}" for number in range(10)]
# The worker dies before the shop takes the call (K4), or after it and before we have recorded it (K6).
KILL_POINTS = [
    ("productSet", "before"),
    ("productSet", "after"),
    ("publishablePublish", "after"),
    ("inventorySetQuantities", "before"),
    ("inventorySetQuantities", "after"),
]


@pytest.mark.parametrize(("operation", "when"), KILL_POINTS)
async def test_a_worker_killed_while_publishing_loses_nothing_and_makes_nothing_twice(
    installation: Installation, operation: str, when: str
) -> None:
    worker = installation.worker()
    for _ in range(TRIALS):
        trader = await installation.trader()
        await trader.stocks(NAMES)
        await trader.kill(worker, operation, when)
        await trader.publishes()
        await worker.death()
        worker = await everything_recovers(installation, trader)


async def test_a_worker_killed_after_it_recorded_loses_nothing(installation: Installation) -> None:
    """K7: the publish is in our books, what follows from it is not done."""
    worker = installation.worker()
    for _ in range(TRIALS):
        trader = await installation.trader()
        await trader.stocks(NAMES)
        await trader.publishes()
        await installation.eventually(partial(trader.was_recorded, "publish"), 60)
        worker.kill()
        worker = await everything_recovers(installation, trader)


async def test_a_worker_killed_at_any_moment_loses_nothing(installation: Installation) -> None:
    worker = installation.worker()
    for _ in range(TRIALS):
        trader = await installation.trader()
        await trader.stocks(NAMES)
        await trader.publishes()
        await asyncio.sleep(random.random() * 2)
        worker.kill()
        worker = await everything_recovers(installation, trader)


async def test_the_product_as_shipped_recovers_within_a_minute(installation: Installation) -> None:
    """One kill with the leases the product has; the other trials shorten them."""
    worker = installation.worker(leases=processes.REAL_LEASES)
    trader = await installation.trader()
    await trader.stocks(NAMES)
    await trader.kill(worker, "productSet", "after")
    await trader.publishes()
    await worker.death()
    installation.worker(leases=processes.REAL_LEASES)
    await installation.idle(60)
    await trader.sells_each_product_once()
    await installation.sound()


async def everything_recovers(installation: Installation, trader: Trader) -> processes.Process:
    """A sale while nobody works, then a worker again: all is done, once, and true. The worker."""
    await trader.moves(-1, ["mug-0-0", "mug-3-1"])
    worker = installation.worker()
    await installation.idle()
    await trader.sells_each_product_once()
    await trader.has_kept_every_promise()
    await installation.sound()
    return worker
