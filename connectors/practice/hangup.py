"""An answer that never comes whole."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send


class DroppedConnection(ASGIResponse):
    """The server hangs up in the middle of its answer: the caller cannot know what became of the request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class HungUp(Response[bytes]):
    def to_asgi_response(self, *_args: Any, **_kwargs: Any) -> ASGIResponse:
        return DroppedConnection(body=b"")
