"""One sale after another: from its commit until the other channels are told, against the same calls by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import time
from uuid import UUID, uuid4

from sqlalchemy import select

from benchmarks import channels
from benchmarks.channels import Trade
from benchmarks.figures import Figure, middle, worst_of_twenty
from connectors.records import StockChange
from connectors.registry import CHANNELS
from portal.connections.account import ConnectionAccount
from portal.models.catalog import Variant
from portal.models.listings import ListingItem
from portal.models.stock import Movement
from portal.tasks import kinds
from tests import tellings
from tests.stage import SHOP

SALES, ALONE = 50, 25
OTHERS = ("amazon", "rakuten", "yahoo")
# Rakuten takes a call a second, and a telling costs it two: a bucket that is full again throttles nobody.
PAUSE_SECONDS = 2.5

# Seconds since 1970 by SKU.
Moments = Mapping[str, float]


async def measure(show: Callable[[Figure], None]) -> None:
    async with channels.trading() as trade:
        await trade.lists(channels.in_sizes(2, SALES // 2))
        skus = await _skus(trade)
        await _sell_each(trade, sorted(set(skus.values())))
        commits = await _commits(trade)
        told = [await _told(trade, channel, skus, commits) for channel in OTHERS]
        alone = await asyncio.gather(*(_alone(trade, channel) for channel in OTHERS))
        for channel, moments, plain in zip(OTHERS, told, alone, strict=True):
            ours = [(moments[sku] - at) * 1000 for sku, at in commits.items()]
            name, plain_is = f"sale told to {CHANNELS[channel].name}", "ms the connector's call alone"
            show(Figure(f"{name}, middle", middle(ours), middle(plain), "ms", plain_is))
            show(Figure("  95 in 100", worst_of_twenty(ours), worst_of_twenty(plain), "ms", plain_is))


async def _sell_each(trade: Trade, skus: list[str]) -> None:
    """One of each is bought in the practice shop, which tells us so by its webhook; the next once all is told."""
    for sku in skus:
        await trade.stage.shop(SHOP).do("orders", lines=[{"sku": sku, "quantity": 1}])
        while sku not in await _commits(trade) or await trade.open(kinds.STOCK.name):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)
        await asyncio.sleep(PAUSE_SECONDS)


async def _commits(trade: Trade) -> Moments:
    """When each sale was written down: its transaction ends a few milliseconds later."""
    merchant = trade.made.merchant.id
    query = select(Variant.sku, Movement.created_at).join(Movement, Movement.variant_id == Variant.id)
    async with trade.made.sessions.read(merchant) as session:
        return {sku: at.timestamp() for sku, at in await session.execute(query.where(Movement.cause == "order"))}


async def _skus(trade: Trade) -> dict[str, str]:
    """What is sold under each stock id."""
    query = select(ListingItem.stock_id, Variant.sku).join(Variant, Variant.id == ListingItem.variant_id)
    async with trade.made.sessions.read(trade.made.merchant.id) as session:
        return dict((await session.execute(query)).all())


async def _told(trade: Trade, channel: str, skus: Mapping[str, str], commits: Moments) -> Moments:
    """When the channel took the first number of each SKU after its sale."""
    first: dict[str, float] = {}
    for at, stock_id, _quantity in tellings.of(channel, await trade.record(channel, "ledger")):
        sku = skus[stock_id]
        if at >= commits[sku]:
            first.setdefault(sku, at)
    return first


async def _alone(trade: Trade, channel: str) -> list[float]:
    """Milliseconds until the channel takes a number that nothing but its connector sends."""
    connection, runtime = trade.connected[channel], trade.made.process.runtime
    stock_ids = await _stock_ids(trade, connection.id)
    taken = []
    for stock_id in stock_ids[:ALONE]:
        await asyncio.sleep(PAUSE_SECONDS)
        change = StockChange(key=stock_id, stock_id=stock_id, quantity=7)
        began = time()
        account = ConnectionAccount(runtime, connection)
        await runtime.connectors[channel].set_stock(account, [change], idempotency_key=str(uuid4()))
        *_earlier, (at, _stock_id, _quantity) = tellings.of(channel, await trade.record(channel, "ledger"))
        taken.append((at - began) * 1000)
    return taken


async def _stock_ids(trade: Trade, connection_id: UUID) -> list[str]:
    query = select(ListingItem.stock_id).where(ListingItem.connection_id == connection_id)
    async with trade.made.sessions.read(trade.made.merchant.id) as session:
        return list(await session.scalars(query.order_by(ListingItem.id)))
