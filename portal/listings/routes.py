"""The list of listings, one listing with its error and what was tried, and the decisions on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from portal.errors import FormInvalid, NotFound
from portal.i18n import _, ngettext
from portal.listings import fragments, publishing, queries, retrying, service
from portal.listings.queries import Filters
from portal.models.accounts import Role
from portal.models.listings import Listing
from portal.proof import service as proof
from portal.templating import render
from portal.web import PortalRequest, Visitor, done, id_from, page, runtime, visitor

Decide = Callable[[AsyncSession, Listing, datetime], Awaitable[str]]


@get("/listings")
async def index(
    request: PortalRequest,
    *,
    q: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    view: Annotated[str, QueryParameter(name="state")] = "",
    cause: FromQuery[str] = "",
    product: FromQuery[str] = "",
    before: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    asking, now = visitor(request), runtime(request).clock()
    filters = Filters(q=q, channel=channel, state=view, cause=cause, product=product)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        listing = await queries.listing_page(
            session,
            filters,
            now=now,
            before=id_from(before) if before else None,
            after=id_from(after) if after else None,
        )
        causes = await fragments.causes_part(session, asking, now)
        context: dict[str, Any] = {
            "filters": filters,
            "listing": listing,
            "any_listings": bool(listing.total) or bool(await queries.count(session, Filters())),
            "channels": await queries.connections(session),
            "product_title": await queries.product_title(session, product),
            **causes.context,
        }
    return await page(request, "listings/index.html", **context)


@get("/listings/{listing_id:str}")
async def show(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    """The whole page, or what the side panel shows of it."""
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        panel = await queries.panel(session, id_from(listing_id), now=runtime(request).clock())
    context: dict[str, Any] = {"panel": panel, "may_edit": asking.may(Role.MANAGER)}
    if request.headers.get("hx-request-type") == "partial":
        body = render(request, "listings/_side.html", context)
        headers = {"Vary": "HX-Request, HX-Request-Type, Cookie"}
        return Response(body, media_type="text/html", headers=headers)
    return await page(request, "listings/show.html", **context)


@post("/listings/{listing_id:str}/retry")
async def retry(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    seen = _moment((await request.form()).get("seen", ""))

    async def decide(session: AsyncSession, listing: Listing, now: datetime) -> str:
        again = await retrying.retry(session, listing, now=now, seen=seen)
        return _("Trying again") if again else _("Already under way")

    return await _decided(request, listing_id, decide)


@post("/listings/retries")
async def retry_cause(request: PortalRequest) -> Response[Any]:
    """Everything refused for one cause, as far as the merchant has seen it, is tried again."""
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    form = await request.form()
    cause, before = form.get("cause", ""), _moment(form.get("before", "")) or now
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        sent, left = await retrying.retry_cause(
            session, merchant_id=asking.merchant_id, cause=cause, now=now, before=before
        )
    text = ngettext("Trying %(num)s listing again", "Trying %(num)s listings again", sent) % {"num": sent}
    if left:
        text = _("%(text)s; %(left)s need a change first") % {"text": text, "left": left}
    return await done(request, to=Filters(state="problems").query(), text=text)


@get("/listings/{listing_id:str}/end")
async def confirm_end(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    """What ending means, said before it is done."""
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        panel = await queries.panel(session, id_from(listing_id), now=runtime(request).clock())
    return await page(request, "listings/end.html", panel=panel)


@post("/listings/{listing_id:str}/end")
async def end(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    async def decide(session: AsyncSession, listing: Listing, now: datetime) -> str:
        await service.end(session, listing, now=now)
        return _("Listing ended")

    return await _decided(request, listing_id, decide)


@post("/listings/{listing_id:str}/hold")
async def hold(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    async def decide(session: AsyncSession, listing: Listing, now: datetime) -> str:
        await service.hold(session, listing, now=now)
        return _("Listing held")

    return await _decided(request, listing_id, decide)


@post("/listings/{listing_id:str}/publish")
async def publish(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    """Held or ended: it goes out again."""

    async def decide(session: AsyncSession, listing: Listing, now: datetime) -> str:
        pair = (listing.product_id, listing.connection_id)
        await publishing.publish(session, merchant_id=listing.merchant_id, pairs=[pair], now=now)
        return _("Publishing again")

    return await _decided(request, listing_id, decide)


@post("/listings/{listing_id:str}/stock")
async def send_stock(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    """Its numbers are sent once more: whoever else wrote them there has been stopped."""

    async def decide(session: AsyncSession, listing: Listing, now: datetime) -> str:
        await proof.send_again(session, listing, now=now)
        return _("Sending our numbers again")

    return await _decided(request, listing_id, decide)


@post("/listings/{listing_id:str}/link")
async def link(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    async def decide(session: AsyncSession, listing: Listing, now: datetime) -> str:
        linked = await service.link(session, listing, now=now)
        if not linked.alone:
            return _("Listing linked")
        alone = len(linked.alone)
        text = ngettext("Linked; %(num)s variant isn't there", "Linked; %(num)s variants aren't there", alone)
        return text % {"num": alone}

    return await _decided(request, listing_id, decide)


@post("/listings/{listing_id:str}/list-as-new")
async def list_as_new(request: PortalRequest, listing_id: FromPath[str]) -> Response[Any]:
    handle = (await request.form()).get("handle", "")

    async def decide(session: AsyncSession, listing: Listing, now: datetime) -> str:
        await service.list_as_new(session, listing, handle=handle, now=now)
        return _("Listing as new")

    try:
        return await _decided(request, listing_id, decide)
    except FormInvalid as invalid:
        return await _shown_again(request, listing_id, handle, invalid)


async def _shown_again(request: PortalRequest, listing_id: str, handle: str, invalid: FormInvalid) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        panel = await queries.panel(session, id_from(listing_id), now=runtime(request).clock())
    context: dict[str, Any] = {"panel": panel, "may_edit": True, "handle": handle, "errors": invalid.errors}
    return await page(request, "listings/show.html", status=invalid.status, **context)


async def _decided(request: PortalRequest, listing_id: str, decide: Decide) -> Response[Any]:
    """The decision is made and committed; the answer shows the listing as it is now."""
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    key = id_from(listing_id)
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        text = await decide(session, await service.get(session, key), now)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        parts = [*await _parts(session, asking, key, now), await fragments.causes_part(session, asking, now)]
    return await done(request, to=f"/listings/{key}", text=text, parts=parts)


async def _parts(session: AsyncSession, asking: Visitor, key: UUID, now: datetime) -> list[Any]:
    panels = await fragments.panel_parts(session, asking, [key], now)
    if not panels:
        raise NotFound
    return [*panels, *await fragments.row_parts(session, [key], now)]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


ROUTES = [index, show, retry, retry_cause, confirm_end, end, hold, publish, send_stock, link, list_as_new]
