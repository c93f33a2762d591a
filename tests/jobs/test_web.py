"""How the web process keeps connections, and how it ends."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Any

import pytest
import uvicorn

from jobs import web
from tests.servers import free_port


async def _answers_plainly(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"here"})


async def _served(port: int) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    server = web.server(_answers_plainly, "127.0.0.1", port)
    server.config.lifespan = "off"
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn says it in no other way
        await asyncio.sleep(0.01)
    return server, serving


async def test_a_connection_that_was_idle_for_a_minute_is_answered_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    server, serving = await _served(port)
    answers, visitor = await asyncio.open_connection("127.0.0.1", port)

    async def asks() -> None:
        visitor.write(b"GET / HTTP/1.1\r\nHost: portal\r\n\r\n")
        await answers.readuntil(b"here")

    await asks()
    loop = asyncio.get_running_loop()
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + 60)
    await asyncio.sleep(0.01)
    await asks()
    visitor.close()
    server.should_exit = True
    await serving


async def test_who_had_come_in_as_the_door_was_closed_is_answered_and_nobody_after() -> None:
    port = free_port()
    server, serving = await _served(port)
    # The event loop is not asked in between: only the system knows of this visitor yet.
    visitor = socket.create_connection(("127.0.0.1", port), timeout=5)
    visitor.sendall(b"GET / HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n\r\n")
    web.close_doors(server)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with visitor:
        answer = await asyncio.to_thread(lambda: b"".join(iter(partial(visitor.recv, 4096), b"")))
    assert answer.endswith(b"here")
    server.should_exit = True
    await serving
