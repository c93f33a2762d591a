"""The page on which a merchant chooses the locations of a channel that count."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts.visits import actor
from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.accounts import Role
from portal.stock import locations
from portal.web import PortalRequest, done, id_from, page, runtime, visitor


@get("/channels/{connection_id:str}/locations")
async def show(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    return await _page(request, connection_id)


@post("/channels/{connection_id:str}/locations")
async def choose(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    """These count from now on, or the page again with what was chosen and what is wrong with it."""
    asking, now, form = visitor(request, Role.MANAGER), runtime(request).clock(), await request.form()
    key = id_from(connection_id)
    counted, main = {str(one) for one in form.getall(locations.COUNTS, [])}, str(form.get(locations.MAIN, ""))
    try:
        async with runtime(request).sessions.write(asking.merchant_id) as session:
            names = await locations.choose(session, key, counted, main, now=now)
            did = actor(request, asking).did
            did(session, "locations.changed", subject=str(key), detail={"locations": ", ".join(names)})
    except FormInvalid as invalid:
        typed = {locations.COUNTS: counted, locations.MAIN: main}
        return await _page(request, connection_id, typed, invalid.errors)
    return await done(request, to=f"/channels/{key}", text=_("Locations saved"))


async def _page(
    request: PortalRequest,
    connection_id: str,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        row = await locations.connection(session, id_from(connection_id))
    found = locations.choice(row)
    chosen = typed or {locations.COUNTS: found.counted, locations.MAIN: found.main}
    return await page(
        request,
        "stock/locations.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        connection=row,
        found=found,
        counted=chosen[locations.COUNTS],
        main=chosen[locations.MAIN],
        errors=errors or {},
    )


ROUTES = [show, choose]
