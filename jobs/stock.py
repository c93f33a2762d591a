"""Telling a channel how many there are: the number is read at the moment of sending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.records import StockChange, StockSet
from jobs.channel import connection_of, look, reach, results_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal import db
from portal.listings.records import to_sell
from portal.models.catalog import Variant
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.tasks import Attempt, AttemptItem
from portal.runtime import Runtime
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from portal.tasks import service as tasks

# A change made at the channel that no order of ours explains: a sale we have not heard of yet, or a count by hand.
CHANGED_THERE = "changed_at_channel"
# A worker that fell silent may have a call under way still. It ends in 15 s, and this comes after it.
ONCE_MORE_AFTER = timedelta(seconds=16)
# The channel has said, or we know, that it did not take the number.
NEVER_TAKEN = frozenset({Ended.BUSY, Ended.PERMISSION, Ended.REFUSED})
# How far back a try without an answer may explain a number we find.
UNHEARD_OF_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Row:
    item: ListingItem
    variant: Variant
    listing: Listing


class PushStock:
    """The channel holds what we have to sell, compared with what it held before.

    A compare that fails means that somebody else changed the number there, or that a try we never
    heard the end of did: a difference that no number of ours explains is taken into our own stock with
    a cause that says so, and the sum is sent next. A number that is right already is sent all the same:
    only the compare tells whether the channel still holds it.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        rows = await _rows(session, batch)
        if batch.sent:
            prepared.work = await _as_sent(session, batch, rows)
            return prepared
        for task in batch.tasks:
            row = rows.get(task.subject)
            quantity = None if row is None else to_sell(row.variant)
            if row is None or quantity is None or row.listing.intent is not Intent.PUBLISH or not row.item.stock_id:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            known = row.item.confirmed_quantity
            expected = row.item.sent_quantity if known is None else known
            prepared.work[task.id] = StockChange(
                key=task.subject, stock_id=row.item.stock_id, quantity=quantity, expected=expected
            )
            prepared.sent[task.subject] = {"quantity": quantity, "expected": expected}
            row.item.sent_quantity, row.item.sent_quantity_at = quantity, now
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if batch.sent:
            return await look(connector, account, batch, prepared.work)
        changes = list(prepared.work.values())
        outcomes = await connector.set_stock(account, changes, idempotency_key=batch.idempotency_key)
        return results_of(prepared.work, outcomes)

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        rows = await _rows(session, batch)
        stale: list[Row] = []
        moves: list[Move] = []
        for task in batch.tasks:
            row, result = rows.get(task.subject), results[task.id]
            if row is None or task.id not in prepared.work:
                continue
            if result.ended in NEVER_TAKEN and not result.reference:
                # The next compare must not expect a number that was never there.
                row.item.sent_quantity = prepared.work[task.id].expected
            if result.ended is Ended.DONE:
                _accept(row.item, result.value, now)
                if result.value.stale_actual is not None:
                    stale.append(row)
                    moves += await _explained(session, batch, row, result.value, prepared.work[task.id], now)
                elif task.lost_starts:
                    await _push(session, batch, row, now=now, not_before=now + ONCE_MORE_AFTER)
            elif result.ended is Ended.REFUSED and result.problem is not None:
                row.item.stock_problem = asdict(result.problem)
            db.changed(session, batch.merchant_id, f"listing:{row.listing.id}", f"product:{row.variant.product_id}")
        await session.flush()
        if moves:
            # All in one call, which locks the variants in one order: two of them could wait for each other.
            made_by = connection_of(batch).external_name
            await stock.move(session, merchant_id=batch.merchant_id, moves=moves, made_by=made_by, now=now)
        for row in stale:
            # The sum is sent even where nothing could be taken here: the channel still holds another number.
            await _push(session, batch, row, now=now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for row in (await _rows(session, batch)).values():
            row.item.stock_problem = asdict(problem)
            db.changed(session, batch.merchant_id, f"listing:{row.listing.id}", f"product:{row.variant.product_id}")


async def _as_sent(session: AsyncSession, batch: Batch, rows: Mapping[str, Row]) -> dict[UUID, StockChange]:
    """What the channel is still working on, with the numbers it was sent with; nobody can hold it back any more."""
    sent = (await session.get_one(Attempt, batch.attempt_id)).sent
    return {
        task.id: StockChange(key=task.subject, stock_id=rows[task.subject].item.stock_id, **sent[task.subject])
        for task in batch.tasks
        if task.subject in rows
    }


def _accept(item: ListingItem, answer: StockSet, now: datetime) -> None:
    """What the channel holds now: our number, or the one that made the compare fail."""
    item.stock_problem = None
    item.confirmed_quantity = answer.quantity if answer.stale_actual is None else answer.stale_actual
    item.confirmed_quantity_at = now


async def _explained(
    session: AsyncSession, batch: Batch, row: Row, answer: StockSet, sent: StockChange, now: datetime
) -> list[Move]:
    """The movement that accounts for a number none of ours explains; none where one of ours does."""
    ours = [sent.expected or 0, *await _unheard_of(session, batch, row, now)]
    difference = min(((answer.stale_actual or 0) - number for number in ours), key=abs)
    if not difference:
        return []
    cause_id = f"{batch.attempt_id}:{row.item.id}"
    return [Move(variant_id=row.variant.id, quantity=difference, cause=CHANGED_THERE, cause_id=cause_id)]


async def _unheard_of(session: AsyncSession, batch: Batch, row: Row, now: datetime) -> list[int]:
    """The numbers that earlier tries without an answer may have left at the channel."""
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
    return [sent[subject]["quantity"] for sent in rows if subject in sent]


async def _push(
    session: AsyncSession, batch: Batch, row: Row, *, now: datetime, not_before: datetime | None = None
) -> None:
    await tasks.enqueue(
        session,
        kinds.STOCK,
        [str(row.item.id)],
        merchant_id=batch.merchant_id,
        connection_id=connection_of(batch).id,
        now=now,
        not_before=not_before,
    )


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
