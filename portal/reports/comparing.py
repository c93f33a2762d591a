"""What a report says held against what had been uploaded when it was asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connectors.records import ReportRow
from portal.models.reports import Verdict

PRICE, STOCK, STATUS = "price", "stock", "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A SKU as a connection was last sent it. `listed_at` is when it was first taken, `tried_at` its last try.

    `offered` is whether the merchant wants it on sale there. Prices are minor units of the merchant's currency.
    """

    item_id: UUID
    listing_id: UUID
    variant_id: UUID
    sku: str
    title: str
    barcode: str
    offered: bool
    listed_at: datetime
    tried_at: datetime | None
    price_minor: int | None
    price_at: datetime | None
    quantity: int | None
    quantity_at: datetime | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One SKU: the report's row, ours, or both; `differs` names what does."""

    row: ReportRow | None
    ours: Uploaded | None
    verdict: Verdict
    differs: tuple[str, ...] = ()


def compare(
    rows: Sequence[ReportRow], uploaded: Mapping[str, Uploaded], *, since: datetime, currency: str
) -> Iterator[Compared]:
    """Every SKU of the report, then what it lacks of ours, each by SKU.

    What was sent after `since` may not be in the report yet. Prices in another currency than `currency` say nothing.
    """
    for row in sorted(rows, key=lambda row: row.sku):
        yield _both(row, uploaded.get(row.sku), since, currency)
    told = {row.sku for row in rows}
    for sku in sorted(uploaded.keys() - told):
        ours = uploaded[sku]
        if ours.offered:
            yield Compared(None, ours, Verdict.SINCE if ours.listed_at > since else Verdict.HERE)


def _both(row: ReportRow, ours: Uploaded | None, since: datetime, currency: str) -> Compared:
    if ours is None:
        return Compared(row, None, Verdict.THERE)
    found = _differences(row, ours, currency)
    sure = tuple(name for name, at in found.items() if at is None or at <= since)
    if sure:
        return Compared(row, ours, Verdict.DIFFERS, sure)
    return Compared(row, ours, Verdict.SINCE if found else Verdict.SAME)


def _differences(row: ReportRow, ours: Uploaded, currency: str) -> dict[str, datetime | None]:
    """What differs, with when ours was sent."""
    if not ours.offered:
        return {STATUS: ours.tried_at} if row.on_sale else {}
    found: dict[str, datetime | None] = {}
    price = row.price.minor if row.price is not None and row.price.currency == currency else None
    if price is not None and ours.price_minor is not None and price != ours.price_minor:
        found[PRICE] = ours.price_at
    # What the channel ships itself it also counts itself.
    counted = row.quantity is not None and ours.quantity is not None and not row.fulfilled_by_channel
    if counted and row.quantity != ours.quantity:
        found[STOCK] = ours.quantity_at or ours.listed_at
    # What is out of stock is off sale; that is no news of its own.
    if row.on_sale is False and ours.quantity != 0 and row.quantity != 0:
        found[STATUS] = ours.listed_at
    return found
