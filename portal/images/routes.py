"""The images of a product: how they fare, what is done about one, and the pictures that channels fetch from us."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from connectors.addresses import FetchRefused
from connectors.pictures import EVERYWHERE, LARGEST_BYTES, PictureRefused
from portal.catalog import queries as catalog
from portal.errors import FormInvalid, NotFound
from portal.i18n import _
from portal.images import fragments, looking, queries, service, wording
from portal.images.looking import Made
from portal.models.accounts import Role
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, Visitor, done, id_from, is_htmx, page, runtime, visitor
from portal.web import fragments as send

UPLOAD_BYTES = LARGEST_BYTES + 1024 * 1024
_NAME = re.compile(r"([\w-]{1,64})\.jpg", re.ASCII)


@get("/products/{product_id:str}/images/checks")
async def checks(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    return await _show(request, visitor(request), id_from(product_id))


@post("/products/{product_id:str}/images/checks")
async def check_again(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    """Every image of the product is looked at now, also those that were fine."""
    asking, key, now = visitor(request, Role.MANAGER), id_from(product_id), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await catalog.product(session, key)
        await service.ask(session, asking.merchant_id, [key], now, again=True)
    return await _done(request, asking, key, _("Checking the images"))


@post("/products/{product_id:str}/images/replacement", request_max_body_size=UPLOAD_BYTES)
async def replace(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    """A file from the merchant's computer takes the place of an address."""
    asking, key = visitor(request, Role.MANAGER), id_from(product_id)
    form = await request.form()
    url, file = str(form.get("url") or ""), form.get("file")
    try:
        made = await _uploaded(file if isinstance(file, UploadFile) else None)
    except FormInvalid as error:
        return await _show(request, asking, key, {url: error.errors["file"]})
    await _place(request, asking, key, url, made)
    return await _done(request, asking, key, _("Image replaced"))


@post("/products/{product_id:str}/images/conversion")
async def convert(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    """What is at the address now, as a plain RGB picture of ours, takes its place."""
    asking, key = visitor(request, Role.MANAGER), id_from(product_id)
    url = str((await request.form()).get("url") or "")
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        if url not in (await queries.addresses(session, [key]))[key]:
            # We fetch only what a product shows, not whatever a form names.
            raise NotFound
    try:
        fetched = await runtime(request).fetch(url)
        made = await looking.make(fetched.content)
    except FetchRefused:
        return await _show(request, asking, key, {url: _("The site didn't give us the image. Upload it instead.")})
    except PictureRefused as refused:
        return await _show(request, asking, key, {url: wording.refusal(refused.code)})
    await _place(request, asking, key, url, made)
    return await _done(request, asking, key, _("Image converted"))


@post("/products/{product_id:str}/images/removal")
async def remove(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    asking, key, now = visitor(request, Role.MANAGER), id_from(product_id), runtime(request).clock()
    url = str((await request.form()).get("url") or "")
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        product = await catalog.product(session, key, lock=True)
        await service.take_away(session, product, url, made_by=asking.name, now=now)
    return await _done(request, asking, key, _("Image removed"))


@get("/pictures/{token:str}")
async def picture(request: PortalRequest, token: FromPath[str]) -> Response[bytes]:
    """A picture of ours, for whoever knows its address: channels sign in nowhere. It never changes."""
    named = _NAME.fullmatch(token)
    if named is None:
        raise NotFound
    async with runtime(request).sessions.read(SYSTEM) as session:
        content = await queries.kept(session, named[1])
    if content is None:
        raise NotFound
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Disposition": "inline",
    }
    return Response(content, media_type="image/jpeg", headers=headers)


async def _uploaded(file: UploadFile | None) -> Made:
    """The file as a picture of ours. Raises FormInvalid."""
    if file is None or not file.filename:
        raise FormInvalid({"file": _("Choose an image first.")})
    content = await file.read(LARGEST_BYTES + 1)
    if not content:
        raise FormInvalid({"file": _("This file is empty. Choose another.")})
    if len(content) > LARGEST_BYTES:
        raise FormInvalid({"file": wording.refusal("too_many_bytes")})
    try:
        made = await looking.make(content)
    except PictureRefused as refused:
        raise FormInvalid({"file": wording.refusal(refused.code)}) from refused
    longest = max(made.picture.width, made.picture.height)
    if longest < EVERYWHERE.smallest_side:
        said = {"longest": longest, "side": EVERYWHERE.smallest_side}
        words = _("This image is %(longest)s px on its longest side. Channels ask for %(side)s px or more.")
        raise FormInvalid({"file": words % said})
    return made


async def _place(request: PortalRequest, asking: Visitor, key: UUID, url: str, made: Made) -> None:
    current = runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        product = await catalog.product(session, key, lock=True)
        now = current.clock()
        path = await service.keep(session, asking.merchant_id, made, now)
        new = current.settings.public_url + path
        await service.put_in_place(session, product, url, new, made, made_by=asking.name, now=now)


async def _show(
    request: PortalRequest, asking: Visitor, key: UUID, errors: dict[str, str] | None = None
) -> Response[Any]:
    """The part alone for htmx, else on a page of its own; with `errors`, what was wrong beside the address."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        product = await catalog.product(session, key)
        part = await fragments.part(session, asking, key, errors)
    if is_htmx(request):
        return send(request, [part], status=status)
    return await page(request, "images/show.html", status=status, product=product, part=part)


async def _done(request: PortalRequest, asking: Visitor, key: UUID, text: str) -> Response[Any]:
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        part = await fragments.part(session, asking, key)
    return await done(request, to=f"/products/{key}/images/checks", text=text, parts=[part])


ROUTES = [checks, check_again, replace, convert, remove, picture]
