"""The list of orders, one order, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from connectors.errors import ChannelError
from connectors.orders import CancelReason
from portal.accounts import audit
from portal.accounts.visits import visit
from portal.connections import service as connections
from portal.errors import FormInvalid
from portal.i18n import _, ngettext
from portal.models.accounts import Role
from portal.models.connections import Connection
from portal.orders import cancelling, details, drafts, events, finding, fragments, queries, service, wording
from portal.orders.queries import Filters
from portal.web import PortalRequest, done, id_from, page, redirect, runtime, visitor


@get("/orders")
async def index(
    request: PortalRequest,
    *,
    q: FromQuery[str] = "",
    tab: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    before: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    asking = visitor(request)
    filters = Filters(q=q.strip(), tab=tab if tab in queries.TABS else "all" if q else "new", channel=channel)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        found = await queries.order_page(
            session,
            filters,
            before=id_from(before) if before else None,
            after=id_from(after) if after else None,
        )
        context: dict[str, Any] = {
            "filters": filters,
            "found": found,
            "sources": await queries.sources(session),
            "reading": (await fragments.feeds_part(session, runtime(request))).context,
            "tabs": fragments.tabs(filters, found.counts),
            "any_orders": bool(found.counts["all"].number) or bool(filters.q or filters.channel),
        }
    return await page(request, "orders/index.html", **context)


@get("/orders/{order_id:str}")
async def show(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    return await _shown(request, order_id)


@post("/orders/{order_id:str}/buyer")
async def reveal(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    """The buyer's details, once, on this page only; that they were shown stands in the book and on the timeline."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        order = await queries.one(session, id_from(order_id))
        audit.record(
            session,
            "buyer.revealed",
            visit=visit(request),
            merchant_id=asking.merchant_id,
            user_id=asking.user_id,
            subject=str(order.id),
        )
        events.write(session, order, events.REVEALED, now=current.clock(), made_by=asking.name)
    return await _shown(request, order_id, revealed=True)


async def _shown(
    request: PortalRequest, order_id: str, *, revealed: bool = False, status: int = 200, **context: Any
) -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        found = await details.detail(session, current.vault, id_from(order_id), revealed=revealed)
    part = fragments.order_part(asking, found)
    return await page(
        request,
        "orders/show.html",
        status=status,
        **part.context | {"revealed": revealed, "errors": {}, "typed": {}} | context,
    )


