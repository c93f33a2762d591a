"""R5: the database is the record and the queue a doorbell: losing the queue loses nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from portal.models.tasks import TaskState
from tests.faults.installation import TRIALS, Installation

pytestmark = pytest.mark.faults


def emptied(installation: Installation) -> None:
    with redis.Redis.from_url(installation.queue.url) as client:
        assert client.dbsize(), "nothing was in the queue: the trial would prove nothing"
        client.flushall()


def killed(installation: Installation) -> None:
    installation.queue.kill()
    installation.queue.start_again()


@pytest.mark.parametrize("lose", [emptied, killed])
async def test_work_whose_rings_are_lost_is_done_all_the_same_and_once(
    installation: Installation, lose: Callable[[Installation], None]
) -> None:
    installation.worker()
    trader = await installation.trader()
    await trader.stocks([f"mug-{number}" for number in range(20)], variants=25)
    await trader.publishes()
    await installation.idle(90)
    for trial in range(TRIALS):
        installation.workers[-1].kill()
        before = len(await trader.shop.ledger("inventorySetQuantities"))
        await trader.moves(+1 if trial % 2 else -1)
        assert len(await installation.tasks("stock", TaskState.WAITING)) == 500
        lose(installation)
        installation.worker()
        await installation.idle()
        await trader.sells_each_product_once()
        assert len(await trader.shop.ledger("inventorySetQuantities")) - before == 2, "250 rows go in a call"
        await installation.sound()


async def test_a_running_worker_outlives_its_queue(installation: Installation) -> None:
    """The queue dies under the worker, which goes on with the next one; the sweep finds what nobody rang for."""
    worker = installation.worker()
    trader = await installation.trader()
    await trader.stocks(["mug"])
    await trader.publishes()
    await installation.idle()
    for trial in range(TRIALS):
        installation.queue.kill()
        await trader.moves(+1 if trial % 2 else -1)
        installation.queue.start_again()
        await installation.idle()
        assert not worker.died
        await trader.sells_each_product_once()
