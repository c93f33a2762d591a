"""A product changed: everything above the catalog that shows or sells it follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from jobs.handlers import Batch, Prepared
from jobs.listed import stop_listings
from jobs.results import Ended, Result
from portal.connections import kind_rules
from portal.images import service as images
from portal.inbox import service as inbox
from portal.listings import service as listings
from portal.listings.eligible import products_of, sellable
from portal.models.catalog import Product
from portal.models.listings import Intent, LastAttempt, Listing
from portal.runtime import Runtime


class ProductChanged:
    """Listings of the product are on their way to its present data, and the inbox knows of it."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        ids = [UUID(task.subject) for task in batch.tasks]
        await listings.product_changed(session, batch.merchant_id, ids, now)
        await images.ask(session, batch.merchant_id, ids, now)
        await inbox.arrive(session, batch.merchant_id, ids, now)
        await kind_rules.ask_for(session, await sellable(session), await products_of(session, ids), now)
        return Prepared(settled={task.id: Result(ended=Ended.DONE) for task in batch.tasks})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        return {}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        """All was done in the claiming transaction: nothing outside is asked."""

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """Listings that do not show the product as it is now say that they will not."""
        rows = await session.scalars(
            select(Listing)
            .join(Product, Product.id == Listing.product_id)
            .where(
                Listing.product_id.in_([UUID(task.subject) for task in batch.tasks]),
                Listing.intent == Intent.PUBLISH,
                Listing.attempt == LastAttempt.ACCEPTED,
                Listing.sent_version != Product.version,
            )
        )
        stop_listings(session, rows.all(), problem, now)
