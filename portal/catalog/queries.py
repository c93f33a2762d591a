"""What the catalog's pages show, read from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from portal.catalog import search, sources
from portal.errors import NotFound
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, LastAttempt, Listing

PAGE = 50
MOST_CHOICES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """A view of the list as its query string says it; empty means all but the archived."""

    q: str = ""
    status: str = ""
    vendor: str = ""
    product_type: str = ""
    source: str = ""
    problem: str = ""

    def query(self, **change: str) -> str:
        """The view's address with `change` in it; an empty value leaves a filter out."""
        names = {"q": self.q, "status": self.status, "vendor": self.vendor, "type": self.product_type}
        names |= {"source": self.source, "problem": self.problem, **change}
        kept = {name: value for name, value in names.items() if value}
        return "/products" + (f"?{urlencode(kept)}" if kept else "")

    @property
    def source_name(self) -> str:
        return sources.named(self.source)

    @property
    def any(self) -> bool:
        return bool(self.q or self.status or self.vendor or self.product_type or self.source or self.problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """One line of the list. `units` is None where no variant is counted; `sku` is that of a single variant."""

    id: UUID
    title: str
    status: ProductStatus
    source: str
    image_url: str
    image_alt: str
    sku: str
    variants: int
    lowest_minor: int
    highest_minor: int
    units: int | None
    channels: int
    rejected: int
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    """`newer` and `older` are the ids to go on from in each direction, None at an end."""

    rows: Sequence[ProductRow]
    total: int
    newer: UUID | None
    older: UUID | None


async def product_page(
    session: AsyncSession, filters: Filters, *, before: UUID | None = None, after: UUID | None = None
) -> ProductPage:
    """Up to 50 products, the newest first: those older than `before`, or the nearest newer than `after`."""
    where = _conditions(filters)
    total = await session.scalar(select(func.count(Product.id)).where(*where)) or 0
    query = select(Product.id).where(*where)
    if after is not None:
        nearest = query.where(Product.id > after).order_by(Product.id).limit(PAGE + 1)
        ids = list(await session.scalars(nearest))
        more_newer, more_older = len(ids) > PAGE, True
        ids = ids[:PAGE][::-1]
    else:
        query = query if before is None else query.where(Product.id < before)
        ids = list(await session.scalars(query.order_by(Product.id.desc()).limit(PAGE + 1)))
        more_newer, more_older = before is not None, len(ids) > PAGE
        ids = ids[:PAGE]
    return ProductPage(
        rows=await rows(session, ids),
        total=total,
        newer=ids[0] if ids and more_newer else None,
        older=ids[-1] if ids and more_older else None,
    )


async def rows(session: AsyncSession, ids: Sequence[UUID]) -> list[ProductRow]:
    """The lines of these products, in the order asked; ids nobody has are left out."""
    products = {product.id: product for product in await session.scalars(select(Product).where(Product.id.in_(ids)))}
    sums = {row.product_id: row for row in (await session.execute(_sums(ids))).all()}
    images: dict[UUID, ProductImage] = {}
    first = select(ProductImage).where(ProductImage.product_id.in_(ids)).order_by(ProductImage.position.desc())
    for image in await session.scalars(first):
        images[image.product_id] = image
    listed = {row.product_id: row for row in (await session.execute(_listed(ids))).all()}
    return [
        _row(products[product_id], sums.get(product_id), images.get(product_id), listed.get(product_id))
        for product_id in ids
        if product_id in products
    ]


async def has_products(session: AsyncSession) -> bool:
    return await session.scalar(select(Product.id).limit(1)) is not None


async def choices(session: AsyncSession, column: InstrumentedAttribute[str]) -> list[str]:
    """The distinct words of one column of the catalog, for a filter's list."""
    found = select(column).where(column != "").distinct().order_by(column).limit(MOST_CHOICES)
    return list(await session.scalars(found))


async def product(session: AsyncSession, product_id: UUID, *, lock: bool = False) -> Product:
    """The product with its variants and images, locked for this transaction if asked. Raises NotFound."""
    query = (
        select(Product)
        .where(Product.id == product_id)
        .options(selectinload(Product.variants), selectinload(Product.images))
        .execution_options(populate_existing=True)
    )
    found: Product | None = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


async def live_channels(session: AsyncSession, product_id: UUID) -> list[str]:
    """The names of the channels this product is or will be for sale on."""
    query = (
        select(Connection.external_name, Connection.channel)
        .join(Listing, Listing.connection_id == Connection.id)
        .where(
            Listing.product_id == product_id,
            Listing.intent == Intent.PUBLISH,
            Connection.state != ConnectionState.DISCONNECTED,
        )
        .order_by(Connection.id)
    )
    return [name or channel.title() for name, channel in (await session.execute(query)).all()]


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    statuses = {status.value for status in ProductStatus}
    where: list[ColumnElement[bool]] = [
        Product.status == ProductStatus(filters.status)
        if filters.status in statuses
        else Product.status != ProductStatus.ARCHIVED
    ]
    if filters.q.strip():
        where.append(search.matches(filters.q))
    for column, wanted in (
        (Product.vendor, filters.vendor),
        (Product.product_type, filters.product_type),
        (Product.source, filters.source),
    ):
        if wanted:
            where.append(column == wanted)
    if filters.problem:
        rejected = (Listing.product_id == Product.id) & (Listing.attempt == LastAttempt.REJECTED)
        where.append(exists(select(Listing.id).where(rejected, Listing.intent == Intent.PUBLISH)))
    return where


def _sums(ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Variant.product_id,
            func.count(Variant.id).label("variants"),
            func.min(Variant.sku).label("sku"),
            func.min(Variant.price_minor).label("lowest"),
            func.max(Variant.price_minor).label("highest"),
            func.sum(Variant.on_hand).filter(Variant.tracked).label("units"),
        )
        .where(Variant.product_id.in_(ids))
        .group_by(Variant.product_id)
    )


def _listed(ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    rejected = Listing.attempt == LastAttempt.REJECTED
    return (
        select(
            Listing.product_id,
            func.count(Listing.id).label("channels"),
            func.count(Listing.id).filter(rejected).label("rejected"),
        )
        .where(Listing.product_id.in_(ids), Listing.intent == Intent.PUBLISH)
        .group_by(Listing.product_id)
    )


def _row(product: Product, sums: Any, image: ProductImage | None, listed: Any) -> ProductRow:
    return ProductRow(
        id=product.id,
        title=product.title,
        status=product.status,
        source=product.source,
        image_url=image.url if image else "",
        image_alt=image.alt if image else "",
        sku=sums.sku if sums and sums.variants == 1 else "",
        variants=sums.variants if sums else 0,
        lowest_minor=sums.lowest if sums else 0,
        highest_minor=sums.highest if sums else 0,
        units=None if sums is None or sums.units is None else int(sums.units),
        channels=listed.channels if listed else 0,
        rejected=listed.rejected if listed else 0,
        updated_at=product.updated_at,
        updated_by=product.updated_by,
    )
