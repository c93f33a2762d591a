"""A listing's prices: what it costs here, what was sent, what the channel took, and what the channel itself reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import Money
from portal.models.catalog import Variant
from portal.models.listings import ListingItem

# A price the channel took and does not show after this time needs somebody to ask why.
REPORTED_WITHIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Step:
    """A price at a moment; no price where this has not happened yet."""

    price: Money | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One variant's price on its way. `unreported`: taken two days ago, and the channel still shows another."""

    name: str
    sku: str
    wanted: Money
    sent: Step
    approved: Step
    reported: Step
    unreported: bool


async def prices_of(session: AsyncSession, listing_id: UUID, *, currency: str, now: datetime) -> list[Priced]:
    """The prices of the listing's variants, in the product's order."""
    rows = await session.execute(
        select(ListingItem, Variant)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(ListingItem.listing_id == listing_id)
        .order_by(Variant.position)
    )
    return [_priced(item, variant, currency, now) for item, variant in rows.all()]


def _priced(item: ListingItem, variant: Variant, currency: str, now: datetime) -> Priced:
    return Priced(
        name=" / ".join(variant.option_values) or variant.sku,
        sku=variant.sku,
        wanted=Money(variant.price_minor, currency),
        sent=_step(item.sent_price_minor, item.sent_price_at, currency),
        approved=_step(item.approved_price_minor, item.approved_price_at, currency),
        reported=_step(item.reported_price_minor, item.reported_price_at, currency),
        unreported=is_unreported(item, now),
    )


def is_unreported(item: ListingItem, now: datetime) -> bool:
    """Whether the channel took a price more than two days ago and has not shown it since."""
    if item.approved_price_at is None or item.approved_price_at > now - REPORTED_WITHIN:
        return False
    return item.reported_price_minor != item.approved_price_minor


def _step(minor: int | None, at: datetime | None, currency: str) -> Step:
    return Step(None if minor is None else Money(minor, currency), at)
