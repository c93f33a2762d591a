"""The dashboard's page."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from portal.dashboard import queries
from portal.web import PortalRequest, Visitor, page, runtime, visitor


@get("/")
async def index(request: PortalRequest) -> Response[Any]:
    asking: Visitor = visitor(request)
    now = runtime(request).clock()
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        board = await queries.dashboard(session, now=now)
    return await page(request, "dashboard/index.html", board=board)


ROUTES = [index]
