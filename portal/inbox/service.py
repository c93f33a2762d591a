"""Products come to the inbox, are approved or finished, and every decision can be taken back while nothing has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.clock import new_id
from portal.db import Sessions
from portal.inbox import arrivals
from portal.inbox.choosing import items_of, offers_of
from portal.inbox.fields import digests
from portal.listings import publishing
from portal.listings import service as listings
from portal.listings.publishing import Armed
from portal.models.accounts import ListingMode, Merchant
from portal.models.inbox import Decision, InboxItem, InboxState

UNDO = timedelta(seconds=10)
# A decision over many takes a moment to write; its last item can be taken back as long as its first.
ITEMS_PER_EXTRA_SECOND = 100
CHUNK = 500

APPROVE = "approve"
FINISH = "done"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`decided` items are done, `kept` ones stay with the reason their row says. `decision_id` undoes it."""

    decision_id: UUID | None
    decided: list[UUID]
    kept: list[UUID]


async def arrive(session: AsyncSession, merchant_id: UUID, product_ids: Sequence[UUID], now: datetime) -> None:
    """The products are in the inbox, or, in Auto-Sync, published where they are ready.

    A product that was decided comes back when a field that matters to a channel changed and it is not on all of them.
    """
    merchant = await session.get_one(Merchant, merchant_id)
    created = await arrivals.create(session, merchant_id, product_ids)
    returned = await arrivals.bring_back(session, product_ids)
    if merchant.listing_mode is ListingMode.AUTO_SYNC:
        await _publish_ready(session, merchant_id, product_ids, now)
    if created or returned:
        db.changed(session, merchant_id, "counts", *(f"inbox:{item_id}" for item_id in returned))


async def _publish_ready(session: AsyncSession, merchant_id: UUID, product_ids: Sequence[UUID], now: datetime) -> int:
    """Open items of these products are published where ready; those ready everywhere are done. Answers how many."""
    rows = await session.scalars(
        select(InboxItem).where(InboxItem.product_id.in_(product_ids), InboxItem.state != InboxState.DONE)
    )
    open_items = {item.product_id: item for item in rows}
    synced = await listings.auto_sync(session, merchant_id=merchant_id, product_ids=list(open_items), now=now)
    for product_id, item in open_items.items():
        if product_id not in synced.waiting:
            item.state, item.decided_at = InboxState.DONE, now
        db.changed(session, merchant_id, f"inbox:{item.id}", "counts")
    await session.flush()
    return len({armed.product_id for armed in synced.armed})


# ---- decisions ----


async def choose(session: AsyncSession, item_id: UUID, choices: Mapping[str, bool]) -> InboxItem:
    """The item remembers which boxes were ticked and cleared, for every member who looks."""
    (item,) = await items_of(session, [item_id])
    item.choices = {**item.choices, **choices}
    await session.flush()
    db.changed(session, item.merchant_id, f"inbox:{item.id}")
    return item


async def approve(
    session: AsyncSession,
    *,
    merchant_id: UUID,
    item_ids: Sequence[UUID],
    made_by: UUID,
    now: datetime,
    undo_until: datetime | None = None,
    decision_id: UUID | None = None,
) -> Outcome:
    """Each item is published to its chosen channels that it is ready for, from `undo_until` on.

    An item with none stays. An item that is done already is left alone. `decision_id` continues an earlier call's.
    """
    items = [item for item in await items_of(session, item_ids) if item.state is not InboxState.DONE]
    offers = await offers_of(session, merchant_id, items)
    sends = {item.id: [offer.connection.id for offer in offers[item.id].channels if offer.checked] for item in items}
    going = [item for item in items if sends[item.id]]
    kept = [item.id for item in items if not sends[item.id]]
    if not going:
        return Outcome(decision_id, [], kept)
    until = undo_until or now + UNDO
    pairs = [(item.product_id, connection_id) for item in going for connection_id in sends[item.id]]
    armed = await publishing.publish(session, merchant_id=merchant_id, pairs=pairs, now=now, not_before=until)
    by_product: dict[UUID, list[dict[str, Any]]] = {}
    for one in armed:
        by_product.setdefault(one.product_id, []).append(_kept_as_text(one))
    decision = await _decision(session, merchant_id, APPROVE, made_by, until, decision_id)
    seen = {item.id: digests(offers[item.id].product) for item in going}
    _decide(session, decision, going, by_product, seen, now)
    await session.flush()
    return Outcome(decision.id, [item.id for item in going], kept)


