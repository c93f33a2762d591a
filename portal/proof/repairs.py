"""The numbers that were put right: what was found, what was due, why that is no sale, and what was sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.listings import ListingItem
from portal.models.stock import Repair

# Why a number was another than it had to be.
CHANGED_THERE: Final = "changed_there"
ANSWER_LOST: Final = "answer_lost"
# Put right so often within this time, a number is in dispute: somebody else goes on writing it.
LATELY: Final = timedelta(days=7)
HELD_AT_MOST: Final = 3
KEPT: Final = timedelta(days=365)


def write(
    session: AsyncSession, item: ListingItem, *, found: int, due: int, heard_until: datetime | None, now: datetime
) -> None:
    """The number is to be put right; what is sent is noted by `note_sent`."""
    session.add(
        Repair(
            merchant_id=item.merchant_id,
            connection_id=item.connection_id,
            variant_id=item.variant_id,
            found=found,
            found_at=item.odd_quantity_at or now,
            due=due,
            heard_until=heard_until,
            # A push that ended by our own fault may have been taken all the same.
            reason=ANSWER_LOST if item.stock_problem else CHANGED_THERE,
            created_at=now,
        )
    )


async def note_sent(
    session: AsyncSession, connection_id: UUID, quantities: Mapping[UUID, int], *, now: datetime
) -> None:
    """The channel has taken these numbers, by variant; what waited for one of them is put right."""
    waiting = select(Repair).where(Repair.connection_id == connection_id, Repair.sent_at.is_(None))
    for one in await session.scalars(waiting):
        if one.variant_id in quantities:
            one.sent, one.sent_at = quantities[one.variant_id], now


async def lately(
    session: AsyncSession, connection_id: UUID, variant_ids: Sequence[UUID], *, now: datetime
) -> Counter[UUID]:
    """How often each variant's number there was put right in the last days."""
    query = (
        select(Repair.variant_id, func.count(Repair.id))
        .where(Repair.connection_id == connection_id, Repair.variant_id.in_(variant_ids))
        .where(Repair.created_at > now - LATELY)
        .group_by(Repair.variant_id)
    )
    return Counter(dict((await session.execute(query)).all()))


async def last(session: AsyncSession, connection_id: UUID, variant_id: UUID) -> datetime | None:
    """When the variant's number there was last put right."""
    query = select(func.max(Repair.created_at))
    found: datetime | None = await session.scalar(
        query.where(Repair.connection_id == connection_id, Repair.variant_id == variant_id)
    )
    return found


async def tidy(session: AsyncSession, now: datetime) -> None:
    """Repairs of more than a year ago are gone."""
    await session.execute(delete(Repair).where(Repair.created_at < now - KEPT))
