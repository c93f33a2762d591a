"""Reading back what the channel shows buyers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.records import ListingState, Observed
from jobs import drift, relisting
from jobs.channel import connection_of, reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.listed import announce, listings_of, note_failure, stop_listings
from jobs.results import Ended, Result
from portal.models.connections import Connection
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.models.tasks import Attempt
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks

# A channel still working on a listing is looked at again, at first soon.
LOOK_AGAIN = (timedelta(seconds=3), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=10))


class ReadState:
    """`observed` says what buyers see, with the time; a listing still pending is read again later."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        listings = await listings_of(session, batch)
        for task in batch.tasks:
            listing = listings.get(task.subject)
            if listing is None or not listing.channel_id:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            else:
                prepared.work[task.id] = listing.channel_id
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        outcomes = await connector.read_states(account, list(prepared.work.values()))
        return {task: result_of(outcome) for task, outcome in zip(prepared.work, outcomes, strict=True)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        listings = await listings_of(session, batch)
        seen: list[tuple[Listing, ListingState]] = []
        for task in batch.tasks:
            listing, result = listings.get(task.subject), results[task.id]
            if listing is None or result.ended is Ended.CANCELLED:
                continue
            listing.looked_at = now
            if result.ended is Ended.REFUSED and _waits_for_a_look(listing):
                note_failure(listing, result, now)
                announce(session, listing)
            if result.ended is Ended.DONE and result.value is not None:
                listing.look_due_at = None
                seen.append((listing, result.value))
        began = (await session.get_one(Attempt, batch.attempt_id)).created_at
        await note(session, connection_of(batch), seen, began=began, now=now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """What buyers see was known before, or nobody can say it now and the listing must not go on "checking"."""
        listings = (await listings_of(session, batch)).values()
        stop_listings(session, [listing for listing in listings if _waits_for_a_look(listing)], problem, now)


async def note(
    session: AsyncSession,
    connection: Connection,
    seen: Sequence[tuple[Listing, ListingState]],
    *,
    began: datetime,
    now: datetime,
) -> None:
    """These listings are as they were seen, what follows of it is asked for, and their numbers are held against ours.

    `began` is from before the channel was asked.
    """
    states = {listing.id: state for listing, state in seen}
    await drift.hold_against(session, connection, states, began=began, now=now)
    for listing, state in seen:
        pending_since = listing.observed_at if listing.observed is Observed.PENDING else None
        listing.observed, listing.observed_at = state.observed, now
        listing.url = state.url or listing.url
        listing.warnings = [asdict(problem) for problem in state.warnings]
        if relisting.is_gone(listing, state):
            await relisting.publish_again(session, listing, now)
        await _look_again(session, connection, listing, pending_since, now)
        announce(session, listing)
    await _note_prices(session, states, now)
    await _note_numbers(session, states, now)


def _waits_for_a_look(listing: Listing) -> bool:
    """Whether this look was to say what became of what the channel accepted."""
    wanted = {Observed.LIVE} if listing.intent is Intent.WITHDRAW else {Observed.UNKNOWN, Observed.PENDING}
    return listing.attempt is LastAttempt.ACCEPTED and listing.observed in wanted | {Observed.UNKNOWN}


async def _note_prices(session: AsyncSession, seen: Mapping[UUID, ListingState], now: datetime) -> None:
    """What the channel itself says a listing costs."""
    prices = {item.channel_id: item.price for state in seen.values() for item in state.items}
    for item in await session.scalars(select(ListingItem).where(ListingItem.listing_id.in_(seen))):
        price = prices.get(item.channel_id)
        if price is not None:
            item.reported_price_minor, item.reported_price_at = price.minor, now


async def _note_numbers(session: AsyncSession, seen: Mapping[UUID, ListingState], now: datetime) -> None:
    """What the channel holds of a listing, where nobody has said yet and no push of ours is on its way there."""
    numbers = {item.channel_id: item.quantity for state in seen.values() for item in state.items}
    rows = await session.scalars(
        select(ListingItem).where(ListingItem.listing_id.in_(seen), ListingItem.confirmed_quantity.is_(None))
    )
    items = [item for item in rows if numbers.get(item.channel_id) is not None]
    if not items:
        return
    on_the_way = await drift.under_push(session, [item.id for item in items])
    for item in items:
        if item.id not in on_the_way:
            item.confirmed_quantity, item.confirmed_quantity_at = numbers[item.channel_id], now
            # What it was made with counts for more: a sale that the number shows may not have been heard of.
            item.accounted_quantity = (
                numbers[item.channel_id] if item.accounted_quantity is None else item.accounted_quantity
            )


async def _look_again(
    session: AsyncSession, connection: Connection, listing: Listing, pending_since: datetime | None, now: datetime
) -> None:
    if relisting.is_leaving(listing):
        pending_since = listing.attempted_at
    elif listing.observed is not Observed.PENDING or listing.intent is not Intent.PUBLISH:
        return
    waited = now - (pending_since or now)
    pause = next((step for step in LOOK_AGAIN if step > waited), LOOK_AGAIN[-1])
    await tasks.ask(session, connection, kinds.READ, [str(listing.id)], now=now, not_before=now + pause)
