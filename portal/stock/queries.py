"""What the stock page shows: each number with the sum behind it and its last causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from connectors.registry import CHANNELS
from portal.errors import NotFound
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import ListingItem
from portal.models.stock import Movement
from portal.proof.queries import Proof, proofs
from portal.stock import bundles, sellable
from portal.stock.bundles import Part
from portal.stock.sellable import Sum

PAGE = 50
LAST_CAUSES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStock:
    """A variant's number on one connection: ours now, the one last sent, and the one the channel last said.

    `proof` is None for what is not counted. `odd` is by how much the channel's own number is another than it must be,
    while its orders are looked through.
    """

    name: str
    sum: Sum
    connection_id: UUID
    listing_id: UUID
    waits: bool
    sent: int | None
    sent_at: datetime | None
    confirmed: int | None
    confirmed_at: datetime | None
    odd: int
    problem: dict[str, Any] | None
    proof: Proof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantStock:
    id: UUID
    product_id: UUID
    label: str
    sku: str
    tracked: bool
    on_hand: int
    reserved: int
    parts: Sequence[Part]
    channels: Sequence[ChannelStock]
    movements: Sequence[Movement]


@dataclass(frozen=True, slots=True)
class StockPage:
    product: Product
    variants: Sequence[VariantStock]
    next_position: int | None


async def stock_page(session: AsyncSession, product_id: UUID, *, behind: int = 0) -> StockPage:
    """Up to 50 variants of the product in their order, behind a position. Raises NotFound."""
    product: Product | None = await session.scalar(select(Product).where(Product.id == product_id))
    if product is None:
        raise NotFound
    query = select(Variant.id, Variant.position).where(Variant.product_id == product_id, Variant.position > behind)
    found = (await session.execute(query.order_by(Variant.position, Variant.id).limit(PAGE + 1))).all()
    ids = [row.id for row in found[:PAGE]]
    more = found[PAGE - 1].position if len(found) > PAGE else None
    return StockPage(product, await variant_stocks(session, ids), more)


async def variant_stocks(session: AsyncSession, ids: Sequence[UUID]) -> list[VariantStock]:
    """These variants in the order asked; ids nobody has are left out."""
    variants = {variant.id: variant for variant in await session.scalars(select(Variant).where(Variant.id.in_(ids)))}
    channels = await _channels(session, ids)
    movements = await _movements(session, ids)
    made_of = await bundles.parts(session, ids)
    return [
        VariantStock(
            id=variant.id,
            product_id=variant.product_id,
            label=" / ".join(value for value in variant.option_values if value),
            sku=variant.sku,
            tracked=variant.tracked,
            on_hand=variant.on_hand,
            reserved=variant.reserved,
            parts=made_of.get(variant.id, []),
            channels=channels.get(variant.id, []),
            movements=movements.get(variant.id, []),
        )
        for variant in (variants[key] for key in ids if key in variants)
    ]


async def _channels(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[ChannelStock]]:
    query = (
        select(ListingItem, Connection)
        .join(Connection, Connection.id == ListingItem.connection_id)
        .where(ListingItem.variant_id.in_(ids), Connection.state != ConnectionState.DISCONNECTED)
        .order_by(Connection.id)
    )
    found: dict[UUID, list[ChannelStock]] = {}
    rows = (await session.execute(query)).all()
    connections = list({connection.id: connection for _item, connection in rows}.values())
    proved = await proofs(session, ids)
    sums = await sellable.numbers_on(session, connections, list({item.variant_id for item, _connection in rows}))
    for item, connection in rows:
        row = ChannelStock(
            name=connection.external_name or connection.channel.title(),
            sum=sums[connection.id][item.variant_id],
            connection_id=connection.id,
            listing_id=item.listing_id,
            waits=connection.state is not ConnectionState.ACTIVE,
            sent=item.sent_quantity,
            sent_at=item.sent_quantity_at,
            confirmed=item.confirmed_quantity,
            confirmed_at=item.confirmed_quantity_at,
            odd=_odd(item, connection),
            problem=item.stock_problem,
            proof=proved.get(item.id),
        )
        found.setdefault(item.variant_id, []).append(row)
    return found


def _odd(item: ListingItem, connection: Connection) -> int:
    """Only where numbers are compared: elsewhere the channel's is overwritten."""
    compares = CHANNELS[connection.channel].compare_and_set_stock
    asked = item.confirmed_quantity is not None and item.sent_quantity not in (None, item.confirmed_quantity)
    if not (compares and asked) or item.accounted_quantity is None:
        return 0
    return (item.confirmed_quantity or 0) - item.accounted_quantity


async def _movements(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Movement]]:
    """The last few of each variant, the newest first."""
    place = func.row_number().over(partition_by=Movement.variant_id, order_by=Movement.id.desc()).label("place")
    numbered = select(Movement, place).where(Movement.variant_id.in_(ids)).subquery()
    last = aliased(Movement, numbered)
    query = select(last).where(numbered.c.place <= LAST_CAUSES).order_by(last.id.desc())
    found: dict[UUID, list[Movement]] = {}
    for movement in await session.scalars(query):
        found.setdefault(movement.variant_id, []).append(movement)
    return found
