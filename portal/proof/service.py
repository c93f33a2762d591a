"""What a merchant does about a number that does not hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.listings import Listing, ListingItem
from portal.tasks import kinds
from portal.tasks import service as tasks


async def send_again(session: AsyncSession, listing: Listing, *, now: datetime) -> None:
    """The listing's numbers are sent once more, and none of them is in dispute until it is found changed again."""
    items = (await session.scalars(select(ListingItem).where(ListingItem.listing_id == listing.id))).all()
    for item in items:
        item.disputed_at = item.odd_quantity = item.odd_quantity_at = None
    await tasks.enqueue(
        session,
        kinds.STOCK,
        [str(item.id) for item in items],
        merchant_id=listing.merchant_id,
        connection_id=listing.connection_id,
        now=now,
    )
