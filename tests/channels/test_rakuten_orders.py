"""A connected Rakuten store's orders, through the merchant's own connection: its keys, its pace, its kept exchanges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import PermissionLost
from connectors.orders import CancelReason, OrderState, OrderToCancel, ParcelToTell
from connectors.protocol import Orders
from connectors.records import Done
from portal.connections.account import ConnectionAccount
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ExchangeEntry
from tests.channels.test_rakuten_path import Office, offered, paste
from tests.connections.premises import CHANNELS, Premises, target
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock


@dataclass(frozen=True, slots=True)
class Desk:
    """The connector's orders as a job has them, and the store they are of."""

    orders: Orders
    account: ConnectionAccount
    office: Office

    async def place(self, **given: Any) -> str:
        placed = await self.office.do("orders", **{"lines": [{"sku": "MUG-1", "quantity": 2}], **given})
        return str(placed["order_id"])

    async def there(self) -> list[dict[str, Any]]:
        url = f"{self.office.root}/api/stores/{self.office.name}/orders"
        return list((await self.office.premises.stage.http.get(url)).json())


@pytest.fixture
async def connection(premises: Premises, seller: Merchant, alice: Browser) -> Connection:
    assert target(await paste(alice, await Office(premises).keys())) == CHANNELS
    await premises.stage.work()
    return await premises.connection(seller)


@pytest.fixture
async def desk(premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock) -> Desk:
    """The mug is live there with five units."""
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    orders = premises.stage.process.runtime.connectors["rakuten"].orders
    assert orders is not None
    return Desk(orders, premises.account(connection), Office(premises))


async def test_a_sale_is_heard_of_shipped_once_and_names_the_listing_it_is_of(desk: Desk, premises: Premises) -> None:
    since = premises.stage.now
    number = await desk.place()

    page = await desk.orders.changed(desk.account, since - timedelta(minutes=10))

    assert page.next_page == ""
    [order] = page.orders
    assert (order.number, order.state) == (number, OrderState.OPEN)
    assert (order.lines[0].sku, order.lines[0].item_id) == ("MUG-1", "mug/MUG-1")
    [item] = await desk.office.items()
    assert item["stock"] == {"MUG-1": 3}

    parcel = ParcelToTell(
        key="p",
        order_id=number,
        ordinal=1,
        carrier="japan_post",
        carrier_name="ゆうパック",
        number="9999",
        shipped_at=premises.stage.now,
        lines=((order.lines[0].channel_id, 2),),
        last=True,
    )
    told = await desk.orders.tell_shipped(desk.account, [parcel])
    assert await desk.orders.tell_shipped(desk.account, [parcel]) == told
    [record] = await desk.there()
    assert [(row["company"], row["tracking"], row["told"]) for row in record["parcels"]] == [("1003", "9999", 1)]
    [order] = (await desk.orders.changed(desk.account, premises.stage.now - timedelta(minutes=10))).orders
    assert order.state is OrderState.SHIPPED


async def test_a_cancelled_order_gives_its_units_back_where_we_say_so(desk: Desk) -> None:
    number = await desk.place()
    order = OrderToCancel(order_id=number, reason=CancelReason.OUT_OF_STOCK, lines=(), restock=True)
    assert await desk.orders.cancel(desk.account, [order]) == [Done(None)]
    [item] = await desk.office.items()
    assert item["stock"] == {"MUG-1": 5}
    found = await desk.orders.find(desk.account, number)
    assert found is not None
    assert (found.state, found.lines[0].restocked) == (OrderState.CANCELLED, 2)


async def test_an_ended_key_stops_the_reading(desk: Desk, premises: Premises) -> None:
    await desk.place()
    await desk.office.do("expire")
    with pytest.raises(PermissionLost):
        await desk.orders.changed(desk.account, premises.stage.now)


async def test_nothing_of_the_buyer_is_kept_of_the_calls(desk: Desk, premises: Premises, seller: Merchant) -> None:
    number = await desk.place(buyer={"name": "幻影 ゼビュロン", "note": "Ring twice", "email": "zebulon@example.com"})
    found = await desk.orders.find(desk.account, number)
    assert found is not None
    assert found.buyer is not None
    assert found.buyer.name == "幻影 ゼビュロン"
    rows = await premises.site.rows(seller, ExchangeEntry)
    kept = "\n".join(str({column.key: getattr(row, column.key) for column in row.__table__.columns}) for row in rows)
    assert "order.getOrder" in kept
    assert [word for word in ("幻影", "ゼビュロン", "Ring twice", "zebulon", "見本町") if word in kept] == []
