"""Stock where several locations count: the sum is read and compared, and the difference goes to the main one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors import locations
from connectors.errors import Busy, ProblemClass
from connectors.locations import Location
from connectors.records import Done, Failed, Outcome, StockChange, StockSet
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.products import BLUE_STOCK, SAND_STOCK
from tests.connectors.shopify.test_stock import ACCEPTED, rejected
from tests.connectors.wire import LOCATION, FakeAccount, Wire, refused

STORE_ROOM = "gid://shopify/Location/68817551383"
BLUE = StockChange(key="v-blue", stock_id=BLUE_STOCK, quantity=9, expected=12)
SAND = StockChange(key="v-sand", stock_id=SAND_STOCK, quantity=3)


def two_locations() -> FakeAccount:
    places = [Location(id=LOCATION, name="Shop"), Location(id=STORE_ROOM, name="Store room")]
    return FakeAccount(
        settings=locations.chosen(locations.first_choice(places, LOCATION), {LOCATION, STORE_ROOM}, LOCATION)
    )


def held(*levels: dict[str, int | None], untracked: Sequence[str] = ()) -> bytes:
    """Units by item, one answer a location."""
    data = {}
    for number, items in enumerate(levels):
        data[f"item{number}"] = [
            {
                "id": item,
                "tracked": item not in untracked,
                "inventoryLevel": None if units is None else {"quantities": [{"name": "available", "quantity": units}]},
            }
            for item, units in items.items()
        ]
    return json.dumps({"data": data}).encode()


async def set_stock(wire: Wire, *changes: StockChange) -> list[Outcome[StockSet]]:
    async with wire.client() as client:
        outcomes = await Shopify(client).set_stock(two_locations(), changes, idempotency_key="attempt-1")
    assert wire.unused == 0
    return outcomes


def written(wire: Wire, number: int = -1) -> list[tuple[str, str, int, int | None]]:
    rows: list[dict[str, Any]] = wire.variables(number)["input0"]["quantities"]
    return [(row["inventoryItemId"], row["locationId"], row["quantity"], row["changeFromQuantity"]) for row in rows]


async def test_all_items_are_read_once_a_location_and_the_difference_goes_to_the_main_one() -> None:
    wire = Wire(held({BLUE_STOCK: 10, SAND_STOCK: 1}, {BLUE_STOCK: 2, SAND_STOCK: None}), ACCEPTED)
    assert await set_stock(wire, BLUE, SAND) == [Done(StockSet(quantity=9)), Done(StockSet(quantity=3))]
    ids = [BLUE_STOCK, SAND_STOCK]
    assert wire.variables(0) == {"ids0": ids, "locationId0": LOCATION, "ids1": ids, "locationId1": STORE_ROOM}
    assert written(wire) == [(BLUE_STOCK, LOCATION, 7, 10), (SAND_STOCK, LOCATION, 3, 1)]
    assert "@idempotent(key: $idempotencyKey0)" in wire.sent()["query"]


async def test_another_sum_than_expected_is_said_and_nothing_is_written() -> None:
    wire = Wire(held({BLUE_STOCK: 10}, {BLUE_STOCK: 1}))
    assert await set_stock(wire, BLUE) == [Done(StockSet(quantity=11, stale_actual=11))]


@pytest.mark.parametrize(("main", "other"), [(9, 0), (4, 5), (None, 9)])
async def test_a_sum_that_already_is_what_we_want_is_stale_all_the_same(main: int | None, other: int) -> None:
    """As a single level is: a sale may have made it so."""
    wire = Wire(held({BLUE_STOCK: main}, {BLUE_STOCK: other}))
    assert await set_stock(wire, BLUE) == [Done(StockSet(quantity=9, stale_actual=9))]


async def test_what_the_main_location_lacks_is_taken_from_the_other_in_the_same_call() -> None:
    wire = Wire(held({BLUE_STOCK: 2}, {BLUE_STOCK: 10}), ACCEPTED)
    assert await set_stock(wire, BLUE) == [Done(StockSet(quantity=9))]
    assert written(wire) == [(BLUE_STOCK, LOCATION, 0, 2), (BLUE_STOCK, STORE_ROOM, 9, 10)]


async def test_a_level_that_moved_since_it_was_read_makes_the_sum_read_again() -> None:
    """What was to be taken from the other location is not taken: the item's levels go together or not at all."""
    stale = rejected(("CHANGE_FROM_QUANTITY_STALE", 0))
    wire = Wire(held({BLUE_STOCK: 2}, {BLUE_STOCK: 10}), stale, held({BLUE_STOCK: 1}, {BLUE_STOCK: 10}))
    assert await set_stock(wire, BLUE) == [Done(StockSet(quantity=11, stale_actual=11))]


async def test_a_refusal_of_one_items_second_level_leaves_the_others_row_alone() -> None:
    read = held({BLUE_STOCK: 2, SAND_STOCK: 1}, {BLUE_STOCK: 10, SAND_STOCK: 1})
    stale = rejected(("CHANGE_FROM_QUANTITY_STALE", 1))
    wire = Wire(read, stale, held({BLUE_STOCK: 2}, {BLUE_STOCK: 8}), ACCEPTED)
    assert await set_stock(wire, BLUE, SAND) == [
        Done(StockSet(quantity=10, stale_actual=10)),
        Done(StockSet(quantity=3)),
    ]
    assert wire.variables(2)["ids0"] == [BLUE_STOCK]
    assert written(wire) == [(SAND_STOCK, LOCATION, 2, 1)]


