"""Applications for tests. All routes are made once for each kind of settings and put to work again by the next test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from litestar import Litestar
from redis.asyncio import Redis

from portal.app import put_to_work, routed
from portal.live import Hub
from portal.runtime import Runtime

_idle: Final[dict[tuple[str, bool], list[Litestar]]] = defaultdict(list)


@contextmanager
def an_app(current: Runtime, hub: Hub, redis: Redis) -> Iterator[Any]:
    """The application, the caller's alone while the block runs. To make its routes anew was half of a test's time."""
    idle = _idle[current.settings.secret_key, current.settings.is_https]
    app = idle.pop() if idle else routed(current.settings)
    try:
        yield put_to_work(app, current, hub, redis)
    finally:
        idle.append(app)
