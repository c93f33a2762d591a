"""Badges of listings as the database has them: the rows' columns, their open tasks, connections and readiness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.registry import CHANNELS
from portal.listings.badge import Badge, Facts, Held, TaskView, badge
from portal.listings.eligible import channel_name, known_of, lacking, products_of
from portal.listings.words import explain
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.models.tasks import OPEN, UNDER_WAY, Task
from portal.tasks import kinds
from portal.tasks.service import holds

_CHANGING = (kinds.PUBLISH.name, kinds.UPDATE.name, kinds.END.name, kinds.PRICE.name)


async def badges_of(session: AsyncSession, listings: Sequence[Listing], *, now: datetime) -> dict[UUID, Badge]:
    """What to show of each listing."""
    rows = await session.scalars(select(Connection).where(Connection.id.in_({one.connection_id for one in listings})))
    connections = {connection.id: connection for connection in rows}
    tasks = await open_tasks(session, [listing.id for listing in listings])
    lacks = await _lacks(session, listings, connections)
    disputed = await _disputed(session, listings)
    found = {
        listing.id: facts(
            listing, connections[listing.connection_id], tasks.get(listing.id), lacks.get(listing.id, 0), now
        )
        for listing in listings
    }
    return {key: badge(replace(one, disputed=key in disputed)) for key, one in found.items()}


async def _disputed(session: AsyncSession, listings: Sequence[Listing]) -> set[UUID]:
    """Those with a stock number that somebody else keeps changing."""
    query = select(ListingItem.listing_id).where(ListingItem.disputed_at.is_not(None))
    return set(await session.scalars(query.where(ListingItem.listing_id.in_([one.id for one in listings]))))


def facts(listing: Listing, connection: Connection, task: Task | None, lacks: int, now: datetime) -> Facts:
    name = channel_name(connection.channel)
    problem, live_by = listing.problem, _live_by(listing, connection)
    return Facts(
        channel=name,
        intent=listing.intent,
        attempt=listing.attempt,
        observed=listing.observed,
        open_task=TaskView(task.state, task.not_before, task.tries, task.outcome_class) if task else None,
        held=held_by(connection, now),
        held_until=connection.maintenance_until,
        readiness_missing=lacks,
        problem=problem,
        problem_count=listing.problem_count,
        cause=explain(problem, channel=connection.channel, channel_name=name).title if problem else "",
        warnings=len(listing.warnings or ()),
        found=bool(listing.found),
        observed_at=listing.observed_at,
        live_by=live_by,
        late=live_by is not None and live_by <= now,
        relisting=listing.relisting,
    )


def _live_by(listing: Listing, connection: Connection) -> datetime | None:
    """When the channel should show buyers what it has taken; None where nothing was taken."""
    if listing.attempt is not LastAttempt.ACCEPTED or listing.attempted_at is None:
        return None
    return listing.attempted_at + timedelta(seconds=CHANNELS[connection.channel].live_within_seconds)


def held_by(connection: Connection, now: datetime) -> Held:
    """Why work for the connection waits now."""
    if not holds(connection, now) or connection.state is ConnectionState.ACTIVE:
        return Held.NOT
    return Held(connection.state.value)


async def open_tasks(session: AsyncSession, listing_ids: Iterable[UUID]) -> dict[UUID, Task]:
    """The open task that will next change each listing at its channel; one under way before one that waits."""
    rows = await session.scalars(
        select(Task)
        .where(Task.subject.in_([str(one) for one in listing_ids]), Task.state.in_(OPEN), Task.kind.in_(_CHANGING))
        .order_by(Task.priority.desc(), Task.not_before.desc())
    )
    found = sorted(rows, key=lambda task: task.state in UNDER_WAY)
    return {UUID(task.subject): task for task in found}


async def _lacks(
    session: AsyncSession, listings: Sequence[Listing], connections: dict[UUID, Connection]
) -> dict[UUID, int]:
    """How many things each listing that was never sent lacks; the others were judged by the channel itself."""
    unsent = [one for one in listings if one.attempt is LastAttempt.NONE and one.intent is Intent.PUBLISH]
    if not unsent:
        return {}
    currency = (await session.get_one(Merchant, unsent[0].merchant_id)).currency
    products = {product.id: product for product in await products_of(session, [one.product_id for one in unsent])}
    known = await known_of(session, products.values(), list(connections.values()))
    return {
        one.id: len(lacking(products[one.product_id], connections[one.connection_id], currency, known))
        for one in unsent
    }
