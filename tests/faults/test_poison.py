"""R9: one job that kills its worker cannot stop the shop."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from portal.models.tasks import Task, TaskState
from tests.faults.installation import Installation
from tests.faults.processes import Process
from tests.faults.proxy import NeverHeard, Proxy, proxy

pytestmark = pytest.mark.faults


async def test_a_product_that_kills_every_worker_is_set_aside_and_the_others_are_done(
    installation: Installation,
) -> None:
    settings = installation.stage.process.runtime.settings
    async with proxy(settings.practice_url) as between:
        settings.practice_url = between.url
        installation.worker()
        poisoned, healthy = await installation.trader("poisoned"), await installation.trader("healthy")
        await poisoned.stocks(["poison", *(f"mug-{number}" for number in range(19))])
        await healthy.stocks([f"cup-{number}" for number in range(10)])
        installation.workers[-1].kill()
        supervisor = asyncio.create_task(_keep_running(installation, between))
        try:
            await poisoned.publishes()
            await healthy.publishes()
            await installation.idle(150)
        finally:
            supervisor.cancel()
            await asyncio.gather(supervisor, return_exceptions=True)

    [set_aside] = await installation.tasks("publish", TaskState.QUARANTINED)
    assert set_aside.subject == str((await installation.stage.listing(poisoned.merchant, poisoned.products[0])).id)
    assert set_aside.lost_starts <= 4, "ten, five, two, and alone"
    await healthy.sells_each_product_once()
    sold = {product["handle"] for product in await poisoned.shop.products()}
    assert sold == {f"mug-{number}" for number in range(19)}
    published = await installation.stage.tasks(kind="publish", merchant_id=poisoned.merchant.id)
    ended = [task for task in published if task.state is not TaskState.MERGED]
    assert _states(ended) == {TaskState.DONE: 19, TaskState.QUARANTINED: 1}
    await installation.sound()


async def _keep_running(installation: Installation, between: Proxy) -> None:
    """A worker is started whenever the one before it has died, as any supervisor does."""
    running: Process | None = None

    async def poison(_path: str, body: bytes) -> None:
        if b"productSet" in body and b'"poison"' in body and running is not None:
            os.kill(running.pid, signal.SIGKILL)
            raise NeverHeard

    between.before = poison
    while True:
        if running is None or running.died:
            running = installation.worker()
        await asyncio.sleep(0.1)


def _states(tasks: list[Task]) -> dict[TaskState, int]:
    return {state: sum(task.state is state for task in tasks) for state in {task.state for task in tasks}}
