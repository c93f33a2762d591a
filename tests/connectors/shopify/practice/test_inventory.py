"""Stock as Shopify keeps it: compare-and-set, keys remembered, refusals by the table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.shopify.practice.practice_shop import Shop, a_product, a_variant

SET = """mutation S($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes { name delta quantityAfterChange } }
    userErrors { code field message }
  }
}"""


async def an_item(shop: Shop, quantity: int = 12) -> str:
    stock = [{"locationId": shop.location, "name": "available", "quantity": quantity}]
    variant = a_variant(inventoryItem={"tracked": True}, inventoryQuantities=stock)
    made = await shop.set(**a_product(variants=[variant]))
    return str(made["product"]["variants"]["nodes"][0]["inventoryItem"]["id"])


async def put(shop: Shop, item: str, quantity: int, expected: int | None, *, key: str, **more: Any) -> dict[str, Any]:
    row = {"inventoryItemId": item, "locationId": shop.location, "quantity": quantity, "changeFromQuantity": expected}
    given = {"name": "available", "reason": "correction", "quantities": [row]} | more
    found: dict[str, Any] = (await shop.data(SET, input=given, key=key))["inventorySetQuantities"]
    return found


async def available(shop: Shop) -> int:
    levels = (await shop.read("products"))[0]["variants"][0]["available"]
    return sum(levels.values())


async def test_setting_moves_available_and_on_hand_and_tells_no_result(shop: Shop) -> None:
    item = await an_item(shop)
    changes = (await put(shop, item, 9, 12, key="a"))["inventoryAdjustmentGroup"]["changes"]
    assert changes == [
        {"name": "available", "delta": -3, "quantityAfterChange": None},
        {"name": "on_hand", "delta": -3, "quantityAfterChange": None},
    ]
    assert await available(shop) == 9


async def test_a_stale_compare_changes_nothing(shop: Shop) -> None:
    item = await an_item(shop)
    refused = await put(shop, item, 9, 11, key="a")
    assert refused == {
        "inventoryAdjustmentGroup": None,
        "userErrors": [
            {
                "code": "CHANGE_FROM_QUANTITY_STALE",
                "field": ["input", "quantities", "0", "changeFromQuantity"],
                "message": "The changeFromQuantity value does not match persisted value.",
            }
        ],
    }
    assert await available(shop) == 12


async def test_a_key_replays_what_it_did_and_nothing_else(shop: Shop) -> None:
    item = await an_item(shop)
    first = await put(shop, item, 9, None, key="a")
    await put(shop, item, 5, None, key="b")
    assert await put(shop, item, 9, None, key="a") == first
    assert await available(shop) == 5
    other = await put(shop, item, 8, None, key="a")
    assert other["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert len([row for row in await shop.read("ledger") if row["operation"] == "inventorySetQuantities"]) == 2


async def test_keys_are_forgotten_after_a_day(shop: Shop) -> None:
    item = await an_item(shop)
    await put(shop, item, 9, None, key="a")
    await put(shop, item, 5, None, key="b")
    shop.clock.now += 24 * 3600 + 1
    await put(shop, item, 9, None, key="a")
    assert await available(shop) == 9


async def test_a_write_without_a_key_is_refused_and_not_done(shop: Shop) -> None:
    item = await an_item(shop)
    bare = SET.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    row = {"inventoryItemId": item, "locationId": shop.location, "quantity": 1, "changeFromQuantity": None}
    answer = await shop.ask(bare, input={"name": "available", "reason": "correction", "quantities": [row]})
    assert answer["data"] == {"inventorySetQuantities": None}
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert await available(shop) == 12


async def test_setting_what_is_already_there_succeeds_without_a_group(shop: Shop) -> None:
    item = await an_item(shop)
    assert await put(shop, item, 12, 12, key="a") == {"inventoryAdjustmentGroup": None, "userErrors": []}


async def test_the_compare_field_must_be_there(shop: Shop) -> None:
    item = await an_item(shop)
    row = {"inventoryItemId": item, "locationId": shop.location, "quantity": 1}
    given = {"name": "available", "reason": "correction", "quantities": [row]}
    error = (await shop.ask(SET, input=given, key="a"))["errors"][0]
    assert error["message"] == "InventoryQuantityInput must include the following argument: changeFromQuantity."
    assert error["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"


@pytest.mark.parametrize(
    ("row", "more", "field", "code"),
    [
        (
            {"inventoryItemId": "gid://shopify/InventoryItem/1"},
            {},
            "quantities,0,inventoryItemId",
            "INVALID_INVENTORY_ITEM",
        ),
        ({"locationId": "gid://shopify/Location/1"}, {}, "quantities,0,locationId", "INVALID_LOCATION"),
        ({"quantity": -1}, {}, "quantities,0,quantity", "INVALID_QUANTITY_NEGATIVE"),
        ({"quantity": 1_000_000_001}, {}, "quantities,0,quantity", "INVALID_QUANTITY_TOO_HIGH"),
        ({}, {"name": "reserved"}, "name", "INVALID_NAME"),
        ({}, {"reason": "because"}, "reason", "INVALID_REASON"),
    ],
)
async def test_refusals_by_the_table(
    shop: Shop, row: dict[str, Any], more: dict[str, Any], field: str, code: str
) -> None:
    item = await an_item(shop)
    usual = {"inventoryItemId": item, "locationId": shop.location, "quantity": 1, "changeFromQuantity": None}
    given = {"name": "available", "reason": "correction", "quantities": [usual | row]} | more
    found = (await shop.data(SET, input=given, key="a"))["inventorySetQuantities"]["userErrors"]
    assert [(",".join(error["field"]), error["code"]) for error in found] == [("input," + field, code)]
    assert await available(shop) == 12


async def test_the_same_level_twice_is_refused_at_both_places(shop: Shop) -> None:
    item = await an_item(shop)
    row = {"inventoryItemId": item, "locationId": shop.location, "quantity": 1, "changeFromQuantity": None}
    found = await put(shop, item, 1, None, key="a", quantities=[row, row])
    assert [error["field"][2] for error in found["userErrors"]] == ["0", "1"]
    assert {error["code"] for error in found["userErrors"]} == {"NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"}


async def test_adjusting_adds_and_minds_the_ledger_document(shop: Shop) -> None:
    item = await an_item(shop)
    adjust = """mutation A($input: InventoryAdjustQuantitiesInput!, $key: String!) {
      inventoryAdjustQuantities(input: $input) @idempotent(key: $key) { userErrors { code field } }
    }"""
    change = {"inventoryItemId": item, "locationId": shop.location, "delta": -2, "changeFromQuantity": None}
    given = {"name": "available", "reason": "reservation_created", "changes": [change]}
    for key in ("a", "a", "b"):
        assert (await shop.data(adjust, input=given, key=key))["inventoryAdjustQuantities"]["userErrors"] == []
    assert await available(shop) == 8
    damaged = (await shop.data(adjust, input=given | {"name": "damaged"}, key="c"))["inventoryAdjustQuantities"]
    assert damaged["userErrors"][0]["code"] == "INVALID_QUANTITY_DOCUMENT"
    wrong = (await shop.data(adjust, input=given | {"name": "on_hand"}, key="d"))["inventoryAdjustQuantities"]
    assert wrong["userErrors"] == [{"code": "INVALID_QUANTITY_NAME", "field": ["input", "name"]}]


async def test_an_active_level_takes_no_opening_quantity(shop: Shop) -> None:
    item = await an_item(shop)
    activate = """mutation A($item: ID!, $at: ID!, $n: Int, $key: String!) {
      inventoryActivate(inventoryItemId: $item, locationId: $at, available: $n) @idempotent(key: $key) {
        inventoryLevel { quantities(names: ["available"]) { quantity } } userErrors { field message }
      }
    }"""
    refused = (await shop.data(activate, item=item, at=shop.location, n=3, key="a"))["inventoryActivate"]
    assert refused["userErrors"] == [
        {
            "field": ["available"],
            "message": "Not allowed to set available quantity when the item is already active at the location.",
        }
    ]
    kept = (await shop.data(activate, item=item, at=shop.location, key="b"))["inventoryActivate"]
    assert kept["inventoryLevel"] == {"quantities": [{"quantity": 12}]}
    nowhere = (await shop.data(activate, item=item, at="gid://shopify/Location/1", key="c"))["inventoryActivate"]
    assert nowhere["userErrors"][0]["message"].endswith("because the location wasn't found.")


async def test_tracking_is_turned_on_at_the_item(shop: Shop) -> None:
    item = await an_item(shop)
    change = (
        "mutation T($id: ID!) { inventoryItemUpdate(id: $id, input: {tracked: false}) { inventoryItem { tracked } } }"
    )
    found = await shop.data(change, id=item)
    assert found["inventoryItemUpdate"]["inventoryItem"] == {"tracked": False}
