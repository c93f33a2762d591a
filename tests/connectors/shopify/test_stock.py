import json
from collections.abc import Sequence

import httpx
import pytest

from connectors.errors import AccountBlocked, Busy, InDoubt, ProblemClass
from connectors.records import Done, Failed, Outcome, StockChange, StockSet
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.products import BLUE_STOCK, SAND_STOCK
from tests.connectors.wire import LOCATION, FakeAccount, Wire, refused

BLUE = StockChange(key="v-blue", stock_id=BLUE_STOCK, quantity=9, expected=12)
SAND = StockChange(key="v-sand", stock_id=SAND_STOCK, quantity=3)
MOSS = StockChange(key="v-moss", stock_id="gid://shopify/InventoryItem/49012345678903", quantity=5, expected=4)

ACCEPTED = b'{"data":{"item0":{"inventoryAdjustmentGroup":null,"userErrors":[]}}}'


def rejected(*errors: tuple[str, int | None]) -> bytes:
    """userErrors with code and row, worded as Shopify words the stale one."""
    rows = [
        {
            "code": code,
            "field": ["input", "quantities", str(row), "changeFromQuantity"] if row is not None else None,
            "message": "The changeFromQuantity value does not match persisted value.",
        }
        for code, row in errors
    ]
    return json.dumps({"data": {"item0": {"inventoryAdjustmentGroup": None, "userErrors": rows}}}).encode()


def level(*available: int | None) -> bytes:
    items = {}
    for number, quantity in enumerate(available):
        stocked = {"quantities": [{"name": "available", "quantity": quantity}]} if quantity is not None else None
        items[f"item{number}"] = {"id": "x", "tracked": True, "inventoryLevel": stocked}
    return json.dumps({"data": items}).encode()


async def set_stock(
    wire: Wire, changes: Sequence[StockChange], *, key: str = "attempt-1", account: FakeAccount | None = None
) -> list[Outcome[StockSet]]:
    async with wire.client() as client:
        outcomes = await Shopify(client).set_stock(account or FakeAccount(), changes, idempotency_key=key)
    assert wire.unused == 0
    return outcomes


def class_and_code(outcome: Outcome[StockSet]) -> tuple[ProblemClass, str]:
    assert isinstance(outcome, Failed)
    return outcome.problem.problem_class, outcome.problem.code


async def test_quantities_are_set_absolutely_with_what_we_believe_is_there() -> None:
    wire = Wire(ACCEPTED)
    assert await set_stock(wire, [BLUE, SAND]) == [Done(StockSet(quantity=9)), Done(StockSet(quantity=3))]
    assert wire.variables()["input0"] == {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {"inventoryItemId": BLUE_STOCK, "locationId": LOCATION, "quantity": 9, "changeFromQuantity": 12},
            {"inventoryItemId": SAND_STOCK, "locationId": LOCATION, "quantity": 3, "changeFromQuantity": None},
        ],
    }
    assert "inventorySetQuantities(input: $input0) @idempotent(key: $idempotencyKey0)" in wire.sent()["query"]


async def test_the_same_key_replays_the_same_call_and_another_key_does_not() -> None:
    keys = []
    for key, changes in (("a", [BLUE]), ("a", [BLUE]), ("b", [BLUE]), ("a", [SAND])):
        wire = Wire(ACCEPTED)
        await set_stock(wire, changes, key=key)
        keys.append(wire.variables()["idempotencyKey0"])
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert len(keys[0]) == 36


async def test_a_stale_row_says_what_is_really_there_and_the_innocent_go_again() -> None:
    wire = Wire(rejected(("CHANGE_FROM_QUANTITY_STALE", 0)), level(11), ACCEPTED)
    assert await set_stock(wire, [BLUE, SAND]) == [
        Done(StockSet(quantity=11, stale_actual=11)),
        Done(StockSet(quantity=3)),
    ]
    assert wire.variables(1) == {"inventoryItemId0": BLUE_STOCK, "locationId0": LOCATION}
    assert [row["inventoryItemId"] for row in wire.variables(2)["input0"]["quantities"]] == [SAND_STOCK]
    assert wire.variables(2)["idempotencyKey0"] != wire.variables(0)["idempotencyKey0"]


