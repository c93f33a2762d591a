"""The worker as it runs: a ring is worked on within a second, a lost ring is found, a restart is survived."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from arq.connections import ArqRedis
from arq.worker import Worker as ArqWorker
from redis.exceptions import WatchError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from jobs import queue, standalone, worker
from jobs.boot import Process
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal.clock import new_id
from portal.config import Settings
from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.tasks import Task, TaskState
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tasks.doorbell import Doorbell
from tests.faults import processes
from tests.portal.test_live import kill_the_queue_server

SECONDS = 60

pytestmark = [
    # arq closes its connections by a name that redis-py has given up.
    pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning"),
    # A worker that is cancelled while it starts a job leaves arq's own pipeline open; it goes with the process.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Noting:
    """Keeps every promise at once and notes when."""

    def __init__(self) -> None:
        self.done: dict[str, float] = {}
        self.heard = asyncio.Condition()

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        return Prepared(work={task.id: task.subject for task in batch.tasks})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        async with self.heard:
            for subject in prepared.work.values():
                assert subject not in self.done, "done twice"
                self.done[subject] = asyncio.get_running_loop().time()
            self.heard.notify_all()
        return {task_id: Result(ended=Ended.DONE) for task_id in prepared.work}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        """Nothing of this work is kept."""

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        raise AssertionError(f"nothing here goes wrong: {problem}")

    async def has_done(self, *subjects: str) -> None:
        async with asyncio.timeout(SECONDS), self.heard:
            await self.heard.wait_for(lambda: set(subjects) <= self.done.keys())


@pytest.fixture
def noting(monkeypatch: pytest.MonkeyPatch) -> Noting:
    made = Noting()
    monkeypatch.setattr(worker, "HANDLERS", {kinds.PRODUCT_CHANGED.name: made})
    return made


@asynccontextmanager
async def working(process: Process, redis_url: str) -> AsyncIterator[ArqWorker]:
    current = worker.embedded(process.runtime, process.doorbell, redis_url)
    task = asyncio.create_task(current.async_run())
    try:
        yield current
    finally:
        task.cancel()
        await asyncio.gather(task, *current.tasks.values(), return_exceptions=True)
        await current.close()
        # What is left open is found here, and not in the middle of somebody else's test.
        gc.collect()


@asynccontextmanager
async def a_process(settings: Settings) -> AsyncIterator[Process]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    process = Process.start(settings)
    try:
        yield process
    finally:
        await process.stop()
        gc.collect()


async def promise(process: Process, merchant: Merchant, *subjects: str, sessions: Sessions | None = None) -> None:
    async with (sessions or process.runtime.sessions).write(merchant.id) as session:
        now = process.runtime.clock()
        await tasks.enqueue(session, kinds.PRODUCT_CHANGED, subjects, merchant_id=merchant.id, now=now)


async def test_a_ring_is_worked_on_within_a_second(settings: Settings, merchant: Merchant, noting: Noting) -> None:
    async with a_process(settings) as process, working(process, settings.redis_url):
        await promise(process, merchant, "warm")
        await noting.has_done("warm")

        took = []
        for subject in ("asked", "asked again", "asked once more"):
            asked = asyncio.get_running_loop().time()
            await promise(process, merchant, subject)
            await noting.has_done(subject)
            took.append(noting.done[subject] - asked)

    # A busy machine may be late for some of them.
    assert min(took) < 1.0


async def test_a_lost_ring_is_found_by_the_sweep(
    settings: Settings, merchant: Merchant, sessions: Sessions, noting: Noting
) -> None:
    """The commit rang nobody, as when Redis was away or its process died behind the commit."""
    async with a_process(settings) as process:
        await promise(process, merchant, "before the start", sessions=sessions)
        async with working(process, settings.redis_url):
            await noting.has_done("before the start")
            await promise(process, merchant, "while running", sessions=sessions)
            await noting.has_done("while running")


async def test_the_worker_rides_over_a_restart_of_the_queue_server(
    settings: Settings, merchant: Merchant, noting: Noting
) -> None:
    async with queue.embedded(settings.data_dir) as url:
        settings.redis_url = url
        async with a_process(settings) as process, standalone.working(process):
            await promise(process, merchant, "before")
            await noting.has_done("before")

            await kill_the_queue_server(url)
            await promise(process, merchant, "while it is away")
            await noting.has_done("while it is away")

            await promise(process, merchant, "after")
            await noting.has_done("after")


async def test_the_worker_is_started_again_when_arq_does_not_outlive_its_queue(
    settings: Settings, merchant: Merchant, noting: Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the connection is lost between a WATCH and its EXEC, which arq catches at the EXEC only."""
    lost: list[str] = []
    zrangebyscore = ArqRedis.zrangebyscore

    async def lose_the_first(self: ArqRedis, *args: Any, **options: Any) -> Any:
        if not lost:
            lost.append("the connection")
            raise WatchError
        return await zrangebyscore(self, *args, **options)

    monkeypatch.setattr(ArqRedis, "zrangebyscore", lose_the_first)
    async with a_process(settings) as process, standalone.working(process):
        await promise(process, merchant, "after the loss")
        await noting.has_done("after the loss")
    assert lost


