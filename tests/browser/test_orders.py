"""An Amazon order from the sale to its tracking, in a real browser, with practice channels behind it."""

from __future__ import annotations

import re
from time import sleep

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Installation
from tests.browser.offices import Office, office
from tests.browser.test_four_channels import FREE_CODE, connect_by_consent, make_a_mug, register_in_yen
from tests.browser.test_key_renewal import set_stock
from tests.browser.test_main_path import row

pytestmark = pytest.mark.browser

# Practice Amazon's search lags what happens there.
LAG = 4


def test_a_sale_at_amazon_is_seen_everywhere_created_in_the_store_and_told_of_when_it_ships(
    installation: Installation, window: BrowserContext
) -> None:
    page = window.new_page()
    register_in_yen(page, installation)
    connect_by_consent(page, installation, "Shopify", "Install")
    connect_by_consent(page, installation, "Amazon", "Confirm")
    product = a_mug_on_both(page, installation)
    amazon, shop = office(installation, "amazon"), office(installation, "shopify")

    stock = window.new_page()
    stock.goto(f"{product}/stock")
    expect(stock.locator("[data-on-hand]")).to_have_text("7")
    number = str(amazon.do("orders", lines=[{"sku": "MUG-1", "quantity": 2}])["order_id"])
    synchronize(page, installation)
    expect(page.get_by_role("link", name="1 new order · Show")).to_be_visible()
    expect(page.get_by_text("No orders yet")).to_be_hidden()
    page.get_by_role("link", name="1 new order · Show").click()
    expect(row(page, number)).to_contain_text("In store", timeout=60_000)
    expect(stock.locator("[data-on-hand]")).to_have_text("5", timeout=30_000)
    [there] = shop.ask("orders")
    assert number in there["tags"]

    row(page, number).get_by_role("link", name=number).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number="1234-5678")
    expect(page.locator("#shipping")).to_contain_text("Told to Amazon", timeout=60_000)
    [sold] = amazon.ask("orders")
    assert [parcel["number"] for parcel in sold["parcels"]] == ["1234-5678"]

    what_comes_back_is_decided_once(page, installation, number, shop, there["order_id"], stock)
    an_unknown_sku_is_mapped_on_the_way_to_the_store(page, installation, amazon, shop)
    a_cancellation_decides_the_stock(page, installation, amazon, stock)


def what_comes_back_is_decided_once(
    page: Page, installation: Installation, number: str, shop: Office, order_id: str, stock: Page
) -> None:
    """One of two is recorded by hand, the same is told of by the store, and the other one waits and is damaged."""
    page.get_by_text("More Action").click()
    page.get_by_role("link", name="Record a return…").first.click()
    page.get_by_label("How many came back").fill("3")
    page.get_by_label("Back in stock?").select_option("Back on the shelf")
    page.get_by_label("Note for your team").fill("Unopened")
    page.get_by_role("button", name="Record the return").click()
    expect(page.locator("#error-summary")).to_contain_text("2 were sent and 0 came back before. Type 2 or less.")
    expect(page.get_by_label("Note for your team")).to_have_value("Unopened")
    expect(page.locator("main")).to_contain_text("5 in stock now, 7 if all 2 go back on the shelf.")
    page.get_by_label("How many came back").fill("1")
    page.get_by_role("button", name="Record the return").click()
    expect(page.locator("#returns")).to_contain_text("For sale again")
    expect(stock.locator("[data-on-hand]")).to_have_text("6", timeout=30_000)

    shop.do("restock", order=order_id, lines=[{"sku": "MUG-1", "quantity": 1}])
    expect(page.locator("#timeline")).to_contain_text("nothing is counted twice", timeout=60_000)
    shop.do("restock", order=order_id, lines=[{"sku": "MUG-1", "quantity": 1}], keep=True)
    expect(page.locator("#returns")).to_contain_text("Waits for your decision", timeout=60_000)
    expect(page.locator("#returns")).to_contain_text("6 in stock now, 7 if it is for sale again")
    page.goto(f"{installation.url}/orders?tab=returns")
    row(page, number).get_by_role("link", name=number).click()
    page.get_by_role("button", name="Not for sale again").click()
    expect(page.locator("#returns")).not_to_contain_text("Waits for your decision")
    expect(stock.locator("[data-on-hand]")).to_have_text("6")
    # Back to five, which the rest of the way counts from.
    set_stock(page, stock.url.removesuffix("/stock"), 5)


def a_mug_on_both(page: Page, installation: Installation) -> str:
    """Seven mugs, live on Amazon and in the shop; the product's address."""
    make_a_mug(page, installation)
    product = page.url.partition("?")[0]
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.locator("[id$=-barcode]").first.fill(FREE_CODE)
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Product saved")).to_be_visible()
    set_stock(page, product, 7)
    page.goto(f"{installation.url}/inbox")
    row(page, "Mug").get_by_role("button", name="Publish to Shopify and Amazon").click()
    expect(row(page, "Mug")).to_contain_text("Queued")
    page.goto(f"{installation.url}/listings")
    for channel in ("Shopify", "Amazon"):
        expect(row(page, channel)).to_contain_text("Live", timeout=90_000)
    return product


def synchronize(page: Page, installation: Installation) -> None:
    """The merchant asks for the orders now, instead of waiting for the next ten minutes."""
    sleep(LAG)
    page.goto(f"{installation.url}/orders")
    page.get_by_role("button", name="Synchronize orders").click()
    expect(page.locator("#order-feeds")).to_contain_text("last read", timeout=30_000)


def an_unknown_sku_is_mapped_on_the_way_to_the_store(
    page: Page, installation: Installation, amazon: Office, shop: Office
) -> None:
    line = {"sku": "OLD-MUG", "quantity": 1, "title": "Old mug", "price": "1300"}
    number = str(amazon.do("orders", lines=[line])["order_id"])
    synchronize(page, installation)
    expect(page.locator("#nav-count-orders")).to_contain_text("1", timeout=60_000)
    page.goto(f"{installation.url}/orders/health")
    expect(page.locator("main")).to_contain_text("1 order is not in the store")
    row(page, number).get_by_role("link", name=number).click()

    page.get_by_text("More Action").click()
    page.get_by_role("link", name="Create order on store").first.click()
    page.get_by_label("Which of your SKUs is it?").fill("MUG-1")
    page.get_by_role("button", name="Create order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    expect(page.locator("main")).to_contain_text(re.compile(r"Created in .* as #\d+"), timeout=60_000)
    assert len(shop.ask("orders")) == 2
    page.goto(f"{installation.url}/orders/health")
    expect(page.locator("#statement")).not_to_contain_text("is not.")


def a_cancellation_decides_the_stock(page: Page, installation: Installation, amazon: Office, stock: Page) -> None:
    number = str(amazon.do("orders", lines=[{"sku": "MUG-1", "quantity": 1}])["order_id"])
    synchronize(page, installation)
    expect(stock.locator("[data-on-hand]")).to_have_text("3", timeout=30_000)
    page.goto(f"{installation.url}/orders?tab=all&q={number}")
    row(page, number).get_by_role("link", name=number).click()
    page.get_by_text("More Action").click()
    page.get_by_role("link", name="Cancel order…").click()
    expect(page.locator("main")).to_contain_text("3 in stock now, 4 afterwards")
    page.get_by_role("button", name="Cancel order").click()
    expect(page.locator(".page-header")).to_contain_text("Cancelled", timeout=180_000)
    expect(stock.locator("[data-on-hand]")).to_have_text("4", timeout=30_000)
