"""Variants' stock while it changes: locked in one order, written back at the end, and every channel told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.errors import NotFound
from portal.models.catalog import Variant
from portal.models.stock import Component, Movement, Reservation, Shortfall
from portal.stock import telling

AT_ONCE = 1000

# A variant, a cause and its id: what a ledger knows once.
Key = tuple[UUID, str, str]


@dataclass(slots=True)
class Shelf:
    """A variant's stock while it changes; `before` is (on hand, reserved) as the database holds them.

    `parts` is a bundle's: how many of each component are in one. It has no stock of its own.
    """

    variant_id: UUID
    product_id: UUID
    tracked: bool
    before: tuple[int, int]
    on_hand: int
    reserved: int
    parts: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.before != (self.on_hand, self.reserved)


async def locked(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Shelf]:
    """These variants and what bundles among them are made of, as they are now, held until the transaction ends.

    All are locked in one fixed order against deadlocks; what bundles are made of cannot change meanwhile.
    Raises NotFound for a variant that is not the merchant's.
    """
    await session.flush()
    parts = await parts_of(session, ids)
    while True:
        shelves = await _lock(session, {*ids, *(one for made_of in parts.values() for one in made_of)})
        now_made_of = await parts_of(session, ids)
        if now_made_of == parts:
            break
        parts = now_made_of
    for bundle_id, made_of in parts.items():
        shelves[bundle_id].parts = made_of
    return shelves


async def settle(session: AsyncSession, merchant_id: UUID, shelves: Iterable[Shelf], *, now: datetime) -> None:
    """What changed is in the variants' rows, and who shows it is told."""
    changed = [shelf for shelf in shelves if shelf.changed]
    rows = [{"id": shelf.variant_id, "on_hand": shelf.on_hand, "reserved": shelf.reserved} for shelf in changed]
    await db.update(session, Variant, rows)
    moved = [
        telling.Moved(
            shelf.variant_id, shelf.product_id, shelf.before[0] - shelf.before[1], shelf.on_hand - shelf.reserved
        )
        for shelf in changed
    ]
    await telling.tell(session, merchant_id, moved, now=now)


async def write(
    session: AsyncSession, model: type[Movement | Reservation | Shortfall], rows: Sequence[dict[str, object]]
) -> None:
    """Under the variants' locks nobody else can have written these causes: a clash is our mistake and undoes all."""
    for start in range(0, len(rows), AT_ONCE):
        await session.execute(db.insert(session, model), rows[start : start + AT_ONCE])


def row(merchant_id: UUID, key: Key, quantity: int, now: datetime) -> dict[str, object]:
    """What a row of each of these ledgers holds."""
    variant_id, cause, cause_id = key
    return {
        "merchant_id": merchant_id,
        "variant_id": variant_id,
        "quantity": quantity,
        "cause": cause,
        "cause_id": cause_id,
        "created_at": now,
    }


async def known(session: AsyncSession, model: type[Movement | Reservation], keys: Collection[Key]) -> set[Key]:
    """Which of these causes are in the ledger already; read after the locks, so that none appears in between."""
    ordered, found = list(set(keys)), set[Key]()
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        query = select(model.variant_id, model.cause, model.cause_id).where(
            # SQLite has no use of an index for the three together.
            model.variant_id.in_({variant_id for variant_id, _cause, _cause_id in some}),
            tuple_(model.variant_id, model.cause, model.cause_id).in_(some),
        )
        found |= {(variant_id, cause, cause_id) for variant_id, cause, cause_id in await session.execute(query)}
    return found


async def parts_of(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    """What each bundle among these variants is made of."""
    ordered, found = sorted(ids), dict[UUID, dict[UUID, int]]()
    for start in range(0, len(ordered), AT_ONCE):
        query = select(Component.bundle_id, Component.variant_id, Component.quantity)
        query = query.where(Component.bundle_id.in_(ordered[start : start + AT_ONCE]))
        for bundle_id, variant_id, quantity in await session.execute(query):
            found.setdefault(bundle_id, {})[variant_id] = quantity
    return found


async def _lock(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Shelf]:
    found: dict[UUID, Shelf] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        query = (
            select(Variant.id, Variant.product_id, Variant.tracked, Variant.on_hand, Variant.reserved)
            .where(Variant.id.in_(ordered[start : start + AT_ONCE]))
            .order_by(Variant.id)
            # Not its key: two that have each written a line of the variant would wait for each other for ever.
            .with_for_update(key_share=True)
        )
        for variant_id, product_id, tracked, on_hand, reserved in await session.execute(query):
            found[variant_id] = Shelf(variant_id, product_id, tracked, (on_hand, reserved), on_hand, reserved)
    if len(found) != len(ordered):
        raise NotFound
    return found
