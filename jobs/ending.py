"""Taking listings off sale."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from jobs.channel import reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.listed import announce, forget_problem, listings_of, note_failure, read_soon
from jobs.results import Ended, Result
from portal.models.listings import Intent, LastAttempt, Listing
from portal.runtime import Runtime


class End:
    """The product is off sale on the channel; nothing of it is deleted there."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        listings = await listings_of(session, batch)
        for task in batch.tasks:
            listing = listings.get(task.subject)
            if listing is None or listing.intent is not Intent.WITHDRAW:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            elif not listing.channel_id:
                prepared.settled[task.id] = Result(ended=Ended.DONE)
            else:
                prepared.work[task.id] = listing.channel_id
                listing.attempt, listing.attempted_at = LastAttempt.SENDING, now
                announce(session, listing)
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        outcomes = await connector.end(account, list(prepared.work.values()))
        return {task: result_of(o) for task, o in zip(prepared.work, outcomes, strict=True)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        listings = await listings_of(session, batch)
        done: list[Listing] = []
        for task in batch.tasks:
            listing, result = listings.get(task.subject), results[task.id]
            if listing is None:
                continue
            if result.ended is Ended.DONE:
                listing.attempt, listing.attempted_at = LastAttempt.ACCEPTED, now
                forget_problem(listing)
                done.append(listing)
            else:
                note_failure(listing, result, now)
            announce(session, listing)
        await read_soon(session, batch, [listing for listing in done if listing.channel_id], now)
