"""Units kept back from channels, so that a sale not known here yet finds something: by connection or by product."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.catalog import typed
from portal.errors import FormInvalid, NotFound
from portal.i18n import _
from portal.models.catalog import Product
from portal.models.connections import Connection
from portal.models.listings import ListingItem
from portal.stock import telling


def parse(text: str, *, optional: bool = False) -> int | None:
    """The units as typed; None for nothing, where that is `optional`. Raises FormInvalid (`buffer`)."""
    if optional and not text.strip():
        return None
    try:
        units = typed.units(text)
        if units < 0:
            raise ValueError(_("Enter zero or more."))
    except ValueError as error:
        raise FormInvalid({"buffer": str(error)}) from error
    return units


async def connection(session: AsyncSession, connection_id: UUID, *, lock: bool = False) -> Connection:
    """Raises NotFound."""
    query = select(Connection).where(Connection.id == connection_id)
    found: Connection | None = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise NotFound
    return found


async def product(session: AsyncSession, product_id: UUID, *, lock: bool = False) -> Product:
    """Raises NotFound."""
    query = select(Product).where(Product.id == product_id)
    found: Product | None = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise NotFound
    return found


async def keep_from_connection(session: AsyncSession, connection_id: UUID, units: int, *, now: datetime) -> None:
    """The connection is told so many fewer of everything whose product has no buffer of its own."""
    row = await connection(session, connection_id, lock=True)
    if row.buffer == units:
        return
    fewer, row.buffer = units > row.buffer, units
    await session.flush()
    mine = ListingItem.connection_id == row.id
    await telling.again(session, row.merchant_id, mine, priority=_priority(fewer=fewer), now=now)


async def keep_of_product(session: AsyncSession, product_id: UUID, units: int | None, *, now: datetime) -> None:
    """Every connection is told so many fewer of each of its variants; with None, as many fewer as is usual there."""
    row = await product(session, product_id, lock=True)
    if row.buffer == units:
        return
    fewer, row.buffer = units is None or units > (row.buffer or 0), units
    await session.flush()
    shown = telling.showing(row.id)
    await telling.again(session, row.merchant_id, shown, priority=_priority(fewer=fewer), now=now)


def _priority(*, fewer: bool) -> int:
    return telling.DOWN_FIRST if fewer else telling.UP_LATER