async def finish(
    session: AsyncSession,
    *,
    merchant_id: UUID,
    item_ids: Sequence[UUID],
    made_by: UUID,
    now: datetime,
    undo_until: datetime | None = None,
    decision_id: UUID | None = None,
) -> Outcome:
    """Each item is done without publishing anything."""
    items = [item for item in await items_of(session, item_ids) if item.state is not InboxState.DONE]
    if not items:
        return Outcome(decision_id, [], [])
    decision = await _decision(session, merchant_id, FINISH, made_by, undo_until or now + UNDO, decision_id)
    offers = await offers_of(session, merchant_id, items)
    seen = {item.id: digests(offers[item.id].product) for item in items}
    _decide(session, decision, items, {}, seen, now)
    await session.flush()
    return Outcome(decision.id, [item.id for item in items], [])


async def decide_many(
    sessions: Sessions, verb: str, *, merchant_id: UUID, item_ids: Sequence[UUID], made_by: UUID, now: datetime
) -> Outcome:
    """One decision over any number of items, written in transactions of a few hundred."""
    until = now + UNDO + timedelta(seconds=len(item_ids) // ITEMS_PER_EXTRA_SECOND)
    act = approve if verb == APPROVE else finish
    whole = Outcome(None, [], [])
    for start in range(0, len(item_ids), CHUNK):
        async with sessions.write(merchant_id) as session:
            part = await act(
                session,
                merchant_id=merchant_id,
                item_ids=item_ids[start : start + CHUNK],
                made_by=made_by,
                now=now,
                undo_until=until,
                decision_id=whole.decision_id,
            )
        whole = Outcome(part.decision_id, whole.decided + part.decided, whole.kept + part.kept)
    return whole


async def _decision(
    session: AsyncSession, merchant_id: UUID, verb: str, made_by: UUID, until: datetime, decision_id: UUID | None
) -> Decision:
    if decision_id is not None:
        return await session.get_one(Decision, decision_id)
    decision = Decision(id=new_id(), merchant_id=merchant_id, verb=verb, made_by=made_by, undo_until=until, before=[])
    session.add(decision)
    await session.flush()
    return decision


def _decide(
    session: AsyncSession,
    decision: Decision,
    items: Sequence[InboxItem],
    armed: Mapping[UUID, list[dict[str, Any]]],
    seen: Mapping[UUID, dict[str, str]],
    now: datetime,
) -> None:
    notes = [
        {
            "item": str(item.id),
            "state": item.state.value,
            "changed_fields": item.changed_fields,
            "armed": armed.get(item.product_id, []),
            "seen": seen[item.id],
        }
        for item in items
    ]
    decision.before = [*decision.before, *notes]
    for item in items:
        item.state, item.decided_at, item.decision_id = InboxState.DONE, now, decision.id
        db.changed(session, item.merchant_id, f"inbox:{item.id}", "counts")


# ---- Auto-Sync or Inbox ----


async def set_mode(sessions: Sessions, *, merchant_id: UUID, mode: ListingMode, now: datetime) -> int:
    """The merchant's mode is `mode`; Auto-Sync publishes what waits and is ready. Answers how many products.

    Asking for Auto-Sync again goes on where an interrupted switch stopped.
    """
    async with sessions.write(merchant_id) as session:
        merchant = await session.get_one(Merchant, merchant_id, with_for_update=True)
        merchant.listing_mode = mode
        rows = await session.scalars(
            select(InboxItem.product_id).where(InboxItem.state != InboxState.DONE).order_by(InboxItem.id)
        )
        waiting = rows.all() if mode is ListingMode.AUTO_SYNC else []
    sent = 0
    for start in range(0, len(waiting), CHUNK):
        async with sessions.write(merchant_id) as session:
            sent += await _publish_ready(session, merchant_id, waiting[start : start + CHUNK], now)
    return sent


def _kept_as_text(armed: Armed) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in asdict(armed).items()}
