"""What a channel must hold by all we told it and all that was sold there and is known here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from sqlalchemy import Table, and_, bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.listings import ListingItem


async def sold_there(session: AsyncSession, sold: Mapping[UUID, int]) -> None:
    """The channel has lowered its own number of these listing items by so many units, by itself.

    Said once for each unit, when its sale is first taken in, pending or not; a number below zero for units that the
    channel put back on its shelf by itself. Not for orders that left its number as it was: those we made there, and
    those it ships from its own warehouse. Called last in a transaction, as pushes lock tasks first and items then.
    """
    if not sold:
        return
    table = cast(Table, ListingItem.__table__)
    # Where nothing was ever told, nothing is compared.
    known = and_(table.c.id == bindparam("item_id"), table.c.accounted_quantity.is_not(None))
    lower = update(table).where(known).values(accounted_quantity=table.c.accounted_quantity - bindparam("units"))
    await session.execute(lower, [{"item_id": item_id, "units": units} for item_id, units in sorted(sold.items())])
