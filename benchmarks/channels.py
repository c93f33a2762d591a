"""One change of all stock at four practice channels: the calls made, and the time against what their limits allow."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.setting import PIECE, Bench, bench, products
from connectors.records import Credentials
from connectors.registry import CHANNELS
from connectors.shopify.practice.costs import RESTORE_PER_SECOND
from jobs.boot import practice_urls
from jobs.standalone import street
from portal.catalog.records import NewProduct
from portal.clock import utc_now
from portal.connections import service as connections
from portal.connections.account import NewcomerAccount
from portal.listings import publishing
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.models.tasks import OPEN, Task
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from tests.faults import processes
from tests.serving import serving
from tests.stage import SHOP, Stage

PRODUCTS, VARIANTS = 100, 100
NAME = "bench-goods"
# What each channel alone asks of a product.
DETAILS = {
    "amazon_product_type": "HOME",
    "amazon_attributes": "country of origin: JP",
    "amazon_code_exemption": "yes",
    "genre_id": "403885",
    "product_category": "1447",
    "path": "食器:マグ",
}
# The call that carries stock at each channel.
STOCK_CALLS = {
    "shopify": "inventorySetQuantities",
    "amazon": "createFeed",
    "rakuten": "inventories.bulk.upsert",
    "yahoo": "setStock",
}
# Rakuten and Yahoo! take a call a second. A practice feed is done after two; Amazon's take minutes.
SECONDS_A_CALL = {"amazon": 2.0, "rakuten": 1.0, "yahoo": 1.0}


async def measure(show: Callable[[Figure], None]) -> None:
    async with trading() as trade:
        await trade.lists(in_sizes(PRODUCTS, VARIANTS))
        before, spent = await trade.requests(), await trade.points()
        began = perf_counter()
        await trade.sell_one_of_each()
        ends = await trade.until_told(began)
        after, spent = await trade.requests(), await trade.points() - spent
        for channel, seconds in ends.items():
            made = after[channel][len(before[channel]) :]
            calls = [row for row in made if STOCK_CALLS[channel] in str(row)]
            least = math.ceil(PRODUCTS * VARIANTS / CHANNELS[channel].stock_batch)
            allowed = (
                spent / RESTORE_PER_SECOND["standard"] if channel == "shopify" else least * SECONDS_A_CALL[channel]
            )
            show(Figure(f"10,000 stock changes, {CHANNELS[channel].name}", len(calls), least, "calls", "at the least"))
            show(Figure("  time", seconds, allowed, "s", "s that its limits allow"))
            throttled = sum(row["outcome"] == "throttled" or row["status"] in {403, 429} for row in made)
            show(Figure("  throttled", throttled, len(made), "calls", "calls"))


@dataclass(frozen=True, slots=True)
class Trade:
    """A merchant who sells the same at four practice channels. The worker is a process of its own."""

    made: Bench
    url: str
    connected: dict[str, Connection]
    names: dict[str, str]

    @property
    def stage(self) -> Stage:
        return Stage(self.made.process, self.url, self.made.http)

    async def lists(self, records: Sequence[NewProduct]) -> None:
        """All is for sale everywhere, and nothing is left to do."""
        for product in records:
            [saved] = await self.stage.add(self.made.merchant, product)
            async with self.made.sessions.write(self.made.merchant.id) as session:
                (await session.get_one(Product, saved.id)).details = DETAILS
                pairs = [(saved.id, one.id) for one in self.connected.values()]
                await publishing.publish(session, merchant_id=self.made.merchant.id, pairs=pairs, now=utc_now())
        while await self.open():  # noqa: ASYNC110 - another process does the work
            await asyncio.sleep(1)

    async def sell_one_of_each(self) -> None:
        merchant = self.made.merchant.id
        async with self.made.sessions.read(merchant) as session:
            variants = list(await session.scalars(select(Variant.id).order_by(Variant.id)))
        for start in range(0, len(variants), PIECE):
            piece = variants[start : start + PIECE]
            moves = [Move(variant_id=one, quantity=-1, cause="sale", cause_id="bench") for one in piece]
            async with self.made.sessions.write(merchant) as session:
                await stock.move(session, merchant_id=merchant, moves=moves, made_by="bench", now=utc_now())

    async def until_told(self, began: float) -> dict[str, float]:
        """When each channel had heard of the last change, in seconds."""
        ends: dict[str, float] = {}
        while len(ends) < len(self.connected):
            await asyncio.sleep(0.1)
            still = await self.open(kinds.STOCK.name, kinds.PRODUCT_CHANGED.name)
            for channel, one in self.connected.items():
                if channel not in ends and one.id not in still and None not in still:
                    ends[channel] = perf_counter() - began
        return ends

    async def requests(self) -> dict[str, list[dict[str, Any]]]:
        """What each channel was asked, by its own record."""
        return {channel: await self.record(channel, "requests") for channel in self.names}

    async def record(self, channel: str, table: str) -> list[dict[str, Any]]:
        """The channel's own record: its requests, or the ledger of what it accepted."""
        answer = await self.made.http.get(f"{self.url}{self.names[channel]}/{table}")
        return list(answer.json())

    async def points(self) -> float:
        """What Shopify has charged in all."""
        answer = await self.made.http.get(f"{self.url}{self.names['shopify']}/bucket")
        return float(answer.json()["spent"])

    async def open(self, *of: str) -> set[UUID | None]:
        """The connections that have open tasks, None for tasks of no connection."""
        query = select(Task.connection_id, func.count()).where(Task.state.in_(OPEN)).group_by(Task.connection_id)
        query = query.where(Task.kind.in_(of)) if of else query
        async with self.made.sessions.read(self.made.merchant.id) as session:
            return {connection for connection, _ in (await session.execute(query)).all()}


