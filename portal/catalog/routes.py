"""The catalog's addresses: the list, the editor, a new product, archive and restore."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.catalog import conflicts, forms, fragments, queries, service, sheets, sources
from portal.catalog.forms import ProductEdit
from portal.catalog.fragments import Editor
from portal.catalog.queries import Filters
from portal.clock import new_id
from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.catalog import Product, ProductStatus
from portal.web import Fragment, PortalRequest, Visitor, done, id_from, is_htmx, page, part_of, runtime, visitor
from portal.web import fragments as send


@get("/products")
async def index(
    request: PortalRequest,
    *,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    vendor: FromQuery[str] = "",
    type: FromQuery[str] = "",  # noqa: A002 - the query's name
    source: FromQuery[str] = "",
    problem: FromQuery[str] = "",
    before: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """A view of the products; the address is the view."""
    asking = visitor(request)
    filters = Filters(q=q, status=status, vendor=vendor, product_type=type, source=source, problem=problem)
    older, newer = (id_from(text) if text else None for text in (before, after))
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        listing = await queries.product_page(session, filters, before=older, after=newer)
        context: dict[str, Any] = {
            "filters": filters,
            "listing": listing,
            "rows": listing.rows,
            "any_products": bool(listing.total) or await queries.has_products(session),
            "may_edit": asking.may(Role.MANAGER),
        }
        if is_htmx(request) and request.headers.get("hx-request-type") == "partial":
            return send(request, [Fragment("product-list", "catalog/_list.html", context)])
        for name, column in (("vendors", Product.vendor), ("types", Product.product_type)):
            context[name] = [(word, word) for word in await queries.choices(session, column)]
        context["sources"] = [(one, sources.named(one)) for one in await queries.choices(session, Product.source)]
    return await page(request, "catalog/index.html", **context)


@get("/products/new")
async def new(request: PortalRequest) -> Response[Any]:
    """An empty form. It carries the id the product will have, so that sending it twice makes one."""
    visitor(request, Role.MANAGER)
    return await _new_page(request, Editor(key=new_id(), is_new=True, sheet=sheets.blank(), focus="field-title"))


@post("/products")
async def create(request: PortalRequest) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    form = await _texts(request)
    product_id, sheet = id_from(dict(form).get("id", "")), sheets.read(form)
    editor = Editor(key=product_id, is_new=True, sheet=sheet, unsaved=True)
    if command := dict(form).get("do", ""):
        return await _show(request, replace(editor, focus=sheets.rearrange(sheet, command)))
    try:
        edit = forms.parse(sheet, asking.currency)
    except FormInvalid as invalid:
        return await _show(request, replace(editor, errors=defaultdict(str, invalid.errors)), status=invalid.status)
    now = runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await service.create(
            session, merchant_id=asking.merchant_id, product_id=product_id, edit=edit, made_by=asking.name, now=now
        )
    return await done(request, to=f"/products/{product_id}", text=_("Product saved"))


@get("/products/{product_id:str}")
async def show(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        product = await queries.product(session, id_from(product_id))
    return await _product_page(request, asking, product, fragments.stored(product, asking.currency))


@post("/products/{product_id:str}")
async def save(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    """Saves, or shows the form again: a row more, what is wrong, or what somebody else saved meanwhile."""
    asking = visitor(request, Role.MANAGER)
    form = await _texts(request)
    key, now = id_from(product_id), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        product = await queries.product(session, key, lock=True)
        editor, status, edit = _tried(product, form, asking.currency)
        if edit is not None:
            await service.save(session, product, edit, made_by=asking.name, now=now)
    if edit is None:
        return await _show(request, editor, status=status)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        parts = await fragments.whole(session, asking, key)
    return await done(request, to=f"/products/{key}", text=_("Product saved"), parts=parts)


@post("/products/{product_id:str}/archive")
async def archive(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    key, now = id_from(product_id), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        before = await service.archive(session, key, made_by=asking.name, now=now)
    undo = f"/products/{key}/restore?status={before.value}"
    return await _moved(request, asking, key, _("Product archived"), undo=undo)


@post("/products/{product_id:str}/restore")
async def restore(
    request: PortalRequest, product_id: FromPath[str], status: FromQuery[str] = ProductStatus.ACTIVE.value
) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    key, now = id_from(product_id), runtime(request).clock()
    wanted = ProductStatus.DRAFT if status == ProductStatus.DRAFT.value else ProductStatus.ACTIVE
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await service.restore(session, key, wanted, made_by=asking.name, now=now)
    return await _moved(request, asking, key, _("Product restored"))


def _tried(product: Product, form: list[tuple[str, str]], currency: str) -> tuple[Editor, int, ProductEdit | None]:
    """What the form asks for, or the form to show again with its status."""
    sent, mine, current = dict(form), sheets.read(form), fragments.stored(product, currency)
    editor = replace(current, sheet=mine, seen=sent.get("seen", ""), unsaved=True)
    if command := sent.get("do", ""):
        return replace(editor, focus=sheets.rearrange(mine, command)), HTTPStatus.OK, None
    found = conflicts.differences(mine, current.sheet, editor.seen)
    # A choice counts against what it was made on: a third save meanwhile asks again.
    chosen = sent if sent.get("against") == current.seen else {}
    sides = {one.name: chosen.get("take-all") or chosen.get(f"take-{one.name}", "") for one in found}
    if not all(sides.values()):
        differences = fragments.choices(mine, current.sheet, found)
        editor = replace(editor, changed_by=product.updated_by, changed_at=product.updated_at)
        return replace(editor, differences=differences, against=current.seen), HTTPStatus.CONFLICT, None
    sheet = conflicts.take(mine, current.sheet, {name for name, side in sides.items() if side == "theirs"})
    editor = replace(editor, sheet=sheet, seen=current.seen)
    try:
        return editor, HTTPStatus.OK, forms.parse(sheet, currency)
    except FormInvalid as invalid:
        return replace(editor, errors=defaultdict(str, invalid.errors)), invalid.status, None


async def _texts(request: PortalRequest) -> list[tuple[str, str]]:
    """The form's fields in order, without files."""
    return [(name, text) for name, text in (await request.form()).multi_items() if isinstance(text, str)]


