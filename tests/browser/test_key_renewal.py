"""Rakuten's licence key is renewed in the page while stock changes: no update is lost, whichever key works when."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Installation
from tests.browser.offices import Office, office
from tests.browser.test_four_channels import connect_rakuten, register_in_yen
from tests.browser.test_main_path import row

pytestmark = pytest.mark.browser

SKU = "MUG-1"


def test_a_licence_key_is_renewed_while_stock_changes_and_no_update_is_lost(
    installation: Installation, window: BrowserContext
) -> None:
    page = window.new_page()
    register_in_yen(page, installation)
    connect_rakuten(page, installation)
    store = office(installation, "rakuten")
    product = list_a_mug(page, installation)
    old_key_ends_soon(page, installation, store)

    # RMS gives out a new key, which does not work for minutes yet; the old one goes on working meanwhile.
    new = store.do("renew", works_after_seconds=600, old_works_for_seconds=1_200)["license_key"]
    store.fault("slow", seconds=3, operation="inventories.bulk.upsert", count=1)
    set_stock(page, product, 7)
    paste(page, installation, new)
    expect(page.get_by_text("doesn't take the new keys yet")).to_be_visible()
    other = window.new_page()
    set_stock(other, product, 4)
    comes_to_rakuten(page, store, 4)

    page.goto(f"{installation.url}/channels")
    page.evaluate("() => { window.sameDocument = true }")
    expect(page.locator("#connection-cards")).to_contain_text("new keys don't work yet")
    store.do("start-new")
    set_stock(other, product, 9)
    expect(page.locator("#connection-cards")).not_to_contain_text("new keys don't work yet", timeout=90_000)
    expect(page.locator("#connection-cards")).not_to_contain_text("Renew it before")
    assert page.evaluate("() => window.sameDocument") is True, "the page was loaded again"
    comes_to_rakuten(page, store, 9)

    store.do("end-old")
    set_stock(other, product, 2)
    comes_to_rakuten(page, store, 2)
    expect(page.locator("#banners")).not_to_contain_text("no longer accepts")
    assert refused(store) == {"items.search"}, "only the new key was refused, when it was tried too early"


# ---- the steps ----


def list_a_mug(page: Page, installation: Installation) -> str:
    """A product that is live at Rakuten with five units; its address."""
    page.goto(f"{installation.url}/products/new")
    page.fill("#field-title", "Mug")
    page.fill("#field-variant-new1-price", "1200")
    page.fill("#field-variant-new1-sku", SKU)
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.fill("#field-genre_id", "403885")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Product saved")).to_be_visible()
    product = page.url.partition("#")[0]
    set_stock(page, product, 5)
    page.goto(f"{installation.url}/inbox")
    row(page, "Mug").get_by_role("button", name="Publish to Rakuten Ichiba").click()
    expect(row(page, "Mug")).to_contain_text("Queued")
    page.goto(f"{installation.url}/listings")
    expect(row(page, "Mug")).to_contain_text("Live", timeout=60_000)
    return product


def old_key_ends_soon(page: Page, installation: Installation, store: Office) -> None:
    """The days are counted down once we have asked Rakuten, and the page leads to where the new key goes."""
    store.do("end-in", days=5.5)
    page.goto(f"{installation.url}/channels")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#connection-cards")).to_contain_text("Renew it before, and nothing stops.", timeout=30_000)
    page.goto(installation.url)
    expect(page.locator("main")).to_contain_text(re.compile("Access to Rakuten Ichiba.* ends in 5 days"))


def paste(page: Page, installation: Installation, key: str) -> None:
    """From the dashboard's reminder, the one key that changed."""
    page.goto(installation.url)
    page.get_by_role("link", name="Renew access to Rakuten Ichiba").click()
    expect(page.locator("#field-service_secret")).to_have_count(0)
    page.fill("#field-license_key", key)
    page.get_by_role("button", name="Test and connect").click()


def set_stock(page: Page, product: str, units: int) -> None:
    page.goto(f"{product}/stock")
    page.locator("[id$=-quantity]").fill(str(units))
    page.get_by_role("button", name="Save stock").click()
    expect(page.get_by_text("Stock saved")).to_be_visible()


# ---- what Rakuten says ----


def comes_to_rakuten(page: Page, store: Office, units: int) -> None:
    for _ in range(120):
        [item] = store.products()
        if item["stock"] == {SKU: units}:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"not {units} units: {item['stock']}")


def refused(store: Office) -> set[str]:
    """The operations of calls that Rakuten did not let in."""
    return {call["operation"] for call in store.ask("requests") if call["status"] == 401}
