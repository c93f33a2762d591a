"""What orders do with stock: hold it, take it, and give it back. A sale of a bundle does it to its components.

A variant knows each (cause, cause_id) once: to say a thing twice changes nothing. Several of these may be called in
one transaction if `shelf.locked` has locked all their variants first; otherwise one call a transaction, for two may
lock in opposite orders. All raise NotFound for a variant that is not the merchant's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.stock import Movement, Reservation, Shortfall
from portal.stock import shelf
from portal.stock.shelf import Key, Shelf

# Behind the id of a cause that wanted more later, with how much it had taken before: that is a cause of its own.
GREW: Final = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`quantity` units of a variant, wanted for a cause."""

    variant_id: UUID
    quantity: int
    cause: str
    cause_id: str

    @property
    def key(self) -> Key:
        return self.variant_id, self.cause, self.cause_id


@dataclass(frozen=True, slots=True)
class Taken:
    """`missing` of the claim's units were not there, and stand in the oversell ledger. `repeated`: it was known."""

    variant_id: UUID
    missing: int
    repeated: bool


async def reserve(session: AsyncSession, *, merchant_id: UUID, claims: Sequence[Claim], now: datetime) -> None:
    """Each claim's units are held, also where so many are not there. What was held, released or taken stays so."""
    shelves = await shelf.locked(session, {claim.variant_id for claim in claims})
    keys = [claim.key for claim in claims]
    known = await shelf.known(session, Reservation, keys) | await shelf.known(session, Movement, keys)
    rows = []
    for claim in claims:
        if claim.key in known:
            continue
        known.add(claim.key)
        for part in _parts(claim, shelves):
            shelves[part.variant_id].reserved += part.quantity
            rows.append(shelf.row(merchant_id, part.key, part.quantity, now))
    await shelf.write(session, Reservation, rows)
    await shelf.settle(session, merchant_id, shelves.values(), now=now)


async def release(session: AsyncSession, *, merchant_id: UUID, causes: Collection[Key], now: datetime) -> None:
    """Nothing is held for these causes any more."""
    shelves = await shelf.locked(session, {variant_id for variant_id, _cause, _cause_id in causes})
    await _end(session, shelves, causes, now)
    await shelf.settle(session, merchant_id, shelves.values(), now=now)


async def take(
    session: AsyncSession, *, merchant_id: UUID, claims: Sequence[Claim], made_by: str, now: datetime
) -> list[Taken]:
    """Each claim's units have left what is on hand, once; what was not there is a shortfall. One result for each.

    What was held for a claim is held no more, whatever it was. What is not counted is only remembered.
    """
    shelves = await shelf.locked(session, {claim.variant_id for claim in claims})
    known = await shelf.known(session, Movement, [claim.key for claim in claims])
    await _end(session, shelves, [claim.key for claim in claims], now)
    results: list[Taken] = []
    movements, shortfalls = [], []
    for claim in claims:
        repeated = claim.key in known
        known.add(claim.key)
        lacking = 0
        for part in () if repeated else _parts(claim, shelves):
            stock = shelves[part.variant_id]
            wanted = part.quantity if stock.tracked else 0
            taken = min(wanted, stock.on_hand)
            stock.on_hand -= taken
            movements.append({**shelf.row(merchant_id, part.key, -taken, now), "made_by": made_by[:200]})
            if wanted > taken:
                shortfalls.append({**shelf.row(merchant_id, part.key, wanted - taken, now), "cleared": 0, "filled": 0})
                in_one = shelves[claim.variant_id].parts.get(part.variant_id, 1)
                lacking = max(lacking, -(-(wanted - taken) // in_one))
        results.append(Taken(claim.variant_id, lacking, repeated))
    await shelf.write(session, Movement, movements)
    await shelf.write(session, Shortfall, shortfalls)
    await shelf.settle(session, merchant_id, shelves.values(), now=now)
    return results


def _parts(claim: Claim, shelves: Mapping[UUID, Shelf]) -> Iterator[Claim]:
    """What a claim comes to. A bundle's own row holds nothing: it remembers the cause when its parts are others."""
    made_of = shelves[claim.variant_id].parts
    yield replace(claim, quantity=0) if made_of else claim
    for variant_id, in_one in made_of.items():
        yield replace(claim, variant_id=variant_id, quantity=claim.quantity * in_one)


async def _end(session: AsyncSession, shelves: Mapping[UUID, Shelf], causes: Collection[Key], now: datetime) -> None:
    """The causes' open reservations are over, also those of a bundle's parts: it cannot change while it is held."""
    keys = [
        (part, cause, cause_id)
        for variant_id, cause, cause_id in causes
        for part in (variant_id, *shelves[variant_id].parts)
    ]
    for start in range(0, len(keys), shelf.AT_ONCE):
        some = keys[start : start + shelf.AT_ONCE]
        query = select(Reservation.id, Reservation.variant_id, Reservation.quantity).where(
            Reservation.variant_id.in_({variant_id for variant_id, _cause, _cause_id in some}),
            tuple_(Reservation.variant_id, Reservation.cause, Reservation.cause_id).in_(some),
            Reservation.ended_at.is_(None),
        )
        found = (await session.execute(query)).all()
        for _id, variant_id, quantity in found:
            shelves[variant_id].reserved -= quantity
        ids = [row.id for row in found]
        await session.execute(update(Reservation).where(Reservation.id.in_(ids)).values(ended_at=now))
