"""A seller at practice Amazon whose mug is bought, and their account as the connector's orders are handed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import httpx

from connectors.amazon.connector import Amazon
from connectors.orders import CancelReason, OrderRecord, OrderToCancel, ParcelToTell
from connectors.protocol import Orders
from connectors.records import Done, Outcome, PublishItem, Sent, SentItem
from tests.connectors.amazon.practice.practice_seller import Seller
from tests.connectors.amazon.products import document, mug
from tests.connectors.paced import PacedAccount

SKU = "MUG-1"
JAPAN = "amazon.co.jp"


@dataclass
class Market:
    seller: Seller
    amazon: Amazon
    account: PacedAccount

    @property
    def orders(self) -> Orders:
        assert self.amazon.orders is not None
        return self.amazon.orders

    @property
    def japan(self) -> PacedAccount:
        """The same seller's other connection."""
        return replace(self.account, domain=JAPAN, currency="JPY")

    @property
    def now(self) -> datetime:
        return self.seller.clock.moment

    async def buy(self, quantity: int = 1, **given: Any) -> str:
        """The id of an order of mugs, or of the `lines` given."""
        wanted: dict[str, Any] = {"lines": [{"sku": SKU, "quantity": quantity}]} | given
        return str((await self.seller.lever("orders", **wanted))["order_id"])

    async def happens(self, action: str, order_id: str, **given: Any) -> None:
        """pay, cancel or request-cancel: what the buyer or Amazon does to an order."""
        await self.seller.lever(f"orders/{order_id}/{action}", **given)

    def later(self, seconds: float = 60) -> None:
        self.seller.clock.now += seconds

    async def told(self, order_id: str, account: PacedAccount | None = None) -> OrderRecord:
        """The order as the connector reads it."""
        [outcome] = await self.orders.read(account or self.account, [order_id])
        assert isinstance(outcome, Done), outcome
        assert outcome.value is not None
        return outcome.value

    async def truth(self, order_id: str) -> dict[str, Any]:
        """The order by Amazon's own record."""
        return next(one for one in await self.seller.read("orders") if one["order_id"] == order_id)

    async def stock(self) -> int:
        [row] = await self.seller.read("products")
        return int(row["fulfillmentAvailability"][0]["quantity"])

    async def parcel(self, order_id: str, ordinal: int = 1, quantity: int = 1, **more: Any) -> ParcelToTell:
        """One that left now, with so many of the order's first line."""
        line = (await self.truth(order_id))["lines"][0]["id"]
        usual: dict[str, Any] = {
            "key": f"parcel-{ordinal}",
            "order_id": order_id,
            "ordinal": ordinal,
            "carrier": "yamato",
            "carrier_name": "ヤマト運輸",
            "number": f"1234-{ordinal}",
            "shipped_at": self.now,
            "lines": ((line, quantity),),
            "last": True,
        }
        return ParcelToTell(**usual | more)

    async def tell(self, *parcels: ParcelToTell) -> list[Outcome[str]]:
        return await self.orders.tell_shipped(self.account, parcels)

    async def cancel(self, *wanted: OrderToCancel) -> list[Outcome[None]]:
        """What became of it, once Amazon has worked on it."""
        outcomes = await self.orders.cancel(self.account, wanted)
        self.later()
        return await self.look(wanted, outcomes)

    async def look(self, wanted: Sequence[OrderToCancel], outcomes: Sequence[Outcome[None]]) -> list[Outcome[None]]:
        """The outcomes with those that went on looked after."""
        sent = {n: one.reference for n, one in enumerate(outcomes) if isinstance(one, Sent)}
        items = [SentItem(item=wanted[n], reference=reference) for n, reference in sent.items()]
        looked = dict(zip(sent, await self.amazon.look(self.account, items), strict=True)) if sent else {}
        return [looked.get(n, one) for n, one in enumerate(outcomes)]


def to_cancel(order_id: str, reason: CancelReason = CancelReason.OUT_OF_STOCK, **more: Any) -> OrderToCancel:
    return OrderToCancel(order_id=order_id, reason=reason, lines=(), **more)


async def opened(seller: Seller, client: httpx.AsyncClient) -> Market:
    """Ten mugs at 24 dollars are for sale."""
    amazon = Amazon(client)
    await seller.lever("pace", live_after=0)
    account = seller.account()
    account.settings = (await amazon.identify(account)).settings
    [outcome] = await amazon.publish(account, [PublishItem(product=mug(), requirements=document())])
    assert isinstance(outcome, Done), outcome
    return Market(seller, amazon, account)
