"""Where a product could be sold now: the connections that take work, and what it lacks on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors.errors import Problem
from connectors.records import ProductRecord
from connectors.registry import CHANNELS, UNMET
from portal.codes import queries as codes
from portal.connections.kind_rules import Rules, kind_of, rules_of
from portal.images import queries as images
from portal.listings.publishing import SELLABLE
from portal.listings.readiness import Around, Missing, missing
from portal.listings.records import product_record
from portal.models.catalog import Product
from portal.models.connections import Connection, KindRules


async def sellable(session: AsyncSession) -> Sequence[Connection]:
    """The merchant's connections that take work, in the order they were made."""
    rows = await session.scalars(select(Connection).where(Connection.state.in_(SELLABLE)).order_by(Connection.id))
    return rows.all()


async def products_of(session: AsyncSession, product_ids: Sequence[UUID]) -> Sequence[Product]:
    """The products with their variants and images, as they are in the database now."""
    rows = await session.scalars(
        select(Product)
        .where(Product.id.in_(product_ids))
        .options(selectinload(Product.variants), selectinload(Product.images))
        .execution_options(populate_existing=True)
        .order_by(Product.id)
    )
    return rows.all()


@dataclass(frozen=True, slots=True)
class Known:
    """What `lacking` needs to know beside the products: the rules of their kinds, and what is around them."""

    rules: Rules
    around: Around


async def known_of(session: AsyncSession, products: Iterable[Product], connections: Sequence[Connection]) -> Known:
    """What is known beside these products, for these connections."""
    products = list(products)
    names = {kind_of(product.details, connection) for product in products for connection in connections}
    return Known(await rules_of(session, connections, names), await around(session, products))


async def around(session: AsyncSession, products: Iterable[Product]) -> Around:
    """What is known beside these products' own records, whatever the channel."""
    products = list(products)
    urls = {image.url for product in products for image in product.images}
    urls |= {variant.image_url for product in products for variant in product.variants if variant.image_url}
    return Around(
        images={check.url: check for check in await images.checks(session, urls)},
        codes=await codes.users(session, (variant.barcode for product in products for variant in product.variants)),
    )


def lacking(product: Product, connection: Connection, currency: str, known: Known) -> list[Missing]:
    """What keeps the product off this connection; `currency` is the merchant's."""
    record = product_record(product, product.variants, product.images, currency=currency)
    unmet = unmet_by(record, connection, known.rules.get((connection.id, kind_of(product.details, connection))))
    can = CHANNELS[connection.channel]
    return missing(record, can, currency=connection.currency, unmet=unmet, around=known.around)


def unmet_by(record: ProductRecord, connection: Connection, rules: KindRules | None) -> Sequence[Problem]:
    """What the product breaks of its kind's rules there; nothing where they are not known yet."""
    if rules is None:
        return []
    if rules.problem is not None:
        detail = CHANNELS[connection.channel].kind_detail
        return [Problem(**{**rules.problem, "field": f"/details/{detail}"})]
    return UNMET[connection.channel](record, rules.document) if rules.document else []


def channel_name(channel: str) -> str:
    return CHANNELS[channel].name


def names_together(connections: Iterable[Connection]) -> dict[UUID, str]:
    """What to call each where they stand side by side: the channel's name, with the account's where two share it."""
    rows = list(connections)
    sharing = Counter(row.channel for row in rows)
    return {row.id: connection_name(row) if sharing[row.channel] > 1 else channel_name(row.channel) for row in rows}


def connection_name(connection: Connection) -> str:
    """The channel's name with the account's."""
    name = channel_name(connection.channel)
    return f"{name} ({connection.external_name})" if connection.external_name else name
