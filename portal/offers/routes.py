"""Co-selling: the list of offers, finding an item, offering it, and linking an offer to its product afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import CatalogMatch
from portal.clock import new_id
from portal.errors import FormInvalid
from portal.i18n import _
from portal.listings.eligible import channel_name, connection_name
from portal.models.accounts import Role
from portal.models.connections import Connection
from portal.offers import asking, forms, joining, queries, service
from portal.offers.asking import NotAnswered, Trouble
from portal.offers.forms import Item
from portal.offers.queries import Candidate, View
from portal.templating import money
from portal.web import PortalRequest, Visitor, done, id_from, page, runtime, visitor


@get("/offers")
async def index(
    request: PortalRequest, *, q: FromQuery[str] = "", before: FromQuery[str] = "", after: FromQuery[str] = ""
) -> Response[Any]:
    asked, current = visitor(request), runtime(request)
    details, view = asking.details_of(current), View(q)
    older, newer = (id_from(text) if text else None for text in (before, after))
    async with current.sessions.read(asked.merchant_id) as session:
        offers = await queries.offer_page(session, details, view, now=current.clock(), before=older, after=newer)
        context: dict[str, Any] = {
            "view": view,
            "offers": offers,
            "any_offers": bool(offers.total) or await queries.any_offers(session, details),
            "any_accounts": bool(await queries.accounts(session, details)),
            "may_edit": asked.may(Role.MANAGER),
            "currency": asked.currency,
        }
    return await page(request, "offers/index.html", **context)


@get("/offers/new")
async def find(request: PortalRequest, account: FromQuery[str] = "", codes: FromQuery[str] = "") -> Response[Any]:
    """The form that finds items, and what the channel's catalog has for the codes in it."""
    asked, current = visitor(request, Role.MANAGER), runtime(request)
    details = asking.details_of(current)
    async with current.sessions.read(asked.merchant_id) as session:
        accounts = await queries.accounts(session, details)
    context: dict[str, Any] = {"account": account, "codes": codes, "accounts": _named(accounts)}
    context |= {"errors": {}, "trouble": None, "matches": None, "missed": [], "offered": {}}
    if not (account and codes) or not accounts:
        return await page(request, "offers/new.html", **context)
    try:
        wanted = forms.codes(codes)
        connection = next((one for one in accounts if str(one.id) == account), None)
        _check_account(asked, connection)
        assert connection is not None
        context["channel"] = channel_name(connection.channel)
        matches = await asking.search(current, connection, wanted)
    except FormInvalid as invalid:
        return await page(request, "offers/new.html", status=invalid.status, **context | {"errors": invalid.errors})
    except NotAnswered as nothing:
        return await page(request, "offers/new.html", **context | {"trouble": nothing.trouble})
    async with current.sessions.read(asked.merchant_id) as session:
        refs = [match.channel_ref for match in matches]
        context["offered"] = await queries.offered(session, details[connection.channel], connection.id, refs)
    met = {match.code for match in matches} | set(refs)
    context |= {"matches": matches, "missed": [code for code in wanted if code not in met]}
    return await page(request, "offers/new.html", **context)


@get("/offers/new/item")
async def choose(
    request: PortalRequest, account: FromQuery[str] = "", ref: FromQuery[str] = "", code: FromQuery[str] = ""
) -> Response[Any]:
    """The form for an offer on one item, which is asked for again: what is shown is what the channel has now.

    `code` is the barcode it was found by.
    """
    asked, current = visitor(request, Role.MANAGER), runtime(request)
    connection = await _account(request, asked, account)
    item = forms.item({"ref": ref, "code": code})
    try:
        matches = await asking.search(current, connection, [item.ref])
    except NotAnswered as nothing:
        return await _item_page(request, asked, connection, item, {}, trouble=nothing.trouble)
    found = next((match for match in matches if match.channel_ref == item.ref), None)
    if found is None:
        words = _("%(channel)s has no item %(ref)s.") % {"channel": channel_name(connection.channel), "ref": item.ref}
        gone = Trouble(title=words, body=_("Search for it again."))
        return await _item_page(request, asked, connection, item, {}, trouble=gone)
    return await _item_page(request, asked, connection, _item(found, item.code), {"id": str(new_id())})


@post("/offers")
async def create(request: PortalRequest) -> Response[Any]:
    """Offers the item, or shows the form again: products to link, what is wrong, or why the channel refuses."""
    asked, current = visitor(request, Role.MANAGER), runtime(request)
    form = await _texts(request)
    connection = await _account(request, asked, form.get("account", ""))
    item = forms.item(form)
    if form.get("do") == "search":
        return await _item_page(request, asked, connection, item, form)
    try:
        # What the reader can mend is said before the channel is asked, and nothing is written before it has agreed.
        _parsed(form, asked)
        if refused := await asking.restrictions(current, connection, item.ref):
            return await _item_page(request, asked, connection, item, form, refused=refused)
        listing_id = await _write(request, asked, connection, form)
    except FormInvalid as invalid:
        return await _item_page(request, asked, connection, item, form, errors=invalid.errors)
    except NotAnswered as nothing:
        return await _item_page(request, asked, connection, item, form, trouble=nothing.trouble)
    return await done(request, to=f"/listings/{listing_id}", text=_("Offer on its way"))


def _parsed(form: Mapping[str, str], asked: Visitor) -> forms.NewOffer | UUID:
    """The new offer, or the product of the catalog that is to be offered. Raises FormInvalid."""
    if not form.get("product"):
        return forms.parse(form, asked.currency)
    if errors := forms.statement(form):
        raise FormInvalid(errors)
    return id_from(form["product"])


