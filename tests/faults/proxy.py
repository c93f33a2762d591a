"""An address in front of the practice server where a test may hold a call, or act before its answer is heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from tests.servers import free_port

Moment = Callable[[str, bytes], Awaitable[None]]
# A header that speaks of one connection says nothing true of the other.
OF_ONE_CONNECTION = {"host", "connection", "content-length", "transfer-encoding", "content-encoding", "accept-encoding"}


class NeverHeard(Exception):
    """Raised by `before`: the server does not hear the call, and the caller no answer."""


async def nothing(_path: str, _body: bytes) -> None:
    """A call that nobody disturbs."""


@dataclass
class Proxy:
    """`before` is awaited before the server hears a call, `after` when it has answered and the caller has not heard."""

    server: str
    url: str = ""
    before: Moment = nothing
    after: Moment = nothing
    _http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(verify=False, trust_env=False, timeout=60)
    )

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message["body"]
            if not message.get("more_body"):
                break
        path = scope["raw_path"].decode() + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        try:
            await self.before(path, body)
        except NeverHeard:
            return
        headers = [(name, value) for name, value in scope["headers"] if name.decode() not in OF_ONE_CONNECTION]
        answer = await self._http.request(scope["method"], self.server + path, headers=headers, content=body)
        await self.after(path, body)
        kept = [(name, value) for name, value in answer.headers.raw if name.decode().lower() not in OF_ONE_CONNECTION]
        kept.append((b"content-length", str(len(answer.content)).encode()))
        await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
        await send({"type": "http.response.body", "body": answer.content})

    async def close(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def proxy(server: str) -> AsyncIterator[Proxy]:
    """A proxy that disturbs nothing until a test tells it to."""
    port = free_port()
    made = Proxy(server, f"http://127.0.0.1:{port}")
    config = uvicorn.Config(made, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    listening = uvicorn.Server(config)
    listening.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # no other way to keep pytest's
    task = asyncio.create_task(listening.serve())
    while not listening.started:  # noqa: ASYNC110 - uvicorn tells its start by a flag only
        await asyncio.sleep(0.005)
    try:
        yield made
    finally:
        # A call that a failed test holds for ever must not hold the next test.
        listening.should_exit = listening.force_exit = True
        await task
        await made.close()
