"""What the practice store refuses of order calls, as Yahoo! would, and its page of orders."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.connectors.yahoo.practice.practice_store import ITEM, PATH, SELLER, Store, codes

SEARCH = "<Result>10</Result><Start>1</Start>"
SINCE = "<Condition><OrderTimeFrom>20200101000000</OrderTimeFrom></Condition>"
PAGE = f"/practice/shops/{SELLER}/orders"


async def ask(store: Store, operation: str, inside: str, seller_id: str = SELLER) -> httpx.Response:
    store.clock.now += 1
    headers = {"Authorization": f"Bearer {store.token}", "Content-Type": "application/xml"}
    body = f"<Req>{inside}<SellerId>{seller_id}</SellerId></Req>"
    return await store.client.post(f"{PATH}/{operation}", content=body.encode(), headers=headers)


async def search(store: Store, inside: str) -> httpx.Response:
    return await ask(store, "orderList", f"<Search>{inside}</Search>")


async def bought(store: Store, **given: Any) -> str:
    made = await store.lever("orders", lines=[{"sku": "mug", "quantity": 1}], **given)
    return str(made["order_id"])


@pytest.fixture
async def order_id(store: Store) -> str:
    await store.seed(ITEM | {"stock": {"": 5}})
    return await bought(store)


async def test_a_list_is_in_the_order_of_the_sales_and_comes_in_pages(store: Store, order_id: str) -> None:
    second, third = await bought(store), await bought(store)
    page = f"<Result>2</Result><Start>2</Start>{SINCE}<Field>OrderId,IsSeen</Field>"
    root = ET.fromstring((await search(store, page)).content)
    assert (root.tag, root.findtext("Status"), root.findtext("Search/TotalCount")) == ("Result", "OK", "3")
    assert [one.text for one in root.iter("OrderId")] == [second, third]
    assert {one.text for one in root.iter("IsSeen")} == {"false"}
    newest = f"<Result>1</Result><Sort>-order_time</Sort>{SINCE}<Field>OrderId</Field>"
    assert [one.text for one in ET.fromstring((await search(store, newest)).content).iter("OrderId")] == [third]


@pytest.mark.parametrize(
    "inside",
    [
        f"{SEARCH}<Field>OrderId</Field>",
        f"{SEARCH}{SINCE}",
        f"{SEARCH}<Condition><LastUpdateTimeFrom>20200101000000</LastUpdateTimeFrom></Condition><Field>OrderId</Field>",
        f"{SEARCH}<Condition><OrderTimeFrom>2020-01-01</OrderTimeFrom></Condition><Field>OrderId</Field>",
        f"<Start>0</Start>{SINCE}<Field>OrderId</Field>",
        f"<Sort>newest</Sort>{SINCE}<Field>OrderId</Field>",
    ],
)
async def test_a_search_that_is_not_surely_understood_is_refused(store: Store, order_id: str, inside: str) -> None:
    answer = await search(store, inside)
    assert (answer.status_code, codes(answer)) == (400, [("", "od90101")])


async def test_an_order_is_told_in_its_groups_with_the_fields_asked_for(store: Store, order_id: str) -> None:
    fields = "OrderId,PayStatus,BillLastName,ShipStatus,ShipCharge,TotalPrice,ItemId,UnitPrice"
    target = f"<Target><OrderId>{order_id}</OrderId><Field>{fields}</Field></Target>"
    info = ET.fromstring((await ask(store, "orderInfo", target)).content).find("Result/OrderInfo")
    assert info is not None
    paths = [
        "OrderId",
        "Pay/PayStatus",
        "Pay/BillLastName",
        "Ship/ShipStatus",
        "Detail/ShipCharge",
        "Detail/TotalPrice",
    ]
    told = [info.findtext(path) for path in [*paths, "Item/ItemId", "Item/UnitPrice"]]
    assert told == [order_id, "1", "見本", "1", "0", "2400", "mug", "2400"]
    assert info.find("Pay/BillMailAddress") is None


async def test_an_order_there_is_not_is_404(store: Store, order_id: str) -> None:
    for operation, inside in (
        ("orderInfo", "<Target><OrderId>x-1</OrderId><Field>OrderId</Field></Target>"),
        ("orderStatusChange", _status("x-1", "3")),
        ("orderShipStatusChange", _ship("x-1")),
    ):
        answer = await ask(store, operation, inside)
        assert (answer.status_code, codes(answer)) == (404, [("", "od91801")])


def _status(order_id: str, status: str, *, fix: str = "<IsPointFix>false</IsPointFix>", reason: str = "") -> str:
    more = f"<CancelReason>{reason}</CancelReason>" if reason else ""
    target = f"<Target><OrderId>{order_id}</OrderId>{fix}</Target>"
    return f"{target}<Order><OrderStatus>{status}</OrderStatus>{more}</Order>"


def _ship(order_id: str, more: str = "<ShipDate>20261101</ShipDate>") -> str:
    target = f"<Target><OrderId>{order_id}</OrderId><IsPointFix>true</IsPointFix></Target>"
    return f"{target}<Order><Ship><ShipStatus>3</ShipStatus>{more}</Ship></Order>"


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("1", "4", True),
        ("1", "2", False),
        ("2", "3", True),
        ("2", "1", False),
        ("3", "2", True),
        ("4", "2", False),
        ("4", "4", False),
        ("5", "2", True),
        ("5", "4", True),
        ("5", "3", False),
    ],
)
async def test_only_moves_that_yahoo_allows_are_made(store: Store, before: str, after: str, allowed: bool) -> None:
    await store.seed(ITEM)
    order_id = await bought(store, fields={"OrderStatus": before})
    reason = "100" if after == "4" else ""
    answer = await ask(store, "orderStatusChange", _status(order_id, after, reason=reason))
    assert (answer.status_code == 200) == allowed, answer.text
    (told,) = await store.read("orders")
    assert told["fields"]["OrderStatus"] == (after if allowed else before)
    assert told["fields"]["IsSeen"] == ("true" if allowed else "false")


async def test_points_are_said_always_and_fixed_when_an_order_is_done(store: Store, order_id: str) -> None:
    assert codes(await ask(store, "orderStatusChange", _status(order_id, "5", fix=""))) == [("", "od90101")]
    assert codes(await ask(store, "orderStatusChange", _status(order_id, "5"))) == [("", "od99002")]
    fixed = _status(order_id, "5", fix="<IsPointFix>true</IsPointFix>")
    assert codes(await ask(store, "orderStatusChange", fixed)) == []


@pytest.mark.parametrize(
    "more",
    [
        "<ShipDate>2026-11-01</ShipDate>",
        "<ShipCompanyCode>9999</ShipCompanyCode>",
        "<Carrier>x</Carrier>",
    ],
)
async def test_a_shipment_that_is_not_understood_is_refused(store: Store, order_id: str, more: str) -> None:
    assert codes(await ask(store, "orderShipStatusChange", _ship(order_id, more))) == [("", "od90101")]
    assert (await store.read("orders"))[0]["parcels"] == []


async def test_no_store_and_no_xml_are_no_request(store: Store, order_id: str) -> None:
    assert codes(await ask(store, "orderInfo", "<Target/>", seller_id="")) == [("", "px-04001")]
    assert codes(await ask(store, "orderInfo", "<Target>")) == [("", "px-04001")]


async def test_many_orders_are_placed_at_once_with_numbers_of_their_own(store: Store, order_id: str) -> None:
    made = await store.lever("orders", lines=[{"sku": "mug", "quantity": 1}], count=30)
    assert len(set(made["order_ids"])) == 30
    assert made["order_id"] == made["order_ids"][0]
    (item,) = await store.read("products")
    assert item["stock"] == {"": 0}
    twice = await store.client.post(
        f"/practice/api/stores/{SELLER}/orders",
        json={"lines": [{"sku": "mug", "quantity": 1}], "number": order_id},
    )
    assert twice.status_code == 400


async def test_its_page_buys_pays_and_cancels(store: Store, order_id: str) -> None:
    assert (await store.client.post(f"/practice/shops/{SELLER}", data={"action": "orders"})).headers["location"]
    form = {"action": "buy", "sku": "mug", "quantity": "2", "pending": "yes"}
    assert (await store.client.post(PAGE, data=form)).status_code == 303
    newest = (await store.read("orders"))[-1]
    assert (newest["state"], newest["lines"][0]["quantity"]) == ("pending", 2)
    page = (await store.client.get(PAGE)).text
    assert newest["order_id"] in page
    assert 'value="pay"' in page
    for action, state in (("pay", "open"), ("cancel_restock", "cancelled")):
        data = {"action": action, "order_id": newest["order_id"]}
        assert (await store.client.post(PAGE, data=data)).status_code == 303
        assert (await store.read("orders"))[-1]["state"] == state
    assert (await store.read("products"))[0]["stock"] == {"": 4}


async def test_its_page_takes_no_strangers_form_and_no_nonsense(store: Store, order_id: str) -> None:
    strange = {"Origin": "https://evil.example.com"}
    form = {"action": "buy", "sku": "mug"}
    assert (await store.client.post(PAGE, data=form, headers=strange)).status_code == 403
    for wrong in ({"sku": "ghost"}, {"quantity": "0"}, {"quantity": "x"}, {"count": "1001"}, {"action": "eat"}):
        assert (await store.client.post(PAGE, data=form | wrong)).status_code == 400
    assert len(await store.read("orders")) == 1
    assert (await store.client.get("/practice/shops/nobody/orders")).status_code == 404
