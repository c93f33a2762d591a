"""Changes of stock: written once per cause, never below zero, and every channel is told afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.models.catalog import Variant
from portal.models.stock import Movement
from portal.stock import owed, shelf


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


async def move(
    session: AsyncSession, *, merchant_id: UUID, moves: Sequence[Move | Count], made_by: str, now: datetime
) -> list[Moved]:
    """Each change is in the ledger and in what is on hand, once per cause however often it is asked for.

    A change down takes what is there: the rest comes back as a shortfall, and a cause that found
    nothing to take is remembered all the same. A change up goes first to what was sold and was not there;
    `on_hand` of its result is before that. A count moves the difference, and is what is there for sale. A bundle
    has no stock of its own and is left alone. One result for each, in order. Every channel that shows a changed
    variant has a task to be told. Raises NotFound for a variant that is not the merchant's.
    One call a transaction: two may lock in opposite orders.
    """
    shelves = await shelf.locked(session, {entry.variant_id for entry in moves})
    known = await shelf.known(session, Movement, [(entry.variant_id, entry.cause, entry.cause_id) for entry in moves])
    results, rows = [], []
    gained: dict[UUID, int] = {}
    for entry in moves:
        stock, key = shelves[entry.variant_id], (entry.variant_id, entry.cause, entry.cause_id)
        if key in known or stock.parts:
            results.append(Moved(stock.variant_id, 0, 0, stock.on_hand, repeated=key in known))
            continue
        known.add(key)
        wanted = entry.quantity if isinstance(entry, Move) else max(0, entry.quantity) - stock.on_hand
        taken = max(wanted, -stock.on_hand)
        stock.on_hand += taken
        if isinstance(entry, Move) and taken > 0:
            gained[entry.variant_id] = gained.get(entry.variant_id, 0) + taken
        results.append(Moved(stock.variant_id, taken, taken - wanted, stock.on_hand, repeated=False))
        rows.append(_row(entry, merchant_id=merchant_id, taken=taken, made_by=made_by, now=now))
    await shelf.write(session, Movement, rows)
    await shelf.write(session, Movement, await owed.fill(session, merchant_id, shelves, gained, now))
    await shelf.settle(session, merchant_id, shelves.values(), now=now)
    return results


async def begin(
    session: AsyncSession, *, merchant_id: UUID, moves: Sequence[Move], made_by: str, now: datetime
) -> None:
    """Variants that this very transaction made have their first stock, one change each, with its cause.

    Nobody else knows them yet: there is nothing to lock, no cause to repeat and no channel to tell.
    """
    rows = [_row(entry, merchant_id=merchant_id, taken=entry.quantity, made_by=made_by, now=now) for entry in moves]
    await shelf.write(session, Movement, rows)
    await db.update(session, Variant, [{"id": entry.variant_id, "on_hand": entry.quantity} for entry in moves])


def _row(entry: Move | Count, *, merchant_id: UUID, taken: int, made_by: str, now: datetime) -> dict[str, object]:
    key = entry.variant_id, entry.cause, entry.cause_id
    return {**shelf.row(merchant_id, key, taken, now), "made_by": made_by[:200]}
