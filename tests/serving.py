"""An application served on loopback in this event loop, as tests talk to one: over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final, TypeVar

import uvicorn
from litestar import Litestar

Made = TypeVar("Made")
_idle: Final[dict[Callable[..., Litestar], list[Litestar]]] = defaultdict(list)


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The application answers on a port of its own; the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", access_log=False))
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # signals are pytest's
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@contextlib.contextmanager
def a_practice(create_app: Callable[..., Litestar], settings: Any, clock: Callable[[], float]) -> Iterator[Litestar]:
    """A channel's practice server, the caller's alone while the block runs, and put to work again by the next test."""
    with lent(_idle[create_app], lambda: create_app(settings, clock=clock)) as app:
        app.state.update({"settings": settings, "clock": clock})
        yield app


@contextlib.contextmanager
def lent(idle: list[Made], make: Callable[[], Made]) -> Iterator[Made]:
    """One that is idle, made if there is none, the caller's alone while the block runs."""
    one = idle.pop() if idle else make()
    try:
        yield one
    finally:
        idle.append(one)
