"""Sending prices of listed products whose other data the channel already has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.records import Money, PriceChange
from jobs.channel import reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.listed import announce, listings_of, note_failure, stop_listings
from jobs.results import Ended, Result
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.runtime import Runtime


class PushPrices:
    """Every linked variant of the listing has its catalog price on the channel. Prices are absolute."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        currency = await session.scalar(select(Merchant.currency).where(Merchant.id == batch.merchant_id)) or "USD"
        rows = await _rows(session, batch)
        for task in batch.tasks:
            found = [row for row in rows if str(row[0].id) == task.subject]
            if not found or found[0][0].intent is not Intent.PUBLISH or not found[0][0].channel_id:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            listing = found[0][0]
            prices = tuple(
                (str(variant.id), item.channel_id, Money(variant.price_minor, currency), _compare_at(variant, currency))
                for _, item, variant in found
            )
            prepared.work[task.id] = PriceChange(listing_channel_id=listing.channel_id, prices=prices)
            prepared.sent[task.subject] = {key: price.minor for key, _, price, _ in prices}
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        outcomes = await connector.set_prices(account, list(prepared.work.values()))
        return {task: result_of(outcome) for task, outcome in zip(prepared.work, outcomes, strict=True)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        rows = await _rows(session, batch)
        listings = {str(listing.id): listing for listing, _, _ in rows}
        for task in batch.tasks:
            change: PriceChange | None = prepared.work.get(task.id)
            if change is None:
                continue
            listing = listings[task.subject]
            if results[task.id].ended is Ended.DONE:
                _accept(listing, [item for row, item, _ in rows if row.id == listing.id], change, now)
            else:
                note_failure(listing, results[task.id], now)
            announce(session, listing)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        stop_listings(session, (await listings_of(session, batch)).values(), problem, now)


def _accept(listing: Listing, items: Sequence[ListingItem], change: PriceChange, now: datetime) -> None:
    sent = {channel_id: price.minor for _, channel_id, price, _ in change.prices}
    for item in items:
        item.sent_price_minor, item.sent_price_at = sent.get(item.channel_id), now
    if listing.attempt in {LastAttempt.QUEUED, LastAttempt.IN_DOUBT}:
        # An earlier try of this push had to wait; nothing of the listing waits any more.
        listing.attempt, listing.attempted_at = LastAttempt.ACCEPTED, now


def _compare_at(variant: Variant, currency: str) -> Money | None:
    return None if variant.compare_at_minor is None else Money(variant.compare_at_minor, currency)


async def _rows(session: AsyncSession, batch: Batch) -> list[tuple[Listing, ListingItem, Variant]]:
    ids = [UUID(task.subject) for task in batch.tasks]
    found = await session.execute(
        select(Listing, ListingItem, Variant)
        .join(ListingItem, ListingItem.listing_id == Listing.id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(Listing.id.in_(ids))
        .order_by(Variant.position)
    )
    return [(listing, item, variant) for listing, item, variant in found.all()]
