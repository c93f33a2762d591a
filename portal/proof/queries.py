"""What is known of the numbers channels hold: sent, confirmed, seen again, in doubt, and put right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from connectors.registry import CHANNELS
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.stock import Repair

REPAIRS_SHOWN: Final = 3
PERIOD: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One variant's number on one connection. `channel` is what the merchant calls it.

    `unchecked`: since `seen_at` nobody could look, or looking showed no number. By `odd` it was another than it must
    be at `odd_at`, which a sale may explain. `repairs` are the last ones, the newest first.
    """

    item_id: UUID
    channel: str
    sent: int | None
    sent_at: datetime | None
    confirmed: int | None
    confirmed_at: datetime | None
    seen: int | None
    seen_at: datetime | None
    unchecked: bool
    odd: int
    odd_at: datetime | None
    disputed_at: datetime | None
    repairs: Sequence[Repair]

    @property
    def again(self) -> bool:
        """Whether it was seen after the last number was taken, so that it says something of that one."""
        return self.seen_at is not None and (self.confirmed_at is None or self.seen_at >= self.confirmed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """All numbers of a listing at once. `oldest` is the longest ago that one of those `seen` was looked at."""

    counted: int
    seen: int
    oldest: datetime | None
    unchecked: int
    disputed: int
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a connection's `counted` numbers, those looked at in the last 24 hours, and those put right meanwhile."""

    connection_id: UUID
    counted: int
    checked: int
    repaired: int
    disputed: int


async def proofs(session: AsyncSession, variant_ids: Collection[UUID]) -> dict[UUID, Proof]:
    """By listing item, of these variants on every open connection."""
    return await _proofs(session, Variant.id.in_(variant_ids))


async def of_listing(session: AsyncSession, listing_id: UUID) -> list[tuple[str, Proof]]:
    """What there is to say of the listing's numbers, each with its variant's name, in the product's order."""
    names = await session.execute(
        select(ListingItem.id, Variant.option_values, Variant.sku)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(ListingItem.listing_id == listing_id)
        .order_by(Variant.position, Variant.id)
    )
    found = await _proofs(session, ListingItem.listing_id == listing_id)
    return [
        (" / ".join(filter(None, values)) or sku, found[item_id]) for item_id, values, sku in names if item_id in found
    ]


async def numbers(session: AsyncSession, listing_ids: Collection[UUID]) -> dict[UUID, Numbers]:
    """Of each listing that has a number; `proof` where it has one only."""
    unchecked = _unchecked()
    rows = await session.execute(
        select(
            ListingItem.listing_id,
            func.count(ListingItem.id),
            func.count(ListingItem.seen_quantity_at),
            func.min(ListingItem.seen_quantity_at),
            func.count(ListingItem.id).filter(unchecked),
            func.count(ListingItem.disputed_at),
        )
        .join(Listing, Listing.id == ListingItem.listing_id)
        .join(Connection, Connection.id == ListingItem.connection_id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(ListingItem.listing_id.in_(listing_ids), Variant.tracked)
        .group_by(ListingItem.listing_id)
    )
    counts = {row[0]: row for row in rows.all()}
    single = [listing_id for listing_id, row in counts.items() if row[1] == 1]
    items = await session.execute(
        select(ListingItem.listing_id, ListingItem.id).where(ListingItem.listing_id.in_(single))
    )
    found = await _proofs(session, ListingItem.listing_id.in_(single))
    alone = {listing_id: found[item_id] for listing_id, item_id in items.all() if item_id in found}
    return {
        listing_id: Numbers(
            counted=counted, seen=seen, oldest=oldest, unchecked=unseen, disputed=disputed, proof=alone.get(listing_id)
        )
        for listing_id, counted, seen, oldest, unseen, disputed in counts.values()
    }


async def figures(session: AsyncSession, connection_ids: Collection[UUID], *, now: datetime) -> list[Figures]:
    """Of each connection that has numbers to look at."""
    since = now - PERIOD
    rows = await session.execute(
        select(
            ListingItem.connection_id,
            func.count(ListingItem.id),
            func.count(ListingItem.id).filter(ListingItem.seen_quantity_at > since),
            func.count(ListingItem.disputed_at),
        )
        .join(Listing, Listing.id == ListingItem.listing_id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(ListingItem.connection_id.in_(connection_ids), Variant.tracked, Listing.intent == Intent.PUBLISH)
        .group_by(ListingItem.connection_id)
    )
    repaired = await session.execute(
        select(Repair.connection_id, func.count(Repair.id))
        .where(Repair.connection_id.in_(connection_ids), Repair.sent_at > since)
        .group_by(Repair.connection_id)
    )
    done = dict(repaired.all())
    return [
        Figures(connection_id, counted, checked, done.get(connection_id, 0), disputed)
        for connection_id, counted, checked, disputed in rows.all()
    ]


def _unchecked() -> ColumnElement[bool]:
    """It could not be looked at, or the last look showed no number."""
    missed = and_(
        Listing.looked_at.is_not(None),
        or_(ListingItem.seen_quantity_at.is_(None), ListingItem.seen_quantity_at < Listing.looked_at),
    )
    return or_(Connection.state != ConnectionState.ACTIVE, missed)


async def _proofs(session: AsyncSession, which: ColumnElement[bool]) -> dict[UUID, Proof]:
    rows = await session.execute(
        select(ListingItem, Connection, _unchecked())
        .join(Listing, Listing.id == ListingItem.listing_id)
        .join(Connection, Connection.id == ListingItem.connection_id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(which, Variant.tracked, Connection.state != ConnectionState.DISCONNECTED)
    )
    found = rows.all()
    made = await _repairs(session, [item for item, _connection, _unseen in found])
    return {
        item.id: Proof(
            item_id=item.id,
            channel=_name(connection),
            sent=item.sent_quantity,
            sent_at=item.sent_quantity_at,
            confirmed=item.confirmed_quantity,
            confirmed_at=item.confirmed_quantity_at,
            seen=item.seen_quantity,
            seen_at=item.seen_quantity_at,
            unchecked=unseen,
            odd=item.odd_quantity or 0,
            odd_at=item.odd_quantity_at,
            disputed_at=item.disputed_at,
            repairs=made.get((item.connection_id, item.variant_id), []),
        )
        for item, connection, unseen in found
    }


def _name(connection: Connection) -> str:
    return connection.external_name or CHANNELS[connection.channel].name


async def _repairs(session: AsyncSession, items: Collection[ListingItem]) -> dict[tuple[UUID, UUID], list[Repair]]:
    """The last few of each, the newest first."""
    by_item = (Repair.connection_id, Repair.variant_id)
    place = func.row_number().over(partition_by=by_item, order_by=Repair.id.desc()).label("place")
    numbered = (
        select(Repair, place)
        .where(Repair.connection_id.in_({item.connection_id for item in items}))
        .where(Repair.variant_id.in_({item.variant_id for item in items}))
        .subquery()
    )
    last = aliased(Repair, numbered)
    found: dict[tuple[UUID, UUID], list[Repair]] = {}
    query = select(last).where(numbered.c.place <= REPAIRS_SHOWN).order_by(last.id.desc())
    for one in await session.scalars(query):
        found.setdefault((one.connection_id, one.variant_id), []).append(one)
    return found
