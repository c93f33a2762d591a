"""An order that a marketplace holds until the shop takes it is accepted there once, wherever the worker dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from connectors.orders import OrderState
from portal.models.orders import OrderEvent, StoreStep
from portal.orders import events
from portal.tasks import kinds
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.market import Market
from tests.faults.moments import Moment
from tests.faults.processes import Worker

pytestmark = pytest.mark.faults

SKU, ORDERS, ACCEPT = "mug-0", 5, "order.confirmOrder"
PROCESSING = 200
Order = Callable[[Installation, Market, Worker], Awaitable[None]]
Figure = Callable[[str, object], None]


def inside(moment: Moment) -> Order:
    async def order(installation: Installation, _rakuten: Market, _worker: Worker) -> None:
        installation.ask(moment, kinds.ACCEPT_ORDER.name)

    return order


async def dropped(_installation: Installation, rakuten: Market, worker: Worker) -> None:
    """Rakuten kills the worker when it hears the call, and does nothing else."""
    await rakuten.fault("drop", count=1, operation=ACCEPT, when="before")
    await rakuten.kill(worker, ACCEPT, "before")


async def late(_installation: Installation, rakuten: Market, worker: Worker) -> None:
    """Rakuten kills the worker when it hears the call, and accepts while the next one has read that it did not."""
    await rakuten.fault("slow", count=1, operation=ACCEPT, when="before", seconds=6.5)
    await rakuten.kill(worker, ACCEPT, "before")
    await rakuten.fault("slow", count=1, operation=ACCEPT, when="before", seconds=3)


async def accepted(_installation: Installation, rakuten: Market, worker: Worker) -> None:
    await rakuten.kill(worker, ACCEPT, "after")


POINTS = {
    "K4: claimed, not sent": inside(Moment.CLAIMED),
    "K5: sent, never accepted": dropped,
    "K5: sent, accepted later": late,
    "K6: accepted, not answered": accepted,
    "K9: answered, not recorded": inside(Moment.ANSWERED),
    "K7: recorded, not acknowledged": inside(Moment.RECORDED),
}


# Two are enough for the common run: what the shop never got, and what it did and nobody was told of.
@pytest.mark.parametrize("point", POINTS if TRIALS > 1 else ["K5: sent, never accepted", "K6: accepted, not answered"])
async def test_an_order_that_waits_for_the_shop_is_accepted_once_and_none_is_left_behind(
    installation: Installation, record_property: Figure, point: str
) -> None:
    worker = installation.worker()
    trader = await installation.trader(currency="JPY")
    await trader.stocks(["mug"])
    await trader.moves(ORDERS * TRIALS, [SKU])
    rakuten = await market.rakuten(trader)
    await installation.idle()
    for _ in range(TRIALS):
        numbers = await rakuten.sells(SKU, count=ORDERS, pending=True)
        await POINTS[point](installation, rakuten, worker)
        await rakuten.is_read(*numbers)
        await worker.death()
        worker = installation.worker()
        await installation.idle()
        await _all_are_accepted(trader, rakuten, numbers)
        await installation.sound()
    for number in numbers:
        await rakuten.do(f"orders/{number}/pay")
    await rakuten.is_read(*numbers)
    await installation.idle()
    trader.expected[SKU] -= ORDERS
    assert await trader.on_hand() == trader.expected, "what was paid is taken once, and the rest is only held"
    await trader.has_kept_every_promise()
    record_property("accepted once", f"{point}: {TRIALS} kills, {TRIALS * ORDERS} orders, each accepted once")


async def _all_are_accepted(trader: Trader, rakuten: Market, numbers: list[str]) -> None:
    """Rakuten has done it once for each, is at the payment of all, and nobody here is asked to look at any."""
    done = Counter(row["subject"] for row in await rakuten.calls("ledger", ACCEPT))
    there = await rakuten.orders()
    here = {order.number: order for order in await market.orders_of(trader)}
    assert {number: done[number] for number in numbers} == dict.fromkeys(numbers, 1)
    assert {there[number]["state"] for number in numbers} == {PROCESSING}
    assert set(numbers) <= set(here)
    told = [(here[number].state, here[number].problem, here[number].store_step) for number in numbers]
    assert set(map(repr, told)) == {repr((OrderState.PENDING, None, StoreStep.NONE))}
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        query = select(OrderEvent.order_id).where(OrderEvent.kind == events.ACCEPTED)
        written = Counter(await session.scalars(query))
        refused = await session.scalar(select(OrderEvent.id).where(OrderEvent.kind == events.NOT_ACCEPTED).limit(1))
    assert {written[here[number].id] for number in numbers} == {1}
    assert refused is None
