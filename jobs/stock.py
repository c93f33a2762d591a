"""Telling a channel how many there are: the number is read at the moment of sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import locations
from connectors.errors import Problem
from connectors.records import StockChange, StockSet
from jobs import comparing
from jobs.channel import connection_of, look, reach, results_of
from jobs.comparing import Telling
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal import db
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.orders import OrderFeed
from portal.models.tasks import Attempt, AttemptItem
from portal.orders import feeds
from portal.proof import repairs
from portal.runtime import Runtime
from portal.stock import claims, sellable, shelf
from portal.stock import service as stock
from portal.stock.claims import Claim
from portal.stock.service import Move
from portal.tasks import kinds
from portal.tasks import service as tasks

# A change made at the channel that no order of ours explains: a sale we have not heard of yet, or a count by hand.
CHANGED_THERE = "changed_at_channel"
# What lies at locations that count since the merchant said so, or lay at those that do no longer.
LOCATIONS_CHANGED = "locations_changed"
# A worker that fell silent may have a call under way still. It ends in 15 s, and this comes after it.
ONCE_MORE_AFTER = timedelta(seconds=16)
# The channel has said, or we know, that it did not take the number.
NEVER_TAKEN = frozenset({Ended.BUSY, Ended.PERMISSION, Ended.REFUSED})
# A channel's list of orders may show a sale a moment later than its stock does.
READ_AFTER = timedelta(seconds=2)
# A difference first seen so soon after other locations count is said to come from that.
SEEN_WITHIN = timedelta(minutes=1)
# How far back a try without an answer may explain a number we find.
UNHEARD_OF_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Row:
    item: ListingItem
    variant: Variant
    listing: Listing


@dataclass(frozen=True, slots=True)
class Told:
    """The channel's answer, and whether its orders can be read."""

    answer: StockSet
    has_orders: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """A difference that is no sale, with what it is said to come from."""

    row: Row
    difference: int
    cause: str


