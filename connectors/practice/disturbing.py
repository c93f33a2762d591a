"""What was asked to go wrong happens: a death, a wait, an answer that never comes whole, an answer of an error."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send


class DroppedConnection(ASGIResponse):
    """The server hangs up in the middle of its answer: the caller cannot know what became of the request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000"), (b"x-practice", b"hung-up")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class HungUp(Response[bytes]):
    def to_asgi_response(self, *_args: Any, **_kwargs: Any) -> ASGIResponse:
        return DroppedConnection(body=b"")


async def disturb(
    take: Callable[[str], dict[str, Any] | None], *, error_body: str, media_type: str
) -> Response[bytes] | None:
    """The faults that `take` finds for this moment happen; an answer when one of them is the answer.

    `error_body` is what the channel says of an error of its own, where the fault brings no words.
    """
    killed = take("kill")
    if killed is not None:
        os.kill(int(killed["pid"]), signal.SIGKILL)
    slow = take("slow")
    if slow is not None:
        await asyncio.sleep(float(slow["seconds"]))
    if take("drop") is not None:
        return HungUp(content=b"")
    error = take("error")
    if error is not None:
        text = str(error.get("body") or error_body)
        return Response(content=text.encode(), status_code=int(error.get("status", 500)), media_type=media_type)
    return None
