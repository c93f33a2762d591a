"""Units that come in go first to those who bought what was not there: the oldest shortfall before any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.stock import Shortfall
from portal.stock import shelf
from portal.stock.shelf import Shelf

# Between a cause's id and how much of it was filled before: each filling is a change of its own.
LATER: Final = "~"


async def fill(
    session: AsyncSession, merchant_id: UUID, shelves: Mapping[UUID, Shelf], gained: Mapping[UUID, int], now: datetime
) -> list[dict[str, object]]:
    """The movements by which `gained` units leave the shelf again for what was sold already; shelves are as after them.

    The variants' locks are held. A sale that is cancelled later gives these units back like any others it took.
    """
    query = select(Shortfall).where(Shortfall.variant_id.in_(gained), Shortfall.cleared < Shortfall.quantity)
    left, rows = dict(gained), []
    for short in await session.scalars(query.order_by(Shortfall.id).execution_options(populate_existing=True)):
        units = min(short.quantity - short.cleared, left[short.variant_id], shelves[short.variant_id].on_hand)
        if units <= 0:
            continue
        key = short.variant_id, short.cause, f"{short.cause_id}{LATER}{short.filled}"
        rows.append(shelf.row(merchant_id, key, -units, now) | {"made_by": ""})
        left[short.variant_id] -= units
        shelves[short.variant_id].on_hand -= units
        short.cleared += units
        short.filled += units
    await session.flush()
    return rows
