"""R25: what was cancelled is back on the shelf once, in whatever order that is told, and what has left is not."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import permutations

import pytest
from sqlalchemy import select

from connectors.orders import OrderState
from portal.models.orders import StoreStep
from portal.models.stock import Movement
from portal.orders import references
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.letters import Letter, Letterbox, Post
from tests.faults.market import Market
from tests.faults.people import Clicks, signed_in
from tests.faults.processes import until

pytestmark = pytest.mark.faults

SKU = "mug-0"
# A sale, a note on it, and its cancellation, of which the shop tells twice.
TOPICS = ["orders/create", "orders/updated", "orders/cancelled", "orders/updated"]
ORDERS_IN_A_ROUND = 24
Figure = Callable[[str, object], None]


async def test_letters_of_a_cancelled_sale_give_its_stock_back_once_in_every_order(
    installation: Installation, letterbox: Letterbox, record_property: Figure
) -> None:
    """Each order of the four letters, the first once more at the end, to a web and workers that are killed."""
    installation.worker()
    trader = await installation.trader()
    await trader.stocks(["mug"])
    await trader.moves(ORDERS_IN_A_ROUND, [SKU])
    await trader.publishes()
    await installation.idle()
    await trader.shop.heal("lose")
    web, post = await installation.web(), Post(installation)
    rounds = max(1, TRIALS // 4)
    for _ in range(rounds):
        told = await _sold_and_cancelled(trader, letterbox)
        ways = [[letters[place] for place in way] for letters, way in zip(told, permutations(range(4)), strict=True)]
        for step in range(5):
            await asyncio.gather(*(post.brings((*way, way[0])[step], lambda: web.url) for way in ways))
            if step == 2:
                installation.workers[-1].kill()
                installation.worker()
            await installation.idle()
    orders = await market.orders_of(trader)
    assert Counter(order.state for order in orders) == {OrderState.CANCELLED: rounds * ORDERS_IN_A_ROUND}
    taken, back = await _moved(trader)
    assert taken == back > 0
    assert await trader.on_hand() == trader.expected, "stock was invented or lost"
    assert await trader.offered() == trader.expected
    await installation.sound()
    record_property("R25", f"{len(orders)} cancelled sales, 24 orders of letters: {taken} taken, {back} back")


async def test_a_cancellation_that_was_refused_gives_back_nothing_and_asked_again_once(
    installation: Installation, record_property: Figure
) -> None:
    """Refused by the marketplace, pressed again by five at once, read late and again; the store's copy goes too."""
    trader, yahoo = await _sold_at_yahoo(installation)
    web = [await installation.web()]
    async with signed_in(installation, trader, web) as people:
        for _ in range(TRIALS):
            number = await _in_the_store(installation, trader, yahoo)
            await yahoo.fault(
                "refuse", count=1, operation="orderStatusChange", item=number, code="od91150", message="いいえ"
            )
            assert await _cancels(trader, people, number) == 303
            await installation.idle()
            assert (await market.order_of(trader, number)).state is OrderState.OPEN
            assert await trader.on_hand() == trader.expected, "what was refused gives nothing back"
            pressed = await asyncio.gather(*(_cancels(trader, people, number) for _ in range(5)))
            assert set(pressed) <= {303, 409}
            trader.expected[SKU] += 1
            await _is_cancelled_everywhere(installation, trader, yahoo, number)
            assert await _cancels(trader, people, number) == 409
            await _is_cancelled_everywhere(installation, trader, yahoo, number)
    record_property("R25", f"{TRIALS} sales refused and cancelled at the second asking: stock back once")


@pytest.mark.parametrize("fault", ["slow", "drop"])
async def test_a_sale_that_is_cancelled_while_the_store_creates_it_does_not_stay_there(
    installation: Installation, record_property: Figure, fault: str
) -> None:
    """The store has created it and answers late, or never; then it is heard of when the store's orders are read."""
    trader, yahoo = await _sold_at_yahoo(installation)
    for _ in range(TRIALS):
        before = len(await trader.shop.ledger("orderCreate"))
        await trader.shop.fault(fault, count=1, operation="orderCreate", when="after", seconds=4)
        [number] = await yahoo.sells(SKU)
        await yahoo.is_read(number)
        await installation.eventually(partial(_has_created, trader, before), 60)
        await yahoo.do(f"orders/{number}/cancel")
        await yahoo.is_read(number)
        await installation.idle()
        if fault == "drop":
            await market.is_read(trader, trader.connection)
            await installation.idle()
        assert await _in_store_it_is(trader, yahoo, number) == "CANCELLED", "nobody has to read it again for that"
        await _is_cancelled_everywhere(installation, trader, yahoo, number)
    await trader.has_kept_every_promise()
    record_property("R25", f"{TRIALS} sales cancelled while the store created them ({fault}): none is left there")


