"""A marketplace's order on its whole way: heard of, in the store, shipped there, told back, or cancelled.

Truth is what the practice channels recorded.
"""

from __future__ import annotations

from typing import Any

import pytest

from jobs.orders import poll_orders
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.models.orders import Order, Parcel, StoreOrder, StoreStep
from portal.orders import references
from tests.channels.conftest import alice, premises, seller, web
from tests.channels.test_amazon_path import MUG, consent, offered
from tests.connections.premises import Premises
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock
from tests.stage import SHOP, PracticeShop

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


async def test_a_cancellation_in_the_store_reaches_amazon_and_the_stock_comes_back_once(trade: Trade) -> None:
    await trade.buy()
    await trade.poll()
    [there] = await trade.at_the_shop()
    await trade.shop.do("cancel", order=there["order_id"])
    for _ in range(3):
        await settle(trade.premises.stage, trade.clock)
        trade.clock.advance(150)
    await trade.poll()
    [sold] = await trade.at_amazon()
    assert sold["state"].upper() in {"CANCELLED", "CANCELED"}
    order = await trade.order()
    assert order.state == "cancelled"
    assert await trade.available() == 5
