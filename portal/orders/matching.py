"""Which of our variants a line sold: by what the merchant said once, the listing's own item, or its SKU."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

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
    found: dict[str, UUID] = {}
    for some in _pieces(skus):
        query = select(SkuLink.sku, SkuLink.variant_id)
        query = query.where(SkuLink.connection_id == connection_id, SkuLink.sku.in_(some))
        found |= dict((await session.execute(query)).all())
    return found


async def _listed(session: AsyncSession, connection_id: UUID, items: Collection[str]) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for some in _pieces(items):
        query = select(ListingItem.channel_id, ListingItem.variant_id)
        query = query.where(ListingItem.connection_id == connection_id, ListingItem.channel_id.in_(some))
        found |= dict((await session.execute(query)).all())
    return found


async def _same(session: AsyncSession, skus: Collection[str]) -> dict[str, UUID]:
    """Variants by a SKU that no other has: of two with the same one, nobody knows which was sold."""
    found: dict[str, list[UUID]] = {}
    for some in _pieces(skus):
        for sku, variant_id in await session.execute(select(Variant.sku, Variant.id).where(Variant.sku.in_(some))):
            found.setdefault(sku, []).append(variant_id)
    return {sku: ids[0] for sku, ids in found.items() if len(ids) == 1}


def _pieces(words: Collection[str]) -> Iterator[Sequence[str]]:
    """All of them, few enough at a time for one statement."""
    ordered = sorted(words)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