def in_sizes(number: int, variants: int) -> list[NewProduct]:
    """So many products of so many variants each, twenty of each variant on hand."""
    return [_in_sizes(replace(one, images=()), at, variants) for at, one in enumerate(products(number))]


def _in_sizes(product: NewProduct, number: int, variants: int) -> NewProduct:
    (plain,) = product.variants
    sizes = [
        replace(plain, option_values=(f"C{n // 10}", f"S{n % 10}"), sku=f"M{number}-{n}", quantity=20, price_minor=2400)
        for n in range(variants)
    ]
    return replace(product, option_names=("Color", "Size"), variants=tuple(sizes))


@asynccontextmanager
async def trading() -> AsyncIterator[Trade]:
    """A merchant connected to all four, with a worker as it is shipped."""
    async with bench() as made:
        settings = made.process.runtime.settings
        async with made.sessions.write(made.merchant.id) as session:
            (await session.get_one(Merchant, made.merchant.id)).currency = "JPY"
        async with serving(street(settings)) as url:
            settings.practice_url = url
            made.process.runtime.practice_urls.update(practice_urls(settings))  # type: ignore[attr-defined]  # a dict
            worker = processes.arq(settings, made.folder)
            try:
                yield await _connected(made, url)
            finally:
                worker.kill()


async def _connected(made: Bench, url: str) -> Trade:
    http, stage = made.http, Stage(made.process, url, made.http)

    async def ask(path: str, **data: Any) -> dict[str, Any]:
        answer = await http.post(f"{url}{path}", json=data, headers={"Origin": url})
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    await ask("/practice/api/shops", domain=SHOP, currency="JPY")
    seller = await ask("/amazon/practice/api/sellers", name=NAME)
    keys = await ask("/rakuten/practice/api/stores", name=NAME)
    await ask("/yahoo/practice/api/stores", seller_id=NAME)
    tokens = await ask(f"/yahoo/practice/api/stores/{NAME}/tokens")
    hour = utc_now() + timedelta(hours=1)
    held = {
        "amazon": ("amazon.co.jp", Credentials(
            access_token=seller["access_token"], refresh_token=seller["refresh_token"], expires_at=hour,
            others={"seller_id": seller["seller_id"]})),
        "rakuten": (NAME, Credentials(
            access_token=keys["license_key"], others={"service_secret": keys["service_secret"]})),
        "yahoo": (NAME, Credentials(
            access_token=tokens["access_token"], refresh_token=tokens["refresh_token"], expires_at=hour)),
    }  # fmt: skip
    connected = {"shopify": await stage.connect(made.merchant)}
    for channel, (domain, credentials) in held.items():
        connected[channel] = await _connect(made, channel, domain, credentials)
    names = {
        "shopify": f"/practice/api/shops/{SHOP}",
        "amazon": f"/amazon/practice/api/sellers/{seller['seller_id']}",
        "rakuten": f"/rakuten/practice/api/stores/{NAME}",
        "yahoo": f"/yahoo/practice/api/stores/{NAME}",
    }
    return Trade(made, url, connected, names)


async def _connect(made: Bench, channel: str, domain: str, credentials: Credentials) -> Connection:
    runtime = made.process.runtime
    base_url = runtime.base_url(channel, domain, practice=True)
    identity = await runtime.connectors[channel].identify(NewcomerAccount(domain, base_url, credentials))
    async with made.sessions.write(made.merchant.id) as session:
        return await connections.connect(
            session,
            runtime.vault,
            identity,
            credentials,
            merchant_id=made.merchant.id,
            channel=channel,
            practice=True,
            auth_method="token" if channel == "rakuten" else "oauth",
            connection_id=None,
            now=utc_now(),
        )