async def _write(request: PortalRequest, asked: Visitor, connection: Connection, form: Mapping[str, str]) -> UUID:
    current, wanted = runtime(request), _parsed(form, asked)
    offers, now = asking.offers_of(current, connection), current.clock()
    async with current.sessions.write(asked.merchant_id) as session:
        if isinstance(wanted, UUID):
            item = forms.item(form)
            return await service.offer_product(session, connection, offers, item, wanted, made_by=asked.name, now=now)
        return await service.offer(session, connection, offers, wanted, made_by=asked.name, now=now)


@get("/offers/{product_id:str}/link")
async def choose_product(request: PortalRequest, product_id: FromPath[str], q: FromQuery[str] = "") -> Response[Any]:
    """Which product an offer is, once the merchant keeps it in the catalog."""
    return await _link_page(request, visitor(request, Role.MANAGER), id_from(product_id), q=q)


@post("/offers/{product_id:str}/link")
async def link(request: PortalRequest, product_id: FromPath[str]) -> Response[Any]:
    asked, current = visitor(request, Role.MANAGER), runtime(request)
    form, key = await _texts(request), id_from(product_id)
    details = asking.details_of(current)
    try:
        if not form.get("product"):
            raise FormInvalid({"product": _("Choose a product.")})
        async with current.sessions.write(asked.merchant_id) as session:
            listing = await joining.listing_of(session, key, lock=True)
            connection = await queries.account(session, details, listing.connection_id)
            await joining.link(
                session,
                connection,
                asking.offers_of(current, connection),
                listing,
                id_from(form["product"]),
                add_units=form.get("units") == "add",
                made_by=asked.name,
                now=current.clock(),
            )
    except FormInvalid as invalid:
        chosen = (form.get("product", ""), form.get("units", ""))
        return await _link_page(request, asked, key, q=form.get("q", ""), errors=invalid.errors, chosen=chosen)
    return await done(request, to=f"/listings/{listing.id}", text=_("Offer linked"))


# ---- what the pages show ----


def _named(accounts: Sequence[Connection]) -> list[tuple[str, str]]:
    return [(str(one.id), connection_name(one)) for one in accounts]


def _check_account(asked: Visitor, connection: Connection | None) -> None:
    """Raises FormInvalid where no account was chosen, or one whose prices the merchant does not have."""
    if connection is None:
        raise FormInvalid({"account": _("Choose an account.")})
    if connection.currency != asked.currency:
        said = {"ours": asked.currency, "theirs": connection.currency, "channel": channel_name(connection.channel)}
        words = _("Prices are in %(ours)s, this %(channel)s account sells in %(theirs)s")
        raise FormInvalid({"account": f"{words % said}. {_('Choose another account.')}"})


async def _account(request: PortalRequest, asked: Visitor, account: str) -> Connection:
    current = runtime(request)
    async with current.sessions.read(asked.merchant_id) as session:
        found = await queries.account(session, asking.details_of(current), id_from(account))
    _check_account(asked, found)
    return found


def _item(match: CatalogMatch, code: str) -> Item:
    return Item(match.channel_ref, match.title or match.channel_ref, match.brand, code, match.kind, match.image_url)


async def _item_page(
    request: PortalRequest,
    asked: Visitor,
    connection: Connection,
    item: Item,
    form: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    trouble: Trouble | None = None,
    refused: Sequence[Trouble] = (),
) -> Response[Any]:
    """The form for an offer, with all that was typed into it. Products are looked up by it, at first by the barcode."""
    query = form.get("q", item.code)
    async with runtime(request).sessions.read(asked.merchant_id) as session:
        found = await queries.candidates(session, query, _id_or_none(form.get("product", "")))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors or refused else HTTPStatus.OK
    context: dict[str, Any] = {
        "item": item,
        "form": {name: form.get(name, "") for name in ("id", "sku", "price", "quantity", "product", "same")},
        "query": query,
        "candidates": _options(asked, found),
        "errors": errors or {},
        "trouble": trouble,
        "refused": refused,
        "connection": connection,
        "account_name": connection_name(connection),
        "channel": channel_name(connection.channel),
        "currency": asked.currency,
    }
    return await page(request, "offers/item.html", status=status, **context)


async def _link_page(
    request: PortalRequest,
    asked: Visitor,
    key: UUID,
    *,
    q: str,
    errors: Mapping[str, str] | None = None,
    chosen: tuple[str, str] = ("", ""),
) -> Response[Any]:
    current = runtime(request)
    async with current.sessions.read(asked.merchant_id) as session:
        await joining.listing_of(session, key)
        offer = await _offer(session, request, key)
        query = q or offer.barcode
        found = await queries.candidates(session, query, _id_or_none(chosen[0]))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    context: dict[str, Any] = {"offer": offer, "query": query, "errors": errors or {}}
    context["candidates"] = _options(asked, found)
    context |= {"product": chosen[0], "units": chosen[1] or "counted", "currency": asked.currency}
    return await page(request, "offers/link.html", status=status, **context)


def _options(asked: Visitor, found: Sequence[Candidate]) -> list[tuple[str, str, str]]:
    """The products as choices: (id, title, what tells it from others)."""
    options = []
    for one in found:
        price = money(one.price_minor, asked.currency)
        stock = _("not counted") if one.units is None else _("%(units)s in stock") % {"units": one.units}
        options.append((str(one.product_id), one.title, f"{one.sku or _('No SKU')} · {price} · {stock}"))
    return options


def _id_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _offer(session: AsyncSession, request: PortalRequest, key: UUID) -> queries.OfferRow:
    current = runtime(request)
    [row] = await queries.rows(session, asking.details_of(current), [key], now=current.clock())
    return row


async def _texts(request: PortalRequest) -> dict[str, str]:
    return {name: text for name, text in (await request.form()).multi_items() if isinstance(text, str)}


ROUTES = [index, find, choose, create, choose_product, link]
