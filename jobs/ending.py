"""Taking listings off sale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.records import Done, ProductRecord
from jobs import relisting
from jobs.channel import connection_of, reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.listed import (
    announce,
    currency_of,
    forget_problem,
    listings_of,
    note_failure,
    products_of,
    read_soon,
    record_of,
    stop_listings,
)
from jobs.meeting import NOT_TRIED, Tried, meet, tried_before
from jobs.outgoing import links_of
from jobs.results import Ended, Result
from portal.models.listings import Intent, LastAttempt, Listing
from portal.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be taken off sale. Without an id, it is what a try nobody heard the end of may have made.

    `leaving` are the ids of all that is to be gone there, variants' first, so that the product can be listed anew.
    """

    channel_id: str
    leaving: tuple[str, ...]
    record: ProductRecord
    tried: Tried


class End:
    """The product is off sale on the channel; nothing of it is deleted there, but to be made anew.

    Where an earlier try may have made it unheard, it is looked for by our mark: in doubt is settled by looking.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        listings, currency = await listings_of(session, batch), await currency_of(session, batch)
        products = await products_of(session, [listing.product_id for listing in listings.values()])
        tried = await tried_before(session, batch, listings.values())
        links = await links_of(session, [listing.id for listing in listings.values() if listing.relisting])
        for task in batch.tasks:
            listing = listings.get(task.subject)
            if listing is None or listing.intent is not Intent.WITHDRAW:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            record = record_of(listing, products[listing.product_id], currency)
            leaving = relisting.ids_of(listing, links.get(listing.id, ()))
            prepared.work[task.id] = Ending(listing.channel_id, leaving, record, tried.get(task.subject, NOT_TRIED))
            listing.attempt, listing.attempted_at = LastAttempt.SENDING, now
            announce(session, listing)
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        work: dict[UUID, Ending] = prepared.work
        known = {task: one.channel_id for task, one in work.items() if one.channel_id and not one.leaving}
        leaving = {task: one.leaving for task, one in work.items() if one.leaving}
        results = dict.fromkeys(work, Result(ended=Ended.DONE)) | await relisting.leave(connector, account, leaving)
        unheard = {task: (one.record, one.tried) for task, one in work.items() if not one.channel_id}
        for task, met in (await meet(connector, account, unheard)).items():
            if not isinstance(met, Done):
                results[task] = result_of(met)
            elif met.value is not None and met.value.mark == work[task].record.key:
                known[task] = met.value.channel_id
        outcomes = await connector.end(account, list(known.values())) if known else []
        return results | {task: result_of(outcome) for task, outcome in zip(known, outcomes, strict=True)}

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
        await read_soon(session, connection_of(batch), [listing for listing in done if listing.channel_id], now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        stop_listings(session, (await listings_of(session, batch)).values(), problem, now)
