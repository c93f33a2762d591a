"""Which locations of a shop count, from the merchant's choice to both books: each unit counts once, where it lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from connectors import locations as kept
from portal.config import Settings
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.stock import Movement
from portal.stock import locations, selling
from portal.stock import service as stock
from portal.stock.service import Move
from tests.connections.premises import Premises, served_premises
from tests.jobs.test_inbound import everything_heard
from tests.jobs.test_shopify_path import mug, publish, sell, settle
from tests.settable_clock import SettableClock

pytestmark = pytest.mark.once

SKU = "mug-blu"


@dataclass
class Desk:
    """A merchant with a mug for sale, five at the shop's first location, and a store room with nothing in it."""

    premises: Premises
    merchant: Merchant
    clock: SettableClock
    variant_id: UUID
    store_room: int

    @property
    def shop(self) -> Any:
        return self.premises.stage.shop()

    async def connection(self) -> Connection:
        return await self.premises.connection(self.merchant)

    async def main(self) -> str:
        return str((await self.connection()).settings[kept.MAIN])

    def gid(self) -> str:
        return f"gid://shopify/Location/{self.store_room}"

    async def count(self, *ids: str, main: str = "") -> list[str]:
        connection = await self.connection()
        async with self.premises.stage.sessions.write(self.merchant.id) as session:
            return await locations.choose(session, connection.id, ids, main or ids[0], now=self.premises.stage.now)

    async def count_both(self) -> None:
        await self.count(await self.main(), self.gid())

    async def there(self) -> list[int]:
        """What the shop says it has, at the first location and in the store room."""
        [product] = await self.shop.products()
        [variant] = [one for one in product["variants"] if one["sku"] == SKU]
        first = (await self.main()).rsplit("/", 1)[1]
        return [variant["available"].get(place, 0) for place in (first, str(self.store_room))]

    async def ours(self) -> tuple[int, Counter[str]]:
        """On hand, and what moved it by cause since the mug was listed."""
        async with self.premises.stage.sessions.read(self.merchant.id) as session:
            variant = await session.get_one(Variant, self.variant_id)
            moved: Counter[str] = Counter()
            for one in await session.scalars(select(Movement).where(Movement.variant_id == self.variant_id)):
                moved[one.cause] += one.quantity
        assert sum(moved.values()) == variant.on_hand
        del moved["test"]
        return variant.on_hand, moved

    async def quiets(self) -> None:
        """The shop's letters are read and all that follows is done: each thing in its time, orders before numbers."""
        for _ in range(8):
            while (await self.shop.do("deliver"))["tried"]:
                pass
            await self.premises.stage.work()
            self.clock.advance(3)

    async def written(self) -> int:
        return len(await self.shop.ledger("inventorySetQuantities"))


@pytest.fixture
async def desk(settings: Settings, merchant: Merchant, clock: SettableClock) -> AsyncIterator[Desk]:
    async with served_premises(settings, clock) as premises:
        stage = premises.stage
        await stage.connect(merchant)
        await stage.work()
        [saved] = await stage.add(merchant, mug(quantity=5))
        await publish(stage, merchant, await premises.connection(merchant), saved.id)
        await settle(stage, clock)
        store_room = int((await stage.shop().do("locations", name="Store room"))["id"])
        await everything_heard(premises, clock)
        yield Desk(premises, merchant, clock, saved.variants[0].id, store_room)


async def test_a_location_the_shop_opens_is_known_by_itself_and_does_not_count(desk: Desk) -> None:
    settings = (await desk.connection()).settings
    assert [one.name for one in kept.offered(settings)] == ["Shop location", "Store room"]
    assert kept.counted_names(settings) == ["Shop location"]
    assert kept.recounted_at(settings) is None
    await desk.shop.do("change", sku=SKU, stock=3, location=desk.store_room)
    await desk.quiets()
    assert await desk.ours() == (5, Counter())


