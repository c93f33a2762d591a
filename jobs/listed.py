"""What every job that changes listings does alike: read them, note what failed, have a look soon, say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors.errors import Problem
from connectors.records import Found, ProductRecord
from jobs.handlers import Batch
from jobs.results import Ended, Result
from portal import db
from portal.listings.badge import IDENTICAL_ERRORS_BEFORE_STOP
from portal.listings.records import product_record
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.models.connections import Connection
from portal.models.listings import LastAttempt, Listing, ListingItem
from portal.tasks import kinds
from portal.tasks import service as tasks

READ_AFTER = timedelta(seconds=2)


async def listings_of(session: AsyncSession, batch: Batch) -> dict[str, Listing]:
    """The listings the batch is about, by subject."""
    ids = [UUID(task.subject) for task in batch.tasks]
    rows = await session.execute(select(Listing).where(Listing.id.in_(ids)))
    return {str(listing.id): listing for listing in rows.scalars()}


async def products_of(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Product]:
    """The products as they are now, with their variants and images."""
    rows = await session.execute(
        select(Product)
        .where(Product.id.in_(ids))
        .options(selectinload(Product.variants), selectinload(Product.images))
        .execution_options(populate_existing=True)
    )
    return {product.id: product for product in rows.scalars()}


async def currency_of(session: AsyncSession, batch: Batch) -> str:
    """The merchant's."""
    return (await session.get_one(Merchant, batch.merchant_id)).currency


def record_of(
    listing: Listing, product: Product, currency: str, to_sell: Mapping[UUID, int | None] = MappingProxyType({})
) -> ProductRecord:
    """The product as it is listed there, with so many to sell (portal.listings.records)."""
    handle = listing.handle or product.handle
    return product_record(product, product.variants, product.images, currency=currency, handle=handle, to_sell=to_sell)


def note_failure(listing: Listing, result: Result, now: datetime) -> None:
    """The listing shows what stopped its last attempt, or that it goes on by itself."""
    if result.ended is Ended.CANCELLED:
        return
    if result.reference:
        listing.attempt = LastAttempt.SENT
        return
    if result.ended is Ended.BUSY or result.ended is Ended.PERMISSION:
        listing.attempt = LastAttempt.QUEUED
        return
    if result.ended is Ended.IN_DOUBT:
        listing.attempt = LastAttempt.IN_DOUBT
        return
    assert result.problem is not None
    listing.attempt = LastAttempt.REJECTED if result.ended is Ended.REFUSED else LastAttempt.QUEUED
    same = listing.problem is not None and _kind_of(listing.problem) == _kind_of(asdict(result.problem))
    listing.problem_count = listing.problem_count + 1 if same else 1
    listing.problem_since = listing.problem_since if same else now
    listing.problem = asdict(result.problem)
    # When it came to be there tells us whether we made it; the merchant chooses by what it is.
    listing.found = asdict(replace(result.value, created_at=None)) if isinstance(result.value, Found) else None


def stop_listings(session: AsyncSession, listings: Iterable[Listing], problem: Problem, now: datetime) -> None:
    """The listings say that it is our fault and that nothing goes on by itself; trying again is offered."""
    for listing in listings:
        listing.attempt, listing.problem = LastAttempt.QUEUED, asdict(problem)
        listing.problem_count = max(listing.problem_count, IDENTICAL_ERRORS_BEFORE_STOP)
        listing.problem_since = listing.problem_since or now
        announce(session, listing)


def _kind_of(problem: Mapping[str, Any]) -> tuple[str, str, str]:
    return problem["code"], problem["field"], problem["original"]


def forget_problem(listing: Listing) -> None:
    listing.problem, listing.problem_count, listing.problem_since = None, 0, None


async def start_anew(session: AsyncSession, listing: Listing, now: datetime) -> None:
    """What is no longer at the channel is forgotten here and made there again, as the merchant asked."""
    await session.execute(delete(ListingItem).where(ListingItem.listing_id == listing.id))
    listing.channel_id = listing.url = ""
    listing.ours, listing.attempt = True, LastAttempt.QUEUED
    await session.flush()
    await tasks.enqueue(
        session,
        kinds.PUBLISH,
        [str(listing.id)],
        merchant_id=listing.merchant_id,
        connection_id=listing.connection_id,
        now=now,
    )


async def read_soon(session: AsyncSession, connection: Connection, listings: Sequence[Listing], now: datetime) -> None:
    """What buyers see of the listings is looked at once the channel has had a moment, and together.

    One change there comes to us as several events, and a change of many products as many.
    """
    await tasks.ask(
        session, connection, kinds.READ, [str(listing.id) for listing in listings], now=now, not_before=now + READ_AFTER
    )


def announce(session: AsyncSession, listing: Listing) -> None:
    db.changed(session, listing.merchant_id, f"listing:{listing.id}", f"product:{listing.product_id}", "counts")
