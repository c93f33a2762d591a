"""A marketplace's order on its whole way: heard of, in the store, shipped there, told back, or cancelled.

Truth is what the practice channels recorded.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from connectors.amazon import orders as amazon_orders
from jobs.orders import poll_orders
from portal.invariants import violations
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.orders import Order, OrderReturn, Parcel, Shelving, StoreOrder, StoreStep
from portal.models.stock import Movement
from portal.orders import references, returning
from portal.stock import service as stock
from portal.stock.service import Move
from tests.channels.conftest import alice, premises, seller, web
from tests.channels.test_amazon_path import MUG, consent, offered
from tests.connections.premises import Premises
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock
from tests.stage import SHOP, PracticeShop

pytestmark = pytest.mark.once

__all__ = ["alice", "premises", "seller", "web"]


class Trade:
    """A seller with a mug on practice Amazon and in a practice shop, five of them in stock."""

    def __init__(self, premises: Premises, seller: Merchant, clock: SettableClock) -> None:
        self.premises, self.seller, self.clock = premises, seller, clock
        self.amazon_url = ""

    @property
    def shop(self) -> PracticeShop:
        return self.premises.stage.shop()

    async def buy(self, *, at: str = "amazon", **order: Any) -> str:
        """Somebody buys there; the order's id at the channel."""
        asked = {"lines": [{"sku": "MUG-1", "quantity": 1}], **order}
        if at == "shopify":
            return str((await self.shop.do("orders", **asked))["order_id"])
        return str((await self._amazon("orders", **asked))["order_id"])

    async def _amazon(self, action: str, **data: Any) -> Any:
        answer = await self.premises.stage.http.post(f"{self.amazon_url}/{action}", json=data)
        answer.raise_for_status()
        return answer.json()

    async def at_amazon(self) -> list[dict[str, Any]]:
        return list((await self.premises.stage.http.get(f"{self.amazon_url}/orders")).json())

    async def searches(self) -> int:
        """How often Amazon was asked for a page of orders."""
        requests = (await self.premises.stage.http.get(f"{self.amazon_url}/requests")).json()
        return sum(one["operation"] == "searchOrders" for one in requests)

    async def at_the_shop(self) -> list[dict[str, Any]]:
        return list(await self.shop.ask("orders"))

    async def poll(self) -> None:
        """Ten minutes pass, and whatever is due by then is done."""
        self.clock.advance(601)
        await poll_orders({"worker": self})
        await settle(self.premises.stage, self.clock)

    @property
    def runtime(self) -> Any:
        return self.premises.stage.process.runtime

    async def rows(self, model: Any) -> list[Any]:
        return await self.premises.site.rows(self.seller, model)

    async def order(self) -> Order:
        [order] = await self.rows(Order)
        assert isinstance(order, Order)
        return order

    async def loses_one(self, variant_id: UUID) -> None:
        """One is lost here, so that every channel is told a new number."""
        async with self.runtime.sessions.write(self.seller.id) as session:
            lost = Move(variant_id=variant_id, quantity=-1, cause="damaged", cause_id="1")
            await stock.move(session, merchant_id=self.seller.id, moves=[lost], made_by="Alice", now=self.clock())

    async def available(self) -> int:
        """Mugs that the practice shop would sell."""
        [product] = await self.shop.products()
        return sum(product["variants"][0]["available"].values())


@pytest.fixture
async def trade(premises: Premises, seller: Merchant, alice: Browser, clock: SettableClock) -> Trade:
    made = Trade(premises, seller, clock)
    shops, origin = f"{premises.stage.practice_url}/practice/api/shops", {"Origin": premises.stage.practice_url}
    asked = {"domain": SHOP, "currency": "JPY"}
    (await premises.stage.http.post(shops, json=asked, headers=origin)).raise_for_status()
    await premises.connect(alice)
    await consent(premises, alice, "/connect/amazon/authorize?practice=true&shop=amazon.co.jp")
    await premises.stage.work()
    connections: list[Connection] = await premises.site.rows(seller, Connection)
    saved = await offered(premises, seller, MUG)
    for connection in connections:
        if connection.channel == "amazon":
            made.amazon_url = (
                f"{premises.stage.practice_url}/amazon/practice/api/sellers/{connection.settings['seller_id']}"
            )
        await publish(premises.stage, seller, connection, saved.id)
    for _ in range(4):
        await settle(premises.stage, clock)
        clock.advance(60)
    return made


async def test_an_order_of_amazon_is_in_the_store_and_its_tracking_goes_back(trade: Trade) -> None:
    assert await trade.available() == 5
    number = await trade.buy(lines=[{"sku": "MUG-1", "quantity": 2}])
    await trade.poll()

    order = await trade.order()
    assert (order.number, order.store_step) == (number, StoreStep.CREATED)
    [there] = await trade.at_the_shop()
    [made] = await trade.rows(StoreOrder)
    assert there["reference"] == references.of("amazon", number)
    assert made.channel_id == there["order_id"]
    assert await trade.available() == 3

    await trade.shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number="1234-5678")
    await settle(trade.premises.stage, trade.clock)
    [parcel] = await trade.rows(Parcel)
    assert (parcel.carrier, parcel.number) == ("yamato", "1234-5678")
    assert parcel.told_at is not None
    [sold] = await trade.at_amazon()
    assert [one["number"] for one in sold["parcels"]] == ["1234-5678"]

    await trade.poll()
    [sold] = await trade.at_amazon()
    assert len(sold["parcels"]) == 1
    assert len(await trade.rows(Order)) == 1, "the store's echo is never a sale"
    assert await trade.available() == 3


