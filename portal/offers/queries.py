"""What the pages of co-selling show, read from the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.catalog import search, sources, typed
from portal.errors import NotFound
from portal.listings import queries as listings
from portal.listings.eligible import products_of, sellable
from portal.listings.paging import Keys, keys
from portal.listings.queries import ListingRow
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.connections import Connection
from portal.models.listings import Listing

CANDIDATES = 10
# Which product detail names the item offered on, by channel (asking.details_of).
Details = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class View:
    """The list as its query string says it."""

    q: str = ""

    def query(self, **change: str) -> str:
        kept = {name: value for name, value in ({"q": self.q} | change).items() if value}
        return "/offers" + (f"?{urlencode(kept)}" if kept else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """One offer. `units` is None where stock is not counted; `own_stock` says that no other product is behind it."""

    product_id: UUID
    title: str
    ref: str
    sku: str
    barcode: str
    price_minor: int
    units: int | None
    own_stock: bool
    listings: Sequence[ListingRow]


@dataclass(frozen=True, slots=True)
class OfferPage:
    rows: Sequence[OfferRow]
    total: int
    keys: Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A product that an offer may be linked to, by its first variant. `units` None: its stock is not counted."""

    product_id: UUID
    title: str
    sku: str
    price_minor: int
    units: int | None


async def offer_page(
    session: AsyncSession,
    details: Details,
    view: View,
    *,
    now: datetime,
    before: UUID | None = None,
    after: UUID | None = None,
) -> OfferPage:
    """Up to 50 offers, the newest first."""
    where = _is_offer(details)
    if view.q.strip():
        code = typed.half_width(view.q).upper()
        where.append(or_(search.matches(view.q), *(_detail(name) == code for name in set(details.values()))))
    total = await session.scalar(select(func.count(Product.id)).where(*where)) or 0
    found = await keys(session, select(Product.id).where(*where), Product.id, before=before, after=after)
    return OfferPage(await rows(session, details, found.ids, now=now), total, found)


async def any_offers(session: AsyncSession, details: Details) -> bool:
    return await session.scalar(select(Product.id).where(*_is_offer(details)).limit(1)) is not None


def _is_offer(details: Details) -> list[ColumnElement[bool]]:
    named = or_(*(_detail(name).is_not(None) for name in set(details.values())))
    return [Product.status != ProductStatus.ARCHIVED, named]


def _detail(name: str) -> ColumnElement[str]:
    said: ColumnElement[str] = Product.details[name].as_string()
    return said


async def rows(session: AsyncSession, details: Details, ids: Sequence[UUID], *, now: datetime) -> list[OfferRow]:
    """The lines of these products, in the order asked; those that are no offers are left out."""
    products = {product.id: product for product in await products_of(session, ids)}
    found = await session.execute(
        select(Listing.id, Listing.product_id)
        .join(Connection, Connection.id == Listing.connection_id)
        .where(Listing.product_id.in_(ids), Connection.channel.in_(details))
        .order_by(Listing.id)
    )
    by_product: dict[UUID, list[UUID]] = {}
    for listing_id, product_id in found.all():
        by_product.setdefault(product_id, []).append(listing_id)
    shown = await listings.rows(session, [one for some in by_product.values() for one in some], now=now)
    by_listing = {row.listing.id: row for row in shown}
    return [
        _row(products[one], details, [by_listing[key] for key in by_product.get(one, [])])
        for one in ids
        if one in products and ref_of(products[one], details)
    ]


def _row(product: Product, details: Details, shown: Sequence[ListingRow]) -> OfferRow:
    variant = product.variants[0] if product.variants else None
    return OfferRow(
        product_id=product.id,
        title=product.title,
        ref=ref_of(product, details),
        sku=variant.sku if variant else "",
        barcode=variant.barcode if variant else "",
        price_minor=variant.price_minor if variant else 0,
        units=variant.on_hand if variant and variant.tracked else None,
        own_stock=product.source == sources.OFFER,
        listings=shown,
    )


def ref_of(product: Product, details: Details) -> str:
    """The item that the product is offered on; empty for a product that is no offer."""
    return next((str(product.details[name]) for name in details.values() if product.details.get(name)), "")


async def accounts(session: AsyncSession, details: Details) -> list[Connection]:
    """The merchant's connections on which an item of the channel's catalog can be offered."""
    return [one for one in await sellable(session) if one.channel in details]


async def account(session: AsyncSession, details: Details, connection_id: UUID) -> Connection:
    """One of them. Raises NotFound."""
    found = next((one for one in await accounts(session, details) if one.id == connection_id), None)
    if found is None:
        raise NotFound
    return found


async def offered(session: AsyncSession, detail: str, connection_id: UUID, refs: Sequence[str]) -> dict[str, UUID]:
    """Those of the items that this account has a listing on already, with the listing."""
    found = await session.execute(
        select(_detail(detail), Listing.id)
        .join(Listing, Listing.product_id == Product.id)
        .where(Listing.connection_id == connection_id, _detail(detail).in_(refs))
    )
    return dict(found.all())


async def candidates(session: AsyncSession, query: str, chosen: UUID | None = None) -> list[Candidate]:
    """Products of the catalog, no offers themselves, that these words find; the `chosen` one is always among them."""
    found = search.matches(query) if query.strip() else false()
    ids = await session.scalars(
        select(Product.id)
        .where(
            Product.status != ProductStatus.ARCHIVED,
            Product.source != sources.OFFER,
            or_(Product.id == chosen, found) if chosen else found,
        )
        .order_by((Product.id == chosen).desc() if chosen else Product.id.desc(), Product.id.desc())
        .limit(CANDIDATES)
    )
    products = await products_of(session, ids.all())
    return [_candidate(product, product.variants[0]) for product in products if product.variants]


def _candidate(product: Product, variant: Variant) -> Candidate:
    return Candidate(
        product_id=product.id,
        title=product.title,
        sku=variant.sku,
        price_minor=variant.price_minor,
        units=variant.on_hand if variant.tracked else None,
    )
