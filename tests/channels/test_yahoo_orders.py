"""Orders of a store that was connected by consent: read, shipped and cancelled through the connection itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from connectors.orders import CancelReason, OrderRecord, OrderState, OrderToCancel, ParcelToTell
from connectors.protocol import Orders
from connectors.records import Done
from jobs.worker import JOB_SECONDS
from portal.connections.account import ConnectionAccount
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ExchangeEntry
from portal.models.listings import ListingItem
from portal.models.orders import Order, OrderFeed
from portal.models.tasks import Attempt
from portal.orders import feeds
from tests.channels.test_yahoo_path import SELLER, connection, do, items, offered
from tests.connections.premises import Premises
from tests.jobs.test_shopify_path import publish, settle
from tests.settable_clock import SettableClock

__all__ = ["connection"]

MUG = {"sku": "mug", "quantity": 2}
PLANTED = {
    "name": "架空 太郎",
    "kana": "カクウ タロウ",
    "email": "taro.kakuu@example.com",
    "phone": "03-0000-1234",
    "postal_code": "999-0001",
    "region": "架空県",
    "city": "まぼろし市",
    "line1": "Nowhere Street 7",
    "line2": "Imaginary Heights 5",
    "note": "Leave it with Grace, 玄関前",
}
TRACES = [*PLANTED.values(), "架空", "太郎", "カクウ", "Nowhere", "Imaginary", "Grace", "玄関"]


@dataclass(frozen=True, slots=True)
class Counter:
    """The store's till, and the connection to it as a job has it."""

    premises: Premises
    seller: Merchant
    account: ConnectionAccount
    orders: Orders

    async def sell(self, *lines: dict[str, Any], **given: Any) -> str:
        url = f"{self.premises.stage.practice_url}/yahoo/practice/api/stores/{SELLER}/orders"
        answer = await self.premises.stage.http.post(url, json={"lines": lines or [MUG], **given})
        answer.raise_for_status()
        return str(answer.json()["order_id"])

    async def truth(self) -> list[dict[str, Any]]:
        url = f"{self.premises.stage.practice_url}/yahoo/practice/api/stores/{SELLER}/orders"
        return list((await self.premises.stage.http.get(url)).json())

    async def changed(self, since: Any) -> list[OrderRecord]:
        found, page = list[OrderRecord](), "1"
        while page:
            told = await self.orders.changed(self.account, since, page)
            found += told.orders
            page = told.next_page
        return found

    async def exchanges(self) -> list[ExchangeEntry]:
        return list(await self.premises.site.rows(self.seller, ExchangeEntry))

    def parcel(self, order_id: str) -> ParcelToTell:
        return ParcelToTell(
            key=order_id,
            order_id=order_id,
            ordinal=1,
            carrier="sagawa",
            carrier_name="佐川急便",
            number="4000-0000-0001",
            shipped_at=self.premises.stage.now,
            lines=(),
            last=True,
        )


@pytest.fixture
async def counter(premises: Premises, seller: Merchant, connection: Connection) -> Counter:
    orders = premises.stage.process.runtime.connectors["yahoo"].orders
    assert orders is not None
    return Counter(premises, seller, premises.account(connection), orders)