@get("/orders/{order_id:str}/create")
async def preflight(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    """What creating the order in the store would do, said before it is done."""
    return await _preflight(request, order_id)


async def _preflight(
    request: PortalRequest,
    order_id: str,
    *,
    errors: Mapping[str, str] = MappingProxyType({}),
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Response[Any]:
    """A SKU that nobody knows is asked for on the page itself; `errors` and `typed` are by the line's id."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        found = await details.detail(session, current.vault, id_from(order_id))
        flight = await drafts.preflight(session, found.order, found.store) if found.store else None
    return await page(
        request,
        "orders/create.html",
        status=422 if errors else 200,
        detail=found,
        flight=flight,
        words=wording,
        errors=errors,
        typed=typed,
    )


@post("/orders/{order_id:str}/create")
async def create(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    """The order is created in the store, once the SKUs that were typed are known from now on."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    form = await request.form()
    typed = {name.removeprefix("sku-"): str(form[name]) for name in form if name.startswith("sku-")}
    line, now = "", current.clock()
    try:
        async with current.sessions.write(asking.merchant_id) as session:
            for line, sku in typed.items():
                order, line_id = id_from(order_id), id_from(line)
                await service.link_sku(session, order, line_id, sku=sku, made_by=asking.name, now=now)
            stands = await service.create_in_store(session, id_from(order_id), now=now)
    except FormInvalid as error:
        return await _preflight(request, order_id, errors={line: error.errors["sku"]}, typed=typed)
    if stands is not None:
        text = _("This order is already in your store as %(number)s") % {"number": stands.number}
        return await done(request, to=f"/orders/{order_id}", text=text, tone="info")
    return await done(request, to=f"/orders/{order_id}", text=_("Creating the order in your store"))


@post("/orders/{order_id:str}/lines/{line_id:str}/product")
async def link(request: PortalRequest, order_id: FromPath[str], line_id: FromPath[str]) -> Response[Any]:
    """Which product a line sold, remembered for its SKU."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    typed = str((await request.form()).get("sku", ""))
    try:
        async with current.sessions.write(asking.merchant_id) as session:
            helped = await service.link_sku(
                session,
                id_from(order_id),
                id_from(line_id),
                sku=typed,
                made_by=asking.name,
                now=current.clock(),
            )
    except FormInvalid as error:
        return await _shown(
            request, order_id, status=error.status, errors={line_id: error.errors["sku"]}, typed={line_id: typed}
        )
    text = ngettext("Remembered; %(num)s order goes on", "Remembered; %(num)s orders go on", len(helped))
    return await done(request, to=f"/orders/{order_id}", text=text % {"num": len(helped)})


@post("/orders/{order_id:str}/read")
async def read(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request, Role.PACKER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        await service.read_again(session, id_from(order_id), now=current.clock())
    return await done(request, to=f"/orders/{order_id}", text=_("Asking the channel for this order"))


@get("/orders/{order_id:str}/cancel")
async def confirm_cancel(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    """Whether the cancellation travels, and what becomes of the stock, line by line, before it is done."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        found = await details.detail(session, current.vault, id_from(order_id))
    return await page(request, "orders/cancel.html", detail=found, reasons=wording.reasons())


@post("/orders/{order_id:str}/cancel")
async def cancel(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    form = await request.form()
    back = set(form.getall("back", []))
    reason = form.get("reason", "")
    async with current.sessions.write(asking.merchant_id) as session:
        order = await queries.one(session, id_from(order_id), lock=True)
        source = await session.get_one(Connection, order.connection_id)
        wanted = cancelling.Cancellation(
            reason=CancelReason(reason) if reason in set(CancelReason) else CancelReason.OTHER,
            restock={line.id: str(line.id) in back for line in order.lines},
        )
        await cancelling.ask(session, source, order, wanted, made_by=asking.name, now=current.clock())
    return await done(request, to=f"/orders/{order_id}", text=_("Cancelling at the channel"))


@post("/orders/{order_id:str}/stock")
async def checked(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    """The merchant has looked: what came back is there."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        await service.stock_checked(session, id_from(order_id))
    return await done(request, to=f"/orders/{order_id}", text=_("Stock confirmed"))


@post("/orders/{order_id:str}/slip")
async def slip(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    """A packing slip to print. It bears the buyer's address, so that it was shown is written down."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        found = await details.detail(session, current.vault, id_from(order_id), revealed=True)
        audit.record(
            session,
            "buyer.printed",
            visit=visit(request),
            merchant_id=asking.merchant_id,
            user_id=asking.user_id,
            subject=str(found.order.id),
        )
        events.write(session, found.order, events.REVEALED, now=current.clock(), made_by=asking.name)
    return await page(request, "orders/slip.html", detail=found, left=service.left(found.order))


@post("/orders/synchronizations")
async def synchronize(request: PortalRequest) -> Response[Any]:
    """The orders of one connection, or of all, are read now."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    chosen = str((await request.form()).get("channel", ""))
    async with current.sessions.write(asking.merchant_id) as session:
        every = await connections.everyone(session)
        wanted = [one for one in every if chosen in ("", str(one.id)) and current.connectors[one.channel].orders]
        count = await service.synchronize(session, wanted, now=current.clock())
    async with current.sessions.read(asking.merchant_id) as session:
        part = await fragments.feeds_part(session, current)
    text = ngettext("Reading the orders of %(num)s channel", "Reading the orders of %(num)s channels", count)
    return await done(request, to="/orders", text=text % {"num": count}, parts=[part])


@post("/orders/searches")
async def find(request: PortalRequest) -> Response[Any]:
    """The order of this number: where it is here, or from the marketplace, which is asked for it now."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    form = await request.form()
    number, channel = str(form.get("number", "")).strip(), str(form.get("channel", ""))
    typed = {"number": number, "channel": channel}
    if not number:
        return await _asked(request, typed, error=_("Type the number of the order as the marketplace shows it."))
    async with current.sessions.read(asking.merchant_id) as session:
        known = await finding.here(session, number)
        connection = None if known or not channel else await connections.one(session, id_from(channel))
    if known is not None:
        return redirect(f"/orders/{known.id}")
    if connection is None:
        return await _asked(request, typed, error=_("Choose the channel to ask for it."))
    try:
        found = await finding.there(current, connection, number)
    except ChannelError as error:
        return await _asked(request, typed, problem=error.problem)
    if found is not None:
        return redirect(f"/orders/{found}")
    return await _asked(request, typed, unknown=True)


@get("/orders/search")
async def search_page(
    request: PortalRequest, number: FromQuery[str] = "", channel: FromQuery[str] = ""
) -> Response[Any]:
    visitor(request)
    return await _asked(request, {"number": number, "channel": channel}, status=200)


async def _asked(
    request: PortalRequest,
    typed: dict[str, str],
    *,
    error: str = "",
    problem: Any = None,
    unknown: bool = False,
    status: int = 422,
) -> Response[Any]:
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        sources = await queries.sources(session)
    name = dict(sources).get(typed["channel"], "")
    return await page(
        request,
        "orders/search.html",
        status=status if error else 200,
        typed=typed,
        error=error,
        problem=problem,
        unknown=unknown,
        sources=sources,
        name=name,
    )


ROUTES = [
    index,
    search_page,
    find,
    synchronize,
    show,
    reveal,
    preflight,
    create,
    link,
    read,
    confirm_cancel,
    cancel,
    checked,
    slip,
]
