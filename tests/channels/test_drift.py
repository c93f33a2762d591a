"""Stock changed at a channel behind our back, over its own protocol: put right with a reason, and never a sale."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from jobs.checking import check_numbers
from jobs.lanes import Worker
from jobs.orders import poll_orders
from jobs.registry import HANDLERS
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.listings import ListingItem
from portal.models.stock import Repair
from portal.proof.repairs import CHANGED_THERE
from tests.channels import test_amazon_path as amazon_path
from tests.channels import test_rakuten_path as rakuten_path
from tests.channels import test_yahoo_path as yahoo_path
from tests.channels.test_amazon_path import Amazon
from tests.channels.test_rakuten_path import Office
from tests.connections.premises import Premises, words
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock


@dataclass(frozen=True, slots=True)
class There:
    """The channel's own back office: the mug's number, another hand on it, and somebody who buys two."""

    number: Callable[[], Awaitable[int]]
    change: Callable[[int], Awaitable[Any]]
    sell: Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Floor:
    """The merchant's mug, live there with five units for an hour, and the worker that looks at it."""

    premises: Premises
    seller: Merchant
    connection: Connection
    clock: SettableClock
    there: There
    product_id: Any

    async def later(self, seconds: float) -> None:
        """Time goes by, with what runs by the clock."""
        self.clock.advance(seconds)
        context = {"worker": Worker(self.premises.stage.process.runtime, "worker", HANDLERS)}
        await poll_orders(context)
        await check_numbers(context)
        await self.premises.stage.work()

    async def repairs(self) -> Sequence[Repair]:
        return list(await self.premises.site.rows(self.seller, Repair))

    async def item(self) -> ListingItem:
        [row] = await self.premises.site.rows(self.seller, ListingItem)
        assert isinstance(row, ListingItem)
        return row

    async def on_hand(self) -> int:
        async with self.premises.stage.sessions.read(self.seller.id) as session:
            return int(await session.scalar(select(Variant.on_hand)) or 0)


async def at_rakuten(premises: Premises, seller: Merchant, alice: Browser) -> tuple[Connection, There, Any]:
    office = Office(premises)
    await rakuten_path.paste(alice, await office.keys())
    await premises.stage.work()

    async def number() -> int:
        [item] = await office.items()
        return int(item["stock"]["MUG-1"])

    there = There(
        number,
        lambda quantity: office.do("change", manage_number="mug", variant="MUG-1", stock=quantity),
        lambda: office.do("orders", lines=[{"sku": "MUG-1", "quantity": 2}]),
    )
    return await premises.connection(seller), there, (await rakuten_path.offered(premises, seller)).id


async def at_yahoo(premises: Premises, seller: Merchant, alice: Browser) -> tuple[Connection, There, Any]:
    await yahoo_path.consent(premises, alice, f"/connect/yahoo/authorize?practice=true&shop={yahoo_path.SELLER}")
    await premises.stage.work()

    async def number() -> int:
        [item] = await yahoo_path.items(premises)
        return int(item["stock"][""])

    there = There(
        number,
        lambda quantity: yahoo_path.do(premises, "change", item_code="mug", quantity=quantity),
        lambda: yahoo_path.do(premises, "orders", lines=[{"sku": "mug", "quantity": 2}]),
    )
    return await premises.connection(seller), there, (await yahoo_path.offered(premises, seller)).id


async def at_amazon(premises: Premises, seller: Merchant, alice: Browser) -> tuple[Connection, There, Any]:
    await amazon_path.consent(premises, alice, "/connect/amazon/authorize?practice=true&shop=amazon.co.jp")
    await premises.stage.work()
    connection = await premises.connection(seller)
    amazon = Amazon(premises, connection.settings["seller_id"])

    async def number() -> int:
        [product] = await amazon.products()
        return int(product["fulfillmentAvailability"][0]["quantity"])

    there = There(
        number,
        lambda quantity: amazon.do("change", sku="MUG-1", quantity=quantity),
        lambda: amazon.sell(lines=[{"sku": "MUG-1", "quantity": 2}]),
    )
    return connection, there, (await amazon_path.offered(premises, seller)).id


