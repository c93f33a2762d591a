"""R24: a marketplace's sale stands in the merchant's store once, however often it is asked for and whoever dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.models.orders import StoreOrder, StoreStep
from portal.orders import references
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.market import Market
from tests.faults.people import Clicks, signed_in
from tests.faults.processes import Worker

pytestmark = pytest.mark.faults

SKU, CLICKS = "mug-0", 20
Figure = Callable[[str, object], None]


@pytest.mark.parametrize("fault", ["drop", "lag", "kill"])
async def test_twenty_clicks_on_create_order_make_one_order_whatever_the_store_does(
    installation: Installation, record_property: Figure, fault: str
) -> None:
    """K14: the store creates the order and the answer never comes, is found late, or finds nobody who reads it."""
    worker = installation.worker()
    trader = await installation.trader(currency="JPY")
    await trader.stocks(["mug"])
    await trader.moves(TRIALS + 100, [SKU])
    await trader.publishes()
    amazon = await market.amazon(trader)
    await installation.idle()
    webs = [await installation.web(), await installation.web()]
    async with signed_in(installation, trader, webs) as people:
        # Fifty sales and fifty time-outs in all, where there are twenty trials.
        for _ in range(max(1, -(-TRIALS * 5 // 6))):
            worker = await _one_order(installation, trader, amazon, people, fault, worker)
    created = len(await trader.shop.ledger("orderCreate"))
    record_property("R24", f"{fault}: {created} sales, {CLICKS} clicks on each, {created} orders in the store")


async def _one_order(
    installation: Installation, trader: Trader, amazon: Market, people: Clicks, fault: str, worker: Worker
) -> Worker:
    """The store is disturbed, somebody buys, and all click at once. The worker that is alive in the end."""
    if fault == "kill":
        await trader.kill(worker, "orderCreate", "after")
    elif fault == "lag":
        await trader.shop.fault("lag", count=1, seconds=6.5)
        await trader.shop.fault("drop", count=1, operation="orderCreate", when="after")
    else:
        await trader.shop.fault("drop", count=1, operation="orderCreate", when="after")
    [number] = await amazon.sells(SKU)
    trader.expected[SKU] -= 1
    await amazon.is_read(number)
    await installation.eventually(lambda: _is_here(trader, number), 60)
    order = next(one for one in await market.orders_of(trader) if one.number == number)
    answers = await asyncio.gather(*(people.press(f"/orders/{order.id}/create") for _ in range(CLICKS)))
    assert Counter(answers) == {303: CLICKS}
    if fault == "kill":
        await worker.death()
        worker = installation.worker()
    await installation.idle()
    assert await people.press(f"/orders/{order.id}/create") == 303
    await installation.idle()
    await _stands_once(installation, trader, order.id, number)
    return worker


async def _is_here(trader: Trader, number: str) -> bool:
    return any(order.number == number for order in await market.orders_of(trader))


async def _stands_once(installation: Installation, trader: Trader, order_id: UUID, number: str) -> None:
    """The store's own record has one order of this sale, and ours leads to it."""
    reference = references.of("amazon", number)
    [there] = [order for order in await trader.shop.ask("orders") if order["reference"] == reference]
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        [made] = await session.scalars(select(StoreOrder).where(StoreOrder.order_id == order_id))
    assert (made.channel_id, made.found) == (there["order_id"], True), "it was found, and not created again"
    order = next(one for one in await market.orders_of(trader) if one.id == order_id)
    assert order.store_step is StoreStep.CREATED
    assert await trader.on_hand() == trader.expected, "stock was invented or lost"
    assert await trader.offered() == trader.expected
    await installation.sound()
