"""What every decision on a listing does at its end: write the tasks, announce the change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import ProblemClass
from portal import db
from portal.models.listings import LastAttempt, Listing
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tasks.kinds import Kind

UNDER_WAY = {LastAttempt.QUEUED, LastAttempt.SENDING, LastAttempt.SENT, LastAttempt.IN_DOUBT}
LEFT = {LastAttempt.SENDING, LastAttempt.SENT, LastAttempt.IN_DOUBT}


async def enqueue(
    session: AsyncSession,
    merchant_id: UUID,
    sends: Iterable[tuple[UUID, UUID, Kind]],
    *,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """A task for each (connection, subject, kind), in one statement a connection and kind."""
    grouped: dict[tuple[UUID, str], tuple[Kind, list[str]]] = {}
    for connection_id, subject, kind in sends:
        grouped.setdefault((connection_id, kind.name), (kind, []))[1].append(str(subject))
    for (connection_id, _name), (kind, subjects) in grouped.items():
        await tasks.enqueue(
            session,
            kind,
            subjects,
            merchant_id=merchant_id,
            connection_id=connection_id,
            now=now,
            not_before=not_before,
        )


async def send_again(session: AsyncSession, listing: Listing, kind: Kind, *, now: datetime) -> None:
    """The listing waits for its turn once more."""
    listing.attempt, listing.updated_at = LastAttempt.QUEUED, now
    await session.flush()
    await enqueue(session, listing.merchant_id, [(listing.connection_id, listing.id, kind)], now=now)
    announce(session, listing.merchant_id, listing.id, listing.product_id)


async def cancel_sends(session: AsyncSession, listing: Listing, *, now: datetime) -> None:
    """Nothing that waits to change this listing at the channel will leave."""
    for kind in (kinds.PUBLISH, kinds.UPDATE, kinds.PRICE):
        await tasks.cancel(session, kind, [str(listing.id)], now=now)


def stopped_by_our_fault(listing: Listing) -> bool:
    """Our own fault, as often as it is tried: nothing is open although the attempt still says queued."""
    fault = listing.problem is not None and listing.problem["problem_class"] == ProblemClass.OURS
    return fault and listing.attempt is LastAttempt.QUEUED


def announce(session: AsyncSession, merchant_id: UUID, listing_id: UUID, product_id: UUID) -> None:
    db.changed(session, merchant_id, f"listing:{listing_id}", f"product:{product_id}", "counts")
