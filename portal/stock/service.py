"""Movements of stock: written once per cause, never below zero, and every channel is told afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
_AT_ONCE: Final = 500
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


async def move(
    session: AsyncSession, *, merchant_id: UUID, moves: Sequence[Move | Count], made_by: str, now: datetime
) -> list[Moved]:
    """Each change is in the ledger and in what is on hand, once per cause however often it is asked for.

    A change down takes what is there: the rest comes back as a shortfall, and a cause that found
    nothing to take is remembered all the same. A count moves the difference. One result for each, in
    order. Every channel that shows a changed variant has a task to be told. Raises NotFound for a
    variant that is not the merchant's. One call a transaction: two may lock in opposite orders.
    """
    variants = await _locked(session, {entry.variant_id for entry in moves})
    known = await _known(session, moves)
    before = {variant.id: variant.on_hand for variant in variants.values()}
    results, rows = [], []
    for entry in moves:
        variant, key = variants[entry.variant_id], (entry.variant_id, entry.cause, entry.cause_id)
        if key in known:
            results.append(Moved(variant.id, 0, 0, variant.on_hand, repeated=True))
            continue
        known.add(key)
        wanted = entry.quantity if isinstance(entry, Move) else max(0, entry.quantity) - variant.on_hand
        taken = max(wanted, -variant.on_hand)
        variant.on_hand += taken
        results.append(Moved(variant.id, taken, taken - wanted, variant.on_hand, repeated=False))
        rows.append(_row(entry, merchant_id=merchant_id, taken=taken, made_by=made_by, now=now))
    await session.flush()
    for start in range(0, len(rows), _AT_ONCE):
        # Under the variants' locks nobody else can have written these causes: a clash is our mistake and undoes all.
        await session.execute(db.insert(session, Movement), rows[start : start + _AT_ONCE])
    changed = [variant for variant in variants.values() if variant.on_hand != before[variant.id]]
    await _tell(session, merchant_id, changed, before, now=now)
    return results


async def _locked(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Variant]:
    """The variants as they are now, held until the transaction ends, in one fixed order against deadlocks."""
    await session.flush()
    found: dict[UUID, Variant] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        query = (
            select(Variant)
            .where(Variant.id.in_(ordered[start : start + _AT_ONCE]))
            .order_by(Variant.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found |= {variant.id: variant for variant in await session.scalars(query)}
    if found.keys() != ids:
        raise NotFound
    return found


async def _known(session: AsyncSession, entries: Sequence[Move | Count]) -> set[tuple[UUID, str, str]]:
    """Which of these causes are in the ledger already; read after the locks, so that none appears in between."""
    keys = list({(entry.variant_id, entry.cause, entry.cause_id) for entry in entries})
    known: set[tuple[UUID, str, str]] = set()
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        query = select(Movement.variant_id, Movement.cause, Movement.cause_id)
        found = await session.execute(
            query.where(tuple_(Movement.variant_id, Movement.cause, Movement.cause_id).in_(some))
        )
        known |= {(variant_id, cause, cause_id) for variant_id, cause, cause_id in found.all()}
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


async def _tell(
    session: AsyncSession, merchant_id: UUID, changed: Sequence[Variant], before: Mapping[UUID, int], *, now: datetime
) -> None:
    """Every connection that shows a changed variant has a stock task for it, and open pages show the new number."""
    counted = {variant.id: variant.on_hand < before[variant.id] for variant in changed if variant.tracked}
    groups: dict[tuple[UUID, int], list[str]] = {}
    ids = sorted(counted)
    for start in range(0, len(ids), _AT_ONCE):
        query = (
            select(ListingItem.id, ListingItem.connection_id, ListingItem.variant_id)
            .join(Connection, Connection.id == ListingItem.connection_id)
            .where(
                ListingItem.variant_id.in_(ids[start : start + _AT_ONCE]),
                Connection.state != ConnectionState.DISCONNECTED,
            )
        )
        for item_id, connection_id, variant_id in (await session.execute(query)).all():
            priority = DOWN_FIRST if counted[variant_id] else UP_LATER
            groups.setdefault((connection_id, priority), []).append(str(item_id))
    for (connection_id, priority), subjects in sorted(groups.items()):
        await tasks.enqueue(
            session,
            STOCK,
            sorted(subjects),
            merchant_id=merchant_id,
            now=now,
            connection_id=connection_id,
            priority=priority,
        )
    products = {f"product:{variant.product_id}" for variant in changed}
    if products:
        db.changed(session, merchant_id, *(products if len(products) <= _MOST_NAMED else ["*"]))
