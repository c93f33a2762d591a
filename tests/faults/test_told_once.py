"""R26: a parcel that left the store is told to the marketplace its order is from, once, and to no other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import pytest

from portal.models.orders import StoreStep
from portal.orders import references
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.market import Market

pytestmark = pytest.mark.faults

SKU = "mug-0"
# What tells of a parcel at each channel, and what the channel calls its number.
TELLS = {"amazon": "confirmShipment", "rakuten": "order.updateOrderShipping", "yahoo": "orderShipStatusChange"}
NUMBER = {"amazon": "number", "rakuten": "tracking", "yahoo": "number"}
_numbers = count(400_000_000_000)
Figure = Callable[[str, object], None]


async def test_a_parcel_is_told_to_its_source_alone_and_is_one_parcel_there(
    installation: Installation, record_property: Figure
) -> None:
    """At each source workers die when their telling was taken, and others' answers are cut off after that."""
    each, rounds = max(3, 5 * TRIALS), max(1, TRIALS // 4)
    installation.worker()
    trader = await installation.trader(currency="JPY")
    await trader.stocks(["mug"])
    await trader.moves(3 * each, [SKU])
    await trader.publishes()
    sources = [await market.amazon(trader), await market.rakuten(trader), await market.yahoo(trader)]
    await installation.idle()
    for source in sources:
        await source.sells(SKU, count=each)
    trader.expected[SKU] -= 3 * each
    await _all_in_the_store(installation, trader, sources, 3 * each)
    numbers: dict[str, dict[str, str]] = {source.channel: {} for source in sources}
    for number in range(rounds):
        for source in sources:
            some = sorted(await source.orders())[number::rounds]
            numbers[source.channel] |= await _ships(installation, trader, source, some)
    for _ in range(2):
        await market.is_read(trader, trader.connection)
        await installation.idle()

    posts = 0
    for source in sources:
        there = await source.orders()
        parcels = {one: [parcel[NUMBER[source.channel]] for parcel in row["parcels"]] for one, row in there.items()}
        assert parcels == {one: [number] for one, number in numbers[source.channel].items()}
        told = sum(parcel["told"] for row in there.values() for parcel in row["parcels"])
        assert told <= each + 2 * rounds, "more was repeated than what nobody heard the end of"
        heard = Counter(call["outcome"] for call in await source.calls("requests", TELLS[source.channel]))
        assert heard == {"ok": told}, "it heard of an order that is not its own"
        posts += told
    assert await trader.on_hand() == trader.expected, "stock was invented or lost"
    assert await trader.offered() == trader.expected
    await trader.has_kept_every_promise()
    await installation.sound()
    record_property(
        "R26", f"{3 * each} parcels, 3 sources: {posts} posts with {6 * rounds} disturbed, 1 parcel an order"
    )


async def _all_in_the_store(installation: Installation, trader: Trader, sources: list[Market], number: int) -> None:
    # Amazon lists a sale some seconds after it was made.
    await asyncio.sleep(4)
    for source in sources:
        await source.is_read()
    await installation.eventually(partial(_in_the_store, trader, number), 60 + 5 * number)
    await installation.idle()


async def _in_the_store(trader: Trader, number: int) -> bool:
    steps = [order.store_step for order in await market.orders_of(trader)]
    return steps.count(StoreStep.CREATED) == number


async def _ships(
    installation: Installation, trader: Trader, source: Market, order_ids: Sequence[str]
) -> dict[str, str]:
    """These orders of the source leave the store at once; the number of each order's parcel."""
    operation, worker = TELLS[source.channel], installation.workers[-1]
    await source.kill(worker, operation, "after")
    made = {order["reference"]: order for order in await trader.shop.ask("orders")}
    numbers: dict[str, str] = {}
    for order_id in order_ids:
        there: dict[str, Any] = made[references.of(source.channel, order_id)]
        numbers[order_id] = f"{next(_numbers)}"
        await trader.shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number=numbers[order_id])
    await market.is_read(trader, trader.connection)
    await worker.death()
    await source.fault("drop", count=1, operation=operation, when="after")
    installation.worker()
    await installation.idle(120 + 5 * len(numbers))
    return numbers
