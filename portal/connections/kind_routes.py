"""Routes that look something up at a channel while a form is filled in."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Response, get
from litestar.params import FromQuery
from sqlalchemy import select

from connectors.errors import ChannelError
from connectors.registry import CHANNELS
from portal.connections.account import ConnectionAccount
from portal.errors import NotFound
from portal.models.accounts import Role
from portal.models.connections import Connection, ConnectionState
from portal.runtime import Runtime
from portal.web import PortalRequest, page, runtime, visitor

SHORTEST = 3

log = structlog.get_logger()


@get("/channels/kinds")
async def kinds(request: PortalRequest, detail: FromQuery[str] = "", title: FromQuery[str] = "") -> Response[Any]:
    """What the channel calls products like this one, for the field `detail`; its text, or else the title, is searched.

    Nothing is offered where the channel could not be asked: the field takes whatever is typed.
    """
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    channel = next((name for name, can in CHANNELS.items() if can.kind_detail == detail), None) if detail else None
    if channel is None:
        raise NotFound
    async with current.sessions.read(asking.merchant_id) as session:
        connection = await session.scalar(
            select(Connection)
            .where(Connection.channel == channel, Connection.state == ConnectionState.ACTIVE)
            .order_by(Connection.id)
            .limit(1)
        )
    words = request.query_params.get(detail, "").strip() or title.strip()
    found = await _found(current, connection, words) if connection and len(words) >= SHORTEST else []
    return await page(request, "connections/_kinds.html", found=found)


async def _found(current: Runtime, connection: Connection, words: str) -> list[Any]:
    search = current.connectors[connection.channel].kinds
    assert search is not None, "a channel with a kind_detail has kinds"
    try:
        return list(await search.search(ConnectionAccount(current, connection), words))
    except ChannelError as error:
        log.info("kinds_not_found", channel=connection.channel, code=error.problem.code)
        return []


ROUTES = [kinds]
