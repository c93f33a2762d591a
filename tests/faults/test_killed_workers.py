"""R4, R11: whatever moment a worker is killed at, nothing is lost, nothing is made twice, and no stock is invented.

The kill points are those of a batch's way: claimed, sent, accepted, answered, recorded. Credits are reserved with the
claim and settled with the record, so their two (K8, K9) are moments of the same way, and have no trial of their own
until there is a ledger to compare.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from signal import SIGSTOP

import pytest

from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.moments import Moment
from tests.faults.processes import Worker

pytestmark = pytest.mark.faults

NAMES = [f"mug-{number}" for number in range(10)]
OPERATIONS = {"publish": "productSet", "stock": "inventorySetQuantities"}

Order = Callable[[Installation, Trader, Worker], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class KillPoint:
    """`order` makes it happen. When the worker is dead, its batch of `kind` has come as far as the three say."""

    name: str
    order: Order
    kind: str
    sent: bool
    accepted: bool
    recorded: bool


def inside(moment: Moment, kind: str) -> Order:
    async def order(installation: Installation, _trader: Trader, _worker: Worker) -> None:
        installation.ask(moment, kind)

    return order


def heard(operation: str) -> Order:
    """The shop kills the worker when it hears the call, and accepts it half a second later."""

    async def order(_installation: Installation, trader: Trader, worker: Worker) -> None:
        await trader.shop.fault("slow", count=1, operation=operation, when="before", seconds=0.5)
        await trader.kill(worker, operation, "before")

    return order


def dropped(operation: str) -> Order:
    """The shop kills the worker when it hears the call, and does nothing else."""

    async def order(_installation: Installation, trader: Trader, worker: Worker) -> None:
        await trader.shop.fault("drop", count=1, operation=operation, when="before")
        await trader.kill(worker, operation, "before")

    return order


def accepted(operation: str) -> Order:
    async def order(_installation: Installation, trader: Trader, worker: Worker) -> None:
        await trader.kill(worker, operation, "after")

    return order


def _points(kind: str) -> list[KillPoint]:
    operation = OPERATIONS[kind]
    return [
        KillPoint("K4, K8: claimed, not sent", inside(Moment.CLAIMED, kind), kind, False, False, False),
        KillPoint("K5: sent, never accepted", dropped(operation), kind, True, False, False),
        KillPoint("K5: sent, accepted later", heard(operation), kind, True, True, False),
        KillPoint("K6: accepted, not answered", accepted(operation), kind, True, True, False),
        KillPoint("K9: answered, not recorded", inside(Moment.ANSWERED, kind), kind, True, True, False),
        KillPoint("K7: recorded, not acknowledged", inside(Moment.RECORDED, kind), kind, True, True, True),
    ]


SHOWN = KillPoint("K6: accepted and shown, not answered", accepted("publishablePublish"), "publish", True, True, False)
POINTS = [*_points("publish"), SHOWN, *_points("stock")]
NAMED = [f"{point.name} ({point.kind})" for point in POINTS]


@pytest.mark.parametrize("point", POINTS, ids=NAMED)
async def test_a_worker_killed_at_a_kill_point_loses_nothing_and_makes_nothing_twice(
    installation: Installation, point: KillPoint
) -> None:
    worker = installation.worker()
    for _ in range(TRIALS):
        trader = await a_publish_dies(installation, worker, point)
        worker = await everything_recovers(installation, trader)


async def test_a_worker_killed_at_any_moment_loses_nothing(installation: Installation) -> None:
    worker = installation.worker()
    for _ in range(TRIALS):
        trader = await installation.trader()
        await trader.stocks(NAMES)
        await trader.publishes()
        await asyncio.sleep(random.random())
        worker.kill()
        worker = await everything_recovers(installation, trader)


# One point is enough for the common run: what differs from the trials above is the leases only.
@pytest.mark.parametrize("point", POINTS if TRIALS > 1 else [SHOWN], ids=NAMED if TRIALS > 1 else [SHOWN.name])
async def test_the_product_as_shipped_recovers_within_a_minute(installation: Installation, point: KillPoint) -> None:
    """A kill with the leases the product has; the other trials shorten them."""
    worker = installation.worker(hurried=False)
    trader = await a_publish_dies(installation, worker, point)
    await everything_recovers(installation, trader, hurried=False)


async def test_a_worker_that_stops_in_a_transaction_holds_up_nobody(installation: Installation) -> None:
    """As on a machine that is gone: its locks outlive it for as long as the database believes it is there."""
    if installation.on_sqlite:
        pytest.skip("SQLite has one lock for all: what stops holding it, stops everything until it is killed")
    installation.worker(hurried=False)
    trader = await installation.trader()
    await trader.stocks(NAMES)
    installation.ask(Moment.CLAIMING, "publish", how=SIGSTOP)
    await trader.publishes()
    stopped = await installation.stopped()
    installation.worker(hurried=False)
    await installation.idle()
    await trader.sells_each_product_once()
    stopped.go_on()
    await installation.idle()
    await trader.sells_each_product_once()
    await installation.sound()


async def test_a_worker_that_is_asked_to_end_records_the_batch_under_way(installation: Installation) -> None:
    worker = installation.worker()
    trader = await installation.trader()
    await trader.stocks(NAMES)
    await trader.shop.fault("slow", count=1, operation="productSet", when="after", seconds=2)
    await trader.publishes()
    await installation.eventually(partial(_has_accepted, trader, "productSet"), 30)
    worker.end()
    await worker.death()
    assert worker.exit_code == 0
    assert await trader.was_recorded("publish")
    installation.worker()
    await installation.idle()
    await trader.sells_each_product_once()
    assert {task.lost_starts for task in await installation.stage.tasks()} == {0}


async def a_publish_dies(installation: Installation, worker: Worker, point: KillPoint) -> Trader:
    """Ten products were to be published, and the worker has died at the point of the batch that was said."""
    trader = await installation.trader()
    await trader.stocks(NAMES)
    await point.order(installation, trader, worker)
    await trader.publishes()
    await worker.death()
    await installation.eventually(partial(_has_come_to, trader, point), 10)
    return trader


async def everything_recovers(installation: Installation, trader: Trader, *, hurried: bool = True) -> Worker:
    """A sale while nobody works, then a worker again: all is done, once, and true. The worker."""
    await trader.moves(-1, ["mug-0-0", "mug-3-1"])
    worker = installation.worker(hurried=hurried)
    await installation.idle()
    await trader.sells_each_product_once()
    await trader.has_kept_every_promise()
    await installation.sound()
    return worker


async def _has_come_to(trader: Trader, point: KillPoint) -> bool:
    operation = OPERATIONS[point.kind]
    sent = any(operation in request["operations"] for request in await trader.shop.ask("requests"))
    there, recorded = await _has_accepted(trader, operation), await trader.was_recorded(point.kind)
    return (sent, there, recorded) == (point.sent, point.accepted, point.recorded)


async def _has_accepted(trader: Trader, operation: str) -> bool:
    return bool(await trader.shop.ledger(operation))
