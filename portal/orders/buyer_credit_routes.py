"""The form that asks our staff for a buyer credit."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts.visits import actor, fields
from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.accounts import Role
from portal.orders import buyer_credits, details
from portal.web import PortalRequest, done, id_from, page, runtime, visitor


@get("/orders/{order_id:str}/buyer-credit")
async def form(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    return await _form(request, order_id, {}, {})


@post("/orders/{order_id:str}/buyer-credit")
async def ask(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    typed = await fields(request)
    key = id_from(order_id)
    try:
        async with current.sessions.write(asking.merchant_id) as session:
            credit = await buyer_credits.ask(session, key, typed, made_by=asking.name, now=current.clock())
            detail = {"amount_minor": credit.amount_minor, "currency": credit.currency}
            actor(request, asking).did(session, "buyer_credit.asked", subject=str(key), detail=detail)
    except FormInvalid as invalid:
        return await _form(request, order_id, typed, invalid.errors)
    return await done(request, to=f"/orders/{key}", text=_("Sent to our staff"))


async def _form(request: PortalRequest, order_id: str, typed: dict[str, Any], errors: dict[str, str]) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        found = await details.detail(session, current.vault, id_from(order_id))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    values = {name: str(typed.get(name, "")) for name in ("amount", "reason")}
    return await page(request, "orders/buyer_credit.html", status=status, detail=found, typed=values, errors=errors)


ROUTES = [form, ask]