async def test_a_first_telling_that_is_overtaken_is_told_again_and_never_compared() -> None:
    """Nothing was expected, so no difference may be taken in."""
    stale = rejected(("CHANGE_FROM_QUANTITY_STALE", 0))
    wire = Wire(held({SAND_STOCK: 5}, {SAND_STOCK: 5}), stale, held({SAND_STOCK: 4}, {SAND_STOCK: 5}))
    (outcome,) = await set_stock(wire, SAND)
    assert isinstance(outcome, Failed)
    assert outcome.problem.problem_class is ProblemClass.BUSY


async def test_an_item_stocked_nowhere_is_stocked_at_the_main_location_alone() -> None:
    activated = b'{"data":{"item0":{"inventoryLevel":{"id":"l","item":{"id":"i","tracked":true}},"userErrors":[]}}}'
    wire = Wire(held({SAND_STOCK: None}, {SAND_STOCK: None}), activated)
    assert await set_stock(wire, SAND) == [Done(StockSet(quantity=3))]
    sent = wire.variables()
    assert (sent["locationId0"], sent["available0"]) == (LOCATION, 3)


async def test_what_is_lacking_is_stocked_at_the_main_location_beside_what_lies_elsewhere() -> None:
    activated = b'{"data":{"item0":{"inventoryLevel":{"id":"l","item":{"id":"i","tracked":true}},"userErrors":[]}}}'
    wire = Wire(held({SAND_STOCK: None}, {SAND_STOCK: 2}), activated)
    assert await set_stock(wire, SAND) == [Done(StockSet(quantity=3))]
    assert wire.variables()["available0"] == 1


async def test_an_item_unstocked_meanwhile_is_another_sum() -> None:
    unstocked = rejected(("ITEM_NOT_STOCKED_AT_LOCATION", 0))
    wire = Wire(held({BLUE_STOCK: 10}, {BLUE_STOCK: 2}), unstocked, held({BLUE_STOCK: None}, {BLUE_STOCK: 2}))
    assert await set_stock(wire, BLUE) == [Done(StockSet(quantity=2, stale_actual=2))]


async def test_an_item_set_to_nothing_says_what_each_location_had_and_gets_it_back_there() -> None:
    wire = Wire(held({BLUE_STOCK: 5}, {BLUE_STOCK: 7}), ACCEPTED)
    assert await set_stock(wire, replace(BLUE, quantity=0)) == [
        Done(StockSet(quantity=0, taken_from={LOCATION: 5, STORE_ROOM: 7}))
    ]
    wire = Wire(held({BLUE_STOCK: 0}, {BLUE_STOCK: 0}), ACCEPTED)
    back = replace(BLUE, quantity=12, expected=0, set_aside={LOCATION: 5, STORE_ROOM: 7})
    assert await set_stock(wire, back) == [Done(StockSet(quantity=12))]
    assert written(wire) == [(BLUE_STOCK, LOCATION, 5, 0), (BLUE_STOCK, STORE_ROOM, 7, 0)]


async def test_an_item_that_sold_without_limit_is_tracked_though_its_numbers_were_right() -> None:
    tracked = b'{"data":{"item0":{"inventoryItem":{"id":"i","tracked":true},"userErrors":[]}}}'
    wire = Wire(held({BLUE_STOCK: 9}, {BLUE_STOCK: 0}, untracked=[BLUE_STOCK]), tracked)
    assert await set_stock(wire, replace(BLUE, expected=9)) == [Done(StockSet(quantity=9))]
    assert wire.variables() == {"id0": BLUE_STOCK}


async def test_an_item_the_shop_does_not_know_holds_back_no_other() -> None:
    wire = Wire(held({SAND_STOCK: 1}, {SAND_STOCK: 1}), ACCEPTED)
    gone, done = await set_stock(wire, BLUE, SAND)
    assert isinstance(gone, Failed)
    assert gone.problem.code == "INVALID_INVENTORY_ITEM"
    assert done == Done(StockSet(quantity=3))


async def test_a_call_holds_no_more_levels_than_shopify_takes_and_never_part_of_an_item() -> None:
    changes = [
        StockChange(key=str(n), stock_id=f"gid://shopify/InventoryItem/{n}", quantity=1, expected=6) for n in range(130)
    ]
    levels = {change.stock_id: 3 for change in changes}
    wire = Wire(held(dict(levels), dict(levels)), ACCEPTED, ACCEPTED)
    assert await set_stock(wire, *changes) == [Done(StockSet(quantity=1))] * 130
    assert [len(written(wire, number)) for number in (1, 2)] == [250, 10]
    assert written(wire, 2)[0][1] == LOCATION


async def test_what_stops_the_reading_is_raised_before_anything_is_set() -> None:
    with pytest.raises(Busy):
        await set_stock(Wire(refused(429, b"")), BLUE)
    with pytest.raises(Busy):
        await set_stock(Wire(httpx.ReadTimeout("x")), BLUE)
