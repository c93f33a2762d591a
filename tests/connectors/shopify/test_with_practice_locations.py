"""The connector against a practice shop of several locations: what it holds in the end is the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import locations
from connectors.records import Credentials, Done, Outcome, StockChange, StockSet
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.practice.practice_shop import DOMAIN, Shop, a_product, a_variant, practice_shop
from tests.connectors.wire import FakeAccount
from tests.depth import histories

PLACES = 4


class Warehouse:
    """A shop with four locations, of which the first of `counted` is the main one, and one item at a time."""

    def __init__(self, shop: Shop, places: list[int]) -> None:
        self.shop, self.places, self.sku = shop, places, ""
        self.before_writing: Callable[[], Awaitable[None]] | None = None
        self.account = FakeAccount(
            domain=DOMAIN,
            base_url=f"{shop.url}/shops/{DOMAIN}",
            settings={},
            currency="USD",
            held=Credentials(access_token=shop.token, refresh_token="shprt_x"),
        )

    def gid(self, place: int) -> str:
        return f"gid://shopify/Location/{self.places[place]}"

    async def told(self) -> dict[str, Any]:
        async with httpx.AsyncClient(verify=False, trust_env=False) as client:
            return (await Shopify(client).identify(self.account)).settings

    async def counts(self, *counted: int) -> None:
        told = self.account.settings or await self.told()
        self.account.settings = locations.chosen(told, {self.gid(one) for one in counted}, self.gid(counted[0]))

    async def holds(self, units: Sequence[int | None]) -> str:
        """A new item with these units at each location, None where it is not stocked; its id."""
        if self.sku:
            await self.shop.lever("delete", sku=self.sku)
        self.shop.clock.now += 20  # so that the shop's bucket of points is full again
        self.sku = uuid4().hex
        stock = [
            {"locationId": self.gid(place), "name": "available", "quantity": one}
            for place, one in enumerate(units)
            if one is not None
        ]
        variant = a_variant(sku=self.sku, inventoryItem={"tracked": True}, inventoryQuantities=stock)
        made = await self.shop.set(**a_product(title=self.sku, handle=self.sku, variants=[variant]))
        return str(made["product"]["variants"]["nodes"][0]["inventoryItem"]["id"])

    async def there(self) -> dict[int, int]:
        """What the shop itself says each location holds, by place."""
        [variant] = [
            variant
            for product in await self.shop.read("products")
            for variant in product["variants"]
            if variant["sku"] == self.sku
        ]
        return {self.places.index(int(place)): units for place, units in variant["available"].items()}

    async def set_stock(self, change: StockChange) -> Outcome[StockSet]:
        async def look(request: httpx.Request) -> None:
            if self.before_writing is not None and b"inventorySetQuantities" in request.content:
                act, self.before_writing = self.before_writing, None
                await act()

        async with httpx.AsyncClient(verify=False, trust_env=False, event_hooks={"request": [look]}) as client:
            (outcome,) = await Shopify(client).set_stock(self.account, [change], idempotency_key=uuid4().hex)
        return outcome


@pytest.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[Warehouse]:
    async with practice_shop(tmp_path / "practice.db") as shop:
        added = [(await shop.lever("locations", name=f"Place {n}"))["id"] for n in range(1, PLACES)]
        yield Warehouse(shop, [int(shop.location.rsplit("/", 1)[1]), *added])


async def test_the_shop_tells_its_locations_by_name(warehouse: Warehouse) -> None:
    await warehouse.counts(2, 0)
    assert [one.name for one in locations.offered(warehouse.account.settings)] == [
        "Shop location",
        "Place 1",
        "Place 2",
        "Place 3",
    ]
    assert locations.counted_names(warehouse.account.settings) == ["Place 2", "Shop location"]


units = st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=PLACES, max_size=PLACES).filter(
    lambda some: any(one is not None for one in some)
)


@histories(8)
@given(
    levels=units,
    counted=st.permutations(range(PLACES)).flatmap(lambda order: st.integers(1, PLACES).map(lambda n: order[:n])),
    quantity=st.integers(0, 80),
    off_by=st.sampled_from([0, 0, 0, 1, -1, 7]),
    first=st.booleans(),
    meanwhile=st.one_of(st.none(), st.tuples(st.integers(0, PLACES - 1), st.integers(0, 30))),
)
async def test_the_sum_is_set_or_the_real_one_is_said(
    warehouse: Warehouse,
    *,
    levels: list[int | None],
    counted: list[int],
    quantity: int,
    off_by: int,
    first: bool,
    meanwhile: tuple[int, int] | None,
) -> None:
    """Whatever lies where, also when somebody counts at a location between our reading and our writing."""
    await warehouse.counts(*counted)
    item = await warehouse.holds(levels)
    before = await warehouse.there()
    expected = None if first else sum(before.get(place, 0) for place in counted) + off_by

    async def somebody_counts() -> None:
        assert meanwhile is not None
        number = warehouse.places[meanwhile[0]]
        await warehouse.shop.lever("change", sku=warehouse.sku, stock=meanwhile[1], location=number)

    warehouse.before_writing = somebody_counts if meanwhile else None
    change = StockChange(key="v", stock_id=item, quantity=quantity, expected=expected)
    outcome = await warehouse.set_stock(change)
    acted, warehouse.before_writing = warehouse.before_writing is None and meanwhile is not None, None
    if not isinstance(outcome, Done):
        assert first, outcome
        assert acted, outcome
        assert len(counted) > 1, "one location is simply set"
        outcome = await warehouse.set_stock(change)
    assert isinstance(outcome, Done)
    after = await warehouse.there()
    total = sum(after.get(place, 0) for place in counted)
    if acted and outcome == Done(StockSet(quantity=quantity)) and total != quantity:
        # Somebody counted where nothing was written: the next compare tells.
        outcome = await warehouse.set_stock(replace(change, expected=quantity))
        assert isinstance(outcome, Done)
    answer = outcome.value
    assert answer == StockSet(quantity=total, stale_actual=None if answer.stale_actual is None else total)
    assert answer.stale_actual is not None or total == quantity
    assert answer.stale_actual is None or acted or not first
    assert off_by or acted or answer.stale_actual is None, "what was expected was there"
    assert min(after.values()) >= 0
    main, *others = counted
    if answer.stale_actual is None and not acted:
        lowered = [place for place in others if after.get(place, 0) != before.get(place, 0)]
        assert not lowered or after.get(main, 0) == 0, "the main location gives first"
        assert all(after[place] < before[place] for place in lowered)
    untouched = set(range(PLACES)) - set(counted) - ({meanwhile[0]} if meanwhile and acted else set())
    assert {place: after.get(place) for place in untouched} == {place: before.get(place) for place in untouched}


async def test_a_location_the_shop_has_closed_counts_as_nothing(warehouse: Warehouse) -> None:
    """Until the channel is tested, when it no longer counts."""
    await warehouse.counts(0, 1)
    item = await warehouse.holds([4, 3, None, None])
    await warehouse.shop.lever("deactivate", location=warehouse.places[1])
    change = StockChange(key="v", stock_id=item, quantity=6, expected=7)
    assert await warehouse.set_stock(change) == Done(StockSet(quantity=4, stale_actual=4))
    after = locations.refreshed(warehouse.account.settings, await warehouse.told())
    assert locations.counted(after) == (warehouse.gid(0),)
    assert [one.name for one in locations.gone(after)] == ["Place 1"]


async def test_with_one_location_counting_the_calls_are_those_of_one_location(warehouse: Warehouse) -> None:
    await warehouse.counts(0)
    item = await warehouse.holds([4, 3, None, None])
    seen = len(await warehouse.shop.read("requests"))
    assert await warehouse.set_stock(StockChange(key="v", stock_id=item, quantity=6, expected=4)) == Done(
        StockSet(quantity=6)
    )
    asked = [row["operations"] for row in (await warehouse.shop.read("requests"))[seen:]]
    assert asked == [["inventorySetQuantities"]]
    assert await warehouse.there() == {0: 6, 1: 3}
