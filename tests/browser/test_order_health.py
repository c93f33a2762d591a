"""Order Health while it is looked at: what goes wrong comes, what was mended goes, and nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Installation
from tests.browser.offices import office
from tests.browser.test_four_channels import connect_by_consent, register_in_yen
from tests.browser.test_main_path import row
from tests.browser.test_orders import a_mug_on_both, synchronize

pytestmark = pytest.mark.browser

UNKNOWN = {"sku": "OLD-MUG", "quantity": 1, "title": "Old mug", "price": "1300"}


def test_an_order_that_fails_comes_to_the_open_page_and_leaves_it_once_it_is_mended(
    installation: Installation, window: BrowserContext
) -> None:
    work = window.new_page()
    register_in_yen(work, installation)
    connect_by_consent(work, installation, "Shopify", "Install")
    connect_by_consent(work, installation, "Amazon", "Confirm")
    a_mug_on_both(work, installation)
    amazon, shop = office(installation, "amazon"), office(installation, "shopify")
    page = window.new_page()
    page.goto(f"{installation.url}/orders/health")
    page.evaluate("() => { window.sameDocument = true }")

    unknown = str(amazon.do("orders", lines=[UNKNOWN])["order_id"])
    synchronize(work, installation)
    expect(row(page, unknown)).to_contain_text("Not in store", timeout=60_000)
    expect(page.locator("#statement")).to_contain_text("1 is not.")
    typed = page.get_by_label("OLD-MUG is which of your SKUs?")
    typed.fill("MUG-")

    shop.fault("refuse", of="orderCreate", message="No orders today.", code="INVALID")
    refused = str(amazon.do("orders", lines=[{"sku": "MUG-1", "quantity": 1}])["order_id"])
    synchronize(work, installation)
    expect(row(page, refused)).to_contain_text("Not in store", timeout=60_000)
    expect(page.locator("#statement")).to_contain_text("2 are not.")
    expect(typed).to_have_value("MUG-")
    expect(typed).to_be_focused()

    shop.clear()
    page.get_by_role("button", name="Try all again").click()
    expect(row(page, refused)).to_have_count(0, timeout=60_000)
    expect(page.locator("#statement")).to_contain_text("1 is in your store. 1 is not.")
    expect(typed).to_have_value("MUG-")

    an_order_that_cannot_be_read_is_named_until_it_is_read(page, work, installation)
    a_comparison_is_said_while_it_is_made(page, installation)
    assert page.evaluate("() => window.sameDocument"), "the page was never loaded again"


def an_order_that_cannot_be_read_is_named_until_it_is_read(page: Page, work: Page, installation: Installation) -> None:
    amazon = office(installation, "amazon")
    number = str(amazon.do("orders", lines=[{"sku": "MUG-1", "quantity": 1}])["order_id"])
    amazon.fault("garbled", order=number)
    synchronize(work, installation)
    expect(page.locator("#unread")).to_contain_text(number, timeout=60_000)
    expect(page.locator("#statement")).to_contain_text("1 could not be read.")
    amazon.clear()
    page.locator("#unread").get_by_role("button", name="Read it now").click()
    expect(page.locator("#unread")).to_have_count(0, timeout=60_000)
    expect(page.locator("#statement")).to_contain_text("2 are in your store.", timeout=60_000)


def a_comparison_is_said_while_it_is_made(page: Page, installation: Installation) -> None:
    office(installation, "amazon").fault("slow", operation="searchOrders", seconds=4, count=1)
    page.get_by_role("button", name="Compare now").click()
    expect(page.locator("#statement")).to_contain_text("Comparing… ")
    expect(page.locator("#statement")).not_to_contain_text("Comparing…", timeout=60_000)
    expect(page.locator("#order-health-24h tbody")).to_contain_text("compared")
