"""Open pages hear what changed: ids over Redis, one stream a tab, and nothing of the data itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

PREFIX = "crossdock:live:"
PING_SECONDS = 15
RECONNECT_SECONDS = 0.5
QUEUE_LIMIT = 256

log = structlog.get_logger()


class Announcer:
    """Says which keys changed for which merchant. While Redis is away pages fall back to polling."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)

    async def announce(self, changed: Mapping[UUID, Iterable[str]]) -> None:
        try:
            for merchant_id, keys in changed.items():
                await self._redis.publish(f"{PREFIX}{merchant_id}", json.dumps(sorted(keys)))
        except (RedisError, OSError) as error:
            log.warning("announcement_dropped", error=type(error).__name__)

    async def close(self) -> None:
        await self._redis.aclose()


class Hub:
    """One subscription a process, fanned out to the streams of its tabs.

    A stream that falls behind, and every stream after the subscription was
    broken, is told to fetch everything it shows: a key "*" stands for that.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._streams: dict[UUID, set[asyncio.Queue[str | None]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._listen())

    def close_streams(self) -> None:
        """Every open stream ends now; called on the way down, so that no tab holds the server up."""
        self._closed = True
        for queues in self._streams.values():
            for queue in queues:
                _put(queue, None)

    async def close(self) -> None:
        self.close_streams()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def stream(self, merchant_id: UUID) -> AsyncGenerator[list[str] | None]:
        """Lists of keys as they change; None when nothing happened for a while."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_LIMIT)
        queues = self._streams.setdefault(merchant_id, set())
        queues.add(queue)
        try:
            while not self._closed:
                try:
                    message = await asyncio.wait_for(queue.get(), PING_SECONDS)
                except TimeoutError:
                    yield None
                    continue
                if message is None:
                    return
                yield json.loads(message)
        finally:
            queues.discard(queue)
            if not queues:
                self._streams.pop(merchant_id, None)

    async def _listen(self) -> None:
        while True:
            try:
                async with Redis.from_url(self._url, socket_connect_timeout=2) as redis, redis.pubsub() as pubsub:
                    await pubsub.psubscribe(f"{PREFIX}*")
                    self._tell_everyone()
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self._deliver(message["channel"].decode(), message["data"].decode())
            except (RedisError, OSError) as error:
                log.warning("live_subscription_lost", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _deliver(self, channel: str, data: str) -> None:
        for queue in self._streams.get(UUID(channel.removeprefix(PREFIX)), ()):
            _put(queue, data)

    def _tell_everyone(self) -> None:
        for queues in self._streams.values():
            for queue in queues:
                _put(queue, '["*"]')


def _put(queue: asyncio.Queue[str | None], message: str | None) -> None:
    """A full queue is emptied and told to fetch everything: fresh beats complete."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        message = message and '["*"]'
    queue.put_nowait(message)
