"""The living style page, for whoever builds a screen; not served on https."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from portal.errors import NotFound
from portal.web import PortalRequest, page, runtime, visitor


@get("/design")
async def index(request: PortalRequest) -> Response[Any]:
    visitor(request)
    if runtime(request).settings.is_https:
        raise NotFound
    return await page(request, "design/index.html")


ROUTES = [index]