async def test_a_reading_of_more_pages_than_amazon_tells_at_once_goes_on_where_it_was_cut_off(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amazon tells of twenty pages, and of one more every three minutes: begun anew, it would never get to the last."""
    monkeypatch.setattr(amazon_orders, "A_PAGE", 1)
    numbers = [await trade.buy() for _ in range(24)]
    calls = await trade.searches()
    await trade.poll()
    assert 0 < len(await trade.rows(Order)) < 24
    for _ in range(30):
        trade.clock.advance(200)
        await settle(trade.premises.stage, trade.clock)
    assert sorted(order.number for order in await trade.rows(Order)) == sorted(numbers)
    assert await trade.searches() - calls < 30, "a page is asked for once"


async def test_a_sale_in_the_shop_is_heard_at_once_and_lowers_stock_at_amazon(trade: Trade) -> None:
    await trade.buy(at="shopify")
    await trade.shop.do("deliver")
    await settle(trade.premises.stage, trade.clock)
    order = await trade.order()
    assert (order.store_step, len(await trade.at_the_shop())) == (StoreStep.NONE, 1)
    trade.clock.advance(150)
    await settle(trade.premises.stage, trade.clock)
    trade.clock.advance(150)
    await settle(trade.premises.stage, trade.clock)
    assert await trade.available() == 4
    products = (await trade.premises.stage.http.get(f"{trade.amazon_url}/products")).json()
    assert [one["fulfillmentAvailability"][0]["quantity"] for one in products] == [4]


@pytest.mark.parametrize("restock", [False, True], ids=["not restocked there", "restocked there"])
async def test_a_cancellation_in_the_store_reaches_amazon_and_the_stock_comes_back_once(
    trade: Trade, restock: bool
) -> None:
    await trade.buy()
    await trade.poll()
    [there] = await trade.at_the_shop()
    await trade.shop.do("cancel", order=there["order_id"], restock=restock)
    await trade.shop.do("deliver")
    for _ in range(3):
        await settle(trade.premises.stage, trade.clock)
        trade.clock.advance(150)
    await trade.poll()
    [sold] = await trade.at_amazon()
    assert sold["state"].upper() in {"CANCELLED", "CANCELED"}
    order = await trade.order()
    assert order.state == "cancelled"
    assert await trade.available() == 5
    assert {"changed_at_channel"}.isdisjoint(await causes(trade)), "a unit must not be invented to explain the store's"


async def causes(trade: Trade) -> dict[str, int]:
    """How much stock moved, by cause, but for what was there at the start."""
    found: dict[str, int] = {}
    for row in await trade.rows(Movement):
        found[row.cause] = found.get(row.cause, 0) + row.quantity
    return {cause: units for cause, units in found.items() if cause.startswith(("order", "changed"))}


@pytest.mark.parametrize("heard", [True, False], ids=["told at once", "found by the compare first"])
@pytest.mark.parametrize("sold_at", ["amazon", "shopify"])
async def test_what_the_store_restocks_of_a_return_is_back_once_everywhere(
    trade: Trade, sold_at: str, heard: bool
) -> None:
    await trade.buy(at=sold_at, lines=[{"sku": "MUG-1", "quantity": 2}])
    await trade.poll()
    [there] = await trade.at_the_shop()
    await trade.shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number="1234-5678")
    await settle(trade.premises.stage, trade.clock)
    await trade.poll()
    assert await trade.available() == 3

    await trade.shop.do("restock", order=there["order_id"], lines=[{"sku": "MUG-1", "quantity": 1}])
    assert await trade.available() == 4, "the shop raised its own number"
    if heard:
        await trade.shop.do("deliver")
    else:
        [mug] = await trade.rows(Variant)
        await trade.loses_one(mug.id)
    for _ in range(3):
        await settle(trade.premises.stage, trade.clock)
        trade.clock.advance(60)
    await trade.poll()
    await trade.poll()

    lost = 0 if heard else 1
    assert await causes(trade) == {"order": -2, "order_return": 1}
    assert await trade.available() == 4 - lost
    [row] = await trade.rows(OrderReturn)
    assert (row.quantity, row.shelving) == (1, "back")
    assert await violations(trade.runtime.sessions, trade.clock()) == []


async def test_what_the_store_refunds_without_restocking_waits_and_then_is_back_everywhere(trade: Trade) -> None:
    await trade.buy(lines=[{"sku": "MUG-1", "quantity": 2}])
    await trade.poll()
    [there] = await trade.at_the_shop()
    await trade.shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number="1234-5678")
    await settle(trade.premises.stage, trade.clock)
    await trade.shop.do("restock", order=there["order_id"], lines=[{"sku": "MUG-1", "quantity": 2}], keep=True)
    await settle(trade.premises.stage, trade.clock)
    await trade.poll()
    [row] = await trade.rows(OrderReturn)
    assert (row.quantity, row.shelving, await trade.available()) == (2, "waiting", 3)

    async with trade.runtime.sessions.write(trade.seller.id) as session:
        await returning.decide(session, row.order_id, row.id, Shelving.BACK, made_by="Alice", now=trade.clock())
    await settle(trade.premises.stage, trade.clock)
    await trade.poll()
    assert await trade.available() == 5
    assert await causes(trade) == {"order": -2, "order_return": 2}
