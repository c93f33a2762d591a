"""What changes how many are for sale without moving any: buffers, what bundles are made of, stopping it all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts.visits import actor
from portal.errors import FormInvalid, NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.stock import buffers, bundles, causes, oversold, queries, selling
from portal.stock.queries import VariantStock
from portal.web import PortalRequest, done, id_from, page, runtime, visitor


@get("/channels/{connection_id:str}/buffer")
async def connection_buffer(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    return await _connection_page(request, id_from(connection_id))


@post("/channels/{connection_id:str}/buffer")
async def keep_from_connection(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    asking, key, typed = visitor(request, Role.MANAGER), id_from(connection_id), await _typed(request, "buffer")
    try:
        units = buffers.parse(typed) or 0
    except FormInvalid as invalid:
        return await _connection_page(request, key, typed, invalid.errors["buffer"])
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await buffers.keep_from_connection(session, key, units, now=runtime(request).clock())
    return await done(request, to=f"/channels/{key}", text=_("Buffer saved"))


@get("/products/{product_id:str}/buffer")
async def product_buffer(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    return await _product_page(request, id_from(product_id))


@post("/products/{product_id:str}/buffer")
async def keep_of_product(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    asking, key, typed = visitor(request, Role.MANAGER), id_from(product_id), await _typed(request, "buffer")
    try:
        units = buffers.parse(typed, optional=True)
    except FormInvalid as invalid:
        return await _product_page(request, key, typed, invalid.errors["buffer"])
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await buffers.keep_of_product(session, key, units, now=runtime(request).clock())
    return await done(request, to=f"/products/{key}/stock", text=_("Buffer saved"))


@get("/products/{product_id:str}/variants/{variant_id:str}/components")
async def components(request: PortalRequest, product_id: FromPath[str], variant_id: FromPath[str]) -> Response[Any]:
    return await _bundle_page(request, id_from(product_id), id_from(variant_id))


@post("/products/{product_id:str}/variants/{variant_id:str}/components")
async def compose(request: PortalRequest, product_id: FromPath[str], variant_id: FromPath[str]) -> Response[Any]:
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    product_key, key, typed = id_from(product_id), id_from(variant_id), await _typed(request, bundles.FIELD)
    try:
        async with runtime(request).sessions.write(asking.merchant_id) as session:
            await _variant(session, product_key, key)
            wanted = bundles.parse(typed)
            await bundles.compose(session, asking.merchant_id, key, wanted, made_by=asking.name, now=now)
    except FormInvalid as invalid:
        return await _bundle_page(request, product_key, key, typed, invalid.errors[bundles.FIELD])
    return await done(request, to=f"/products/{product_key}/stock", text=_("Bundle saved"))


@get("/selling")
async def selling_page(request: PortalRequest) -> Response[Any]:
    """Whether anything is sold, and what stopping or going on would do where."""
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        since = await selling.stopped_at(session, asking.merchant_id)
        channels = await selling.channels(session)
    may_edit = asking.may(Role.MANAGER)
    return await page(request, "stock/selling.html", since=since, channels=channels, may_edit=may_edit)


@post("/selling/stop")
async def stop(request: PortalRequest) -> Response[Any]:
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        if await selling.stop(session, asking.merchant_id, now=now):
            actor(request, asking).did(session, "selling.stopped")
    return await done(request, to="/selling", text=_("Selling stopped"), tone="warning")


@post("/selling/go-on")
async def go_on(request: PortalRequest) -> Response[Any]:
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        if await selling.go_on(session, asking.merchant_id, now=now):
            actor(request, asking).did(session, "selling.resumed")
    return await done(request, to="/selling", text=_("Selling goes on"))


@get("/stock/oversold")
async def oversold_page(
    request: PortalRequest, settled: FromQuery[str] = "", before: FromQuery[str] = ""
) -> Response[Any]:
    """What was sold and was not there: what is open, or what is settled."""
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        found = await oversold.page(session, settled=bool(settled), before=id_from(before) if before else None)
    return await page(request, "stock/oversold.html", found=found, settled=bool(settled), cause_words=causes.words)


async def _typed(request: PortalRequest, name: str) -> str:
    return str((await request.form()).get(name, ""))


def _status(error: str) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK


async def _connection_page(
    request: PortalRequest, key: UUID, typed: str | None = None, error: str = ""
) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        row = await buffers.connection(session, key)
    name = row.external_name or row.domain
    kept = row.buffer if typed is None else typed
    return await page(
        request, "stock/buffer.html", status=_status(error), name=name, at=f"/channels/{key}", value=kept, error=error,
        of_product=False,
    )  # fmt: skip


async def _product_page(request: PortalRequest, key: UUID, typed: str | None = None, error: str = "") -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        row = await buffers.product(session, key)
    kept = row.buffer if typed is None else typed
    return await page(
        request, "stock/buffer.html", status=_status(error), name=row.title, at=f"/products/{key}", value=kept,
        error=error, of_product=True,
    )  # fmt: skip


async def _bundle_page(
    request: PortalRequest, product_id: UUID, key: UUID, typed: str | None = None, error: str = ""
) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        stock = await _variant(session, product_id, key)
        product = await buffers.product(session, product_id)
    lines = "\n".join(f"{part.sku} {part.in_one}" for part in stock.parts)
    return await page(
        request,
        "stock/bundle.html",
        status=_status(error),
        product=product,
        stock=stock,
        value=lines if typed is None else typed,
        error=error,
    )


async def _variant(session: AsyncSession, product_id: UUID, variant_id: UUID) -> VariantStock:
    """Raises NotFound for one of another product."""
    found = await queries.variant_stocks(session, [variant_id])
    if not found or found[0].product_id != product_id:
        raise NotFound
    return found[0]


ROUTES = [
    connection_buffer, keep_from_connection, product_buffer, keep_of_product, components, compose, selling_page, stop,
    go_on, oversold_page,
]  # fmt: skip
