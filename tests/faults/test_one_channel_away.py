"""R21: a marketplace that hangs on every call holds up nobody else, is asked ever more rarely, and comes back alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count, cycle
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import func, select

from jobs import settle
from portal.catalog.records import NewProduct, NewVariant
from portal.models.catalog import Product
from portal.models.connections import Connection, ConnectionState, ExchangeEntry
from portal.models.tasks import Lane
from portal.tasks import kinds
from portal.tenancy import SYSTEM
from tests.faults import market
from tests.faults.installation import RECOVERY_SECONDS, TRIALS, Installation, Trader
from tests.faults.letters import percentile
from tests.faults.market import Market
from tests.faults.people import Clicks, signed_in
from tests.faults.proxy import NeverHeard, Proxy, proxy

pytestmark = pytest.mark.faults

# The full run has the product's own patience and hangs for a quarter of an hour.
AS_SHIPPED = TRIALS >= 20
CALL_SECONDS = 15.0 if AS_SHIPPED else 2.0
SILENT_FOR = 840.0 if AS_SHIPPED else 4.0
# A worker with few places: as many lanes hang as would take them all.
JOBS, OF_ONE_CHANNEL, SELLERS = 8, 4, 4
# The longest waits are the product's own; the first ones are shorter here.
FIRST_WAIT = settle.BUSY_FIRST_SECONDS if AS_SHIPPED else settle.BUSY_FIRST_SECONDS / 4
ALTERED: dict[str, Any] = {"jobs.worker.MAX_JOBS": JOBS, "jobs.lanes.OF_ONE_CHANNEL": OF_ONE_CHANNEL}
if not AS_SHIPPED:
    ALTERED |= {
        "connectors.http.TOTAL_SECONDS": CALL_SECONDS,
        "jobs.silence.SPOKE": timedelta(seconds=CALL_SECONDS),
        "jobs.settle.BUSY_FIRST_SECONDS": FIRST_WAIT,
        "jobs.settle.LOOKS": tuple(seconds / 10 for seconds in settle.LOOKS),
    }
NAMES = [f"mug-{number}" for number in range(4)]
# More than are sold meanwhile.
UNITS = 2_000
DETAILS = {"genre_id": "403885", "product_category": "1447", "path": "食器:マグ"}
# The first call of the test of a connection to Rakuten.
TEST = "items.search"
PAGES = ["/", "/products", "/listings", "/orders", "/channels"]
ROUNDS = 3
_orders = count(1)
Figure = Callable[[str, object], None]


@dataclass
class Street:
    """Everything goes through here to the practice channels; Rakuten hangs while it is told to."""

    between: Proxy
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def hangs(self) -> None:
        self.between.before = self._hold

    def answers(self) -> None:
        async def nothing(_path: str, _body: bytes) -> None:
            return

        self.between.before = nothing
        self.over.set()

    async def _hold(self, path: str, _body: bytes) -> None:
        if path.startswith("/rakuten/"):
            await self.over.wait()
            raise NeverHeard


@dataclass
class Told:
    """How long after our commit each channel had it, in seconds, and how long pages took."""

    shopify: list[float] = field(default_factory=list)
    yahoo: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)


async def test_a_marketplace_that_hangs_holds_up_no_other_and_is_gone_on_with_by_itself(
    installation: Installation, record_property: Figure
) -> None:
    settings = installation.stage.process.runtime.settings
    async with proxy(settings.practice_url) as between:
        settings.practice_url, street = between.url, Street(between)
        installation.worker(altered=ALTERED)
        trader, yahoo, sellers = await _sells_everywhere(installation)
        async with signed_in(installation, trader, [await installation.web()]) as people:
            before = await _told(trader, yahoo, people)
            street.hangs()
            began = monotonic()
            watch = asyncio.create_task(_most_at_work(installation))
            await _much_to_ask(sellers)
            during = await _told(trader, yahoo, people)
            await installation.eventually(partial(_all_silent, sellers), 4 * RECOVERY_SECONDS)
            silent_after = monotonic() - began
            since = max([(await _row(seller)).state_since for seller in sellers])
            await _stays_busy(trader, seconds=SILENT_FOR)
            later = await _told(trader, yahoo, people)
            assert (await people.page("/channels")).get_text().count("is not answering") == SELLERS
            calls = [await _calls(seller, after=since) for seller in sellers]
            hung = monotonic() - began
            watch.cancel()
            street.answers()
        back = monotonic()
        await installation.eventually(partial(_all_active, sellers), 2 * RECOVERY_SECONDS)
        came_back = monotonic() - back
        await installation.idle(2 * RECOVERY_SECONDS)

    most = (await asyncio.gather(watch, return_exceptions=True))[0]
    assert most == OF_ONE_CHANNEL, "as many lanes as may, and no more, were at the channel that hangs"
    assert {operation for one in calls for operation in one} == {TEST}, "only the test of the connection asks"
    seldom = 2 + (hung - silent_after) / (CALL_SECONDS + FIRST_WAIT)
    assert max(map(len, calls)) <= seldom, "it is asked too often"
    await _is_sold_everywhere(trader, yahoo, sellers[0])
    await trader.has_kept_every_promise()
    await installation.sound()
    _record(record_property, before, during, later, silent_after, came_back, hung, sum(map(len, calls)))


async def _sells_everywhere(installation: Installation) -> tuple[Trader, Market, Sequence[Market]]:
    """Mugs in the shop, at Yahoo! and at the first of several sellers' Rakuten."""
    trader = await installation.trader(currency="JPY")
    names = [f"seller{number}-{next(_orders)}.example" for number in range(SELLERS)]
    yahoo, *sellers = await asyncio.gather(
        market.yahoo(trader), *(market.rakuten(replace(trader, domain=name)) for name in names)
    )
    mugs = [
        NewProduct(
            handle=name,
            title="マグカップ",
            description_html="<p>石のマグカップ。</p>",
            vendor="窯",
            variants=(NewVariant(sku=f"{name}-0", price_minor=1200, quantity=UNITS),),
        )
        for name in NAMES
    ]
    saved = await trader.stage.add(trader.merchant, *mugs)
    async with trader.stage.sessions.write(trader.merchant.id) as session:
        for product in saved:
            (await session.get_one(Product, product.id)).details = DETAILS
    trader.products = [product.id for product in saved]
    trader.variants = {f"{name}-0": product.variants[0].id for name, product in zip(NAMES, saved, strict=True)}
    trader.expected = dict.fromkeys(trader.variants, UNITS)
    await trader.publishes(trader.connection, yahoo.connection, sellers[0].connection)
    await installation.idle(2 * RECOVERY_SECONDS)
    await _is_sold_everywhere(trader, yahoo, sellers[0])
    return trader, yahoo, sellers


