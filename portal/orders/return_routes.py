"""Recording what a buyer sent back, and deciding what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts.visits import fields
from portal.errors import FormInvalid, NotFound
from portal.i18n import _, ngettext
from portal.models.accounts import Role
from portal.models.orders import Shelving
from portal.orders import details, queries, recording, returning, wording
from portal.orders.recording import Noted
from portal.web import PortalRequest, done, id_from, page, runtime, visitor


@get("/orders/{order_id:str}/return")
async def form(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    return await _form(request, order_id, {}, {})


@post("/orders/{order_id:str}/return")
async def record(request: PortalRequest, order_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request, Role.PACKER), runtime(request)
    typed = {name: str(value) for name, value in (await fields(request)).items()}
    key = id_from(order_id)
    try:
        async with current.sessions.write(asking.merchant_id) as session:
            order = await queries.one(session, key)
            wanted = {
                line.id: Noted(*(typed.get(f"{name}-{line.id}", "") for name in ("quantity", "shelving", "seen")))
                for line in order.lines
            }
            note = typed.get("note", "").replace("\0", "").strip()
            units = await recording.record(session, key, wanted, note, made_by=asking.name, now=current.clock())
    except FormInvalid as invalid:
        return await _form(request, order_id, typed, invalid.errors)
    text = ngettext("%(num)s unit recorded as sent back", "%(num)s units recorded as sent back", units)
    return await done(request, to=f"/orders/{key}", text=text % {"num": units})


@post("/orders/{order_id:str}/returns/{return_id:str}")
async def decide(request: PortalRequest, order_id: FromPath[str], return_id: FromPath[str]) -> Response[Any]:
    """What came back is for sale again, or is not."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    wanted = str((await request.form()).get("shelving", ""))
    if wanted not in {Shelving.BACK, Shelving.GONE}:
        raise NotFound
    async with current.sessions.write(asking.merchant_id) as session:
        await returning.decide(
            session,
            id_from(order_id),
            id_from(return_id),
            Shelving(wanted),
            made_by=asking.name,
            now=current.clock(),
        )
    text = _("Back on the shelf") if wanted == Shelving.BACK else _("Not for sale again")
    return await done(request, to=f"/orders/{order_id}", text=text)


async def _form(
    request: PortalRequest, order_id: str, typed: Mapping[str, str], errors: Mapping[str, str]
) -> Response[Any]:
    asking, current = visitor(request, Role.PACKER), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        found = await details.detail(session, current.vault, id_from(order_id))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return await page(
        request,
        "orders/return.html",
        status=status,
        detail=found,
        typed=typed,
        errors=errors,
        shelvings=wording.shelvings(),
    )


ROUTES = [form, record, decide]
