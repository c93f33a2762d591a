"""The stock of one product: what is on hand and why, what channels were told, and changing it by hand."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from portal.errors import FormInvalid, NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.stock import forms, fragments, queries, service
from portal.stock.forms import Change
from portal.stock.queries import VariantStock
from portal.stock.service import Count, Move, Moved
from portal.web import Fragment, Place, PortalRequest, Visitor, done, id_from, is_htmx, page, runtime, visitor
from portal.web import fragments as send


@get("/products/{product_id:str}/stock")
async def show(request: PortalRequest, product_id: FromPath[str], behind: Place = 0) -> Response[Any]:
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        found = await queries.stock_page(session, id_from(product_id), behind=behind)
    parts = [fragments.variant_part(stock, asking) for stock in found.variants]
    return await page(
        request,
        "stock/show.html",
        product=found.product,
        parts=parts,
        next_position=found.next_position,
        may_edit=asking.may(Role.MANAGER),
    )


@post("/products/{product_id:str}/variants/{variant_id:str}/stock")
async def change(request: PortalRequest, product_id: FromPath[str], variant_id: FromPath[str]) -> Response[Any]:
    """Sets or changes one variant's stock, or shows its form again with what is wrong."""
    asking = visitor(request, Role.MANAGER)
    sent = {name: text for name, text in (await request.form()).multi_items() if isinstance(text, str)}
    product_key, key, now = id_from(product_id), id_from(variant_id), runtime(request).clock()
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        await _one(session, product_key, key)
    try:
        wanted = forms.parse(sent)
        async with runtime(request).sessions.write(asking.merchant_id) as session:
            moved = await _change(session, key, wanted, asking, now=now)
    except FormInvalid as invalid:
        return await _again(request, asking, product_key, key, invalid, sent)
    text = _("Only {count} were there").format(count=-moved.taken) if moved.shortfall else _("Stock saved")
    tone = "warning" if moved.shortfall else "success"
    # A whole page: a morph leaves what stands in the focused field, and "+3" left standing invites to be sent again.
    return await done(request, to=f"/products/{product_key}/stock", text=text, tone=tone)


async def _change(session: AsyncSession, key: UUID, wanted: Change, asking: Visitor, *, now: datetime) -> Moved:
    """Raises FormInvalid where a number was counted against stock that has moved since."""
    kind = Move if wanted.is_difference else Count
    step = kind(variant_id=key, quantity=wanted.quantity, cause=wanted.reason, cause_id=str(wanted.mark))
    found = await service.move(session, merchant_id=asking.merchant_id, moves=[step], made_by=asking.name, now=now)
    moved = found[0]
    before = moved.on_hand - moved.taken
    if kind is Count and not moved.repeated and before != wanted.seen:
        words = _("Stock has changed to {count} since this page was shown. Check, and save again.")
        raise FormInvalid({"quantity": words.format(count=before)})
    return moved


async def _one(session: AsyncSession, product_id: UUID, variant_id: UUID) -> VariantStock:
    found = await queries.variant_stocks(session, [variant_id])
    if not found or found[0].product_id != product_id:
        raise NotFound
    return found[0]


async def _again(
    request: PortalRequest, asking: Visitor, product_id: UUID, key: UUID, invalid: FormInvalid, sent: dict[str, str]
) -> Response[Any]:
    kept = {"quantity": sent.get("quantity", ""), "reason": sent.get("reason", "")}

    def part_of(stock: VariantStock) -> Fragment:
        mine = stock.id == key
        return (
            fragments.variant_part(stock, asking, errors=invalid.errors, **kept)
            if mine
            else fragments.variant_part(stock, asking)
        )

    async with runtime(request).sessions.read(asking.merchant_id) as session:
        if is_htmx(request):
            part = part_of(await _one(session, product_id, key))
            return send(request, [part], status=HTTPStatus.UNPROCESSABLE_ENTITY)
        found = await queries.stock_page(session, product_id)
    return await page(
        request,
        "stock/show.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        product=found.product,
        parts=[part_of(stock) for stock in found.variants],
        next_position=found.next_position,
        may_edit=asking.may(Role.MANAGER),
    )


ROUTES = [show, change]
