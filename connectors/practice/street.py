"""Practice channels side by side at one address: one at the root, the others each below their name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from litestar import Litestar
from litestar.types import Receive, Send


class Street:
    """An ASGI application. Each channel lives from its start to its end, and sees its own paths only."""

    def __init__(self, channels: Mapping[str, Litestar], *, root: str) -> None:
        self.channels = channels
        self._root = channels[root]
        self._beside = {name: app for name, app in channels.items() if name != root}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        name, _, rest = scope["path"].removeprefix("/").partition("/")
        channel = self._beside.get(name)
        if channel is None:
            await self._root(scope, receive, send)
            return
        below: Any = dict(scope)
        below |= {
            "path": f"/{rest}",
            "raw_path": scope["raw_path"].removeprefix(f"/{name}".encode()),
            "root_path": f"{scope['root_path']}/{name}",
        }
        await channel(below, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            for channel in self.channels.values():
                await stack.enter_async_context(channel.lifespan())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
