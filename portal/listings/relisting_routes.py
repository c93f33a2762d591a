"""Asking for a listing to be taken off its item at the channel and listed again under another code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from connectors.registry import CHANNELS
from portal.catalog import details
from portal.catalog import queries as catalog
from portal.codes import queries as codes
from portal.errors import FormInvalid
from portal.i18n import _
from portal.listings import queries, relisting, service
from portal.listings.relisting import Way
from portal.models.accounts import Role
from portal.web import PortalRequest, Visitor, done, id_from, page, runtime, visitor


@get("/listings/{listing_id:str}/relisting")
async def confirm(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    """What relisting means and what the product can be listed under, before it is done."""
    return await _show(request, visitor(request, Role.MANAGER), id_from(listing_id))


@post("/listings/{listing_id:str}/relisting")
async def relist(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    asking, key, now = visitor(request, Role.MANAGER), id_from(listing_id), runtime(request).clock()
    way = str((await request.form()).get("way", ""))
    try:
        async with runtime(request).sessions.write(asking.merchant_id) as session:
            listing = await service.get(session, key)
            if way not in set(Way):
                raise FormInvalid({"way": _("Choose what it is listed under.")})
            await relisting.relist(session, listing, Way(way), made_by=asking.name, now=now)
    except FormInvalid as invalid:
        return await _show(request, asking, key, way, invalid.errors["way"])
    return await done(request, to=f"/listings/{key}", text=_("Relisting"))


async def _show(request: PortalRequest, asking: Visitor, key: UUID, way: str = "", error: str = "") -> Response[Any]:
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        panel = await queries.panel(session, key, now=runtime(request).clock())
        product = await catalog.product(session, panel.row.listing.product_id)
        free = (await codes.counts(session)).free
    variants = len(product.variants)
    usual = Way.OWN if free >= variants else Way.TYPED
    return await page(
        request,
        "listings/relist.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        panel=panel,
        variants=variants,
        free=free,
        way=way or usual.value,
        error=error,
        exemption=details.label(CHANNELS[panel.connection.channel].exemption_detail),
    )


ROUTES = [confirm, relist]
