"""A practice shop with orders in it, and the connector that reads them: what the tests of orders begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from connectors.orders import OrderRecord, OrderToCancel
from connectors.protocol import Orders, Store
from connectors.records import Credentials, Done, Outcome, Sent, SentItem
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.practice.practice_shop import DOMAIN, Shop, practice_shop
from tests.connectors.wire import FakeAccount

SCOPES = "write_products,write_inventory,read_locations,write_publications,write_files,write_orders"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MUG = {"title": "Mug", "handle": "mug", "variants": [{"sku": "MUG", "price": "12.50", "quantity": 10}]}
CUP = {"title": "Cup", "handle": "cup", "variants": [{"sku": "CUP", "price": "3.00", "quantity": 5}]}


@dataclass
class Till:
    """The shop, and the hub's way into it."""

    shop: Shop
    shopify: Shopify
    account: FakeAccount

    @property
    def orders(self) -> Orders:
        assert self.shopify.orders is not None
        return self.shopify.orders

    @property
    def store(self) -> Store:
        assert self.shopify.store is not None
        return self.shopify.store

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.shop.clock(), UTC)

    async def sell(self, sku: str = "MUG", quantity: int = 1, **given: Any) -> str:
        placed = await self.shop.lever("orders", lines=[{"sku": sku, "quantity": quantity}], **given)
        return str(placed["order_id"])

    async def read(self, order_id: str) -> OrderRecord:
        (outcome,) = await self.orders.read(self.account, [order_id])
        assert isinstance(outcome, Done), outcome
        assert outcome.value is not None
        return outcome.value

    async def changed(self, since: datetime = LONG_AGO) -> list[OrderRecord]:
        """All pages."""
        page = await self.orders.changed(self.account, since)
        found = list(page.orders)
        while page.next_page:
            page = await self.orders.changed(self.account, since, page.next_page)
            found += page.orders
        return found

    async def do(self, action: str, order_id: str, **given: Any) -> Any:
        return await self.shop.lever(action, order=order_id, **given)

    async def record(self) -> list[dict[str, Any]]:
        return list(await self.shop.read("orders"))

    async def stock(self, sku: str = "MUG") -> int:
        rows = [one for product in await self.shop.read("products") for one in product["variants"]]
        return int(sum(next(one for one in rows if one["sku"] == sku)["available"].values()))

    async def settled(self, order: OrderToCancel, outcome: Outcome[None]) -> Outcome[None]:
        """What a cancellation comes to, when its time is over."""
        assert isinstance(outcome, Sent), outcome
        self.later(minutes=1)
        (found,) = await self.shopify.look(self.account, [SentItem(item=order, reference=outcome.reference)])
        return found

    def later(self, **time: float) -> None:
        self.shop.clock.now += timedelta(**time).total_seconds()


@asynccontextmanager
async def a_till(folder: Path, products: Sequence[dict[str, Any]] = (MUG, CUP)) -> AsyncIterator[Till]:
    async with (
        practice_shop(folder / "practice.db") as shop,
        httpx.AsyncClient(verify=False, trust_env=False) as client,
    ):
        await shop.install(SCOPES)
        answer = await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=list(products))
        assert answer.status_code == 201, answer.text
        account = FakeAccount(
            domain=DOMAIN,
            base_url=f"{shop.url}/shops/{DOMAIN}",
            settings={},
            currency="USD",
            held=Credentials(access_token=shop.token, refresh_token="shprt_x"),
        )
        yield Till(shop, Shopify(client), account)
