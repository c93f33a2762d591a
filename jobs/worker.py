"""The ARQ worker: rings become work in lanes, and a sweep finds what no ring was heard for.

Started as `arq jobs.worker.WorkerSettings` where something starts it again when it ends, as `python -m jobs.worker`,
which does so itself, or inside the one process by jobs.standalone.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

import structlog
from arq import cron
from arq.connections import ArqRedis, RedisSettings
from arq.cron import CronJob
from arq.typing import WorkerCoroutine
from arq.worker import Worker as ArqWorker
from arq.worker import func
from redis.exceptions import RedisError

from jobs.boot import Process, set_up_logging, settle
from jobs.due import lanes_to_ring
from jobs.lanes import Worker, work_lane
from jobs.registry import HANDLERS
from jobs.schedule import HOUSEKEEPING, Scheduled
from portal import config, db
from portal.config import ConfigError
from portal.runtime import Runtime
from portal.tasks.doorbell import JOB, QUEUE, Doorbell, pack, redis_settings, unpack
from portal.tenancy import SYSTEM

POLL_SECONDS = 0.05
# The longest batch: ten orders of three calls each, at a call a second that other lanes of the channel want as well.
JOB_SECONDS = 180
SWEEP_SECONDS = 5
# Most of them wait: for a channel's answer, or for the next call it allows.
MAX_JOBS = 60
RESTART_SECONDS = 1.0
# A call has 15 s at the channel (connectors.http); the rest is time to write down how it ended.
LAST_JOBS_SECONDS = 20

log = structlog.get_logger()


async def ring_heard(ctx: dict[str, Any], lane_id: str) -> None:
    await work_lane(ctx["worker"], UUID(lane_id))


async def sweep(ctx: dict[str, Any]) -> None:
    """Rings every lane with work that is due and nobody at it: after a lost ring, an empty Redis, a dead worker."""
    runtime: Runtime = ctx["worker"].runtime
    doorbell: Doorbell = ctx["doorbell"]
    now = runtime.clock()
    async with runtime.sessions.read(SYSTEM) as session:
        if ended := await db.end_abandoned(session):
            log.warning("abandoned_transactions_ended", number=ended)
        lanes = await lanes_to_ring(session, now)
    await doorbell.ring(dict.fromkeys(lanes, now))


def worker_name() -> str:
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"


def options(settings: RedisSettings) -> dict[str, Any]:
    """What ARQ is told, in the one process and on its own alike (the reasons are in docs/decisions)."""
    return {
        "functions": [func(ring_heard, name=JOB, keep_result=0, timeout=JOB_SECONDS, max_tries=1000)],
        "cron_jobs": [
            cron(sweep, second=set(range(0, 60, SWEEP_SECONDS)), keep_result=60, timeout=30, run_at_startup=True),
            *(_cron(scheduled) for scheduled in HOUSEKEEPING),
        ],
        "queue_name": QUEUE,
        "redis_settings": settings,
        "job_serializer": pack,
        "job_deserializer": unpack,
        "poll_delay": POLL_SECONDS,
        "max_jobs": MAX_JOBS,
        "queue_read_limit": 1000,
        "job_completion_wait": LAST_JOBS_SECONDS,
        "allow_abort_jobs": False,
    }


def _cron(scheduled: Scheduled) -> CronJob:
    """`keep_result` outlives the slot: a second worker that comes to it late does not run it again."""
    return cron(
        cast(WorkerCoroutine, scheduled.run),
        hour=scheduled.hour,
        minute=set(scheduled.minute) if isinstance(scheduled.minute, frozenset) else scheduled.minute,
        second=set(scheduled.second),
        timeout=scheduled.timeout_seconds,
        keep_result=600,
    )


def context(runtime: Runtime, doorbell: Doorbell) -> dict[str, Any]:
    return {"worker": Worker(runtime, worker_name(), HANDLERS), "doorbell": doorbell}


def embedded(runtime: Runtime, doorbell: Doorbell, redis_url: str) -> ArqWorker:
    """A worker for the one process: signals are the process's own affair."""
    return ArqWorker(**options(redis_settings(redis_url)), ctx=context(runtime, doorbell), handle_signals=False)


async def keep_working(start: Callable[[], ArqWorker]) -> None:
    """A worker is at work until this is cancelled, started again whatever ends it: arq does not outlive its queue.

    Cancelled, it begins nothing more, and lets the batches under way end.
    """
    while True:
        current = start()
        try:
            await current.async_run()
        except asyncio.CancelledError:
            # What has not ended by then goes on from its rows at the next start.
            if current.tasks:
                await asyncio.wait(current.tasks.values(), timeout=LAST_JOBS_SECONDS)
            with suppress(asyncio.CancelledError):
                await current.close()
            raise
        except Exception:
            # The supervisor's whole task is to outlive whatever ended the worker.
            log.exception("worker_ended")
            await _hang_up(current)
        await asyncio.sleep(RESTART_SECONDS)


async def _hang_up(ended: ArqWorker) -> None:
    """Its connections to the queue are closed. Its jobs go on: what they do is recorded elsewhere."""
    pool: ArqRedis | None = ended.ctx.get("redis")
    if pool is not None:
        with suppress(RedisError, OSError):
            await pool.aclose(close_connection_pool=True)


async def run() -> None:
    """Works until SIGTERM or Ctrl-C, which arq answers by letting the batches under way end and cancelling itself."""
    settings = config.load()
    if not settings.redis_url:
        raise ConfigError("REDIS_URL must be set: a worker of its own listens to the queue that the web rings.")
    set_up_logging(settings.log_level)
    settle()
    process = Process.start(settings)
    told = options(redis_settings(settings.redis_url))
    try:
        await keep_working(lambda: ArqWorker(**told, ctx=context(process.runtime, process.doorbell)))
    finally:
        await process.stop()


async def _startup(ctx: dict[str, Any]) -> None:
    settle()
    process = ctx["process"] = Process.start(config.load())
    ctx |= context(process.runtime, process.doorbell)


async def _shutdown(ctx: dict[str, Any]) -> None:
    await ctx["process"].stop()


def _worker_settings() -> type:
    """arq reads class attributes; made by a function so that importing this module needs no environment."""
    redis_url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    members = options(redis_settings(redis_url)) | {"on_startup": _startup, "on_shutdown": _shutdown}
    return type("WorkerSettings", (), members)


WorkerSettings = _worker_settings()


def main() -> int:
    try:
        with suppress(asyncio.CancelledError):
            asyncio.run(run())
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
