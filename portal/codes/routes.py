"""Codes of the merchant's own GS1 prefix: made, listed, taken out as a file, given to variants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.catalog import queries as catalog
from portal.codes import forms, queries, service
from portal.errors import Conflict, FormInvalid
from portal.i18n import _, local, ngettext
from portal.models.accounts import Role
from portal.web import PortalRequest, done, id_from, page, runtime, visitor

_SHOWN = {"free", "used"}
_HOME = "/codes"


@get("/codes")
async def index(request: PortalRequest, which: FromQuery[str] = "", after: FromQuery[str] = "") -> Response[Any]:
    return await _show(request, which, after)


@post("/codes")
async def generate(request: PortalRequest) -> Response[Any]:
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    form = {name: text for name, text in (await request.form()).multi_items() if isinstance(text, str)}
    try:
        wanted = forms.parse(form)
        async with runtime(request).sessions.write(asking.merchant_id) as session:
            made = await service.generate(session, asking.merchant_id, wanted, now=now)
    except FormInvalid as invalid:
        return await _show(request, typed=form, errors=invalid.errors)
    text = ngettext("Made %(num)s code", "Made %(num)s codes", made) % {"num": made}
    if made < wanted.count:
        text = _("%(text)s; the prefix has no number left") % {"text": text}
    return await done(request, to=_HOME, text=text, tone="success" if made == wanted.count else "warning")


@get("/codes/file")
async def download(request: PortalRequest, which: FromQuery[str] = "") -> Response[str]:
    """The codes as a CSV file: each with whether it is free, and the day it was given."""
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        rows = await queries.written(session, which)
    lines = ["code,state,given"]
    lines += [
        f"{code},{'free' if is_free else 'used'},{local(given_at).date().isoformat() if given_at else ''}"
        for code, is_free, given_at in rows
    ]
    name = "codes-free.csv" if which == "free" else "codes.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\r\n".join(lines) + "\r\n", media_type="text/csv; charset=utf-8", headers=headers)


@get("/codes/giving")
async def confirm_giving(request: PortalRequest) -> Response[Any]:
    """How many variants would get a code, said before they do."""
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        lacking, counts = await queries.lacking(session), await queries.counts(session)
    getting = min(lacking.variants, counts.free, service.GIVEN_AT_ONCE)
    return await page(request, "codes/giving.html", lacking=lacking, counts=counts, getting=getting)


@post("/codes/giving")
async def give(request: PortalRequest) -> Response[Any]:
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        given = await service.give_to_all(session, asking.merchant_id, made_by=asking.name, now=now)
    if not given.variants:
        text = _("No free code, or no variant without one") if given.left else _("Every variant has a barcode")
        return await done(request, to=_HOME, text=text, tone="warning")
    text = ngettext("Gave %(num)s code", "Gave %(num)s codes", given.variants) % {"num": given.variants}
    if given.left:
        left = ngettext("%(num)s variant has none yet", "%(num)s variants have none yet", given.left)
        text = _("%(text)s; %(left)s") % {"text": text, "left": left % {"num": given.left}}
    return await done(request, to=_HOME, text=text)


@post("/products/{product_id:str}/codes")
async def give_to_product(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    """Those of the product's variants that have no barcode get one each."""
    asking, key, now = visitor(request, Role.MANAGER), id_from(product_id), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await catalog.product(session, key, lock=True)
        given = await service.give_to_product(
            session, asking.merchant_id, key, instead=False, made_by=asking.name, now=now
        )
        left = (await queries.lacking(session, key)).variants
    if left:
        raise _too_few()
    text = _("Every variant has a barcode")
    if given:
        text = ngettext("Gave %(num)s code", "Gave %(num)s codes", given) % {"num": given}
    return await done(request, to=f"/products/{key}", text=text)


def _too_few() -> Conflict:
    error = Conflict(_("There are not enough free codes"), _("Make more of your own prefix first."))
    error.way_on = (_HOME, _("Product codes"))
    return error


async def _show(
    request: PortalRequest,
    which: str = "",
    after: str = "",
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    """The page; with `errors`, the form as it was `typed` and what is wrong with it."""
    asking, shown = visitor(request), which if which in _SHOWN else ""
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        prefix = await queries.latest_prefix(session)
        context: dict[str, Any] = {
            "counts": await queries.counts(session),
            "lacking": await queries.lacking(session),
            "listed": await queries.page(session, shown, after=after),
        }
    kept = typed or {"prefix": prefix.prefix if prefix else "", "start": "", "count": "100"}
    return await page(
        request,
        "codes/index.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        which=shown,
        first=not after,
        prefix=prefix,
        typed=defaultdict(str, kept),
        errors=defaultdict(str, errors or {}),
        most=forms.MOST,
        may_edit=asking.may(Role.MANAGER),
        **context,
    )


ROUTES = [index, generate, download, confirm_giving, give, give_to_product]
