"""The stock of a practice store: whole or not at all, cleared where left out, dropped where nothing has it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.rakuten.practice.practice_store import Shop, an_item

READ, WRITE = "/es/2.1/inventories/bulk-get", "/es/2.1/inventories/bulk-upsert"


def row(**given: Any) -> dict[str, Any]:
    return {"manageNumber": "mug", "variantId": "MUG-1", "mode": "ABSOLUTE", "quantity": 70} | given


async def write(shop: Shop, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and path of each error; none when it was taken."""
    answer = await shop.call("POST", WRITE, {"inventories": list(rows)})
    if answer.status_code == 204:
        assert answer.content == b""
        return []
    return [(one["code"], one.get("metadata", {}).get("propertyPath", "")) for one in answer.json()["errors"]]


async def read(shop: Shop, *variants: str) -> list[dict[str, Any]]:
    body = {"inventories": [{"manageNumber": "mug", "variantId": one} for one in variants]}
    found: list[dict[str, Any]] = (await shop.call("POST", READ, body)).json()["inventories"]
    return found


async def test_a_number_is_set_or_moved(shop: Shop) -> None:
    await shop.put("mug", an_item())
    assert await write(shop, row()) == []
    assert await write(shop, row(mode="RELATIVE", quantity=-2)) == []
    (there,) = await read(shop, "MUG-1", "never")
    assert (there["quantity"], there["created"][-6:]) == (68, "+09:00")


async def test_what_a_row_leaves_out_is_cleared(shop: Shop) -> None:
    await write(shop, row(operationLeadTime={"normalDeliveryTimeId": 4}, shipFromIds=[3]))
    (there,) = await read(shop, "MUG-1")
    assert (there["operationLeadTime"], there["shipFromIds"]) == ({"normalDeliveryTimeId": 4}, [3])
    await write(shop, row())
    assert "operationLeadTime" not in (await read(shop, "MUG-1"))[0]


async def test_one_bad_row_leaves_all_as_they_were(shop: Shop) -> None:
    assert await write(shop, row(), row(variantId="B", quantity=100_000)) == [("IE0003", "inventories[1].quantity")]
    assert await read(shop, "MUG-1", "B") == []


@pytest.mark.parametrize(
    ("rows", "errors"),
    [
        ([], [("GE0011", "")]),
        ([row(mode="ADD")], [("IE0007", "inventories[0].mode")]),
        ([row(quantity=None)], [("IE0001", "inventories[0].quantity")]),
        ([row(quantity=1.5)], [("IE0002", "inventories[0].quantity")]),
        ([row(quantity=-1)], [("IE0003", "inventories[0].quantity")]),
        ([row(mode="RELATIVE")], [("IE0500", "inventories[0]")]),
        ([row(manageNumber="!~/")], [("IE0002", "inventories[0].manageNumber")]),
        ([row(variantId="")], [("IE0001", "inventories[0].variantId")]),
        ([row(), row(quantity=1)], [("IE1102", "")]),
        ([row(variantId=str(number)) for number in range(401)], [("IE1101", "inventories")]),
    ],
)
async def test_a_row_that_breaks_a_rule_is_refused(shop: Shop, rows: list[Any], errors: list[Any]) -> None:
    assert await write(shop, *rows) == errors


async def test_a_move_may_not_leave_the_range(shop: Shop) -> None:
    await write(shop, row())
    assert await write(shop, row(mode="RELATIVE", quantity=-71)) == [("IE0117", "inventories[0].quantity")]


async def test_stock_that_no_item_has_is_dropped_after_a_day(shop: Shop) -> None:
    await write(shop, row())
    shop.clock.now += 86_300
    assert len(await read(shop, "MUG-1")) == 1
    shop.clock.now += 200
    assert await read(shop, "MUG-1") == []
    await shop.put("mug", an_item())
    await write(shop, row())
    shop.clock.now += 90_000
    assert len(await read(shop, "MUG-1")) == 1
