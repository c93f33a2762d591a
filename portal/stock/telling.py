"""Who is told when stock changes: every connection that shows the variant, or a bundle it is part of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import ListingItem
from portal.models.stock import Component
from portal.tasks import service as tasks
from portal.tasks.kinds import STOCK

# A channel that shows too much sells what is not there; one that shows too little can wait behind orders.
DOWN_FIRST: Final = 10
UP_LATER: Final = 30
# Telling a channel costs a call, however small the news: what changes again and again is told every two seconds.
PAUSE: Final = timedelta(seconds=2)
_AT_ONCE: Final = 1000
_MOST_NAMED: Final = 50


@dataclass(frozen=True, slots=True)
class Moved:
    """`before` and `after` are units on hand that no order holds."""

    variant_id: UUID
    product_id: UUID
    before: int
    after: int


async def tell(session: AsyncSession, merchant_id: UUID, moved: Sequence[Moved], *, now: datetime) -> None:
    """Every connection that shows a changed variant has a stock task for it, and open pages show the new number.

    It is told at once, or when the pause after the last telling is over. What is sold out never waits.
    """
    changes = {one.variant_id: [one] for one in moved}
    for start in range(0, len(moved), _AT_ONCE):
        some = [one.variant_id for one in moved[start : start + _AT_ONCE]]
        held = select(Component.bundle_id, Component.variant_id).where(Component.variant_id.in_(some))
        for bundle_id, variant_id in (await session.execute(held)).all():
            changes.setdefault(bundle_id, []).append(changes[variant_id][0])
    groups: dict[tuple[UUID, int, datetime], list[str]] = {}
    ids = sorted(changes)
    for start in range(0, len(ids), _AT_ONCE):
        for item_id, connection_id, variant_id, told_at, buffer in await _items(session, ids[start : start + _AT_ONCE]):
            causes = changes[variant_id]
            priority = DOWN_FIRST if any(one.after < one.before for one in causes) else UP_LATER
            out = any(one.after <= buffer for one in causes)
            due = now if told_at is None or out else max(now, told_at + PAUSE)
            groups.setdefault((connection_id, priority, due), []).append(str(item_id))
    await _enqueue(session, merchant_id, groups, now)
    products = {f"product:{one.product_id}" for one in moved}
    if products:
        db.changed(session, merchant_id, *(products if len(products) <= _MOST_NAMED else ["*"]))


async def again(
    session: AsyncSession, merchant_id: UUID, *which: ColumnElement[bool], priority: int, now: datetime
) -> int:
    """Listing items of which all this is true, by columns of theirs, are told their numbers anew; how many they are."""
    query = (
        select(ListingItem.id, ListingItem.connection_id)
        .join(Connection, Connection.id == ListingItem.connection_id)
        .where(*which, Connection.state != ConnectionState.DISCONNECTED)
    )
    groups: dict[tuple[UUID, int, datetime], list[str]] = {}
    for item_id, connection_id in await session.execute(query):
        groups.setdefault((connection_id, priority, now), []).append(str(item_id))
    await _enqueue(session, merchant_id, groups, now)
    db.changed(session, merchant_id, "*")
    return sum(map(len, groups.values()))


def showing(product_id: UUID) -> ColumnElement[bool]:
    """Listing items of the product's variants, and of the bundles these are part of."""
    own = select(Variant.id).where(Variant.product_id == product_id)
    return or_(
        ListingItem.variant_id.in_(own),
        ListingItem.variant_id.in_(select(Component.bundle_id).where(Component.variant_id.in_(own))),
    )


async def _items(
    session: AsyncSession, variant_ids: Sequence[UUID]
) -> Sequence[Row[UUID, UUID, UUID, datetime | None, int]]:
    """Listing items whose channels are to be told: id, connection, variant, when last told, units kept from it."""
    query = (
        select(
            ListingItem.id,
            ListingItem.connection_id,
            ListingItem.variant_id,
            ListingItem.sent_quantity_at,
            func.coalesce(Product.buffer, Connection.buffer),
        )
        .join(Connection, Connection.id == ListingItem.connection_id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(
            ListingItem.variant_id.in_(variant_ids),
            Variant.tracked,
            Connection.state != ConnectionState.DISCONNECTED,
        )
    )
    return (await session.execute(query)).all()


async def _enqueue(
    session: AsyncSession, merchant_id: UUID, groups: dict[tuple[UUID, int, datetime], list[str]], now: datetime
) -> None:
    for (connection_id, priority, due), subjects in sorted(groups.items()):
        await tasks.enqueue(
            session,
            STOCK,
            sorted(subjects),
            merchant_id=merchant_id,
            now=now,
            connection_id=connection_id,
            not_before=due,
            priority=priority,
        )
