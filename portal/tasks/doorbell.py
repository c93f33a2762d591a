"""The bell: it tells a worker which lane to look at, and nothing else. Losing a ring loses no work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from portal.clock import utc_now

QUEUE = "crossdock"
JOB = "work_lane"
RINGS_APART = timedelta(milliseconds=20)
# Somebody waits for the answer of what has just been committed, and the sweep finds what was not rung for.
RING_SECONDS = 1.0

log = structlog.get_logger()


def redis_settings(url: str) -> RedisSettings:
    """Settings that ride over a restart of Redis instead of ending the worker."""
    settings = RedisSettings.from_dsn(url)
    settings.retry = Retry(ExponentialBackoff(cap=2, base=0.05), 15)
    settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    settings.conn_retries = 10
    return settings


def pack(value: dict[str, Any]) -> bytes:
    # arq's default is pickle, which would run code for whoever can write to Redis.
    return msgspec.msgpack.encode(value, enc_hook=repr)


def unpack(value: bytes) -> dict[str, Any]:
    return dict(msgspec.msgpack.decode(value))


def ring_moment(at: datetime) -> datetime:
    """The next moment after `at` at which a lane is rung.

    All rings of a lane up to that moment are one, which is heard after every commit it was rung for. A hundred
    webhooks that come in at once would otherwise send a hundred workers to one lane.
    """
    passed = (at - datetime.min.replace(tzinfo=at.tzinfo)) % RINGS_APART
    return at - passed + RINGS_APART


class Doorbell:
    """Rings lanes. While Redis is away, or hangs, rings are dropped: the sweep finds the work."""

    def __init__(self, url: str) -> None:
        self._settings = RedisSettings.from_dsn(url)
        self._settings.conn_retries = 0
        self._settings.conn_timeout = 1
        self._pool: ArqRedis | None = None

    async def ring(self, lanes: Mapping[UUID, datetime]) -> None:
        try:
            async with asyncio.timeout(RING_SECONDS):
                pool = await self._connected()
            for lane_id, at in lanes.items():
                moment = ring_moment(max(at, utc_now()))
                async with asyncio.timeout(RING_SECONDS):
                    await pool.enqueue_job(
                        JOB, str(lane_id), _job_id=f"{lane_id}:{moment.timestamp()}", _defer_until=moment
                    )
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("ring_dropped", lanes=len(lanes), error=type(error).__name__)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _connected(self) -> ArqRedis:
        if self._pool is None:
            self._pool = await create_pool(
                self._settings, default_queue_name=QUEUE, job_serializer=pack, job_deserializer=unpack
            )
        return self._pool
