"""What the channel's own report last said of a listing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.listings import Listing
from portal.models.reports import ChannelReport, ChannelReportRow, ReportState, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One SKU as the report of `at` has it; `missing` where it has it not. Price in minor units of `currency`."""

    sku: str
    at: datetime
    missing: bool
    price_minor: int | None
    currency: str
    quantity: int | None
    url: str


async def reported(session: AsyncSession, listing: Listing) -> Sequence[Reported]:
    """The listing's SKUs in the newest report of its connection; none where there is no report."""
    newest = (
        select(ChannelReport.id)
        .where(ChannelReport.connection_id == listing.connection_id, ChannelReport.state == ReportState.READY)
        .order_by(ChannelReport.id.desc())
        .limit(1)
    )
    found = await session.execute(
        select(ChannelReportRow, ChannelReport)
        .join(ChannelReport, ChannelReport.id == ChannelReportRow.report_id)
        .where(ChannelReportRow.listing_id == listing.id, ChannelReportRow.report_id == newest.scalar_subquery())
        .order_by(ChannelReportRow.sku)
    )
    return [_reported(row, report) for row, report in found.all()]


def _reported(row: ChannelReportRow, report: ChannelReport) -> Reported:
    query = urlencode({"tab": row.verdict, "q": row.sku})
    nothing = not row.status and row.price_minor is None and row.quantity is None
    return Reported(
        sku=row.sku,
        at=report.asked_at,
        missing=row.verdict is Verdict.HERE or (row.verdict is Verdict.SINCE and nothing),
        price_minor=row.price_minor,
        currency=report.currency,
        quantity=row.quantity,
        url=f"/channels/{report.connection_id}/report?{query}",
    )
