"""R6: while the queue is away pages answer, what merchants decide is taken, and all of it is done soon after."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from uuid import uuid4

import pytest
from sqlalchemy import select

from portal.listings import publishing
from portal.listings import service as listings
from portal.models.catalog import Variant
from portal.models.listings import Listing
from portal.models.orders import Order, StoreStep
from tests.faults import market
from tests.faults.installation import KEPT, TRIALS, Installation, Trader
from tests.faults.letters import percentile
from tests.faults.market import Market
from tests.faults.people import Clicks, signed_in
from tests.faults.processes import Queue

pytestmark = pytest.mark.faults

# In the full run it is gone for the promised ten minutes, and hangs for one.
AWAY_SECONDS = {"gone": 600.0, "hangs": 60.0} if TRIALS >= 20 else {"gone": 4.0, "hangs": 4.0}
BACKLOG_SECONDS = 300
EVERY_SECONDS = 0.2
PAGES = ["/", "/products", "/listings", "/orders", "/orders/health", "/channels", "/readyz"]
LEAVES: dict[str, Callable[[Queue], None]] = {"gone": Queue.kill, "hangs": Queue.hang}
RETURNS: dict[str, Callable[[Queue], None]] = {"gone": Queue.start_again, "hangs": Queue.go_on}
NAMES = [f"mug-{number}" for number in range(5)]
Figure = Callable[[str, object], None]


@pytest.mark.parametrize("how", ["gone", "hangs"])
async def test_what_merchants_decide_while_the_queue_is_away_is_taken_and_done_once_afterwards(
    installation: Installation, record_property: Figure, how: str
) -> None:
    installation.worker()
    trader, yahoo, late = await _shopkeeper(installation)
    cancelled, unknown = await _sold(installation, trader, yahoo)
    await installation.stamp()
    web = await installation.web()
    async with signed_in(installation, trader, [web]) as people:
        LEAVES[how](installation.queue)
        began = monotonic()
        visits = asyncio.create_task(_visits(people))
        await _decides(people, trader, late, cancelled, unknown)
        edits = await _counts_stock(people, trader, until=began + AWAY_SECONDS[how])
        visits.cancel()
        with suppress(asyncio.CancelledError):
            await visits
        assert "Queued" in (await people.page(f"/listings/{late.id}")).get_text()
        assert "waiting" in {task.state for task in await installation.stage.tasks()}, "a worker had heard of it"
        RETURNS[how](installation.queue)
        back = monotonic()
        await installation.idle(BACKLOG_SECONDS)
    drained = monotonic() - back

    await trader.sells_each_product_once()
    assert len(await trader.shop.ledger("orderCreate")) == 2
    assert (await yahoo.orders())[cancelled.number]["state"] == "cancelled"
    assert (await market.order_of(trader, unknown.number)).store_step is StoreStep.CREATED
    refused = [task.outcome_code for task in await installation.stage.tasks() if task.state not in KEPT]
    assert refused == ["unknown_sku"], "what was asked before anybody had said what was sold"
    await installation.sound()
    slow = percentile(people.took, 95)
    record_property(
        "R6",
        f"{how} for {back - began:.0f} s: {edits} stock edits, {len(people.took) - edits} other requests, none failed,"
        f" p95 {slow:.2f} s; all done {drained:.1f} s after",
    )


async def _shopkeeper(installation: Installation) -> tuple[Trader, Market, Listing]:
    """A trader with a store and a marketplace, and a product that is held back and was never sent."""
    trader = await installation.trader(currency="JPY")
    await trader.stocks(NAMES)
    await trader.publishes()
    yahoo = await market.yahoo(trader)
    await trader.stocks(["late"])
    async with trader.stage.sessions.write(trader.merchant.id) as session:
        pair = (trader.products[-1], trader.connection.id)
        await publishing.publish(session, merchant_id=trader.merchant.id, pairs=[pair], now=trader.stage.now)
        await session.flush()
        listing = (await session.scalars(select(Listing).where(Listing.product_id == trader.products[-1]))).one()
        await listings.hold(session, listing, now=trader.stage.now)
    await installation.idle()
    return trader, yahoo, listing


async def _sold(installation: Installation, trader: Trader, yahoo: Market) -> tuple[Order, Order]:
    """Two sales: one is in the store, and one waits because nobody knows what it sold."""
    [known], [unknown] = await yahoo.sells("mug-0-0"), await yahoo.sells("mystery")
    trader.expected["mug-0-0"] -= 1
    await yahoo.is_read(known, unknown)
    await installation.idle()
    orders = await market.order_of(trader, known), await market.order_of(trader, unknown)
    assert [order.store_step for order in orders] == [StoreStep.CREATED, StoreStep.PROBLEM]
    return orders


async def _decides(people: Clicks, trader: Trader, late: Listing, cancelled: Order, unknown: Order) -> None:
    """A product is published, an order cancelled, and another linked to what it sold and created in the store."""
    back = [str(line.id) for line in cancelled.lines]
    answers = [
        await people.press(f"/listings/{late.id}/publish"),
        await people.press(f"/orders/{cancelled.id}/cancel", reason="customer", back=back),
        await people.press(f"/orders/{unknown.id}/create", **{f"sku-{unknown.lines[0].id}": "mug-1-0"}),
        await people.press(f"/orders/{unknown.id}/read"),
        await people.press("/orders/synchronizations"),
    ]
    assert Counter(answers) == {303: len(answers)}
    trader.expected["mug-0-0"] += 1
    trader.expected["mug-1-0"] -= 1


async def _counts_stock(people: Clicks, trader: Trader, *, until: float) -> int:
    """Somebody takes in goods again and again, up to this moment; how many times."""
    of_variant = {sku: await _page_of(trader, sku) for sku in trader.variants}
    edits = 0
    while monotonic() < until or not edits:
        due = monotonic() + EVERY_SECONDS
        sku, quantity = random.choice(list(trader.variants)), random.randint(1, 3)
        form = {"quantity": f"+{quantity}", "reason": "received", "mark": str(uuid4()), "seen": "0"}
        assert await people.press(f"{of_variant[sku]}/stock", **form) == 303
        trader.expected[sku] += quantity
        edits += 1
        await asyncio.sleep(due - monotonic())
    return edits


async def _page_of(trader: Trader, sku: str) -> str:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        variant = await session.get_one(Variant, trader.variants[sku])
    return f"/products/{variant.product_id}/variants/{variant.id}"


async def _visits(people: Clicks) -> None:
    """Somebody walks through the pages."""
    while True:
        for path in PAGES:
            await people.page(path)
            await asyncio.sleep(EVERY_SECONDS)
