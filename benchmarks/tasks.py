"""Promises from the transaction to done, against the same number of jobs that do nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from time import perf_counter
from typing import Any, cast
from uuid import UUID

from arq.connections import create_pool
from arq.worker import Worker as ArqWorker
from arq.worker import func
from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.figures import Figure
from benchmarks.setting import Bench, bench
from connectors.errors import Problem
from jobs import worker
from jobs.handlers import Batch, Prepared
from jobs.lanes import Worker
from jobs.results import Ended, Result
from portal.clock import utc_now
from portal.models.tasks import OPEN, Task
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tasks.doorbell import redis_settings
from portal.tasks.kinds import Kind

# A hundred in a claim, as a channel's batch; and one in a claim, the dearest there is.
CASES = ((kinds.PRODUCT_CHANGED, 5000), (kinds.IMPORT, 300))
RAW = 5000


class Nothing:
    """Keeps every promise at once, so that only the keeping of books is measured."""

    async def prepare(self, _session: AsyncSession, batch: Batch, _now: datetime) -> Prepared:
        return Prepared(work={task.id: None for task in batch.tasks})

    async def call(self, _runtime: Runtime, _batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        return {task: Result(ended=Ended.DONE) for task in prepared.work}

    async def record(
        self,
        session: AsyncSession,
        batch: Batch,
        prepared: Prepared,
        results: Mapping[UUID, Result],
        now: datetime,
    ) -> None:
        """Nothing follows."""

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """Nothing is ever given up here."""


async def measure(show: Callable[[Figure], None]) -> None:
    async with bench() as made:
        plain = await _raw(made)
        for kind, number in CASES:
            ours = await _kept(made, kind, number)
            show(Figure(f"tasks, {kind.batch} a claim", ours, plain, "tasks/s", "raw arq jobs/s that do nothing"))


async def _kept(made: Bench, kind: Kind, number: int) -> float:
    """Tasks a second, from the first one written to the last one done."""
    redis_url = made.process.runtime.settings.redis_url
    running = worker.embedded(made.process.runtime, made.process.doorbell, redis_url)
    running.ctx["worker"] = Worker(made.process.runtime, "bench", {kind.name: Nothing()})
    task = asyncio.create_task(running.async_run())
    began = perf_counter()
    async with made.sessions.write(made.merchant.id) as session:
        subjects = [str(n) for n in range(number)]
        await tasks.enqueue(session, kind, subjects, merchant_id=made.merchant.id, now=utc_now())
    while await _open(made):  # noqa: ASYNC110 - the row is the record, and nothing else tells
        await asyncio.sleep(0.02)
    taken = perf_counter() - began
    await _stop(running, task)
    return number / taken


async def _open(made: Bench) -> int:
    async with made.sessions.read(made.merchant.id) as session:
        return int(await session.scalar(select(sql.count(Task.id)).where(Task.state.in_(OPEN))) or 0)


async def _raw(made: Bench) -> float:
    """Jobs a second of arq alone, with the product's own settings of it."""
    done = asyncio.Event()
    left = RAW

    async def nothing(_ctx: dict[str, Any]) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    settings = redis_settings(made.process.runtime.settings.redis_url)
    options = worker.options(settings) | {"queue_name": "raw", "cron_jobs": [], "max_jobs": 100}
    options["functions"] = [func(cast(Any, nothing), name="nothing", keep_result=0)]
    running = ArqWorker(**options, handle_signals=False)
    pool = await create_pool(
        settings,
        default_queue_name="raw",
        job_serializer=options["job_serializer"],
        job_deserializer=options["job_deserializer"],
    )
    began = perf_counter()
    task = asyncio.create_task(running.async_run())
    for _ in range(RAW):
        await pool.enqueue_job("nothing")
    await done.wait()
    taken = perf_counter() - began
    await _stop(running, task)
    await pool.aclose()
    return RAW / taken


async def _stop(running: ArqWorker, task: asyncio.Task[None]) -> None:
    """The worker ends between jobs."""
    while running.tasks:
        await asyncio.gather(*running.tasks.values(), return_exceptions=True)
        await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await running.close()
