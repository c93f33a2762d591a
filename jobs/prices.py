"""Sending prices of listed products whose other data the channel already has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.records import Money, PriceChange
from jobs.channel import look, reach, results_of
from jobs.handlers import Batch, Prepared
from jobs.listed import announce, currency_of, listings_of, note_failure, stop_listings
from jobs.results import Ended, Result
from portal.models.catalog import Variant
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.models.tasks import Attempt
from portal.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Row:
    listing: Listing
    item: ListingItem
    variant: Variant


class PushPrices:
    """Every linked variant of the listing has its catalog price on the channel. Prices are absolute."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        currency = await currency_of(session, batch)
        rows = await _rows(session, batch)
        sent = (await session.get_one(Attempt, batch.attempt_id)).sent
        for task in batch.tasks:
            found = rows.get(task.subject, [])
            listing = found[0].listing if found else None
            if listing is None or not listing.channel_id or (listing.intent is not Intent.PUBLISH and not batch.sent):
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            # What the channel is still working on is asked after with the numbers it was sent with.
            numbers = (
                sent[task.subject] if batch.sent else {str(row.variant.id): row.variant.price_minor for row in found}
            )
            prepared.work[task.id] = _change(listing, found, numbers, currency)
            if not batch.sent:
                prepared.sent[task.subject] = numbers
                for row in found:
                    row.item.sent_price_minor, row.item.sent_price_at = row.variant.price_minor, now
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if batch.sent:
            return await look(connector, account, batch, prepared.work)
        return results_of(prepared.work, await connector.set_prices(account, list(prepared.work.values())))

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        rows = await _rows(session, batch)
        for task in batch.tasks:
            change: PriceChange | None = prepared.work.get(task.id)
            if change is None or task.subject not in rows:
                continue
            listing = rows[task.subject][0].listing
            if results[task.id].ended is Ended.DONE:
                _accept(listing, [row.item for row in rows[task.subject]], change, now)
            elif not results[task.id].reference:
                # What the channel goes on with says nothing of the listing as a whole.
                note_failure(listing, results[task.id], now)
            announce(session, listing)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        stop_listings(session, (await listings_of(session, batch)).values(), problem, now)


def _change(listing: Listing, rows: Sequence[Row], numbers: Mapping[str, int], currency: str) -> PriceChange:
    """The prices by variant in `numbers`, in the minor unit."""
    prices = tuple(
        (key, row.item.channel_id, Money(numbers[key], currency), _compare_at(row.variant, currency))
        for row in rows
        if (key := str(row.variant.id)) in numbers
    )
    return PriceChange(listing_channel_id=listing.channel_id, prices=prices)


def _accept(listing: Listing, items: Sequence[ListingItem], change: PriceChange, now: datetime) -> None:
    taken = {channel_id: price.minor for _, channel_id, price, _ in change.prices}
    for item in items:
        if item.channel_id in taken:
            item.approved_price_minor, item.approved_price_at = taken[item.channel_id], now
    if listing.attempt in {LastAttempt.QUEUED, LastAttempt.IN_DOUBT}:
        # An earlier try of this push had to wait; nothing of the listing waits any more.
        listing.attempt, listing.attempted_at = LastAttempt.ACCEPTED, now


def _compare_at(variant: Variant, currency: str) -> Money | None:
    return None if variant.compare_at_minor is None else Money(variant.compare_at_minor, currency)


async def _rows(session: AsyncSession, batch: Batch) -> dict[str, list[Row]]:
    """The linked variants of each listing, by the task's subject."""
    ids = [UUID(task.subject) for task in batch.tasks]
    found = await session.execute(
        select(Listing, ListingItem, Variant)
        .join(ListingItem, ListingItem.listing_id == Listing.id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(Listing.id.in_(ids))
        .order_by(Variant.position)
    )
    rows: dict[str, list[Row]] = {}
    for listing, item, variant in found.all():
        rows.setdefault(str(listing.id), []).append(Row(listing, item, variant))
    return rows
