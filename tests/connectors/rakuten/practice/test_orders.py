"""The order API of a practice store as such, its levers and its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.connectors.rakuten.practice.practice_store import NAME, Shop, an_item, practice_store

SEARCH = {
    "dateType": 1,
    "startDatetime": "2026-11-18T00:00:00+0900",
    "endDatetime": "2026-11-19T00:00:00+0900",
    "PaginationRequestModel": {"requestRecordsAmount": 2, "requestPage": 1, "SortModelList": []},
}
MUG = {"sku": "MUG-1", "quantity": 2}


@pytest.fixture(autouse=True)
async def mug(shop: Shop) -> None:
    await shop.lever("products", [an_item(manageNumber="mug", stock={"MUG-1": 10})])


async def ask(shop: Shop, function: str, body: Any) -> httpx.Response:
    return await shop.call("POST", f"/es/2.0/order/{function}/", body)


async def codes(shop: Shop, function: str, body: Any) -> tuple[int, list[str]]:
    answer = await ask(shop, function, body)
    told = answer.json()["MessageModelList"]
    return answer.status_code, [one["messageCode"].removeprefix("ORDER_EXT_API_") for one in told]


async def place(shop: Shop, **given: Any) -> str:
    return str((await shop.lever("orders", {"lines": [MUG]} | given))["order_id"])


async def test_a_search_tells_numbers_and_pages_or_nothing_with_nulls(shop: Shop) -> None:
    empty = (await ask(shop, "searchOrder", SEARCH)).json()
    assert (empty["orderNumberList"], empty["PaginationResponseModel"]["totalPages"]) == ([], None)
    made = (await shop.lever("orders", {"lines": [MUG], "count": 3}))["order_ids"]
    found = (await ask(shop, "searchOrder", SEARCH)).json()
    assert found["orderNumberList"] == made[:2]
    assert found["PaginationResponseModel"] == {"totalRecordsAmount": 3, "totalPages": 2, "requestPage": 1}
    none = (await ask(shop, "searchOrder", SEARCH | {"orderProgressList": [100]})).json()
    assert none["orderNumberList"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"dateType": None}, "SEARCH_ORDER_ERROR_009"),
        ({"startDatetime": "10-14T00:00:00+0900"}, "SEARCH_ORDER_ERROR_011"),
        ({"startDatetime": "2024-01-01T00:00:00+0900"}, "SEARCH_ORDER_ERROR_101"),
        ({"startDatetime": "2026-11-20T00:00:00+0900"}, "SEARCH_ORDER_ERROR_102"),
        ({"startDatetime": "2026-08-18T00:00:00+0900"}, "SEARCH_ORDER_ERROR_103"),
        ({"PaginationRequestModel": {"requestRecordsAmount": 1001, "requestPage": 1}}, "SEARCH_ORDER_ERROR_011"),
    ],
)
async def test_a_search_that_breaks_a_rule_is_refused(shop: Shop, change: dict[str, Any], code: str) -> None:
    assert await codes(shop, "searchOrder", SEARCH | change) == (400, [code])


async def test_what_is_no_json_is_refused(shop: Shop) -> None:
    shop.clock.now += 1
    answer = await shop.call("POST", "/es/2.0/order/getOrder/", None)
    assert answer.status_code == 400
    assert answer.json()["MessageModelList"][0]["messageCode"] == "ORDER_EXT_API_GET_ORDER_ERROR_001"
    assert await codes(shop, "getOrder", []) == (400, ["GET_ORDER_ERROR_013"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "GET_ORDER_ERROR_009"),
        ({"orderNumberList": ["x"], "version": 10}, 400, "GET_ORDER_ERROR_011"),
        ({"orderNumberList": ["1-20260101-1"], "version": 2}, 400, "GET_ORDER_ERROR_011"),
        ({"orderNumberList": ["1-20260101-1"] * 101, "version": 10}, 400, "GET_ORDER_ERROR_014"),
        ({"orderNumberList": ["1-20260101-1"], "version": 10}, 200, "GET_ORDER_INFO_102"),
    ],
)
async def test_a_read_keeps_its_rules(shop: Shop, body: dict[str, Any], status: int, code: str) -> None:
    assert await codes(shop, "getOrder", body) == (status, [code])


async def test_the_same_row_added_twice_is_two_rows(shop: Shop) -> None:
    number = await place(shop)
    [line] = (await shop.read("orders"))[0]["lines"]
    row = {"deliveryCompany": "1001", "shippingNumber": "5"}
    body = {"orderNumber": number, "BasketidModelList": [{"basketId": line["basket_id"], "ShippingModelList": [row]}]}
    for _ in range(2):
        assert await codes(shop, "updateOrderShipping", body) == (200, ["UPDATE_ORDERSHIPPING_INFO_101"])
    [order] = await shop.read("orders")
    assert [(one["tracking"], one["told"]) for one in order["parcels"]] == [("5", 1), ("5", 1)]
    known = row | {"shippingDetailId": order["parcels"][0]["id"], "shippingDate": "2026-11-18"}
    body["BasketidModelList"] = [{"basketId": line["basket_id"], "ShippingModelList": [known]}]
    assert await codes(shop, "updateOrderShipping", body) == (200, ["UPDATE_ORDERSHIPPING_INFO_102"])
    body["BasketidModelList"] = [
        {"basketId": line["basket_id"], "ShippingModelList": [known | {"shippingDeleteFlag": 1}]}
    ]
    assert await codes(shop, "updateOrderShipping", body) == (200, ["UPDATE_ORDERSHIPPING_INFO_103"])
    [order] = await shop.read("orders")
    assert (order["state"], [one["told"] for one in order["parcels"]]) == (500, [1])


@pytest.mark.parametrize(
    ("row", "status", "code"),
    [
        ({"deliveryCompany": "佐川急便"}, 400, "ERROR_011"),
        ({"shippingDate": "2018/01/25"}, 400, "ERROR_011"),
        ({"shippingDate": "2018-01-25"}, 200, "ERROR_107"),
        ({"shippingDetailId": 99}, 200, "ERROR_106"),
    ],
)
async def test_a_row_that_breaks_a_rule_is_refused(shop: Shop, row: dict[str, Any], status: int, code: str) -> None:
    number = await place(shop)
    [line] = (await shop.read("orders"))[0]["lines"]
    baskets = [{"basketId": line["basket_id"], "ShippingModelList": [row]}]
    body = {"orderNumber": number, "BasketidModelList": baskets}
    assert await codes(shop, "updateOrderShipping", body) == (status, [f"UPDATE_ORDERSHIPPING_{code}"])
    baskets[0]["basketId"] = 1
    assert await codes(shop, "updateOrderShipping", body) == (200, ["UPDATE_ORDERSHIPPING_ERROR_110"])
    assert (await shop.read("orders"))[0]["parcels"] == []


async def test_an_order_is_confirmed_once_and_then_paid(shop: Shop) -> None:
    number = await place(shop, pending=True)
    body = {"orderNumberList": [number, "1-20260101-1"]}
    assert await codes(shop, "confirmOrder", body) == (200, ["CONFIRM_ORDER_INFO_101", "CONFIRM_ORDER_ERROR_102"])
    assert await codes(shop, "confirmOrder", body) == (200, ["CONFIRM_ORDER_ERROR_103", "CONFIRM_ORDER_ERROR_102"])
    await shop.lever(f"orders/{number}/pay", {})
    assert (await shop.read("orders"))[0]["state"] == 300


async def test_what_cannot_be_placed_or_done_is_refused(shop: Shop) -> None:
    base = f"/practice/api/stores/{NAME}/orders"
    number = await place(shop, number="123456-20261118-0000000001")
    for given in (
        {"lines": []},
        {"lines": [{"sku": "GONE"}]},
        {"lines": [{"sku": "MUG-1", "quantity": 0}]},
        {"lines": [MUG], "number": number},
        {"lines": [MUG], "count": 0},
        {},
    ):
        assert (await shop.client.post(base, json=given)).status_code == 400, given
    assert (await shop.client.post(f"{base}/{number}/pay", json={})).status_code == 400
    assert (await shop.client.post(f"{base}/{number}/explode", json={})).status_code == 400
    assert (await shop.client.post(f"{base}/1-20260101-1/pay", json={})).status_code == 404
    assert [one["order_id"] for one in await shop.read("orders")] == [number]
    assert (await shop.read("products"))[0]["stock"] == {"MUG-1": 8}


async def test_an_unknown_sku_is_sold_under_a_title_and_price_of_its_own(shop: Shop) -> None:
    await place(shop, lines=[{"sku": "NEW-1", "quantity": 1, "title": "急須", "price": 3300}])
    [line] = (await shop.read("orders"))[0]["lines"]
    assert (line["sku"], line["title"], line["price"]) == ("NEW-1", "急須", 3300)


async def test_the_page_places_orders_and_shows_what_became_of_them(shop: Shop) -> None:
    page = f"/practice/shops/{NAME}"
    placed = await shop.client.post(
        page, data={"action": "order", "sku": " MUG-1 ", "quantity": "3", "pending": "true"}
    )
    assert placed.status_code == 303
    [order] = await shop.read("orders")
    assert (order["state"], order["lines"][0]["quantity"]) == (100, 3)
    text = (await shop.client.get(page)).text
    assert order["order_id"] in text
    assert "注文確認待ち" in text
    assert "3 × MUG-1" in text
    assert "Payment approved" in text
    paid = await shop.client.post(page, data={"action": "pay", "order": order["order_id"]})
    assert paid.status_code == 303
    for action in ("request-cancel", "keep", "cancel"):
        await shop.client.post(page, data={"action": action, "order": order["order_id"]})
    [order] = await shop.read("orders")
    assert (order["state"], order["cancels"][0]["who"]) == (900, "buyer")
    again = await shop.client.post(page, data={"action": "cancel", "order": order["order_id"]})
    assert again.status_code == 400
    assert (await shop.client.post(page, data={"action": "order", "sku": "GONE"})).status_code == 400


async def test_orders_need_their_own_function_in_rms(shop: Shop) -> None:
    await shop.lever("functions", functions=["item", "inventory"])
    answer = await ask(shop, "searchOrder", SEARCH)
    assert (answer.status_code, answer.json()["Results"]["errorCode"]) == (401, "ES01-01")


async def test_a_store_made_before_there_were_orders_takes_them(tmp_path: Path) -> None:
    async with practice_store(tmp_path / "old.db") as shop:
        await shop.lever("functions", functions=["item", "inventory", "license", "cabinet"])
    async with practice_store(tmp_path / "old.db") as shop:
        assert (await ask(shop, "searchOrder", SEARCH)).status_code == 200