async def _moved(request: PortalRequest, asking: Visitor, key: UUID, text: str, *, undo: str = "") -> Response[Any]:
    """The summary afresh. The form stays as it is: somebody may be typing in it."""
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        parts = await fragments.product_summaries(session, asking, [key])
    return await done(request, to=f"/products/{key}", text=text, parts=parts, undo=undo)


async def _show(request: PortalRequest, editor: Editor, *, status: int = HTTPStatus.OK) -> Response[Any]:
    """The form again, unsaved: as a fragment, or as its whole page."""
    asking = visitor(request)
    if is_htmx(request):
        return send(request, [fragments.editor_part(editor, asking)], status=status)
    if editor.is_new:
        return await _new_page(request, editor, status=status)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        product = await queries.product(session, editor.key)
    return await _product_page(request, asking, product, editor, status=status)


async def _new_page(request: PortalRequest, editor: Editor, *, status: int = HTTPStatus.OK) -> Response[Any]:
    return await page(request, "catalog/new.html", status=status, editor=editor, may_edit=True)


async def _product_page(
    request: PortalRequest, asking: Visitor, product: Product, editor: Editor, *, status: int = HTTPStatus.OK
) -> Response[Any]:
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        summary = await fragments.summary(session, product)
        channels = await part_of(request, "product-channels", session, product.id)
        images = await part_of(request, "product-images", session, product.id)
        codes = await part_of(request, "product-codes", session, product.id)
    extra = [(name, str(value)) for name, value in product.extra.items()]
    return await page(
        request,
        "catalog/show.html",
        status=status,
        product=product,
        editor=editor,
        summary=summary,
        channels=channels,
        images=images,
        codes=codes,
        extra_columns=extra,
        description=fragments.description_of(product),
        may_edit=asking.may(Role.MANAGER),
    )


ROUTES = [index, new, create, show, save, archive, restore]
