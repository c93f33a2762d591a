"""Movements of stock: written once per cause, never below zero, and every channel is told afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.errors import NotFound
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import ListingItem
from portal.models.stock import Movement
from portal.tasks import service as tasks
from portal.tasks.kinds import STOCK

# A channel that shows too much sells what is not there; one that shows too little can wait behind orders.
DOWN_FIRST: Final = 10
UP_LATER: Final = 30
# Telling a channel costs a call, however small the news: what changes again and again is told every two seconds.
PAUSE: Final = timedelta(seconds=2)
_AT_ONCE: Final = 1000
_MOST_NAMED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change by `quantity`. A variant knows each (cause, cause_id) once."""

    variant_id: UUID
    quantity: int
    cause: str
    cause_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What is really there, as somebody counted it."""

    variant_id: UUID
    quantity: int
    cause: str
    cause_id: str


@dataclass(frozen=True, slots=True)
class Moved:
    """`taken` is what really moved, `shortfall` what was asked for and not there. `repeated`: the cause was known."""

    variant_id: UUID
    taken: int
    shortfall: int
    on_hand: int
    repeated: bool


@dataclass(slots=True)
class _Stock:
    """A variant's stock while it moves; `before` is what the database holds."""

    variant_id: UUID
    product_id: UUID
    tracked: bool
    before: int
    on_hand: int


async def move(
    session: AsyncSession, *, merchant_id: UUID, moves: Sequence[Move | Count], made_by: str, now: datetime
) -> list[Moved]:
    """Each change is in the ledger and in what is on hand, once per cause however often it is asked for.

    A change down takes what is there: the rest comes back as a shortfall, and a cause that found
    nothing to take is remembered all the same. A count moves the difference. One result for each, in
    order. Every channel that shows a changed variant has a task to be told. Raises NotFound for a
    variant that is not the merchant's. One call a transaction: two may lock in opposite orders.
    """
    stocks = await _locked(session, {entry.variant_id for entry in moves})
    known = await _known(session, moves)
    results, rows = [], []
    for entry in moves:
        stock, key = stocks[entry.variant_id], (entry.variant_id, entry.cause, entry.cause_id)
        if key in known:
            results.append(Moved(stock.variant_id, 0, 0, stock.on_hand, repeated=True))
            continue
        known.add(key)
        wanted = entry.quantity if isinstance(entry, Move) else max(0, entry.quantity) - stock.on_hand
        taken = max(wanted, -stock.on_hand)
        stock.on_hand += taken
        results.append(Moved(stock.variant_id, taken, taken - wanted, stock.on_hand, repeated=False))
        rows.append(_row(entry, merchant_id=merchant_id, taken=taken, made_by=made_by, now=now))
    for start in range(0, len(rows), _AT_ONCE):
        # Under the variants' locks nobody else can have written these causes: a clash is our mistake and undoes all.
        await session.execute(db.insert(session, Movement), rows[start : start + _AT_ONCE])
    changed = [stock for stock in stocks.values() if stock.on_hand != stock.before]
    await db.update(session, Variant, [{"id": stock.variant_id, "on_hand": stock.on_hand} for stock in changed])
    await _tell(session, merchant_id, changed, now=now)
    return results


async def begin(
    session: AsyncSession, *, merchant_id: UUID, moves: Sequence[Move], made_by: str, now: datetime
) -> None:
    """Variants that this very transaction made have their first stock, one change each, with its cause.

    Nobody else knows them yet: there is nothing to lock, no cause to repeat and no channel to tell.
    """
    rows = [_row(entry, merchant_id=merchant_id, taken=entry.quantity, made_by=made_by, now=now) for entry in moves]
    for start in range(0, len(rows), _AT_ONCE):
        await session.execute(db.insert(session, Movement), rows[start : start + _AT_ONCE])
    await db.update(session, Variant, [{"id": entry.variant_id, "on_hand": entry.quantity} for entry in moves])


async def _locked(session: AsyncSession, ids: set[UUID]) -> dict[UUID, _Stock]:
    """The variants' stock as it is now, held until the transaction ends, in one fixed order against deadlocks."""
    await session.flush()
    found: dict[UUID, _Stock] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        query = (
            select(Variant.id, Variant.product_id, Variant.tracked, Variant.on_hand)
            .where(Variant.id.in_(ordered[start : start + _AT_ONCE]))
            .order_by(Variant.id)
            .with_for_update()
        )
        for variant_id, product_id, tracked, on_hand in await session.execute(query):
            found[variant_id] = _Stock(variant_id, product_id, tracked, before=on_hand, on_hand=on_hand)
    if found.keys() != ids:
        raise NotFound
    return found


async def _known(session: AsyncSession, entries: Sequence[Move | Count]) -> set[tuple[UUID, str, str]]:
    """Which of these causes are in the ledger already; read after the locks, so that none appears in between."""
    keys = list({(entry.variant_id, entry.cause, entry.cause_id) for entry in entries})
    known: set[tuple[UUID, str, str]] = set()
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        query = select(Movement.variant_id, Movement.cause, Movement.cause_id).where(
            # SQLite has no use of an index for the three together.
            Movement.variant_id.in_({variant_id for variant_id, _cause, _cause_id in some}),
            tuple_(Movement.variant_id, Movement.cause, Movement.cause_id).in_(some),
        )
        known |= {(variant_id, cause, cause_id) for variant_id, cause, cause_id in await session.execute(query)}
    return known


def _row(entry: Move | Count, *, merchant_id: UUID, taken: int, made_by: str, now: datetime) -> dict[str, object]:
    return {
        "merchant_id": merchant_id,
        "variant_id": entry.variant_id,
        "quantity": taken,
        "cause": entry.cause,
        "cause_id": entry.cause_id,
        "made_by": made_by[:200],
        "created_at": now,
    }


async def _tell(session: AsyncSession, merchant_id: UUID, changed: Sequence[_Stock], *, now: datetime) -> None:
    """Every connection that shows a changed variant has a stock task for it, and open pages show the new number.

    It is told at once, or when the pause after the last telling is over. What is sold out never waits.
    """
    counted = {stock.variant_id: stock for stock in changed if stock.tracked}
    groups: dict[tuple[UUID, int, datetime], list[str]] = {}
    ids = sorted(counted)
    for start in range(0, len(ids), _AT_ONCE):
        query = (
            select(ListingItem.id, ListingItem.connection_id, ListingItem.variant_id, ListingItem.sent_quantity_at)
            .join(Connection, Connection.id == ListingItem.connection_id)
            .where(
                ListingItem.variant_id.in_(ids[start : start + _AT_ONCE]),
                Connection.state != ConnectionState.DISCONNECTED,
            )
        )
        for item_id, connection_id, variant_id, told_at in (await session.execute(query)).all():
            moved = counted[variant_id]
            priority = DOWN_FIRST if moved.on_hand < moved.before else UP_LATER
            due = now if told_at is None or moved.on_hand <= 0 else max(now, told_at + PAUSE)
            groups.setdefault((connection_id, priority, due), []).append(str(item_id))
    for (connection_id, priority, due), subjects in sorted(groups.items()):
        await tasks.enqueue(
            session,
            STOCK,
            sorted(subjects),
            merchant_id=merchant_id,
            now=now,
            connection_id=connection_id,
            not_before=due,
            priority=priority,
        )
    products = {f"product:{stock.product_id}" for stock in changed}
    if products:
        db.changed(session, merchant_id, *(products if len(products) <= _MOST_NAMED else ["*"]))
