"""A merchant's Amazon orders over their own connection: credentials, rates and kept exchanges are the portal's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Busy
from connectors.orders import CancelReason, OrderState, OrderToCancel, ParcelToTell
from connectors.protocol import Orders
from connectors.records import Done, Sent, SentItem
from portal.connections.account import ConnectionAccount
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ExchangeEntry
from tests.channels.test_amazon_path import Amazon, amazon, connection, offered
from tests.connections.premises import Premises
from tests.jobs.test_shopify_path import publish, settle
from tests.settable_clock import SettableClock

__all__ = ["amazon", "connection"]

BUYER = {
    "name": "植込 花子",
    "email": "hanako.planted@marketplace.example.com",
    "phone": "03-0000-0042",
    "address1": "植込町1-1",
    "city": "植込市",
    "region": "植込県",
    "postal_code": "000-0042",
    "note": "植込の玄関に",
}


@dataclass(frozen=True, slots=True)
class Counter:
    """Where the merchant's mug is sold."""

    premises: Premises
    seller: Merchant
    connection: Connection
    amazon: Amazon
    clock: SettableClock

    @property
    def orders(self) -> Orders:
        found = self.premises.stage.process.runtime.connectors["amazon"].orders
        assert found is not None
        return found

    @property
    def account(self) -> ConnectionAccount:
        return self.premises.account(self.connection)

    @property
    def now(self) -> datetime:
        return self.clock()

    async def buy(self, quantity: int = 1, **given: Any) -> str:
        wanted = {"lines": [{"sku": "MUG-1", "quantity": quantity}], "buyer": BUYER} | given
        return await self.amazon.sell(**wanted)

    async def exchanges(self) -> str:
        """All that is kept of calls for support."""
        rows = await self.premises.site.rows(self.seller, ExchangeEntry)
        return "\n".join(f"{row.url}\n{row.request_body}\n{row.response_body}" for row in rows)


@pytest.fixture
async def counter(
    premises: Premises, seller: Merchant, connection: Connection, amazon: Amazon, clock: SettableClock
) -> Counter:
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    clock.advance(3600)
    await premises.stage.work()
    return Counter(premises, seller, connection, amazon, clock)


async def test_a_sale_is_read_shipped_and_told_and_nothing_of_its_buyer_is_kept(counter: Counter) -> None:
    since = counter.now
    order_id = await counter.buy(2)
    counter.clock.advance(60)

    page = await counter.orders.changed(counter.account, since)
    [order] = page.orders
    parcel = ParcelToTell(
        key="1",
        order_id=order_id,
        ordinal=1,
        carrier="yamato",
        carrier_name="ヤマト運輸",
        number="1234-5678",
        shipped_at=counter.now,
        lines=((order.lines[0].channel_id, 2),),
        last=True,
    )
    told = [await counter.orders.tell_shipped(counter.account, [parcel]) for _ in range(2)]

    assert (order.currency, order.lines[0].sku, order.lines[0].quantity) == ("JPY", "MUG-1", 2)
    assert order.total is not None
    assert order.total.minor == 2400
    assert order.buyer is not None
    assert order.buyer.name == BUYER["name"]
    assert told == [[Done("1")]] * 2
    [truth] = await counter.amazon.orders()
    assert (truth["state"], len(truth["parcels"]), truth["parcels"][0]["told"]) == ("SHIPPED", 1, 2)
    [product] = await counter.amazon.products()
    assert product["fulfillmentAvailability"][0]["quantity"] == 3
    kept = await counter.exchanges()
    assert order_id in kept
    assert "植込" not in kept
    assert [text for text in BUYER.values() if text in kept] == []


async def test_a_cancel_goes_on_at_amazon_and_is_found_done(counter: Counter) -> None:
    wanted = OrderToCancel(order_id=await counter.buy(), reason=CancelReason.CUSTOMER, lines=())

    [sent] = await counter.orders.cancel(counter.account, [wanted])
    assert isinstance(sent, Sent)
    counter.clock.advance(60)
    connector = counter.premises.stage.process.runtime.connectors["amazon"]
    outcomes = await connector.look(counter.account, [SentItem(item=wanted, reference=sent.reference)])

    assert outcomes == [Done(None)]
    found = await counter.orders.find(counter.account, wanted.order_id)
    assert found is not None
    assert (found.state, found.cancel_reason) == (OrderState.CANCELLED, "BuyerCanceled")


async def test_access_that_ended_by_the_hour_is_renewed_and_no_order_is_missed(counter: Counter) -> None:
    since = counter.now
    order_id = await counter.buy()
    counter.clock.advance(2 * 3600)
    page = await counter.orders.changed(counter.account, since)
    assert [order.channel_id for order in page.orders] == [order_id]


async def test_searches_are_paid_for_by_the_connection_and_what_is_too_many_waits(counter: Counter) -> None:
    for _ in range(20):
        await counter.orders.changed(counter.account, counter.now)
    with pytest.raises(Busy) as error:
        await counter.orders.changed(counter.account, counter.now)
    assert error.value.problem.code == "rate_limit"
    assert 150 < error.value.retry_after_seconds <= 180
    assert (await counter.amazon.operations()).count("searchOrders") == 20

    counter.clock.advance(180)
    await counter.orders.changed(counter.account, counter.now - timedelta(hours=1))