async def test_counting_a_location_adds_once_what_is_there_and_moves_nothing_in_the_shop(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.quiets()
    before = await desk.written()

    assert await desk.count(await desk.main(), desk.gid()) == ["Shop location", "Store room"]
    await desk.quiets()

    assert await desk.ours() == (17, Counter({"locations_changed": 12}))
    assert await desk.there() == [5, 12]
    assert await desk.written() == before, "stock was moved about in the shop"
    await desk.count_both()
    await desk.quiets()
    assert await desk.ours() == (17, Counter({"locations_changed": 12})), "counted twice"


async def test_no_longer_counting_it_takes_that_away_and_moves_nothing_in_the_shop(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()

    await desk.count(await desk.main())
    await desk.quiets()

    assert await desk.ours() == (5, Counter({"locations_changed": 0}))
    assert await desk.there() == [5, 12]


async def test_sales_nobody_has_heard_of_while_locations_change_count_once(desk: Desk) -> None:
    """Sold at either location before the choice, told of after it: the shop's letters are held up meanwhile."""
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.quiets()
    await desk.shop.do("sell", sku=SKU, quantity=2)
    await desk.shop.do("sell", sku=SKU, quantity=3, location=desk.store_room)

    await desk.count_both()
    await desk.premises.stage.work()
    await desk.quiets()

    on_hand, moved = await desk.ours()
    assert (on_hand, await desk.there()) == (12, [3, 9])
    assert moved["order"] == -5
    assert moved["locations_changed"] + moved["changed_at_channel"] == 12


async def test_sales_nobody_has_heard_of_while_a_location_is_given_up_count_once(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()
    await desk.shop.do("sell", sku=SKU, quantity=2)
    await desk.shop.do("sell", sku=SKU, quantity=3, location=desk.store_room)

    await desk.count(await desk.main())
    await desk.premises.stage.work()
    await desk.quiets()

    on_hand, moved = await desk.ours()
    assert (on_hand, await desk.there()) == (3, [3, 9])
    assert moved["order"] == -5


async def test_a_sale_lowers_our_stock_once_whichever_location_it_leaves_from(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()
    before = await desk.written()

    await desk.shop.do("sell", sku=SKU, quantity=4, location=desk.store_room)
    await desk.shop.do("sell", sku=SKU, quantity=1)
    await desk.quiets()

    on_hand, moved = await desk.ours()
    assert (on_hand, await desk.there()) == (12, [4, 8])
    assert (moved["order"], moved["changed_at_channel"]) == (-5, 0)
    assert await desk.written() == before


async def test_a_sale_from_a_location_that_does_not_count_leaves_what_counts_as_it_was(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.quiets()

    await desk.shop.do("sell", sku=SKU, quantity=4, location=desk.store_room)
    await desk.quiets()

    on_hand, moved = await desk.ours()
    assert (on_hand, await desk.there()) == (5, [5, 8])
    assert (moved["order"], moved["changed_at_channel"]) == (-4, 4)


async def test_what_is_counted_by_hand_at_the_second_location_is_followed_and_stays_where_it_was_typed(
    desk: Desk,
) -> None:
    await desk.count_both()
    await desk.quiets()
    desk.clock.advance(120)
    for units in (40, 7):
        await desk.shop.do("change", sku=SKU, stock=units, location=desk.store_room)
        await desk.quiets()
        assert (await desk.ours())[0] == 5 + units
        assert await desk.there() == [5, units], "units were moved to where they do not lie"
    assert (await desk.ours())[1]["changed_at_channel"] == 7


async def test_a_sale_elsewhere_is_taken_from_the_main_location_first(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()
    await sell(desk.premises.stage, desk.merchant, desk.variant_id, 3, "order-1")
    await desk.quiets()
    assert await desk.there() == [2, 12]
    await sell(desk.premises.stage, desk.merchant, desk.variant_id, 4, "order-2")
    await desk.quiets()
    assert await desk.there() == [0, 10]
    assert (await desk.ours())[0] == 10


async def test_where_selling_was_stopped_all_goes_back_to_where_it_lay(desk: Desk) -> None:
    """Stopped twice, so that the second time there is nothing to take; three are sold elsewhere meanwhile."""
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()
    sessions, merchant_id = desk.premises.stage.sessions, desk.merchant.id
    for switch in (selling.stop, selling.go_on, selling.stop):
        async with sessions.write(merchant_id) as session:
            await switch(session, merchant_id, now=desk.premises.stage.now)
        if switch is selling.stop:
            await desk.quiets()
            assert await desk.there() == [0, 0]
    await sell(desk.premises.stage, desk.merchant, desk.variant_id, 3, "order-1")
    await desk.quiets()

    async with sessions.write(merchant_id) as session:
        await selling.go_on(session, merchant_id, now=desk.premises.stage.now)
    await desk.quiets()
    assert await desk.there() == [2, 12]
    assert (await desk.ours())[0] == 14

    await sell(desk.premises.stage, desk.merchant, desk.variant_id, 14, "order-2")
    await desk.quiets()
    async with sessions.write(merchant_id) as session:
        move = Move(variant_id=desk.variant_id, quantity=4, cause="received", cause_id="1")
        await stock.move(session, merchant_id=merchant_id, moves=[move], made_by="test", now=desk.premises.stage.now)
    await desk.quiets()
    assert await desk.there() == [4, 0], "what was sold does not come back where it lay"


async def test_where_the_answer_to_stopping_was_lost_as_many_come_back_at_the_main_location(desk: Desk) -> None:
    """Nobody has heard what was taken from where; no unit is lost or invented for that."""
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()
    sessions, merchant_id = desk.premises.stage.sessions, desk.merchant.id
    await desk.shop.fault("drop", count=1, operation="inventorySetQuantities", when="after")
    for switch, there in ((selling.stop, [0, 0]), (selling.go_on, [17, 0])):
        async with sessions.write(merchant_id) as session:
            await switch(session, merchant_id, now=desk.premises.stage.now)
        await desk.quiets()
        desk.clock.advance(600)
        await desk.quiets()
        assert await desk.there() == there
    assert (await desk.ours())[0] == 17


async def test_word_of_our_own_pushes_ends(desk: Desk) -> None:
    """With several locations a letter cannot be told from news, so it is looked into; that writes nothing."""
    await desk.count_both()
    await desk.quiets()
    await sell(desk.premises.stage, desk.merchant, desk.variant_id, 1, "order-1")
    await desk.quiets()
    written, tasks = await desk.written(), len(await desk.premises.stage.tasks(kind="stock"))
    await desk.quiets()
    assert (await desk.written(), len(await desk.premises.stage.tasks(kind="stock"))) == (written, tasks)
    assert not any(task.ended_at is None for task in await desk.premises.stage.tasks(kind="stock"))


async def test_a_location_that_is_closed_counts_no_more_and_its_units_are_gone(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()

    await desk.shop.do("deactivate", location=desk.store_room)
    await desk.quiets()

    settings = (await desk.connection()).settings
    assert kept.counted_names(settings) == ["Shop location"]
    assert [one.name for one in kept.gone(settings)] == ["Store room"]
    assert (await desk.ours())[0] == 5
    assert await desk.there() == [5, 0]


async def test_what_a_closed_location_hands_on_stays_ours(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()

    await desk.shop.do("deactivate", location=desk.store_room, to=await desk.main())
    await desk.quiets()

    assert ((await desk.ours())[0], await desk.there()) == (17, [17, 0])


async def test_the_choice_survives_a_test_and_a_reconnection(desk: Desk) -> None:
    await desk.count(desk.gid(), await desk.main(), main=desk.gid())
    await desk.quiets()
    await desk.premises.stage.connect(desk.merchant, again=await desk.connection())
    await desk.quiets()
    assert kept.counted_names((await desk.connection()).settings) == ["Store room", "Shop location"]


async def test_another_main_location_changes_no_number(desk: Desk) -> None:
    await desk.count_both()
    await desk.quiets()
    tasks = len(await desk.premises.stage.tasks(kind="stock"))
    await desk.count(await desk.main(), desk.gid(), main=desk.gid())
    await desk.quiets()
    assert len(await desk.premises.stage.tasks(kind="stock")) == tasks
    assert (await desk.ours())[0] == 5


async def test_a_listing_is_read_with_what_all_locations_hold(desk: Desk) -> None:
    await desk.shop.do("change", sku=SKU, stock=12, location=desk.store_room)
    await desk.count_both()
    await desk.quiets()
    connection = await desk.connection()
    connector = desk.premises.stage.process.runtime.connectors["shopify"]
    [product] = await desk.shop.products()
    [outcome] = await connector.read_states(
        desk.premises.account(connection), [f"gid://shopify/Product/{product['number']}"]
    )
    assert sorted(item.quantity or 0 for item in outcome.value.items) == [3, 17]  # type: ignore[union-attr]
