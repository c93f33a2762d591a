"""A report's rows put away in short transactions: a large one must not keep every other writer waiting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Capabilities
from connectors.records import ReportRow
from portal import db
from portal.catalog.search import normal
from portal.clock import new_id
from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.reports import ChannelReport, ChannelReportRow, UploadRecord
from portal.reports import service
from portal.reports.comparing import Compared, Uploaded, compare

ROWS_A_TRANSACTION = 1000


async def store(
    sessions: Sessions, report: ChannelReport, rows: Sequence[ReportRow], can: Capabilities, *, now: datetime
) -> None:
    """The comparison is kept, the prices the channel reports are noted, and older reports are gone.

    Done again after it was cut off it starts anew.
    """
    merchant_id = report.merchant_id
    async with sessions.read(merchant_id) as session:
        uploaded = await _uploaded(session, report.connection_id)
        currency = (await session.get_one(Merchant, merchant_id)).currency
        old = await service.outdated(session, report)
    await _forget(sessions, merchant_id, [report.id, *old])
    async with sessions.write(merchant_id) as session:
        await session.execute(delete(ChannelReport).where(ChannelReport.id.in_(old)))
    # What the channel takes shows there only after a while.
    since = report.asked_at - timedelta(seconds=can.live_within_seconds)
    found = list(compare(rows, uploaded, since=since, currency=currency))
    for start in range(0, len(found), ROWS_A_TRANSACTION):
        piece = found[start : start + ROWS_A_TRANSACTION]
        async with sessions.write(merchant_id) as session:
            await session.execute(db.insert(session, ChannelReportRow), [_stored(report, one, now) for one in piece])
            await _note_prices(session, report, piece, currency)


async def _uploaded(session: AsyncSession, connection_id: UUID) -> dict[str, Uploaded]:
    """What the connection was sent, by the SKU it was last sent under."""
    found = await session.execute(
        select(UploadRecord, ListingItem, Listing, Variant.barcode, Product.title)
        .join(Variant, Variant.id == UploadRecord.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .join(ListingItem, ListingItem.variant_id == Variant.id)
        .join(Listing, Listing.id == ListingItem.listing_id)
        .where(UploadRecord.connection_id == connection_id, ListingItem.connection_id == connection_id)
        .order_by(UploadRecord.sent_at, UploadRecord.id)
    )
    by_variant = {
        item.variant_id: _as_uploaded(record, item, listing, barcode, title)
        for record, item, listing, barcode, title in found.all()
    }
    return {one.sku: one for one in by_variant.values()}


def _as_uploaded(record: UploadRecord, item: ListingItem, listing: Listing, barcode: str, title: str) -> Uploaded:
    return Uploaded(
        item_id=item.id,
        listing_id=listing.id,
        variant_id=item.variant_id,
        sku=record.sku,
        title=title,
        barcode=barcode,
        offered=listing.intent is not Intent.WITHDRAW,
        listed_at=record.created_at,
        tried_at=listing.attempted_at,
        price_minor=item.sent_price_minor,
        price_at=item.sent_price_at,
        quantity=item.sent_quantity,
        quantity_at=item.sent_quantity_at,
    )


def _stored(report: ChannelReport, one: Compared, now: datetime) -> dict[str, Any]:
    row, ours = one.row, one.ours
    sku = row.sku if row else ours.sku if ours else ""
    title = (row.title if row else "") or (ours.title if ours else "")
    barcode = (ours.barcode if ours else "") or (row.barcode if row else "")
    reference = row.channel_ref if row else ""
    words = (sku, title, barcode, row.barcode if row else "", reference)
    return {
        "id": new_id(),
        "merchant_id": report.merchant_id,
        "created_at": now,
        "report_id": report.id,
        "verdict": one.verdict,
        "differs": list(one.differs),
        "sku": sku[:255],
        "title": title,
        "barcode": barcode[:255],
        "channel_ref": reference[:255],
        "status": row.status[:64] if row else "",
        "by_channel": row.fulfilled_by_channel if row else False,
        "price_minor": row.price.minor if row and row.price else None,
        "quantity": row.quantity if row else None,
        "listing_id": ours.listing_id if ours else None,
        "variant_id": ours.variant_id if ours else None,
        "sent_price_minor": ours.price_minor if ours else None,
        "sent_price_at": ours.price_at if ours else None,
        "sent_quantity": ours.quantity if ours else None,
        "sent_quantity_at": ours.quantity_at if ours else None,
        "search_text": "\n".join(dict.fromkeys(filter(None, map(normal, words)))),
    }


async def _note_prices(session: AsyncSession, report: ChannelReport, piece: Iterable[Compared], currency: str) -> None:
    """The prices the channel reports are what it shows, where nobody has looked since the report was asked for."""
    prices: Mapping[UUID, int] = {
        one.ours.item_id: one.row.price.minor
        for one in piece
        if one.ours and one.row and one.row.price and one.row.price.currency == currency
    }
    seen = await session.execute(
        select(ListingItem.id, ListingItem.reported_price_at).where(ListingItem.id.in_(prices))
    )
    older = [item_id for item_id, at in seen.all() if at is None or at < report.asked_at]
    values = [{"id": one, "reported_price_minor": prices[one], "reported_price_at": report.asked_at} for one in older]
    await db.update(session, ListingItem, values)


async def _forget(sessions: Sessions, merchant_id: UUID, report_ids: Collection[UUID]) -> None:
    """The rows of these reports are gone."""
    while True:
        async with sessions.write(merchant_id) as session:
            some = select(ChannelReportRow.id).where(ChannelReportRow.report_id.in_(report_ids))
            ids = list(await session.scalars(some.limit(ROWS_A_TRANSACTION)))
            await session.execute(delete(ChannelReportRow).where(ChannelReportRow.id.in_(ids)))
        if len(ids) < ROWS_A_TRANSACTION:
            return
