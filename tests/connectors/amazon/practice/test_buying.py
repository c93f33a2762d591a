"""Buying at practice Amazon: by its page and its levers, and what its Orders API refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from connectors.amazon import marketplaces
from tests.connectors.amazon.market import JAPAN, SKU, Market
from tests.connectors.amazon.practice.practice_seller import US

JP = marketplaces.by_host(JAPAN)

ORDERS = "/orders/2026-01-01/orders"
LONG_AGO = "2020-01-01T00:00:00Z"


async def page(market: Market) -> BeautifulSoup:
    answer = await market.seller.client.get(f"/practice/shops/{market.seller.id}/orders")
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "html.parser")


async def press(market: Market, **form: Any) -> httpx.Response:
    return await market.seller.client.post(f"/practice/shops/{market.seller.id}/orders", data=form)


async def test_the_page_sells_and_shows_what_became_of_it(market: Market) -> None:
    seller = market.seller
    door = await seller.client.post(f"/practice/shops/{seller.id}", data={"action": "orders"})
    assert (door.status_code, door.headers["location"]) == (303, f"{seller.id}/orders")

    answer = await press(market, action="place", sku=SKU, quantity="2", count="2", pending="yes")
    assert (answer.status_code, answer.headers["location"]) == (303, "orders")
    first, second = [one["order_id"] for one in await seller.read("orders")]
    await press(market, action="pay", order_id=first)
    await press(market, action="request-cancel", order_id=first)
    await press(market, action="cancel", order_id=second)
    await market.tell(await market.parcel(first, quantity=1))

    shown = (await page(market)).get_text(" ", strip=True)
    assert "PARTIALLY_SHIPPED" in shown
    assert "2 × MUG-1, 1 shipped, the buyer asked to cancel" in shown
    assert "2 × MUG-1, 2 cancelled" in shown
    assert "YAMATO 1234-1, told 1×" in shown
    assert await market.stock() == 6


async def test_the_page_of_a_seller_without_listings_says_that_nothing_can_be_bought(market: Market) -> None:
    await market.seller.lever("wipe")
    assert "nothing can be bought" in (await page(market)).get_text()
    assert (await press(market, action="place", sku="", quantity="1")).status_code == 400
    assert (await press(market, action="dance")).status_code == 400


async def test_another_sites_form_buys_nothing(market: Market) -> None:
    url = f"/practice/shops/{market.seller.id}/orders"
    answer = await market.seller.client.post(url, data={"action": "place"}, headers={"Origin": "https://example.com"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "given",
    [
        {"lines": []},
        {"lines": [{"sku": "NOT-LISTED"}]},
        {"lines": [{"sku": SKU, "quantity": 0}]},
        {"lines": [{"sku": SKU}], "count": 0},
        {"lines": [{"sku": SKU}], "number": "1001"},
        {"lines": [{"sku": SKU}], "marketplace": "amazon.de"},
        {"lines": [{"sku": SKU, "price": "much", "title": "x"}]},
        {},
    ],
)
async def test_what_cannot_be_bought_is_said_to_be_wrong_and_takes_no_stock(
    market: Market, given: dict[str, Any]
) -> None:
    answer = await market.seller.client.post(f"/practice/api/sellers/{market.seller.id}/orders", json=given)
    assert answer.status_code == 400
    assert await market.seller.read("orders") == []
    assert await market.stock() == 10


async def test_an_order_is_placed_where_its_sku_is_listed_unless_another_place_is_named(market: Market) -> None:
    await market.buy()
    await market.buy(lines=[{"sku": "TEA-1", "title": "Tea", "price": 500}], marketplace=JAPAN)
    assert [one["marketplace"] for one in await market.seller.read("orders")] == [US.id, JP.id]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": LONG_AGO, "lastUpdatedAfter": LONG_AGO},
        {"createdAfter": "yesterday"},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": "101"},
        {"createdAfter": LONG_AGO, "createdBefore": "2099-01-01T00:00:00Z"},
        {"createdAfter": LONG_AGO, "paginationToken": "nonsense"},
    ],
)
async def test_a_search_amazon_would_not_understand_is_refused(market: Market, query: dict[str, str]) -> None:
    answer = await market.seller.client.get(
        ORDERS, params=query, headers={"x-amz-access-token": market.seller.token, "user-agent": "Test/1.0"}
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidInput"


async def test_a_search_tells_as_much_as_was_asked_for(market: Market) -> None:
    await market.buy()
    market.later()
    bare = (await market.seller.call("GET", ORDERS, createdAfter=LONG_AGO)).json()["orders"][0]
    assert {"buyer", "recipient", "proceeds", "fulfillment", "packages"} & bare.keys() == set()
    assert bare["orderItems"][0].keys() == {"orderItemId", "quantityOrdered", "product"}
    wanted = {"createdAfter": LONG_AGO, "includedData": "BUYER", "fulfilledBy": "MERCHANT"}
    assert "buyer" in (await market.seller.call("GET", ORDERS, **wanted)).json()["orders"][0]
    none = await market.seller.call("GET", ORDERS, **wanted | {"fulfillmentStatuses": "SHIPPED,CANCELLED"})
    assert none.json()["orders"] == []


async def test_what_cannot_happen_to_an_order_is_said(market: Market) -> None:
    order_id = await market.buy()
    for action, known in (("pay", order_id), ("dance", order_id), ("cancel", "114-0000000-0000000")):
        path = f"/practice/api/sellers/{market.seller.id}/orders/{known}/{action}"
        assert (await market.seller.client.post(path, json={})).status_code == 400
    await market.tell(await market.parcel(order_id))
    for action in ("cancel", "request-cancel"):
        path = f"/practice/api/sellers/{market.seller.id}/orders/{order_id}/{action}"
        assert (await market.seller.client.post(path, json={})).status_code == 400


async def test_another_sellers_order_is_not_there(market: Market) -> None:
    order_id = await market.buy()
    other = await market.seller.made("Another")
    headers = {"x-amz-access-token": other["access_token"], "user-agent": "Test/1.0"}
    answer = await market.seller.client.get(f"{ORDERS}/{order_id}", headers=headers)
    assert answer.status_code == 404


async def test_a_feed_that_is_no_acknowledgement_is_fatal(market: Market) -> None:
    address = "/feeds/2021-06-30"
    made = (await market.seller.call("POST", f"{address}/documents", body={"contentType": "text/xml"})).json()
    async with httpx.AsyncClient() as plain:
        await plain.put(made["url"], content=b"<!DOCTYPE x><x/>", headers={"content-type": "text/xml"})
    body = {
        "feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA",
        "marketplaceIds": [US.id],
        "inputFeedDocumentId": made["feedDocumentId"],
    }
    feed = (await market.seller.call("POST", f"{address}/feeds", body=body)).json()["feedId"]
    market.later()
    told = (await market.seller.call("GET", f"{address}/feeds/{feed}")).json()
    assert (told["processingStatus"], told["feedType"]) == ("FATAL", "POST_ORDER_ACKNOWLEDGEMENT_DATA")