class PushStock:
    """The channel holds what we have to sell, compared with what it must have held (jobs.comparing).

    A number that is right already is sent all the same: only the compare tells whether the channel still holds it.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        connection = connection_of(batch)
        # Before the items: what that reading found is then in them for sure, whoever commits in between.
        read_at = await session.scalar(select(OrderFeed.read_at).where(OrderFeed.connection_id == connection.id))
        rows = await _rows(session, batch)
        if batch.sent:
            prepared.work = await _as_sent(session, batch, rows)
            return prepared
        numbers = await sellable.numbers(session, connection, [row.variant for row in rows.values()])
        for task in batch.tasks:
            row = rows.get(task.subject)
            quantity = None if row is None else numbers[row.variant.id].to_sell
            if row is None or quantity is None or row.listing.intent is not Intent.PUBLISH or not row.item.stock_id:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            telling = comparing.tell(row.item, connection, quantity, orders_read_at=read_at, now=now)
            telling = replace(telling, stopped=numbers[row.variant.id].stopped)
            prepared.work[task.id] = telling.change(task.subject, row.item)
            prepared.sent[task.subject] = telling.as_document()
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if batch.sent:
            results = await look(connector, account, batch, prepared.work)
        else:
            changes = list(prepared.work.values())
            outcomes = await connector.set_stock(account, changes, idempotency_key=batch.idempotency_key)
            results = results_of(prepared.work, outcomes)
        has_orders = connector.orders is not None
        return {
            task: replace(one, value=Told(one.value, has_orders)) if one.ended is Ended.DONE else one
            for task, one in results.items()
        }

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        rows = await _rows(session, batch)
        sent = (await session.get_one(Attempt, batch.attempt_id)).sent
        told = [
            (task, rows[task.subject], Telling(**sent[task.subject]), results[task.id])
            for task in batch.tasks
            if task.subject in rows and task.id in prepared.work
        ]
        # First of all, as a sale locks them: what is taken in below is of these.
        may_settle = {row.variant.id for _, row, telling, one in told if _may_settle(batch, row, telling, one)}
        await shelf.locked(session, may_settle)
        settled: list[Settled] = []
        taken: dict[UUID, int] = {}
        for task, row, telling, result in told:
            if result.ended in NEVER_TAKEN and not result.reference:
                comparing.untaken(row.item, telling)
            elif result.ended is Ended.IN_DOUBT:
                comparing.forget_first(row.item, telling)
            if result.ended is Ended.DONE:
                cause = _cause(row.item, connection_of(batch))
                taken[row.variant.id] = telling.quantity
                difference = await _taken(session, batch, row, telling, result.value, now)
                if difference:
                    settled.append(Settled(row, difference, cause))
                elif task.lost_starts:
                    await _push(session, batch, row, now=now, not_before=now + ONCE_MORE_AFTER)
            elif result.ended is Ended.REFUSED and result.problem is not None:
                row.item.stock_problem = asdict(result.problem)
            db.changed(session, batch.merchant_id, f"listing:{row.listing.id}", f"product:{row.variant.product_id}")
        await repairs.note_sent(session, connection_of(batch).id, taken, now=now)
        await session.flush()
        await _take_in(session, batch, settled, now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for row in (await _rows(session, batch)).values():
            row.item.stock_problem = asdict(problem)
            db.changed(session, batch.merchant_id, f"listing:{row.listing.id}", f"product:{row.variant.product_id}")


def _may_settle(batch: Batch, row: Row, telling: Telling, result: Result) -> bool:
    """Whether a difference may turn out to be no sale by this answer."""
    anew = comparing.counted_anew(row.item, connection_of(batch))
    return result.ended is Ended.DONE and (anew or telling.settles or not result.value.has_orders)


async def _as_sent(session: AsyncSession, batch: Batch, rows: Mapping[str, Row]) -> dict[UUID, StockChange]:
    """What the channel is still working on, with the numbers it was sent with; nobody can hold it back any more."""
    sent = (await session.get_one(Attempt, batch.attempt_id)).sent
    return {
        task.id: Telling(**sent[task.subject]).change(task.subject, rows[task.subject].item)
        for task in batch.tasks
        if task.subject in rows
    }


async def _taken(session: AsyncSession, batch: Batch, row: Row, telling: Telling, told: Told, now: datetime) -> int:
    """The item holds what the channel said, and what is unclear is looked into; a difference that is no sale."""
    item, actual = row.item, told.answer.stale_actual
    item.stock_problem = None
    if actual is not None:
        is_there = actual > telling.accounted and comparing.counted_anew(item, connection_of(batch))
        settled = comparing.stale(item, telling, actual, now, at_once=is_there or not told.has_orders)
    else:
        item.set_aside = _aside(item, telling, told.answer.taken_from)
        settled = comparing.taken(item, telling, now)
    if settled:
        return settled
    if comparing.differs(item, connection_of(batch)):
        # Found to hold fewer for the first time: until it is told, it sells what it shows.
        fewer = actual is not None and actual < telling.accounted and not telling.odd
        not_before = None if fewer else comparing.look_again_at(item, now)
        await _push(session, batch, row, now=now, not_before=not_before)
        if actual is not None:
            await feeds.read(session, connection_of(batch), now=now, not_before=now + READ_AFTER)
    elif actual is not None:
        await _push(session, batch, row, now=now)
    return 0


def _aside(item: ListingItem, telling: Telling, taken_from: Mapping[str, int]) -> dict[str, Any] | None:
    """What stopping has taken from each location: of several times as well, and nothing once selling goes on."""
    if not telling.stopped:
        return None
    before = item.set_aside or {}
    return before | {place: max(units, before.get(place, 0)) for place, units in taken_from.items()} or None


def _cause(item: ListingItem, connection: Connection) -> str:
    """What a difference is said to come from: the change of locations while it can have come from that."""
    at, seen = locations.recounted_at(connection.settings), item.confirmed_quantity_at
    lately = at is not None and seen is not None and at <= seen <= at + SEEN_WITHIN
    return LOCATIONS_CHANGED if lately or comparing.counted_anew(item, connection) else CHANGED_THERE


async def _take_in(session: AsyncSession, batch: Batch, settled: Sequence[Settled], now: datetime) -> None:
    """What no sale and no push of ours explains moves our own stock; the sum is sent next.

    What went there and was not here any more is a shortfall, like any sale too many. Should it have been a sale that
    the channel tells of late, what comes back for it settles that first and is nobody's to sell again.
    """
    # All are locked at once, in one order: two of them could wait for each other.
    shelves = await shelf.locked(session, {one.row.variant.id for one in settled})
    gone: list[Claim] = []
    come: list[Move] = []
    for one in settled:
        lost = [0, *await _unheard_of(session, batch, one.row, now)]
        units = min((one.difference - moved for moved in lost), key=abs)
        variant_id, cause_id = one.row.variant.id, f"{batch.attempt_id}:{one.row.item.id}"
        if units < 0:
            gone.append(Claim(variant_id=variant_id, quantity=-units, cause=one.cause, cause_id=cause_id))
        elif units > 0:
            come += [
                Move(variant_id=part, quantity=units * in_one, cause=one.cause, cause_id=cause_id)
                for part, in_one in (shelves[variant_id].parts or {variant_id: 1}).items()
            ]
    merchant_id, made_by = batch.merchant_id, connection_of(batch).external_name
    await claims.take(session, merchant_id=merchant_id, claims=gone, made_by=made_by, now=now)
    await stock.move(session, merchant_id=merchant_id, moves=come, made_by=made_by, now=now)
    for one in settled:
        await _push(session, batch, one.row, now=now)


async def _unheard_of(session: AsyncSession, batch: Batch, row: Row, now: datetime) -> list[int]:
    """By how much earlier tries without an answer may have moved the channel's number."""
    subject = str(row.item.id)
    rows = await session.scalars(
        select(Attempt.sent)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .where(
            AttemptItem.subject == subject,
            AttemptItem.outcome.in_(["", Ended.IN_DOUBT, Ended.OURS]),
            Attempt.kind == kinds.STOCK.name,
            Attempt.id != batch.attempt_id,
            Attempt.created_at > now - UNHEARD_OF_FOR,
        )
    )
    told = [sent[subject] for sent in rows if subject in sent]
    return [one["quantity"] - one["expected"] for one in told if one["expected"] is not None]


async def _push(
    session: AsyncSession, batch: Batch, row: Row, *, now: datetime, not_before: datetime | None = None
) -> None:
    await tasks.ask(session, connection_of(batch), kinds.STOCK, [str(row.item.id)], now=now, not_before=not_before)


async def _rows(session: AsyncSession, batch: Batch) -> dict[str, Row]:
    ids = [UUID(task.subject) for task in batch.tasks]
    found = await session.execute(
        select(ListingItem, Variant, Listing)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .join(Listing, Listing.id == ListingItem.listing_id)
        .where(ListingItem.id.in_(ids))
        .execution_options(populate_existing=True)
    )
    return {str(item.id): Row(item, variant, listing) for item, variant, listing in found.all()}