async def test_what_has_left_is_not_cancelled(installation: Installation, record_property: Figure) -> None:
    """Neither when it is asked for, nor when the store or the marketplace is read late and again."""
    trader, yahoo = await _sold_at_yahoo(installation)
    async with signed_in(installation, trader, [await installation.web()]) as people:
        for _ in range(TRIALS):
            number = await _in_the_store(installation, trader, yahoo)
            reference = references.of(yahoo.channel, number)
            [there] = [one for one in await trader.shop.ask("orders") if one["reference"] == reference]
            await trader.shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number="400000000001")
            await market.is_read(trader, trader.connection)
            await installation.idle()
            await yahoo.is_read(number)
            await installation.idle()
            assert await _cancels(trader, people, number) == 409
            await yahoo.is_read(number)
            await market.is_read(trader, trader.connection)
            await installation.idle()
            assert (await yahoo.orders())[number]["state"] == "shipped"
            assert (await market.order_of(trader, number)).state is OrderState.SHIPPED
            assert await trader.on_hand() == trader.expected, "what has left does not come back"
            await installation.sound()
    record_property("R25", f"{TRIALS} sales that had left: none is cancelled, nothing comes back")


async def _sold_and_cancelled(trader: Trader, letterbox: Letterbox) -> list[list[Letter]]:
    """As many sales as there are orders of four letters, cancelled again: the letters of each, as they were sent."""
    made = await trader.shop.do("orders", lines=[{"sku": SKU, "quantity": 1}], count=ORDERS_IN_A_ROUND)
    for order_id in made["order_ids"]:
        await trader.shop.do("write", order=order_id, note="Ring twice")
        await trader.shop.do("cancel", order=order_id, restock=True)
    told: dict[str, list[Letter]] = {order_id: [] for order_id in made["order_ids"]}

    def all_came() -> bool:
        for letters in told.values():
            letters.clear()
        for letter in letterbox.came:
            if letter[0]["x-shopify-topic"] in TOPICS:
                told.get(json.loads(letter[1])["admin_graphql_api_id"], []).append(letter)
        return all(len(letters) == len(TOPICS) for letters in told.values())

    await until(all_came, 60, "the shop should have told of all")
    return list(told.values())


async def _moved(trader: Trader) -> tuple[int, int]:
    """How many units orders have taken, and how many came back."""
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        moved = list(await session.scalars(select(Movement.quantity).where(Movement.cause.like("order%"))))
    return -sum(one for one in moved if one < 0), sum(one for one in moved if one > 0)


async def _sold_at_yahoo(installation: Installation) -> tuple[Trader, Market]:
    """A trader with a store and a marketplace, and enough to sell."""
    installation.worker()
    trader = await installation.trader(currency="JPY")
    await trader.stocks(["mug"])
    await trader.moves(TRIALS, [SKU])
    await trader.publishes()
    yahoo = await market.yahoo(trader)
    await installation.idle()
    return trader, yahoo


async def _in_the_store(installation: Installation, trader: Trader, source: Market) -> str:
    """Somebody has bought there, and the sale is in the store; its number."""
    [number] = await source.sells(SKU)
    trader.expected[SKU] -= 1
    await source.is_read(number)
    await installation.idle()
    assert (await market.order_of(trader, number)).store_step is StoreStep.CREATED
    return number


async def _cancels(trader: Trader, people: Clicks, number: str) -> int:
    """Somebody presses Cancel, and says that the thing is there; the status of the answer."""
    order = await market.order_of(trader, number)
    return await people.press(
        f"/orders/{order.id}/cancel", reason="customer", back=[str(one.id) for one in order.lines]
    )


async def _has_created(trader: Trader, before: int) -> bool:
    return len(await trader.shop.ledger("orderCreate")) > before


async def _in_store_it_is(trader: Trader, source: Market, number: str) -> str:
    reference = references.of(source.channel, number)
    [there] = [one for one in await trader.shop.ask("orders") if one["reference"] == reference]
    return str(there["state"])


async def _is_cancelled_everywhere(installation: Installation, trader: Trader, source: Market, number: str) -> None:
    """Here, there and in the store, and its stock is back; also when it is read late and again."""
    for _ in range(2):
        await installation.idle()
        await source.is_read(number)
        await market.is_read(trader, trader.connection)
    await installation.idle()
    assert (await source.orders())[number]["state"] == "cancelled"
    assert (await market.order_of(trader, number)).state is OrderState.CANCELLED
    assert await _in_store_it_is(trader, source, number) == "CANCELLED"
    assert await trader.on_hand() == trader.expected, "stock was invented or lost"
    assert await trader.offered() == trader.expected
    await installation.sound()
