"""Orders of a practice shop: bought and handled on its page, and what each does to the shop's own stock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.shopify.practice.practice_shop import DOMAIN, Shop

PAGE = f"/practice/shops/{DOMAIN}"
ORDERS = f"/practice/api/shops/{DOMAIN}/orders"
CREATE = """mutation C($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
  orderCreate(order: $order, options: $options) {
    order { id name displayFinancialStatus displayFulfillmentStatus tags sourceIdentifier }
    userErrors { code field message }
  }
}"""


@pytest.fixture(autouse=True)
async def stocked(shop: Shop) -> None:
    """Ten mugs that are not sold when they are out, and the scopes for orders."""
    await shop.install("write_products,write_inventory,write_orders")
    mug = {"title": "Mug", "handle": "mug", "variants": [{"sku": "MUG", "price": "12.50", "quantity": 10}]}
    await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=[mug])


async def press(shop: Shop, action: str, **form: Any) -> None:
    answer = await shop.client.post(PAGE, data={"action": action, **form}, headers={"Origin": shop.url})
    assert answer.status_code == 303, answer.text


async def stock(shop: Shop) -> int:
    (product,) = await shop.read("products")
    return int(sum(product["variants"][0]["available"].values()))


async def orders(shop: Shop) -> list[dict[str, Any]]:
    return list(await shop.read("orders"))


async def test_an_order_is_bought_paid_and_fulfilled_on_the_page(shop: Shop) -> None:
    await press(shop, "sell", sku="MUG", quantity="2", count="1", title="", price="", pending="1")
    (order,) = await orders(shop)
    assert (order["financial_status"], order["state"], order["total"]) == ("PENDING", "UNFULFILLED", "25.00")
    assert (await stock(shop), order["lines"][0]["committed"]) == (8, 2)
    await press(shop, "pay", order=order["order_id"])
    await press(shop, "fulfil", order=order["order_id"], carrier="Yamato (EN)", number="1", sku="MUG", quantity="1")
    await press(shop, "fulfil", order=order["order_id"], carrier="Yamato (EN)", number="2", sku="", quantity="")
    (order,) = await orders(shop)
    assert (order["financial_status"], order["state"]) == ("PAID", "FULFILLED")
    assert [(parcel["number"], parcel["lines"]) for parcel in order["parcels"]] == [
        ("1", [{"sku": "MUG", "quantity": 1}]),
        ("2", [{"sku": "MUG", "quantity": 1}]),
    ]
    assert (await stock(shop), order["lines"][0]["committed"]) == (8, 0)
    page = (await shop.client.get(PAGE)).text
    assert "Yamato (EN) 2" in page
    assert "#1001" in page


@pytest.mark.parametrize(("form", "left"), [({}, 8), ({"restock": "1"}, 10)])
async def test_an_order_is_cancelled_on_the_page(shop: Shop, form: dict[str, str], left: int) -> None:
    await press(shop, "sell", sku="MUG", quantity="2")
    (order,) = await orders(shop)
    await press(shop, "cancel", order=order["order_id"], **form)
    (order,) = await orders(shop)
    assert (order["state"], order["lines"][0]["cancelled"]) == ("CANCELLED", 2)
    assert (await stock(shop), order["lines"][0]["committed"]) == (left, 0)


async def test_what_cannot_be_done_is_said(shop: Shop) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"lines": [{"sku": "NO", "quantity": 1}]},
        {"lines": [{"sku": "MUG", "quantity": 11}]},
        {"lines": [{"sku": "MUG", "quantity": 1}], "tax_rate": "much"},
    ]
    for given in wrong:
        assert (await shop.client.post(ORDERS, json=given)).status_code == 400
    assert await orders(shop) == []
    assert await stock(shop) == 10
    answer = await shop.client.post(f"/practice/api/shops/{DOMAIN}/fulfil", json={"order": "#1"})
    assert answer.status_code == 400


async def test_many_orders_at_once_have_numbers_of_their_own(shop: Shop) -> None:
    given = {"lines": [{"sku": "MUG", "quantity": 1}], "count": 3, "number": "EN-1"}
    placed = (await shop.client.post(ORDERS, json=given)).json()
    assert [order["number"] for order in await orders(shop)] == ["EN-1", "EN-1-2", "EN-1-3"]
    assert [order["order_id"] for order in await orders(shop)] == placed["order_ids"]


async def test_what_is_sold_when_it_is_out_never_goes_below_none(shop: Shop) -> None:
    changed = "mutation M($i: ProductSetInput!, $n: ProductSetIdentifiers) { productSet(input: $i, identifier: $n) {"
    options = [{"name": "Title", "values": [{"name": "Default Title"}]}]
    value = [{"optionName": "Title", "name": "Default Title"}]
    variant = {"sku": "MUG", "optionValues": value, "inventoryPolicy": "CONTINUE"}
    given = {"title": "Mug", "productOptions": options, "variants": [variant]}
    await shop.data(changed + " userErrors { code message } } }", i=given, n={"handle": "mug"})
    await shop.lever("orders", lines=[{"sku": "MUG", "quantity": 12}])
    assert await stock(shop) == 0


def an_order(**given: Any) -> dict[str, Any]:
    line = {"title": "Mug", "quantity": 1, "priceSet": {"shopMoney": {"amount": "12.50", "currencyCode": "USD"}}}
    return {"currency": "USD", "lineItems": [line], "sourceIdentifier": "r-1", "tags": ["b", "a"]} | given


async def create(shop: Shop, options: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    made = await shop.data(CREATE, order=an_order(**given), options=options)
    found: dict[str, Any] = made["orderCreate"]
    return found


async def test_the_money_that_came_says_whether_it_is_paid(shop: Shop) -> None:
    def paid(amount: str) -> list[dict[str, Any]]:
        return [{"amountSet": {"shopMoney": {"amount": amount, "currencyCode": "USD"}}}]

    states = [
        (await create(shop, transactions=paid(amount)))["order"]["displayFinancialStatus"]
        for amount in ("12.50", "12.49")
    ]
    assert states == ["PAID", "PARTIALLY_PAID"]
    order = (await create(shop, financialStatus="PAID"))["order"]
    assert (order["displayFinancialStatus"], order["tags"]) == ("PAID", ["a", "b"])


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"lineItems": []}, ["order", "lineItems"], "INVALID"),
        ({"email": "no mail"}, ["order", "email"], "INVALID"),
        ({"processedAt": "2099-01-01T00:00:00Z"}, ["order", "processedAt"], "PROCESSED_AT_INVALID"),
    ],
)
async def test_an_order_that_cannot_be_is_refused(
    shop: Shop, given: dict[str, Any], field: list[str], code: str
) -> None:
    refused = await create(shop, **given)
    assert [(one["field"], one["code"]) for one in refused["userErrors"]] == [(field, code)]
    assert await orders(shop) == []


@pytest.mark.parametrize(
    ("behaviour", "quantity", "left"),
    [("BYPASS", 11, 10), ("DECREMENT_OBEYING_POLICY", 4, 6), ("DECREMENT_IGNORING_POLICY", 11, 0)],
)
async def test_stock_is_touched_only_where_the_order_says_so(
    shop: Shop, behaviour: str, quantity: int, left: int
) -> None:
    (product,) = await shop.read("products")
    line = {"variantId": f"gid://shopify/ProductVariant/{product['variants'][0]['number']}", "quantity": quantity}
    made = await create(shop, {"inventoryBehaviour": behaviour}, lineItems=[line])
    assert made["userErrors"] == []
    assert await stock(shop) == left


async def test_too_little_stock_refuses_the_claim_and_nothing_stays(shop: Shop) -> None:
    (product,) = await shop.read("products")
    line = {"variantId": f"gid://shopify/ProductVariant/{product['variants'][0]['number']}", "quantity": 11}
    refused = await create(shop, {"inventoryBehaviour": "DECREMENT_OBEYING_POLICY"}, lineItems=[line])
    assert [one["code"] for one in refused["userErrors"]] == ["INVENTORY_CLAIM_FAILED"]
    assert (await orders(shop), await stock(shop)) == ([], 10)


async def test_an_order_refused_on_demand_is_not_there(shop: Shop) -> None:
    await shop.lever("faults", kind="refuse", of="orderCreate", message="No.", code="INVALID", count=1)
    assert (await create(shop))["userErrors"] == [{"code": "INVALID", "field": None, "message": "No."}]
    assert await orders(shop) == []
    assert (await create(shop))["userErrors"] == []


async def test_without_the_scope_there_is_no_order(shop: Shop) -> None:
    await shop.install("write_products,read_orders")
    answer = await shop.ask(CREATE, order=an_order())
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
