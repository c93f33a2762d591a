"""What a look showed of numbers, held against what the channel must hold: a sale not heard of yet, or changed there.

Where a channel compares before it sets, a difference only wakes the push, whose compare explains it (jobs.comparing).
Elsewhere a push overwrites what is there, so a difference is judged before one is made. It is remembered, the
connection's orders are read, and it is looked at again. A sale is heard meanwhile: it lowers what the channel must
hold, and moves our stock, whose push ends the matter. What stands in two looks just the same, with all orders of before
the first one heard, nothing pushed since and no sale we cannot place, was changed there: our number is sent again, and
a repair says why. A number found too small is never raised before that; one found too large, which no sale makes, may
be lowered when the orders cannot be read for long.

What does not hold is in dispute: the merchant is asked to stop whoever else writes it. It is lowered all the same when
it is too large, and left alone when it is too small.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import ListingState
from connectors.registry import CHANNELS
from portal import db
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.orders import Order, OrderFeed, OrderLine
from portal.models.tasks import OPEN, Task
from portal.orders import feeds
from portal.proof import repairs
from portal.stock.telling import DOWN_FIRST, UP_LATER
from portal.tasks import kinds
from portal.tasks import service as tasks

# A reading of orders vouches for all that changed this long before it began (jobs.orders.OVERLAP).
HEARD_AFTER: Final = timedelta(minutes=5, seconds=10)
# A second look is due once that reading can be over.
SECOND_LOOK: Final = timedelta(minutes=6)
# So long nobody could read the orders: a number that is too large is lowered without them, which sells nothing twice.
LONGEST: Final = timedelta(minutes=30)
# A number in dispute has held when it was right for so long.
HELD_FOR: Final = timedelta(days=2)


class Verdict(StrEnum):
    RIGHT = "right"
    UNCLEAR = "unclear"  # a push is on its way, or was so lately that the channel may not show it yet
    NEW = "new"  # another number than it must be, for the first time
    WAITS = "waits"  # the same again, and the orders are not read that far
    CHANGED = "changed"  # no sale: changed there


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One item: what was `seen` and what was `due`, the difference that was found `before` this look and when.

    `settled`: no push since long enough before the look. `heard`: all orders of before `odd_at` are known and placed.
    """

    seen: int
    due: int
    settled: bool
    before: int | None
    odd_at: datetime | None
    heard: bool


def judge(look: Look, now: datetime) -> Verdict:
    difference = look.seen - look.due
    if not difference:
        return Verdict.RIGHT
    if not look.settled:
        return Verdict.UNCLEAR
    if look.before != difference or look.odd_at is None:
        return Verdict.NEW
    too_long = difference > 0 and now - look.odd_at > LONGEST
    return Verdict.CHANGED if look.heard or too_long else Verdict.WAITS


@dataclass(frozen=True, slots=True)
class Row:
    item: ListingItem
    listing: Listing
    sku: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at some of a connection's listings. All orders changed before `heard_until` are known."""

    connection: Connection
    heard_until: datetime | None
    began: datetime
    now: datetime

    @property
    def shown_within(self) -> timedelta:
        """How long the channel may take to show what it was sent."""
        return timedelta(seconds=CHANNELS[self.connection.channel].live_within_seconds)

    def heard(self, item: ListingItem) -> bool:
        """Whether all that changed before the difference was found is known."""
        odd_at = item.odd_quantity_at
        return self.heard_until is not None and odd_at is not None and self.heard_until >= odd_at


async def hold_against(
    session: AsyncSession, connection: Connection, seen: Mapping[UUID, ListingState], *, began: datetime, now: datetime
) -> None:
    """What was seen of these listings (by id) is kept, and what is not as it must be is looked into.

    `began` is from before the channel was asked. First in its transaction: the items are read anew.
    """
    # How far orders are heard comes first: what they lowered is then in the items.
    heard_until = await session.scalar(select(OrderFeed.since).where(OrderFeed.connection_id == connection.id))
    rows = [row for row in await _rows(session, seen) if _note(row, seen, now)]
    judged = [row for row in rows if row.listing.intent is Intent.PUBLISH and row.item.accounted_quantity is not None]
    pushed = await under_push(session, [row.item.id for row in judged])
    if CHANNELS[connection.channel].compare_and_set_stock:
        odd = [row for row in judged if row.item.seen_quantity != row.item.accounted_quantity]
        await _push(session, connection, [row for row in odd if row.item.id not in pushed], now)
        return
    look = Round(connection=connection, heard_until=heard_until, began=began, now=now)
    await _judge_all(session, look, judged, pushed)


async def under_push(session: AsyncSession, item_ids: Collection[UUID]) -> set[UUID]:
    """Those of the listing items whose number waits to be sent, or is on its way."""
    query = select(Task.subject).where(
        Task.kind == kinds.STOCK.name, Task.subject.in_([str(one) for one in item_ids]), Task.state.in_(OPEN)
    )
    return {UUID(subject) for subject in await session.scalars(query)}


