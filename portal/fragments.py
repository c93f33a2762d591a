"""The live half of every page: one stream of ids a tab, and the fragments a tab asks for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import ServerSentEvent, ServerSentEventMessage
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts.sessions import is_alive
from portal.live import Hub
from portal.web import Fragment, PortalRequest, Visitor, fragments, runtime, visitor

MOST_AT_ONCE = 200

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


@get("/live")
async def stream(request: PortalRequest) -> ServerSentEvent:
    """Named events `changed` with {"keys": [...]}; it ends within a quiet period of the session's end."""
    asking = visitor(request)
    hub: Hub = request.app.state.hub
    sessions = runtime(request).sessions

    async def messages() -> AsyncIterator[ServerSentEventMessage]:
        yield ServerSentEventMessage(data=None, comment="open", retry=1000)
        async for keys in hub.stream(asking.merchant_id):
            if not await is_alive(sessions, asking.session_id, runtime(request).clock()):
                return
            if keys is None:
                yield ServerSentEventMessage(data=None, comment="ping")
            else:
                yield ServerSentEventMessage(event="changed", data=json.dumps({"keys": keys}))

    return ServerSentEvent(messages(), headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"})


@get("/live/fragments")
async def wanted(request: PortalRequest, id: FromQuery[list[str] | None] = None) -> Response[Any]:  # noqa: A002 - the query's name
    """The named elements as they are now. An element nobody knows, or another merchant's, is left out."""
    asking = visitor(request)
    registry: dict[str, Render] = request.app.state.fragments
    asked: dict[str, list[UUID]] = {}
    for element_id in (id or [])[:MOST_AT_ONCE]:
        prefix, key = split(element_id)
        if prefix in registry:
            asked.setdefault(prefix, []).extend([key] if key else [])
    parts: list[Fragment] = []
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        for prefix, keys in asked.items():
            parts.extend(await registry[prefix](session, asking, keys))
    return fragments(request, parts)


def split(element_id: str) -> tuple[str, UUID | None]:
    """`listing-row-<uuid>` is ("listing-row", id); an element without an id in its name is (itself, None)."""
    prefix, key = element_id[:-37], element_id[-36:]
    try:
        return (prefix, UUID(key)) if element_id[-37:-36] == "-" else (element_id, None)
    except ValueError:
        return element_id, None


ROUTES = [stream, wanted]
