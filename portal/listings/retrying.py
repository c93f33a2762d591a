"""Sending refused listings again: only where that can help, and once however often it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.errors import Conflict
from portal.i18n import _
from portal.listings.causes import of_cause
from portal.listings.sending import UNDER_WAY, send_again, stopped_by_our_fault
from portal.listings.words import explain
from portal.models.catalog import Product
from portal.models.connections import Connection
from portal.models.listings import Intent, LastAttempt, Listing
from portal.tasks import kinds


async def retry(session: AsyncSession, listing: Listing, *, now: datetime, seen: datetime | None) -> bool:
    """The refused listing is sent again; False when that has happened already.

    `seen` is the time of the attempt the merchant was looking at: a second click on the same page comes too late.
    Raises Conflict where sending the same again cannot help.
    """
    if listing.attempt in UNDER_WAY and not stopped_by_our_fault(listing):
        return False
    if seen != listing.attempted_at:
        return False
    if not await may_retry(session, listing):
        raise Conflict(
            _("Trying again can't help yet"), _("Change what the message names; it is sent again by itself.")
        )
    kind = kinds.END if listing.intent is Intent.WITHDRAW else kinds.PUBLISH
    await send_again(session, listing, kind, now=now)
    return True


async def retry_cause(
    session: AsyncSession, *, merchant_id: UUID, cause: str, now: datetime, before: datetime
) -> tuple[int, int]:
    """All listings refused for this cause no later than `before` are sent again; (sent, left because it can't help)."""
    rows = (await session.scalars(of_cause(cause).where(Listing.attempted_at <= before))).all()
    products = await _updated_at(session, [listing.product_id for listing in rows])
    channels = await _channels(session)
    sent = 0
    for listing in rows:
        if listing.found or not _retry_helps(listing, channels[listing.connection_id], products[listing.product_id]):
            continue
        kind = kinds.END if listing.intent is Intent.WITHDRAW else kinds.PUBLISH
        await send_again(session, listing, kind, now=now)
        sent += 1
    db.changed(session, merchant_id, "counts")
    return sent, len(rows) - sent


async def may_retry(session: AsyncSession, listing: Listing) -> bool:
    """Whether sending it again can help: our fault, something put right outside, or the product was edited since."""
    channel = (await _channels(session)).get(listing.connection_id, "")
    products = await _updated_at(session, [listing.product_id])
    return _retry_helps(listing, channel, products[listing.product_id])


def _retry_helps(listing: Listing, channel: str, edited: datetime) -> bool:
    if listing.found or listing.problem is None:
        return False
    if listing.attempt is not LastAttempt.REJECTED and not stopped_by_our_fault(listing):
        return False
    if listing.attempted_at is not None and edited > listing.attempted_at:
        return True
    return explain(listing.problem, channel=channel, channel_name="").retry_helps


async def _channels(session: AsyncSession) -> dict[UUID, str]:
    rows = await session.execute(select(Connection.id, Connection.channel))
    return dict(rows.all())


async def _updated_at(session: AsyncSession, product_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    rows = await session.execute(select(Product.id, Product.updated_at).where(Product.id.in_(product_ids)))
    return dict(rows.all())
