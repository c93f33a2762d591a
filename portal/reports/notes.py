"""What became of a report's SKUs: renamed, deleted, never listed by us, or sent again since the report was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.catalog import Product, Variant
from portal.models.listings import ListingItem
from portal.models.reports import ChannelReportRow, UploadRecord


class Story(StrEnum):
    """`OURS`: nothing to tell. `UNLISTED`: in the catalog, not listed by us. `UNKNOWN`: nowhere in the catalog."""

    OURS = "ours"
    RENAMED = "renamed"
    DELETED = "deleted"
    UNLISTED = "unlisted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """`sku` is the variant's now, `at` when it was renamed or deleted; the sent price and stock those known of it.

    `price_since` and `quantity_since` are what was sent after the comparison, None where nothing was.
    """

    story: Story
    sku: str = ""
    title: str = ""
    product_id: UUID | None = None
    at: datetime | None = None
    price_minor: int | None = None
    price_at: datetime | None = None
    quantity: int | None = None
    quantity_at: datetime | None = None
    price_since: int | None = None
    quantity_since: int | None = None


async def notes(session: AsyncSession, connection_id: UUID, rows: Sequence[ChannelReportRow]) -> list[Note]:
    """One for each row, in order."""
    skus = {row.sku for row in rows}
    records = await _records(session, connection_id, skus)
    listed = await _in_catalog(session, skus)
    items = await _items(session, connection_id, {row.variant_id for row in rows if row.variant_id})
    return [_note(row, records.get(row.sku), listed.get(row.sku), items) for row in rows]


Known = tuple[UploadRecord, Variant | None]


def _note(
    row: ChannelReportRow, known: Known | None, listed: tuple[UUID, str] | None, items: Mapping[UUID, ListingItem]
) -> Note:
    if known is None:
        story = Story.UNLISTED if listed else Story.UNKNOWN
        product_id, title = listed or (None, "")
        return Note(story=story, product_id=product_id, title=title)
    record, variant = known
    item = items.get(row.variant_id) if row.variant_id else None
    price = item.sent_price_minor if item else None
    quantity = item.sent_quantity if item else None
    return Note(
        story=Story.DELETED if variant is None else Story.OURS if variant.sku == row.sku else Story.RENAMED,
        sku=variant.sku if variant else "",
        title=record.title,
        product_id=variant.product_id if variant else None,
        at=record.changed_at,
        price_minor=row.sent_price_minor if row.variant_id else record.price_minor,
        price_at=row.sent_price_at if row.variant_id else record.price_at,
        quantity=row.sent_quantity if row.variant_id else record.quantity,
        quantity_at=row.sent_quantity_at if row.variant_id else record.quantity_at,
        price_since=price if price != row.sent_price_minor else None,
        quantity_since=quantity if quantity != row.sent_quantity else None,
    )


async def _records(session: AsyncSession, connection_id: UUID, skus: set[str]) -> dict[str, Known]:
    """What was sent under each SKU last, with its variant where that is still there."""
    found = await session.execute(
        select(UploadRecord, Variant)
        .outerjoin(Variant, Variant.id == UploadRecord.variant_id)
        .where(UploadRecord.connection_id == connection_id, UploadRecord.sku.in_(skus))
        .order_by(UploadRecord.sent_at, UploadRecord.id)
    )
    return {record.sku: (record, variant) for record, variant in found.all()}


async def _in_catalog(session: AsyncSession, skus: set[str]) -> dict[str, tuple[UUID, str]]:
    """The product of each SKU that the catalog has, with its title."""
    found = await session.execute(
        select(Variant.sku, Product.id, Product.title)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.sku.in_(skus))
    )
    return {sku: (product_id, title) for sku, product_id, title in found.all()}


async def _items(session: AsyncSession, connection_id: UUID, variant_ids: set[UUID]) -> dict[UUID, ListingItem]:
    found = await session.scalars(
        select(ListingItem).where(ListingItem.connection_id == connection_id, ListingItem.variant_id.in_(variant_ids))
    )
    return {item.variant_id: item for item in found}
