"""Which of our variants a line sold: by what the merchant said once, the listing's own item, or its SKU."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from portal.models.catalog import Variant
from portal.models.listings import ListingItem
from portal.models.orders import OrderLine, SkuLink

_AT_ONCE: Final = 1000


async def match(session: AsyncSession, connection_id: UUID, lines: Sequence[OrderLine]) -> None:
    """Each line that has no variant yet gets the one it sold, where exactly one is known."""
    open_lines = [line for line in lines if line.variant_id is None]
    skus = {line.sku for line in open_lines if line.sku}
    items = {line.item_id for line in open_lines if line.item_id}
    linked = await _linked(session, connection_id, skus)
    listed = await _listed(session, connection_id, items)
    same = await _same(session, skus)
    for line in open_lines:
        line.variant_id = linked.get(line.sku) or listed.get(line.item_id) or same.get(line.sku)


async def _linked(session: AsyncSession, connection_id: UUID, skus: Collection[str]) -> dict[str, UUID]:
    query = select(SkuLink.sku, SkuLink.variant_id).where(SkuLink.connection_id == connection_id)
    return dict(await _named(session, query, SkuLink.sku, skus))


async def _listed(session: AsyncSession, connection_id: UUID, items: Collection[str]) -> dict[str, UUID]:
    query = select(ListingItem.channel_id, ListingItem.variant_id).where(ListingItem.connection_id == connection_id)
    return dict(await _named(session, query, ListingItem.channel_id, items))


async def _same(session: AsyncSession, skus: Collection[str]) -> dict[str, UUID]:
    """Variants by a SKU that no other has: of two with the same one, nobody knows which was sold."""
    found: dict[str, list[UUID]] = {}
    for sku, variant_id in await _named(session, select(Variant.sku, Variant.id), Variant.sku, skus):
        found.setdefault(sku, []).append(variant_id)
    return {sku: ids[0] for sku, ids in found.items() if len(ids) == 1}


async def _named(
    session: AsyncSession, query: Select[str, UUID], name: InstrumentedAttribute[str], words: Collection[str]
) -> list[tuple[str, UUID]]:
    """The query's rows whose `name` is one of the words, few words at a time for one statement."""
    ordered = sorted(words)
    rows: list[tuple[str, UUID]] = []
    for start in range(0, len(ordered), _AT_ONCE):
        found = await session.execute(query.where(name.in_(ordered[start : start + _AT_ONCE])))
        rows += [(word, variant_id) for word, variant_id in found]
    return rows