CHANNELS = {"rakuten": at_rakuten, "yahoo": at_yahoo, "amazon": at_amazon}


@pytest.fixture(params=CHANNELS)
async def floor(
    request: pytest.FixtureRequest, premises: Premises, seller: Merchant, alice: Browser, clock: SettableClock
) -> Floor:
    connection, there, product_id = await CHANNELS[request.param](premises, seller, alice)
    await publish(premises.stage, seller, connection, product_id)
    await settle(premises.stage, clock)
    opened = Floor(premises, seller, connection, clock, there, product_id)
    await opened.later(3601)
    assert (await there.number(), (await opened.item()).seen_quantity) == (5, 5)
    return opened


@pytest.mark.parametrize("changed_to", [9, 1])
async def test_a_number_changed_there_is_found_and_put_right_with_the_reason(
    floor: Floor, alice: Browser, changed_to: int
) -> None:
    await floor.there.change(changed_to)
    await floor.later(3601)
    first = (await floor.item()).odd_quantity_at
    assert first is not None
    assert (await floor.there.number(), await floor.repairs()) == (changed_to, []), "one look proves nothing"
    page = words(await alice.get(f"/products/{floor.product_id}/stock"))
    assert f"showed {changed_to} where 5 is due" in page
    assert "its orders are read first" in page

    for _ in range(4):
        await floor.later(180)

    assert (await floor.there.number(), await floor.on_hand()) == (5, 5)
    [row] = await floor.repairs()
    assert (row.found, row.found_at, row.due, row.sent) == (changed_to, first, 5, 5)
    assert (row.reason, row.sent_at is not None) == (CHANGED_THERE, True)
    assert row.heard_until is not None
    assert row.heard_until >= first
    for path in (f"/products/{floor.product_id}/stock", f"/listings/{(await floor.item()).listing_id}"):
        said = words(await alice.get(path))
        assert f"showed {changed_to} where 5 was due" in said
        assert "no order explains it" in said
        assert "5 was sent again" in said

    await floor.later(3601)
    assert (await floor.item()).seen_quantity == 5
    assert len(await floor.repairs()) == 1
    said = words(await alice.get(f"/products/{floor.product_id}"))
    assert "sent 5" in said
    assert "confirmed 5" in said
    assert "seen again 5" in said


async def test_a_sale_not_heard_of_yet_is_never_put_right(floor: Floor) -> None:
    """It is bought a moment before the look, while the list of orders does not show it yet."""
    floor.clock.advance(3590)
    await floor.there.sell()
    async with floor.premises.stage.sessions.write(floor.seller.id) as session:
        item = await session.get_one(ListingItem, (await floor.item()).id)
        assert item.accounted_quantity == 5
    context = {"worker": Worker(floor.premises.stage.process.runtime, "worker", HANDLERS)}
    floor.clock.advance(11)
    await check_numbers(context)
    await floor.premises.stage.work()
    assert ((await floor.item()).odd_quantity, await floor.there.number()) == (-2, 3)

    for _ in range(8):
        await floor.later(180)

    assert (await floor.there.number(), await floor.on_hand(), await floor.repairs()) == (3, 3, [])
    assert (await floor.item()).odd_quantity is None


async def test_a_sale_of_what_was_changed_there_is_heard_before_it_is_put_right(floor: Floor) -> None:
    await floor.there.change(9)
    await floor.later(3601)
    await floor.there.sell()
    for _ in range(12):
        await floor.later(180)
    await floor.later(3601)
    for _ in range(4):
        await floor.later(180)
    assert (await floor.there.number(), await floor.on_hand()) == (3, 3)
    assert all(row.found > row.due for row in await floor.repairs())
