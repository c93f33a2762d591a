"""What each connection was sent under which SKU, kept for the day its report names a SKU we no longer have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.clock import new_id
from portal.models.listings import ListingItem
from portal.models.reports import UploadRecord


@dataclass(frozen=True, slots=True)
class Upload:
    """A variant as a connection knows it. `title` is its product's."""

    variant_id: UUID
    product_id: UUID
    sku: str
    title: str


async def note_sent(
    session: AsyncSession, merchant_id: UUID, connection_id: UUID, uploads: Iterable[Upload], now: datetime
) -> None:
    """The connection has these variants under these SKUs now, and no longer under others. Without a SKU there is
    nothing a report could name."""
    named = [one for one in uploads if one.sku]
    if not named:
        return
    rows = [
        {
            "id": new_id(),
            "merchant_id": merchant_id,
            "connection_id": connection_id,
            "variant_id": one.variant_id,
            "product_id": one.product_id,
            "sku": one.sku,
            "title": one.title,
            "sent_at": now,
            "created_at": now,
        }
        for one in named
    ]
    statement = db.insert(session, UploadRecord)
    again = {"sent_at": now, "changed_at": None, "title": statement.excluded.title}
    keys = ["connection_id", "variant_id", "sku"]
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=again), rows)
    await session.execute(
        update(UploadRecord)
        .where(
            UploadRecord.connection_id == connection_id,
            UploadRecord.variant_id.in_([one.variant_id for one in named]),
            tuple_(UploadRecord.variant_id, UploadRecord.sku).not_in([(one.variant_id, one.sku) for one in named]),
            UploadRecord.changed_at.is_(None),
        )
        .values(changed_at=now)
        .execution_options(synchronize_session=False)
    )


async def note_renamed(session: AsyncSession, renamed: Sequence[tuple[UUID, str]], now: datetime) -> None:
    """Each variant has the SKU beside it from now on: what it was sent under before says when that ended."""
    ids = [variant_id for variant_id, _sku in renamed]
    known = set(await session.scalars(select(UploadRecord.variant_id).where(UploadRecord.variant_id.in_(ids))))
    for variant_id, sku in renamed:
        if variant_id not in known:
            continue
        of_variant = update(UploadRecord).where(UploadRecord.variant_id == variant_id)
        ended = of_variant.where(UploadRecord.sku != sku, UploadRecord.changed_at.is_(None)).values(changed_at=now)
        back = of_variant.where(UploadRecord.sku == sku).values(changed_at=None)
        for statement in (ended, back):
            await session.execute(statement.execution_options(synchronize_session=False))


async def note_deleted(session: AsyncSession, variant_ids: Sequence[UUID], now: datetime) -> None:
    """The variants are about to be deleted: their records say so, with the last price and stock that were sent."""
    found = await session.execute(
        select(UploadRecord.id, ListingItem)
        .join(
            ListingItem,
            (ListingItem.variant_id == UploadRecord.variant_id)
            & (ListingItem.connection_id == UploadRecord.connection_id),
        )
        .where(UploadRecord.variant_id.in_(variant_ids), UploadRecord.changed_at.is_(None))
    )
    last = [
        {
            "id": record_id,
            "price_minor": item.sent_price_minor,
            "price_at": item.sent_price_at,
            "quantity": item.sent_quantity,
            "quantity_at": item.sent_quantity_at,
        }
        for record_id, item in found.all()
    ]
    await db.update(session, UploadRecord, last)
    await session.execute(
        update(UploadRecord)
        .where(UploadRecord.variant_id.in_(variant_ids), UploadRecord.changed_at.is_(None))
        .values(changed_at=now)
        .execution_options(synchronize_session=False)
    )