async def test_a_level_that_already_is_what_we_want_is_stale_all_the_same() -> None:
    """A sale there may have made it so, and whoever asks must not take that for a push of ours."""
    wire = Wire(rejected(("CHANGE_FROM_QUANTITY_STALE", 0)), level(9))
    assert await set_stock(wire, [BLUE]) == [Done(StockSet(quantity=9, stale_actual=9))]


async def test_a_row_refused_for_good_does_not_hold_back_the_others() -> None:
    wire = Wire(rejected(("INVALID_INVENTORY_ITEM", 1), ("INVALID_QUANTITY_TOO_HIGH", 2)), ACCEPTED)
    outcomes = await set_stock(wire, [BLUE, SAND, MOSS])
    assert outcomes[0] == Done(StockSet(quantity=9))
    assert class_and_code(outcomes[1]) == (ProblemClass.DATA, "INVALID_INVENTORY_ITEM")
    assert class_and_code(outcomes[2]) == (ProblemClass.DATA, "INVALID_QUANTITY_TOO_HIGH")


async def test_an_item_not_stocked_at_the_location_is_stocked_there() -> None:
    activated = b'{"data":{"item0":{"inventoryLevel":{"id":"l","item":{"id":"i","tracked":true}},"userErrors":[]}}}'
    wire = Wire(rejected(("ITEM_NOT_STOCKED_AT_LOCATION", 0)), activated)
    assert await set_stock(wire, [BLUE]) == [Done(StockSet(quantity=9))]
    sent = wire.variables()
    assert (sent["inventoryItemId0"], sent["locationId0"], sent["available0"]) == (BLUE_STOCK, LOCATION, 9)
    assert "@idempotent(key: $idempotencyKey0)" in wire.sent()["query"]


async def test_a_stale_row_that_turns_out_not_to_be_stocked_is_stocked() -> None:
    activated = b'{"data":{"item0":{"inventoryLevel":{"id":"l","item":{"id":"i","tracked":true}},"userErrors":[]}}}'
    wire = Wire(rejected(("CHANGE_FROM_QUANTITY_STALE", 0)), level(None), activated)
    assert await set_stock(wire, [BLUE]) == [Done(StockSet(quantity=9))]


async def test_rows_refused_for_different_reasons_are_each_looked_after() -> None:
    stocked = b'{"inventoryLevel":{"id":"l","item":{"id":"i","tracked":true}},"userErrors":[]}'
    both = b'{"data":{"item0":%s,"item1":%s}}' % (stocked, stocked)
    refusals = rejected(("ITEM_NOT_STOCKED_AT_LOCATION", 0), ("CHANGE_FROM_QUANTITY_STALE", 2))
    wire = Wire(refusals, level(None), both, ACCEPTED)
    outcomes = await set_stock(wire, [BLUE, SAND, MOSS])
    assert outcomes == [Done(StockSet(quantity=9)), Done(StockSet(quantity=3)), Done(StockSet(quantity=5))]
    assert {wire.variables(2)[f"inventoryItemId{number}"] for number in range(2)} == {BLUE_STOCK, MOSS.stock_id}


async def test_somebody_else_stocked_it_meanwhile_so_it_is_tried_again() -> None:
    already = (
        b'{"data":{"item0":{"inventoryLevel":null,"userErrors":[{"field":["available"],"message":'
        b'"Not allowed to set available quantity when the item is already active at the location."}]}}}'
    )
    (outcome,) = await set_stock(Wire(rejected(("ITEM_NOT_STOCKED_AT_LOCATION", 0)), already), [BLUE])
    assert class_and_code(outcome) == (ProblemClass.BUSY, "already_stocked")


CHANGED = (
    b'{"data":{"item0":{"inventoryAdjustmentGroup":{"changes":['
    b'{"name":"available","item":{"id":"gid://shopify/InventoryItem/49012345678901","tracked":false}},'
    b'{"name":"on_hand","item":{"id":"gid://shopify/InventoryItem/49012345678901","tracked":false}},'
    b'{"name":"available","item":{"id":"gid://shopify/InventoryItem/49012345678902","tracked":true}}]},"userErrors":[]}}}'
)


