"""How many a channel may sell now, and the sum behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.stock import shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """On hand − reserved − buffer − rule = to sell, nothing while selling is stopped. Not `counted` has no number.

    What is not counted goes on being sold: there is no number to tell.

    Of a bundle, `on_hand` is how many its components make, with what is held and kept back of them taken off.
    """

    on_hand: int
    counted: bool = True
    reserved: int = 0
    buffer: int = 0
    rule: int = 0
    stopped: bool = False

    @property
    def to_sell(self) -> int | None:
        """None where stock is not counted. A channel never hears a number below zero."""
        if not self.counted:
            return None
        return 0 if self.stopped else max(0, self.on_hand - self.reserved - self.buffer - self.rule)


@dataclass(frozen=True, slots=True)
class _Stock:
    """One variant as it is now; `buffer` is its product's own."""

    on_hand: int
    reserved: int
    counted: bool
    buffer: int | None


async def numbers(session: AsyncSession, connection: Connection, variants: Sequence[Variant]) -> dict[UUID, Sum]:
    """The sum of each variant on this connection."""
    return (await numbers_on(session, [connection], [variant.id for variant in variants]))[connection.id]


async def numbers_on(
    session: AsyncSession, connections: Sequence[Connection], variant_ids: Sequence[UUID]
) -> dict[UUID, dict[UUID, Sum]]:
    """The sum of each variant on each connection, by connection and variant."""
    parts = await shelf.parts_of(session, variant_ids)
    stocks = await _stocks(session, {*variant_ids, *(one for made_of in parts.values() for one in made_of)})
    stopped = await is_stopped(session, connections[0].merchant_id) if connections else False
    return {
        connection.id: {
            key: _sum(stocks, key, parts.get(key, {}), connection.buffer, stopped=stopped) for key in variant_ids
        }
        for connection in connections
    }


async def is_stopped(session: AsyncSession, merchant_id: UUID) -> bool:
    """Whether the merchant sells nothing anywhere for the moment."""
    return await session.scalar(select(Merchant.stopped_at).where(Merchant.id == merchant_id)) is not None


def _sum(stocks: Mapping[UUID, _Stock], key: UUID, parts: Mapping[UUID, int], buffer: int, *, stopped: bool) -> Sum:
    stock = stocks[key]
    if not parts:
        own = buffer if stock.buffer is None else stock.buffer
        return Sum(on_hand=stock.on_hand, counted=stock.counted, reserved=stock.reserved, buffer=own, stopped=stopped)
    made = [
        (_sum(stocks, part, {}, buffer, stopped=False).to_sell or 0) // in_one
        for part, in_one in parts.items()
        if stocks[part].counted
    ]
    # The connection's buffer is off the components already.
    return Sum(on_hand=min(made, default=0), counted=bool(made), buffer=stock.buffer or 0, stopped=stopped)


async def _stocks(session: AsyncSession, ids: set[UUID]) -> dict[UUID, _Stock]:
    ordered, found = sorted(ids), dict[UUID, _Stock]()
    for start in range(0, len(ordered), shelf.AT_ONCE):
        query = (
            select(Variant.id, Variant.on_hand, Variant.reserved, Variant.tracked, Product.buffer)
            .join(Product, Product.id == Variant.product_id)
            .where(Variant.id.in_(ordered[start : start + shelf.AT_ONCE]))
        )
        for variant_id, on_hand, reserved, counted, buffer in await session.execute(query):
            found[variant_id] = _Stock(on_hand, reserved, counted, buffer)
    return found
