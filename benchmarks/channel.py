"""Work at practice Shopify: drained against what its bucket allows, and stock updates against the fewest calls."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.setting import PIECE, Bench, bench, products
from connectors.shopify.connector import CAPABILITIES
from connectors.shopify.practice.costs import RESTORE_PER_SECOND
from jobs import boot
from portal.catalog.records import NewProduct
from portal.clock import utc_now
from portal.listings import publishing
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.tasks import OPEN, Task
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from tests.faults import processes
from tests.stage import PracticeShop, Stage

LISTED = 1_000
# Products of ten variants, which make five thousand with the others.
BROAD = 400
DOMAIN = "bench.myshopify.com"


async def measure(show: Callable[[Figure], None]) -> None:
    async with _trading() as trade:
        await trade.lists(_products(0, LISTED))
        for number, plan in enumerate(("plus", "standard"), start=1):
            await _drain(trade, plan, number, show)
        await trade.lists(_products(LISTED, LISTED + BROAD, variants=10))
        await _stock(trade, show)


@dataclass(frozen=True, slots=True)
class Trade:
    """A merchant who sells at one practice shop. The shop and the worker are processes of their own."""

    made: Bench
    stage: Stage
    connection: Connection

    @property
    def shop(self) -> PracticeShop:
        return self.stage.shop(DOMAIN)

    async def lists(self, records: list[NewProduct]) -> None:
        """The products are on sale in the shop, and nothing is open any more."""
        await self.shop.do("plan", plan="enterprise")
        for first in range(0, len(records), PIECE):
            saved = await self.stage.add(self.made.merchant, *records[first : first + PIECE])
            async with self.made.sessions.write(self.made.merchant.id) as session:
                pairs = [(product.id, self.connection.id) for product in saved]
                await publishing.publish(session, merchant_id=self.made.merchant.id, pairs=pairs, now=utc_now())
        await self.done()

    async def done(self, *of: str) -> None:
        """No task is open any more, or none of these kinds."""
        query = select(func.count()).select_from(Task).where(Task.state.in_(OPEN))
        query = query.where(Task.kind.in_(of)) if of else query
        while True:
            async with self.made.sessions.read(self.made.merchant.id) as session:
                if not await session.scalar(query):
                    return
            await asyncio.sleep(0.1)

    async def calls(self) -> list[dict[str, Any]]:
        return list(await self.shop.ask("requests"))


def _products(start: int, end: int, *, variants: int = 1) -> list[NewProduct]:
    return [_in_sizes(product, variants) for product in products(end)[start:]]


def _in_sizes(product: NewProduct, number: int) -> NewProduct:
    (plain,) = product.variants
    sizes = [replace(plain, option_values=(str(n),), sku=f"{plain.sku}-{n}", quantity=20) for n in range(number)]
    return replace(product, option_names=("Size",), variants=tuple(sizes))


async def _drain(trade: Trade, plan: str, number: int, show: Callable[[Figure], None]) -> None:
    """From an emptied bucket to the last listing updated, against what was paid meanwhile at the plan's rate."""
    await trade.shop.do("plan", plan=plan)
    await trade.shop.do("empty-bucket")
    paid, calls = (await trade.shop.ask("bucket"))["spent"], len(await trade.calls())
    began = perf_counter()
    await trade.made.save([replace(p, title=f"{p.title} ({number})") for p in _products(0, LISTED)])
    await trade.done(kinds.PRODUCT_CHANGED.name, kinds.UPDATE.name)
    taken = perf_counter() - began
    paid = (await trade.shop.ask("bucket"))["spent"] - paid
    made = (await trade.calls())[calls:]
    throttled = sum(call["outcome"] == "throttled" for call in made)
    allowed = paid / RESTORE_PER_SECOND[plan]
    name = f"update {LISTED:,} listings, {plan} rate"
    show(Figure(name, LISTED / taken, LISTED / allowed, "a second", "a second the bucket allows"))
    show(Figure("  points an update", paid / LISTED, 1, "points", "point"))
    show(Figure("  throttled", throttled, len(made), "calls", "calls"))
    await trade.done()


async def _stock(trade: Trade, show: Callable[[Figure], None]) -> None:
    """Every variant sells one: the calls that tell the shop, against full ones."""
    before = len(await trade.shop.ledger("inventorySetQuantities"))
    async with trade.made.sessions.read(trade.made.merchant.id) as session:
        variants = list(await session.scalars(select(Variant.id).order_by(Variant.id)))
    for start in range(0, len(variants), PIECE):
        moves = [
            Move(variant_id=variant, quantity=-1, cause="sale", cause_id="bench")
            for variant in variants[start : start + PIECE]
        ]
        async with trade.made.sessions.write(trade.made.merchant.id) as session:
            await stock.move(session, merchant_id=trade.made.merchant.id, moves=moves, made_by="bench", now=utc_now())
    await trade.done()
    made = len(await trade.shop.ledger("inventorySetQuantities")) - before
    least = math.ceil(len(variants) / CAPABILITIES.stock_batch)
    show(Figure(f"{len(variants):,} stock updates", made, least, "calls", "calls at the least"))


@asynccontextmanager
async def _trading() -> AsyncIterator[Trade]:
    async with bench() as made:
        settings = made.process.runtime.settings
        with processes.practice_server(made.folder, secret_key=settings.secret_key) as url:
            settings.practice_url = url
            made.process.runtime.practice_urls.update(boot.practice_urls(settings))  # type: ignore[attr-defined]  # a dict
            stage = Stage(made.process, url, made.http)
            worker = processes.arq(settings, made.folder)
            try:
                trade = Trade(made, stage, await stage.connect(made.merchant, shop=DOMAIN))
                await trade.done()
                yield trade
            finally:
                worker.kill()