async def test_an_item_that_sold_without_limit_is_tracked_from_now_on() -> None:
    wire = Wire(CHANGED, b'{"data":{"item0":{"inventoryItem":{"id":"i","tracked":true},"userErrors":[]}}}')
    assert await set_stock(wire, [BLUE, SAND]) == [Done(StockSet(quantity=9)), Done(StockSet(quantity=3))]
    assert wire.variables() == {"id0": BLUE_STOCK}
    assert "inventoryItemUpdate(id: $id0, input: { tracked: true })" in wire.sent()["query"]


async def test_an_item_that_cannot_be_tracked_is_not_called_set() -> None:
    wire = Wire(CHANGED, refused(503, b""))
    outcomes = await set_stock(wire, [BLUE, SAND])
    assert class_and_code(outcomes[0]) == (ProblemClass.UNKNOWN, "http_503")
    assert outcomes[1] == Done(StockSet(quantity=3))


async def test_a_refusal_that_names_no_row_is_found_by_halves() -> None:
    stale = rejected(("CHANGE_FROM_QUANTITY_STALE", None))
    wire = Wire(stale, ACCEPTED, stale, ACCEPTED, stale, level(2))
    outcomes = await set_stock(wire, [BLUE, SAND, MOSS])
    sent = [len(wire.variables(n)["input0"]["quantities"]) for n in range(5)]
    assert sent == [3, 1, 2, 1, 1]
    assert outcomes == [
        Done(StockSet(quantity=9)),
        Done(StockSet(quantity=3)),
        Done(StockSet(quantity=2, stale_actual=2)),
    ]


async def test_a_key_that_is_spent_is_replaced() -> None:
    wire = Wire(rejected(("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", None)), ACCEPTED)
    assert await set_stock(wire, [BLUE]) == [Done(StockSet(quantity=9))]
    assert wire.variables(0)["idempotencyKey0"] != wire.variables(1)["idempotencyKey0"]
    assert wire.variables(0)["input0"] == wire.variables(1)["input0"]


async def test_a_call_that_still_runs_is_waited_for() -> None:
    with pytest.raises(Busy) as caught:
        await set_stock(Wire(rejected(("IDEMPOTENCY_CONCURRENT_REQUEST", None))), [BLUE, SAND])
    assert caught.value.problem.code == "IDEMPOTENCY_CONCURRENT_REQUEST"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVALID_REASON", ProblemClass.OURS),
        ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", ProblemClass.OURS),
        ("SOMETHING_NEW", ProblemClass.DATA),
    ],
)
async def test_a_refusal_of_the_call_is_every_rows(code: str, kind: ProblemClass) -> None:
    outcomes = await set_stock(Wire(rejected((code, None))), [BLUE, SAND])
    assert [class_and_code(outcome) for outcome in outcomes] == [(kind, code)] * 2


async def test_an_id_that_is_no_inventory_item_is_not_sent() -> None:
    strange = StockChange(key="v", stock_id="gid://shopify/Product/1", quantity=1)
    wire = Wire(ACCEPTED)
    outcomes = await set_stock(wire, [strange, SAND])
    assert class_and_code(outcomes[0]) == (ProblemClass.OURS, "not_an_inventory_item")
    assert outcomes[1] == Done(StockSet(quantity=3))


async def test_what_stops_the_first_call_is_raised() -> None:
    with pytest.raises(InDoubt):
        await set_stock(Wire(httpx.ReadTimeout("x")), [BLUE])
    with pytest.raises(Busy):
        await set_stock(Wire(refused(429, b"")), [BLUE])


async def test_what_stops_a_later_call_leaves_the_settled_rows_settled() -> None:
    wire = Wire(rejected(("INVALID_INVENTORY_ITEM", 0)), httpx.ReadTimeout("x"))
    outcomes = await set_stock(wire, [BLUE, SAND])
    assert class_and_code(outcomes[0]) == (ProblemClass.DATA, "INVALID_INVENTORY_ITEM")
    assert class_and_code(outcomes[1]) == (ProblemClass.UNKNOWN, "no_answer")


async def test_without_a_location_the_merchant_is_asked_to_choose() -> None:
    with pytest.raises(AccountBlocked) as caught:
        await set_stock(Wire(), [BLUE], account=FakeAccount(settings={}))
    assert caught.value.problem.code == "no_location"
