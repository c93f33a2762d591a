"""Applications for tests. All routes are made once for each kind of settings and put to work again by the next test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from litestar import Litestar
from redis.asyncio import Redis

from connectors.practice.street import Street
from jobs.standalone import practice_settings, street
from portal.app import put_to_work, routed
from portal.config import Settings
from portal.live import Hub
from portal.runtime import Runtime
from tests.serving import lent

_idle: Final[dict[tuple[str, bool], list[Litestar]]] = defaultdict(list)
_idle_streets: Final[list[Street]] = []


@contextmanager
def an_app(current: Runtime, hub: Hub, redis: Redis) -> Iterator[Any]:
    """The application, the caller's alone while the block runs. To make its routes anew was half of a test's time."""
    idle = _idle[current.settings.secret_key, current.settings.is_https]
    with lent(idle, lambda: routed(current.settings)) as app:
        yield put_to_work(app, current, hub, redis)


@contextmanager
def a_street(settings: Settings, clock: Callable[[], float]) -> Iterator[Street]:
    """The practice channels, the caller's alone while the block runs."""
    with lent(_idle_streets, lambda: street(settings)) as practice:
        for name, given in practice_settings(settings).items():
            practice.channels[name].state.update({"settings": given, "clock": clock})
        yield practice
