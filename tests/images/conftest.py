"""The real pages, with a web of made-up pictures behind them and workers run by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.pictures import EVERYWHERE, Rules
from connectors.registry import CHANNELS
from jobs.catalog import ProductChanged
from jobs.handlers import Batch, Prepared
from jobs.registry import HANDLERS
from jobs.results import Ended, Result
from portal.catalog import queries as catalog
from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.config import Settings
from portal.images import service
from portal.listings.eligible import around
from portal.listings.readiness import missing
from portal.listings.records import product_record
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.models.images import ImageCheck
from tests.images.shots import Web, address
from tests.listings.site import Browser, Site, a_site
from tests.settable_clock import SettableClock
from tests.stage import Stage


class Unmoved(ProductChanged):
    """Hears of changed products and does nothing, so that a test alone says what is looked at."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        return Prepared(settled={task.id: Result(ended=Ended.DONE) for task in batch.tasks})


@dataclass(slots=True)
class Studio:
    site: Site
    stage: Stage
    web: Web
    merchant: Merchant

    @property
    def sessions(self) -> Any:
        return self.site.sessions

    async def product(self, *names: str, handle: str = "cup", variant: str = "") -> UUID:
        """A product that shows the pictures of these names, and one on its variant."""
        plain = NewVariant(sku="CUP", price_minor=900, image_url=address(variant) if variant else "")
        images = tuple(NewImage(url=name if "://" in name else address(name), alt=name) for name in names)
        made = NewProduct(handle=handle, title=handle.title(), variants=(plain,), images=images)
        (saved,) = await self.stage.add(self.merchant, made)
        return UUID(str(saved.id))

    async def ask(self, *product_ids: UUID, again: bool = False) -> int:
        async with self.sessions.write(self.merchant.id) as session:
            return await service.ask(session, self.merchant.id, product_ids, self.site.now, again=again)

    async def work(self) -> None:
        """Looks that are due are taken. That a product changed sets nothing in motion here."""
        await self.stage.work(handlers={**HANDLERS, "product_changed": Unmoved()})

    async def checked(self, *product_ids: UUID) -> None:
        await self.ask(*product_ids)
        await self.work()

    async def lacks(self, product_id: UUID, rules: Rules = EVERYWHERE) -> list[tuple[str, str, str]]:
        """What keeps the product off a channel with these rules: field, title and fix of each."""
        product = await self.stored(product_id)
        async with self.sessions.read(self.merchant.id) as session:
            known = await around(session, [product])
        record = product_record(product, product.variants, product.images, currency="USD")
        can = replace(CHANNELS["shopify"], images=rules)
        return [(one.field, one.title, one.fix) for one in missing(record, can, around=known)]

    async def checks(self) -> dict[str, ImageCheck]:
        rows = await self.site.rows(self.merchant, ImageCheck)
        return {row.url: row for row in rows}

    async def stored(self, product_id: UUID) -> Product:
        async with self.sessions.read(self.merchant.id) as session:
            return await catalog.product(session, product_id)

    async def browser(self, name: str = "alice", **role: Any) -> Browser:
        return await self.site.sign_in(self.merchant, name, **role)


@pytest.fixture
async def studio(settings: Settings, clock: SettableClock, merchant: Merchant) -> AsyncIterator[Studio]:
    web = Web()
    async with a_site(settings, clock, web.fetch) as site, httpx.AsyncClient(verify=False) as http:
        yield Studio(site, Stage(site.process, "", http), web, merchant)
