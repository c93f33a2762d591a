"""What a cause took and is on the shelf again: it will not leave after all, or it left and was sent back.

Of what will not leave, what was never there is settled first, and the shelf filled only then. What was sent back was
there, whatever the ledger knew: it goes on the shelf.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from portal.models.stock import Movement, Shortfall
from portal.stock import owed, shelf
from portal.stock.claims import GREW
from portal.stock.owed import LATER

# The cause of what comes back for a cause, and of what was sent back after it had left.
BACK = "_back"
SENT_BACK = "_return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """In all, `total` of the `sold` units that the cause took will not leave; `lost` of these do not come back.

    What was never there counts first: of 5 sold with 3 on the shelf, the first 2 of `total` were not taken.
    """

    variant_id: UUID
    total: int
    sold: int
    cause: str
    cause_id: str
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """In all, `total` of the `sold` units that the cause took were sent back, and are for sale again."""

    variant_id: UUID
    total: int
    sold: int
    cause: str
    cause_id: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What the call did: units on the shelf again, and units struck off the oversell ledger; of a bundle, its parts."""

    variant_id: UUID
    restocked: int
    cleared: int


@dataclass(frozen=True, slots=True)
class _Took:
    """What a cause took of one variant, and what it did not find there."""

    variant_id: UUID
    taken: int
    shortfalls: Sequence[Shortfall]

    @property
    def asked(self) -> int:
        """What came in later for the cause is among what was taken."""
        return self.taken + sum(short.quantity - short.filled for short in self.shortfalls)

    def strike(self, units: int) -> None:
        """So many units that were not there need not be any more."""
        for short in self.shortfalls:
            some = min(units, short.quantity - short.cleared)
            short.cleared += some
            units -= some


async def give_back(
    session: AsyncSession, *, merchant_id: UUID, returns: Sequence[Return], made_by: str, now: datetime
) -> list[Returned]:
    """As many of each are back as it says in all, never more than were taken. One result for each, in order.

    What is on the shelf again goes to those who bought it when it was not there (portal.stock.owed).
    Said twice, or an older number after a newer one, it changes nothing. A bundle's parts come back by what was
    taken of them then, whatever it is made of by now. One call a transaction, as `portal.stock.claims` says.
    Raises NotFound for a variant that is not the merchant's.
    """
    shelves = await shelf.locked(session, {one.variant_id for one in returns})
    results = []
    gained: dict[UUID, int] = {}
    for one in returns:
        restocked = cleared = 0
        for took in await _took(session, one):
            if took.variant_id not in shelves:
                shelves = {**await shelf.locked(session, [took.variant_id]), **shelves}
            # What was taken of a bundle's part is so many for each bundle.
            total, lost = (took.asked * min(units, one.sold) // one.sold for units in (one.total, one.lost))
            settled, back = await _before(session, one, took)
            struck = max(0, min(total - settled - back, took.asked - took.taken - settled))
            took.strike(struck)
            units = max(0, total - settled - struck - lost - back)
            if units:
                shelves[took.variant_id].on_hand += units
                gained[took.variant_id] = gained.get(took.variant_id, 0) + units
                key = took.variant_id, one.cause + BACK, f"{one.cause_id}:{back + units}"
                row = {**shelf.row(merchant_id, key, units, now), "made_by": made_by[:200]}
                await shelf.write(session, Movement, [row])
            restocked, cleared = restocked + units, cleared + struck
        results.append(Returned(one.variant_id, restocked, cleared))
    await session.flush()
    await shelf.write(session, Movement, await owed.fill(session, merchant_id, shelves, gained, now))
    await shelf.settle(session, merchant_id, shelves.values(), now=now)
    return results


async def bring_back(
    session: AsyncSession, *, merchant_id: UUID, arrivals: Sequence[Arrival], now: datetime
) -> list[int]:
    """As many of each are on the shelf again as it says in all; how many this call put there, of a bundle its parts.

    What `give_back` put there is not put there again, so that no more comes back than was taken. Otherwise as that.
    """
    shelves = await shelf.locked(session, {one.variant_id for one in arrivals})
    results = []
    for one in arrivals:
        arrived = 0
        for took in await _took(session, one):
            if took.variant_id not in shelves:
                shelves = {**await shelf.locked(session, [took.variant_id]), **shelves}
            settled, back = await _before(session, one, took)
            before = await _moved(session, one, took, SENT_BACK)
            wanted = min(took.asked * min(one.total, one.sold) // one.sold, took.asked - settled - back)
            units = max(0, wanted - before)
            if units:
                shelves[took.variant_id].on_hand += units
                key = took.variant_id, one.cause + SENT_BACK, f"{one.cause_id}:{before + units}"
                row = {**shelf.row(merchant_id, key, units, now), "made_by": one.made_by[:200]}
                await shelf.write(session, Movement, [row])
            arrived += units
        results.append(arrived)
    await session.flush()
    await shelf.settle(session, merchant_id, shelves.values(), now=now)
    return results


async def _took(session: AsyncSession, one: Return | Arrival) -> list[_Took]:
    """What the cause took of the variant, or of the parts it had then."""
    own = await _rows(session, one, of_variant=True)
    if not own or own[0].asked:
        return own
    # The cause is remembered, and took nothing here: it took the parts of a bundle.
    return [took for took in await _rows(session, one, of_variant=False) if took.variant_id != one.variant_id]


async def _rows(session: AsyncSession, one: Return | Arrival, *, of_variant: bool) -> list[_Took]:
    query = select(Movement.variant_id, func.sum(Movement.quantity).label("quantity"))
    query = query.where(Movement.cause == one.cause, _own(Movement.cause_id, one)).group_by(Movement.variant_id)
    short = select(Shortfall).where(Shortfall.cause == one.cause, _own(Shortfall.cause_id, one))
    if of_variant:
        query = query.where(Movement.variant_id == one.variant_id)
        short = short.where(Shortfall.variant_id == one.variant_id)
    missing: dict[UUID, list[Shortfall]] = {}
    for row in await session.scalars(short.order_by(Shortfall.cause_id).execution_options(populate_existing=True)):
        missing.setdefault(row.variant_id, []).append(row)
    found = (await session.execute(query.order_by(Movement.variant_id))).all()
    return [_Took(row.variant_id, -row.quantity, missing.get(row.variant_id, ())) for row in found]


def _own(cause_id: InstrumentedAttribute[str], one: Return | Arrival) -> ColumnElement[bool]:
    """The cause itself, what it grew by, and what came in for it later."""
    grown = (cause_id.startswith(f"{one.cause_id}{sign}", autoescape=True) for sign in (LATER, GREW))
    return or_(cause_id == one.cause_id, *grown)


async def _before(session: AsyncSession, one: Return | Arrival, took: _Took) -> tuple[int, int]:
    """Of what the cause took: units struck off already, and units on the shelf again."""
    struck = sum(short.cleared - short.filled for short in took.shortfalls)
    return struck, await _moved(session, one, took, BACK)


async def _moved(session: AsyncSession, one: Return | Arrival, took: _Took, way: str) -> int:
    moved = await session.scalar(
        select(func.coalesce(func.sum(Movement.quantity), 0)).where(
            Movement.variant_id == took.variant_id,
            Movement.cause == one.cause + way,
            Movement.cause_id.startswith(f"{one.cause_id}:", autoescape=True),
        )
    )
    return int(moved or 0)