async def test_a_sale_of_a_listed_product_names_its_listing(
    counter: Counter, premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    since = premises.stage.now
    order_id = await counter.sell()
    (record,) = await counter.changed(since)
    (line,) = record.lines
    (item,) = await premises.site.rows(seller, ListingItem)
    assert (record.channel_id, line.item_id, line.quantity) == (order_id, item.channel_id, 2)
    assert line.unit_price is not None
    assert line.unit_price.minor == 1200
    [there] = await items(premises)
    assert there["stock"] == {"": 3}


async def test_every_sale_of_a_busy_hour_is_read_at_the_rate_yahoo_allows(
    counter: Counter, premises: Premises, clock: SettableClock
) -> None:
    since = premises.stage.now
    line = {"sku": "tea", "quantity": 1, "title": "煎茶", "price": 980}
    made = [await counter.sell(line) for _ in range(25)]
    assert [record.channel_id for record in await counter.changed(since)] == made
    assert list(await counter.orders.placed(counter.account, since, premises.stage.now)) == made
    assert {row.status for row in await counter.exchanges() if row.operation.startswith("order")} == {200}


async def test_a_reading_of_more_than_a_job_has_time_for_is_done_in_pieces(
    counter: Counter, premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock
) -> None:
    """An order a second: one job would be cut off, begin anew and never end."""
    line = {"sku": "tea", "quantity": 1, "title": "煎茶", "price": 980}
    made = [await counter.sell(line) for _ in range(45)]
    async with premises.stage.sessions.write(seller.id) as session:
        await feeds.read(session, connection, now=premises.stage.now)
    began = premises.stage.now
    await premises.stage.work()
    assert sorted(one.channel_id for one in await premises.site.rows(seller, Order)) == sorted(made)
    pieces = [row.ended_at - row.created_at for row in await premises.site.rows(seller, Attempt, kind="orders")]
    assert len(pieces) > 1
    assert max(pieces) < timedelta(seconds=JOB_SECONDS / 4)
    async with premises.stage.sessions.read(seller.id) as session:
        feed = await session.get_one(OrderFeed, connection.id)
    assert (feed.read_at, feed.page, feed.begun_at) == (began, "", None)


async def test_an_order_is_shipped_once_and_another_cancelled_once_after_the_access_was_renewed(
    counter: Counter, premises: Premises, clock: SettableClock
) -> None:
    line = {"sku": "tea", "quantity": 1, "title": "煎茶", "price": 980}
    shipped, cancelled = await counter.sell(line), await counter.sell(line)
    clock.advance(timedelta(hours=2).total_seconds())
    to_cancel = OrderToCancel(order_id=cancelled, reason=CancelReason.ADDRESS, lines=())
    for _ in range(2):
        parcels = [counter.parcel(shipped)]
        assert await counter.orders.tell_shipped(counter.account, parcels) == [Done(shipped)]
        assert await counter.orders.cancel(counter.account, [to_cancel]) == [Done(None)]
    first, second = await counter.truth()
    assert (first["state"], first["parcels"]) == (
        "shipped",
        [{"number": "4000-0000-0001", "carrier": "1002", "told": 1}],
    )
    assert (second["state"], second["cancels"], second["parcels"]) == ("cancelled", 1, [])


async def test_nothing_of_a_buyer_is_among_the_exchanges_that_are_kept(counter: Counter, premises: Premises) -> None:
    """In Japanese and in English: what we asked, what came back, refusals with it, and addresses."""
    since = premises.stage.now
    line = {"sku": "tea", "quantity": 1, "title": "煎茶", "price": 980}
    order_id = await counter.sell(line, buyer=PLANTED)
    (record,) = await counter.changed(since)
    # Guard against an empty truth: all of it did arrive here.
    assert record.buyer is not None
    assert record.buyer.note == PLANTED["note"]
    assert record.buyer.ship_to is not None
    assert record.buyer.ship_to.line2 == PLANTED["line2"]
    assert record.state is OrderState.OPEN
    refusal = {"kind": "refuse", "code": "od91150", "message": f"{PLANTED['name']} {PLANTED['phone']}", "count": 1}
    await do(premises, "faults", operation="orderShipStatusChange", **refusal)
    await counter.orders.tell_shipped(counter.account, [counter.parcel(order_id)])
    await counter.orders.find(counter.account, PLANTED["email"])
    kept = [f"{row.operation}\n{row.url}\n{row.request_body}\n{row.response_body}" for row in await counter.exchanges()]
    assert any("orderInfo" in one for one in kept)
    assert any("orderShipStatusChange" in one for one in kept)
    assert [trace for trace in TRACES for one in kept if trace in one] == []