async def _rows(session: AsyncSession, listing_ids: Collection[UUID]) -> Sequence[Row]:
    """The items of variants whose stock is counted."""
    found = await session.execute(
        select(ListingItem, Listing, Variant.sku)
        .join(Listing, Listing.id == ListingItem.listing_id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(ListingItem.listing_id.in_(listing_ids), Variant.tracked)
        .order_by(ListingItem.id)
    )
    return [Row(item, listing, sku) for item, listing, sku in found.all()]


def _note(row: Row, seen: Mapping[UUID, ListingState], now: datetime) -> bool:
    """Whether the channel told a number; it is kept."""
    states = seen[row.listing.id].items
    number = next((one.quantity for one in states if one.channel_id == row.item.channel_id), None)
    if number is not None:
        row.item.seen_quantity, row.item.seen_quantity_at = number, now
    return number is not None


async def _judge_all(session: AsyncSession, this: Round, rows: Sequence[Row], pushed: Collection[UUID]) -> None:
    unplaced = await _unplaced(session, this.connection, [row for row in rows if row.item.odd_quantity_at])
    changed: list[Row] = []
    for row in rows:
        item = row.item
        last = max(filter(None, (item.sent_quantity_at, item.confirmed_quantity_at)), default=None)
        stands = item.odd_quantity_at is not None and (last is None or last < item.odd_quantity_at)
        look = Look(
            seen=item.seen_quantity or 0,
            due=_due(item),
            settled=item.id not in pushed and (last is None or last + this.shown_within <= this.began),
            before=item.odd_quantity if stands else None,
            odd_at=item.odd_quantity_at,
            heard=this.heard(item) and item.id not in unplaced,
        )
        verdict = judge(look, this.now)
        await _act(session, this, row, look, verdict)
        if verdict is Verdict.UNCLEAR and last is not None and item.id not in pushed:
            _look_again(row.listing, last + this.shown_within)
        if verdict is Verdict.CHANGED:
            changed.append(row)
    await _put_right(session, this, changed)


def _due(item: ListingItem) -> int:
    """What was sold beyond what was offered cannot be taken off: a channel holds no number below zero."""
    return max(0, item.accounted_quantity or 0)


async def _act(session: AsyncSession, this: Round, row: Row, look: Look, verdict: Verdict) -> None:
    """The difference is remembered or forgotten, and what would explain it is asked for."""
    item, now = row.item, this.now
    if verdict in (Verdict.RIGHT, Verdict.UNCLEAR):
        item.odd_quantity = item.odd_quantity_at = None
        if verdict is Verdict.RIGHT and item.disputed_at is not None:
            put_right_at = await repairs.last(session, item.connection_id, item.variant_id)
            if put_right_at is None or put_right_at <= now - HELD_FOR:
                item.disputed_at = None
    elif verdict is Verdict.NEW:
        item.odd_quantity, item.odd_quantity_at = look.seen - look.due, now
        _look_again(row.listing, now + SECOND_LOOK)
        await feeds.read(session, this.connection, now=now, not_before=now + HEARD_AFTER)
    elif verdict is Verdict.WAITS:
        _look_again(row.listing, now + max(SECOND_LOOK, (now - (look.odd_at or now)) / 2))
        await feeds.read(session, this.connection, now=now)


async def _unplaced(session: AsyncSession, connection: Connection, rows: Sequence[Row]) -> set[UUID]:
    """Those of which a sale may be that we know of and cannot place: it lowered the number there, and nothing here."""
    names = {row.item.id: {row.item.channel_id, row.item.stock_id, row.sku} - {""} for row in rows}
    wanted = set().union(*names.values())
    query = (
        select(OrderLine.item_id, OrderLine.sku)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.connection_id == connection.id, OrderLine.variant_id.is_(None), ~Order.history, ~Order.by_channel)
        .where(or_(OrderLine.item_id.in_(wanted), OrderLine.sku.in_(wanted)))
    )
    sold = {name for line in await session.execute(query) for name in line} if wanted else set[str]()
    return {item_id for item_id, called in names.items() if called & sold}


async def _put_right(session: AsyncSession, this: Round, rows: Sequence[Row]) -> None:
    """Our number is sent again, with a row that says why; what never holds is the merchant's to settle."""
    if not rows:
        return
    connection, now = this.connection, this.now
    before = await repairs.lately(session, connection.id, [row.item.variant_id for row in rows], now=now)
    sent: list[Row] = []
    for row in rows:
        item, found, due = row.item, row.item.seen_quantity or 0, _due(row.item)
        if before[item.variant_id] >= repairs.HELD_AT_MOST:
            item.disputed_at = item.disputed_at or now
        if item.disputed_at is not None and found < due:
            continue
        heard_until = this.heard_until if this.heard(item) else None
        repairs.write(session, item, found=found, due=due, heard_until=heard_until, now=now)
        item.odd_quantity = item.odd_quantity_at = None
        _look_again(row.listing, now + this.shown_within + SECOND_LOOK)
        sent.append(row)
    await _push(session, connection, sent, now)
    db.changed(session, connection.merchant_id, f"checks:{connection.id}")


async def _push(session: AsyncSession, connection: Connection, rows: Sequence[Row], now: datetime) -> None:
    """The numbers are sent as they are then, those that are too large there before those that are too small."""
    for priority in (DOWN_FIRST, UP_LATER):
        await tasks.ask(
            session,
            connection,
            kinds.STOCK,
            [str(row.item.id) for row in rows if _is_urgent(row) is (priority == DOWN_FIRST)],
            now=now,
            priority=priority,
        )


def _is_urgent(row: Row) -> bool:
    return (row.item.seen_quantity or 0) > (row.item.accounted_quantity or 0)


def _look_again(listing: Listing, at: datetime) -> None:
    listing.look_due_at = at if listing.look_due_at is None else min(at, listing.look_due_at)
