"""Publishing products on connections, and taking that back while nothing has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import Observed
from portal import db
from portal.clock import new_id
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.listings.sending import UNDER_WAY, announce, enqueue
from portal.models.catalog import Product
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, LastAttempt, Listing
from portal.models.tasks import Task, TaskState
from portal.tasks import kinds
from portal.tasks import service as tasks

# Work for these is taken on: it goes out at once, or when the connection is back.
SELLABLE = (ConnectionState.ACTIVE, ConnectionState.NEEDS_REAUTH, ConnectionState.PAUSED, ConnectionState.MAINTENANCE)

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """A listing that this call set going. `before` is what it was, None where it did not exist: enough to undo."""

    listing_id: UUID
    product_id: UUID
    connection_id: UUID
    before: dict[str, str] | None


async def publish(
    session: AsyncSession,
    *,
    merchant_id: UUID,
    pairs: Sequence[Pair],
    now: datetime,
    not_before: datetime | None = None,
) -> list[Armed]:
    """Each (product, connection) is listed there from `not_before` on; answers those that were not already.

    A pair that is being sent, is up to date, or waits for the merchant's choice is left as it is. A connection
    that cannot sell (setup, disconnected) is refused.
    """
    wanted = list(dict.fromkeys(pairs))
    versions = await _checked(session, wanted)
    existing = await _existing(session, wanted)
    armed = [
        Armed(listing_id=listing.id, product_id=pair[0], connection_id=pair[1], before=_arm(listing, now))
        for pair, listing in existing.items()
        if _to_send(listing, versions[pair[0]])
    ]
    fresh = [pair for pair in wanted if pair not in existing]
    armed += await _create(session, merchant_id, fresh, now)
    await session.flush()
    await tasks.cancel(session, kinds.END, [str(one.listing_id) for one in armed if one.before], now=now)
    sends = [(one.connection_id, one.listing_id, kinds.PUBLISH) for one in armed]
    await enqueue(session, merchant_id, sends, now=now, not_before=not_before)
    for one in armed:
        announce(session, merchant_id, one.listing_id, one.product_id)
    return armed


async def disarm(session: AsyncSession, armed: Sequence[Armed], *, now: datetime) -> list[Armed]:
    """Those of `armed` that had not left are what they were before; answers those that had."""
    waiting = await _waiting(session, [str(one.listing_id) for one in armed])
    rows = await session.scalars(select(Listing).where(Listing.id.in_([one.listing_id for one in armed])))
    listings = {listing.id: listing for listing in rows}
    undone = [one for one in armed if str(one.listing_id) in waiting and one.listing_id in listings]
    await tasks.cancel(session, kinds.PUBLISH, [str(one.listing_id) for one in undone], now=now)
    for one in undone:
        listing = listings[one.listing_id]
        await _put_back(session, listing, one.before, now)
        announce(session, listing.merchant_id, one.listing_id, one.product_id)
    await session.flush()
    return [one for one in armed if one not in undone]


async def _waiting(session: AsyncSession, subjects: Sequence[str]) -> set[str]:
    rows = await session.scalars(
        select(Task.subject)
        .where(Task.kind == kinds.PUBLISH.name, Task.subject.in_(subjects), Task.state == TaskState.WAITING)
        .with_for_update()
    )
    return set(rows)


async def _put_back(session: AsyncSession, listing: Listing, before: dict[str, str] | None, now: datetime) -> None:
    if before is None:
        await session.delete(listing)
        return
    listing.intent, listing.attempt = Intent(before["intent"]), LastAttempt(before["attempt"])
    listing.observed, listing.problem_count = Observed(before["observed"]), int(before["problem_count"])
    if listing.intent is Intent.WITHDRAW and listing.attempt in UNDER_WAY:
        # It was on its way off sale when it was published, which took that back.
        await enqueue(session, listing.merchant_id, [(listing.connection_id, listing.id, kinds.END)], now=now)


async def _checked(session: AsyncSession, pairs: Sequence[Pair]) -> dict[UUID, int]:
    """The products' versions. Raises NotFound for what is not this merchant's, Conflict where nothing can be sold."""
    products = {product_id for product_id, _connection in pairs}
    connections = {connection_id for _product, connection_id in pairs}
    found = await session.execute(select(Product.id, Product.version).where(Product.id.in_(products)))
    versions = dict(found.all())
    states = await session.execute(select(Connection.id, Connection.state).where(Connection.id.in_(connections)))
    state_of = dict(states.all())
    if len(versions) < len(products) or len(state_of) < len(connections):
        raise NotFound
    if any(state not in SELLABLE for state in state_of.values()):
        raise Conflict(_("This channel isn't connected"), _("Connect it first, then publish."))
    return versions


async def _existing(session: AsyncSession, pairs: Sequence[Pair]) -> dict[Pair, Listing]:
    rows = await session.scalars(
        select(Listing)
        .where(
            Listing.product_id.in_({pair[0] for pair in pairs}), Listing.connection_id.in_({pair[1] for pair in pairs})
        )
        .with_for_update()
    )
    found = {(listing.product_id, listing.connection_id): listing for listing in rows}
    return {pair: found[pair] for pair in pairs if pair in found}


def _to_send(listing: Listing, version: int) -> bool:
    if listing.intent is not Intent.PUBLISH:
        return True
    if listing.found or listing.attempt in UNDER_WAY:
        return False
    return (
        listing.attempt is not LastAttempt.ACCEPTED
        or listing.sent_version < version
        or listing.observed in {Observed.ENDED, Observed.SUPPRESSED}
    )


def _arm(listing: Listing, now: datetime) -> dict[str, str]:
    before = {
        "intent": listing.intent.value,
        "attempt": listing.attempt.value,
        "observed": listing.observed.value,
        "problem_count": str(listing.problem_count),
    }
    if listing.intent is Intent.WITHDRAW or listing.observed in {Observed.ENDED, Observed.SUPPRESSED}:
        # What was seen then says nothing of what is about to be sent.
        listing.observed = Observed.UNKNOWN
    listing.intent, listing.attempt, listing.problem_count = Intent.PUBLISH, LastAttempt.QUEUED, 0
    listing.relisting, listing.updated_at = False, now
    return before


async def _create(session: AsyncSession, merchant_id: UUID, pairs: Sequence[Pair], now: datetime) -> list[Armed]:
    """New listings. A pair another transaction creates first is that one's: it sends, we do not."""
    if not pairs:
        return []
    made = [
        Armed(listing_id=new_id(), product_id=product_id, connection_id=connection_id, before=None)
        for product_id, connection_id in pairs
    ]
    rows = [
        {
            "id": one.listing_id,
            "merchant_id": merchant_id,
            "product_id": one.product_id,
            "connection_id": one.connection_id,
            "intent": Intent.PUBLISH,
            "attempt": LastAttempt.QUEUED,
            "updated_at": now,
        }
        for one in made
    ]
    await session.execute(db.insert(session, Listing).on_conflict_do_nothing(), rows)
    kept = set(await session.scalars(select(Listing.id).where(Listing.id.in_([one.listing_id for one in made]))))
    return [one for one in made if one.listing_id in kept]
