"""Stopping all sales at once, and letting them go on: numbers are read at sending, so nothing has to be remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, Listing, ListingItem
from portal.stock import telling


@dataclass(frozen=True, slots=True)
class ChannelSelling:
    """What one connection shows: listed variants, those of them whose stock is counted, and those it holds none of."""

    name: str
    works: bool
    listed: int
    counted: int
    at_zero: int


async def stopped_at(session: AsyncSession, merchant_id: UUID) -> datetime | None:
    """Since when nothing is sold; None while selling goes on."""
    found: datetime | None = await session.scalar(select(Merchant.stopped_at).where(Merchant.id == merchant_id))
    return found


async def stop(session: AsyncSession, merchant_id: UUID, *, now: datetime) -> bool:
    """Every channel is told that there is nothing of anything. False when it was so already."""
    return await _switch(session, merchant_id, now, now=now)


async def go_on(session: AsyncSession, merchant_id: UUID, *, now: datetime) -> bool:
    """Every channel is told what there is to sell. False when selling was going on already."""
    return await _switch(session, merchant_id, None, now=now)


async def channels(session: AsyncSession) -> Sequence[ChannelSelling]:
    """Each connection that shows anything of the merchant's, in the order they were made."""
    query = (
        select(
            Connection,
            func.count(ListingItem.id),
            func.count(ListingItem.id).filter(Variant.tracked),
            func.count(ListingItem.id).filter(Variant.tracked, ListingItem.confirmed_quantity == 0),
        )
        .join(ListingItem, ListingItem.connection_id == Connection.id)
        .join(Listing, Listing.id == ListingItem.listing_id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(Connection.state != ConnectionState.DISCONNECTED, Listing.intent == Intent.PUBLISH)
        .group_by(Connection.id)
        .order_by(Connection.id)
    )
    return [
        ChannelSelling(
            connection.external_name or connection.channel.title(),
            connection.state is ConnectionState.ACTIVE,
            listed,
            counted,
            at_zero,
        )
        for connection, listed, counted, at_zero in (await session.execute(query)).all()
    ]


async def _switch(session: AsyncSession, merchant_id: UUID, stopped: datetime | None, *, now: datetime) -> bool:
    other = Merchant.stopped_at.is_not(None) if stopped is None else Merchant.stopped_at.is_(None)
    switched = await session.scalars(
        update(Merchant)
        .where(Merchant.id == merchant_id, other)
        .values(stopped_at=stopped)
        .returning(Merchant.id)
        .execution_options(synchronize_session=False)
    )
    if switched.one_or_none() is None:
        return False
    priority = telling.UP_LATER if stopped is None else telling.DOWN_FIRST
    await telling.again(session, merchant_id, true(), priority=priority, now=now)
    db.changed(session, merchant_id, "connections", "counts")
    return True