async def test_no_more_work_is_left_in_the_queue_than_is_promised(
    settings: Settings, merchant: Merchant, noting: Noting
) -> None:
    """The record is the database: what the queue keeps is rings, and each is gone once heard."""
    subjects = [f"s-{number}" for number in range(250)]
    async with a_process(settings) as process, working(process, settings.redis_url) as current:
        await promise(process, merchant, *subjects)
        await noting.has_done(*subjects)
        async with asyncio.timeout(SECONDS):
            while await current.pool.zcard("crossdock"):  # noqa: ASYNC110 - redis tells nobody that a set is empty
                await asyncio.sleep(0.02)
        keys: list[Any] = [key async for key in current.pool.scan_iter("arq:result:*")]

    assert [key for key in keys if b"cron" not in key] == []


async def test_arqs_own_command_starts_a_worker_too(settings: Settings, merchant: Merchant, tmp_path: Path) -> None:
    async with a_process(settings) as process:
        await promise(process, merchant, str(new_id()))
        started = processes.arq(settings, tmp_path)
        try:
            async with asyncio.timeout(SECONDS):
                while await _states(process, merchant) != [TaskState.DONE]:
                    assert not started.died, (tmp_path / "worker.log").read_text()
                    await asyncio.sleep(0.1)
        finally:
            started.kill()


async def _states(process: Process, merchant: Merchant) -> list[TaskState]:
    async with process.runtime.sessions.read(merchant.id) as session:
        return list(await session.scalars(select(Task.state)))


async def test_a_bell_whose_server_is_away_stays_silent(settings: Settings, merchant: Merchant) -> None:
    bell = Doorbell("redis://127.0.0.1:1")
    await bell.ring({merchant.id: merchant.created_at})
    await bell.close()


async def test_a_bell_whose_server_hangs_holds_up_nobody(settings: Settings, merchant: Merchant) -> None:
    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(says_nothing, "127.0.0.1", 0) as server:
        bell = Doorbell(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(SECONDS):
            await bell.ring({merchant.id: merchant.created_at})
        await bell.close()


async def test_what_waits_for_later_is_not_worked_on_before(
    settings: Settings, merchant: Merchant, noting: Noting
) -> None:
    async with a_process(settings) as process, working(process, settings.redis_url):
        async with process.runtime.sessions.write(merchant.id) as session:
            now = process.runtime.clock()
            later = now.replace(year=now.year + 1)
            await tasks.enqueue(
                session, kinds.PRODUCT_CHANGED, ["later"], merchant_id=merchant.id, now=now, not_before=later
            )
            await tasks.enqueue(session, kinds.PRODUCT_CHANGED, ["now"], merchant_id=merchant.id, now=now)
        await noting.has_done("now")

        async with process.runtime.sessions.read(merchant.id) as session:
            states = {task.subject: task.state for task in await session.scalars(select(Task))}
    assert states["later"] is TaskState.WAITING
    assert "later" not in noting.done
