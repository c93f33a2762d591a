"""Looking again at what is listed, the longest not looked at first, a little at a time. Kind check_numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import ChannelError, Problem
from connectors.records import Done, ListingState, Outcome
from connectors.registry import CHANNELS
from jobs import drift
from jobs.channel import connection_of, reach
from jobs.handlers import Batch, Prepared
from jobs.reading import note
from jobs.results import Ended, Result
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.tasks import OPEN, Task
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tenancy import SYSTEM

# A run every three minutes takes so many of the channel's batches that all is looked at within a day: one, for up to
# 4,800 listings at the channel with the smallest batches.
RUNS_A_DAY: Final = 480
# Nothing is looked at again sooner without a reason, nor what could not be looked at.
AGAIN_AFTER: Final = timedelta(hours=1)
TRIED_AGAIN_AFTER: Final = timedelta(minutes=10)
# A run ends by then: what it has not come to is the oldest in the next.
LONGEST: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was told of each channel id. `began` is from before anything was asked."""

    began: datetime
    outcomes: Mapping[str, Outcome[ListingState]]


class CheckNumbers:
    """Some of the connection's listings are as the channel shows them now, and their numbers are held against ours."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        connection, [task] = connection_of(batch), batch.tasks
        chosen = await choose(session, connection, now)
        if not chosen:
            return Prepared(settled={task.id: Result(ended=Ended.CANCELLED)})
        return Prepared(work={task.id: [listing.channel_id for listing in chosen]})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        [(task_id, wanted)] = prepared.work.items()
        began, size = runtime.clock(), connector.capabilities.read_batch
        outcomes: dict[str, Outcome[ListingState]] = {}
        for start in range(0, len(wanted), size):
            some = wanted[start : start + size]
            if outcomes and runtime.clock() > began + LONGEST:
                break
            try:
                outcomes |= zip(some, await connector.read_states(account, some), strict=True)
            except ChannelError:
                if not outcomes:
                    raise
                break
        return {task_id: Result(ended=Ended.DONE, value=Looked(began, outcomes))}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        connection, [result] = connection_of(batch), results.values()
        if not prepared.work:
            return
        looked = result.value if result.ended is Ended.DONE else Looked(now, {})
        [wanted] = prepared.work.values()
        # Of those that a run did not come to nothing is known: they were not tried.
        tried = list(looked.outcomes) or wanted
        rows = await session.scalars(
            select(Listing).where(Listing.connection_id == connection.id, Listing.channel_id.in_(tried))
        )
        states: list[tuple[Listing, ListingState]] = []
        for listing in rows:
            outcome = looked.outcomes.get(listing.channel_id)
            listing.looked_at, listing.look_due_at = now, None
            if isinstance(outcome, Done):
                states.append((listing, outcome.value))
            else:
                listing.look_due_at = now + TRIED_AGAIN_AFTER
        await note(session, connection, states, began=looked.began, now=now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """The pages say since when nothing could be checked; the next run tries again."""
        if (connection := batch.connection) is not None:
            for listing in await choose(session, connection, now):
                listing.looked_at, listing.look_due_at = now, now + TRIED_AGAIN_AFTER


async def choose(session: AsyncSession, connection: Connection, now: datetime) -> list[Listing]:
    """What is to be looked at now: what must be first, then the longest not looked at. Bounded, and of whole batches.

    What has a number on its way there is left out: it would show nothing, and the channel has enough to do.
    """
    listed = select(func.count(Listing.id)).where(*_of(connection))
    number = await session.scalar(listed) or 0
    wanted = size(number, CHANNELS[connection.channel].read_batch)
    first = case((Listing.look_due_at <= now, 0), else_=1)
    query = select(Listing).where(*_of(connection), _is_due(now))
    oldest = query.order_by(first, Listing.looked_at.nulls_first(), Listing.id).limit(2 * wanted)
    found = (await session.scalars(oldest)).all()
    busy = await _under_push(session, [listing.id for listing in found])
    return [listing for listing in found if listing.id not in busy][:wanted]


def size(listings: int, batch: int) -> int:
    """How many a run takes, so that all are looked at within a day; of whole batches of the channel's."""
    return batch * -(-listings // (RUNS_A_DAY * batch))


def _of(connection: Connection) -> Sequence[ColumnElement[bool]]:
    return (Listing.connection_id == connection.id, *_SHOWN)


_SHOWN: Final = (Listing.intent == Intent.PUBLISH, Listing.channel_id != "")


def _is_due(now: datetime) -> ColumnElement[bool]:
    rested = or_(Listing.looked_at.is_(None), Listing.looked_at <= now - AGAIN_AFTER)
    return or_(Listing.look_due_at <= now, rested)


async def _under_push(session: AsyncSession, listing_ids: Sequence[UUID]) -> set[UUID]:
    rows = await session.execute(
        select(ListingItem.id, ListingItem.listing_id).where(ListingItem.listing_id.in_(listing_ids))
    )
    listings = dict(rows.all())
    return {listings[item_id] for item_id in await drift.under_push(session, list(listings))}


async def check_numbers(ctx: dict[str, Any]) -> None:
    """Every three minutes, every active connection that has something to look at and is not behind with it."""
    runtime: Runtime = ctx["worker"].runtime
    now = runtime.clock()
    due = exists().where(Listing.connection_id == Connection.id, *_SHOWN, _is_due(now))
    behind = exists().where(
        Task.connection_id == Connection.id, Task.kind == kinds.CHECK_NUMBERS.name, Task.state.in_(OPEN)
    )
    async with runtime.sessions.read(SYSTEM) as session:
        query = select(Connection).where(Connection.state == ConnectionState.ACTIVE, due, ~behind)
        connections = list(await session.scalars(query.order_by(Connection.id)))
    for connection in connections:
        async with runtime.sessions.write(connection.merchant_id) as session:
            await tasks.ask(session, connection, kinds.CHECK_NUMBERS, [str(connection.id)], now=now)