async def _is_sold_everywhere(trader: Trader, yahoo: Market, rakuten: Market) -> None:
    assert [await trader.offered(), await _at_yahoo(yahoo), await _at_rakuten(rakuten)] == [trader.expected] * 3


async def _told(trader: Trader, yahoo: Market, people: Clicks) -> Told:
    """A mug after the other is sold elsewhere, and pages are looked at meanwhile."""
    told, pages = Told(), cycle(PAGES)
    looked = len(people.took)
    for sku in NAMES[:ROUNDS]:
        await trader.moves(-1, [f"{sku}-0"])
        began = monotonic()
        await people.page(next(pages))
        while len(told.shopify) + len(told.yahoo) < 2 * NAMES.index(sku) + 2:
            assert monotonic() - began < RECOVERY_SECONDS, "the other channels wait as well"
            if len(told.shopify) == NAMES.index(sku) and await trader.offered() == trader.expected:
                told.shopify.append(monotonic() - began)
            if len(told.yahoo) == NAMES.index(sku) and await _at_yahoo(yahoo) == trader.expected:
                told.yahoo.append(monotonic() - began)
            await asyncio.sleep(0.02)
    told.pages = people.took[looked:]
    return told


async def _much_to_ask(sellers: Sequence[Market]) -> None:
    """More lanes of Rakuten than the worker has places have something to do."""
    for seller in sellers:
        own = str(seller.connection.id)
        await market.ask(seller.trader, seller.connection, kinds.ORDERS, own)
        await market.ask(seller.trader, seller.connection, kinds.CHECK, own)


async def _stays_busy(trader: Trader, *, seconds: float) -> None:
    """Mugs go on being sold, one after the other."""
    until, skus = monotonic() + seconds, cycle(trader.variants)
    while monotonic() < until:
        await trader.moves(-1, [next(skus)])
        await asyncio.sleep(0.25)


async def _most_at_work(installation: Installation) -> int:
    """How many lanes of Rakuten were worked on at once, at the most, until this is cancelled."""
    query = (
        select(func.count())
        .select_from(Lane)
        .join(Connection, Connection.id == Lane.connection_id)
        .where(Lane.owner != "", Connection.channel == "rakuten")
    )
    most = 0
    try:
        while True:
            async with installation.stage.sessions.read(SYSTEM) as session:
                most = max(most, await session.scalar(query) or 0)
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        return most


async def _row(seller: Market) -> Connection:
    async with seller.trader.stage.sessions.read(seller.trader.merchant.id) as session:
        row: Connection = await session.get_one(Connection, seller.connection.id)
        return row


async def _all_silent(sellers: Sequence[Market]) -> bool:
    return {(await _row(seller)).state for seller in sellers} == {ConnectionState.MAINTENANCE}


async def _all_active(sellers: Sequence[Market]) -> bool:
    return {(await _row(seller)).state for seller in sellers} == {ConnectionState.ACTIVE}


async def _calls(seller: Market, *, after: datetime) -> list[str]:
    """The operations the seller's Rakuten was asked for, and whose end is known, begun after this moment."""
    async with seller.trader.stage.sessions.read(seller.trader.merchant.id) as session:
        query = select(ExchangeEntry.operation).where(
            ExchangeEntry.connection_id == seller.connection.id, ExchangeEntry.created_at > after
        )
        return list(await session.scalars(query))


async def _at_yahoo(yahoo: Market) -> dict[str, int]:
    items = (await yahoo.trader.stage.http.get(f"{yahoo.book}/products")).json()
    return {f"{item['item_code']}-0": item["stock"][""] for item in items}


async def _at_rakuten(rakuten: Market) -> dict[str, int]:
    items = (await rakuten.trader.stage.http.get(f"{rakuten.book}/products")).json()
    return {sku: number for item in items for sku, number in item["stock"].items()}


def _record(record_property: Figure, before: Told, during: Told, later: Told, *figures: float) -> None:
    silent_after, came_back, hung, calls = figures
    ratios = [
        f"{name} {percentile(getattr(after, name), 50) / percentile(getattr(before, name), 50):.1f} x"
        for after in (during, later)
        for name in ("shopify", "yahoo", "pages")
    ]
    record_property(
        "R21",
        f"hung for {hung:.0f} s: silent after {silent_after:.1f} s, {calls:.0f} calls from then on,"
        f" back {came_back:.1f} s after; as before, at first and then: {', '.join(ratios)}",
    )
