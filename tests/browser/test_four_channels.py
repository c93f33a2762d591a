"""One catalog on four channels from the Inbox, in a real browser: each let in its own way, one refusal mended."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Installation
from tests.browser.test_main_path import PASSWORD, row

pytestmark = pytest.mark.browser

# A code that practice Amazon's catalog has for another brand's item.
TAKEN_CODE, FREE_CODE = "4006381333931", "4901234567894"
ASKED = {
    "amazon_product_type": "DRINKING_CUP",
    "amazon_attributes": "country of origin: Japan\nmaterial: Stone",
    "genre_id": "403885",
    "product_category": "1447",
    "path": "食器:マグ",
}


def test_one_product_goes_live_on_four_channels_and_what_one_refuses_is_mended_there(
    installation: Installation, window: BrowserContext
) -> None:
    page = window.new_page()
    register_in_yen(page, installation)
    connect_by_consent(page, installation, "Shopify", "Install")
    connect_by_consent(page, installation, "Amazon", "Confirm")
    connect_rakuten(page, installation)
    connect_by_consent(page, installation, "Yahoo! Shopping", "Allow")
    make_a_mug(page, installation)

    page.goto(f"{installation.url}/inbox")
    row(page, "Mug").get_by_role("button", name="Publish to 4 channels").click()
    expect(row(page, "Mug")).to_contain_text("Queued")
    page.goto(f"{installation.url}/listings")
    page.evaluate("() => { window.sameDocument = true }")
    for channel in ("Shopify", "Rakuten Ichiba", "Yahoo! Shopping"):
        expect(row(page, channel)).to_contain_text("Live", timeout=60_000)
    expect(row(page, "Amazon")).to_contain_text("Rejected", timeout=60_000)
    assert page.evaluate("() => window.sameDocument") is True, "the page was loaded again"

    row(page, "Amazon").get_by_role("link", name="Rejected").click()
    expect(page.locator("main")).to_contain_text("At Amazon this barcode belongs to another brand")
    page.get_by_role("link", name="Edit barcode").first.click()
    page.locator("[id$=-barcode]").first.fill(FREE_CODE)
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Product saved")).to_be_visible()
    page.goto(f"{installation.url}/listings")
    expect(row(page, "Amazon")).to_contain_text("Live", timeout=60_000)


def register_in_yen(page: Page, installation: Installation) -> None:
    page.goto(installation.first_link)
    page.fill("#field-shop", "Harbour Goods")
    page.fill("#field-identifier", "mara")
    page.fill("#field-password", PASSWORD)
    page.select_option("#field-currency", "JPY")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def connect_by_consent(page: Page, installation: Installation, channel: str, button: str) -> None:
    page.goto(f"{installation.url}/channels")
    page.get_by_role("link", name=f"Try with a practice shop: {channel}").click()
    page.get_by_role("link", name=re.compile("^Continue to")).click()
    page.get_by_role("button", name=button).click()
    expect(page).to_have_url(f"{installation.url}/channels")


def connect_rakuten(page: Page, installation: Installation) -> None:
    """Rakuten has no consent page: its keys are copied from the back office."""
    page.goto(f"{installation.url}/channels")
    page.get_by_role("link", name="Try with a practice shop: Rakuten Ichiba").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the practice back office").click()
    codes = opened.value.locator("code")
    expect(codes.first).to_be_visible()
    secret, key = codes.all_text_contents()[:2]
    opened.value.close()
    page.fill("#field-service_secret", secret)
    page.fill("#field-license_key", key)
    page.get_by_role("button", name="Test and connect").click()
    expect(page).to_have_url(f"{installation.url}/channels")


def make_a_mug(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.url}/products/new")
    page.fill("#field-title", "Mug")
    page.fill("#field-vendor", "Kiln")
    page.fill("#field-description_html", "<p>Of stone.</p>")
    page.fill("#field-variant-new1-price", "1200")
    page.fill("#field-variant-new1-sku", "MUG-1")
    page.fill("#field-variant-new1-barcode", TAKEN_CODE)
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
    for name, text in ASKED.items():
        page.fill(f"#field-{name}", text)
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Product saved")).to_be_visible()
