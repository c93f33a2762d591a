"""A real catalog on four channels at once: what each refuses, said in its own words, mended in the page, live after."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Installation
from tests.browser.offices import Office, office
from tests.browser.test_four_channels import connect_by_consent, connect_rakuten, register_in_yen
from tests.browser.test_main_path import bring_file
from tests.material import DATA

FILE = DATA / "shopify-apparel.csv"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not FILE.is_file(), reason=f"the real file is not here: {FILE}")]

SHOPIFY, AMAZON, RAKUTEN, YAHOO = "Shopify", "Amazon", "Rakuten Ichiba", "Yahoo! Shopping"
SHIRT, JUMPER, TOP, BLOUSE, JACKET, BAG = (
    "Ocean Blue Shirt", "Yellow Wool Jumper", "Floral White Top", "Striped Silk Blouse", "Classic Leather Jacket",
    "Black Leather Bag",
)  # fmt: skip
HANDLES = {title: title.lower().replace(" ", "-") for title in (SHIRT, JUMPER, TOP, BLOUSE, JACKET, BAG)}
SKUS = {title: f"APP-{number}" for number, title in enumerate(HANDLES, start=1)}
# The jumper's code is another brand's item at Amazon; the top's ends in a wrong check digit.
CODES = {
    SHIRT: "4901234567894", JUMPER: "4006381333931", TOP: "4901234567800", BLOUSE: "4901234567818",
    JACKET: "4901234567825", BAG: "4901234567832",
}  # fmt: skip
RIGHT_CODES = {JUMPER: "4901234567849", TOP: "4901234567801"}
# Column of the merchant's own file, and what its control in the import calls the field.
ASKED = {
    "Handle": "",
    "Variant SKU": "",
    "Variant Barcode": "",
    "Variant Inventory Tracker": "",
    "Variant Inventory Qty": "",
    "genre": "Rakuten genre",
    "genre lines": "Rakuten attributes",
    "category": "Yahoo! product category",
    "shelf": "Yahoo! store category",
    "kind": "Amazon product type",
    "kind lines": "Amazon attributes",
}
AMAZON_LINES = "color: Blue\nsize: M\nfabric_type: Cotton\ndepartment: womens\ncountry_of_origin: JP"
# https://sellercentral.amazon.com/gp/errorcode/6024, as sellers have shown it.
NOT_APPROVED = "Seller is not authorized to list products by this brand name in this product line or category."
# Rakuten has merged the one into another; it sells shirts in the other.
MERGED_GENRE, GENRE = "100999", "565747"


def test_a_real_catalog_goes_live_on_four_channels_past_every_class_of_refusal(
    installation: Installation, window: BrowserContext, tmp_path: Path
) -> None:
    page = window.new_page()
    register_in_yen(page, installation)
    bring_file(page, installation, FILE)
    expect(page.get_by_text("Everything arrived")).to_be_visible()
    bring_what_channels_ask(page, installation, tmp_path)
    for channel, button in ((SHOPIFY, "Install"), (AMAZON, "Confirm"), (YAHOO, "Allow")):
        connect_by_consent(page, installation, channel, button)
    connect_rakuten(page, installation)
    offices = {name: office(installation, name) for name in ("shopify", "amazon", "rakuten", "yahoo")}

    offices["shopify"].fault("throttle")
    offices["amazon"].fault("refuse", item=SKUS[BLOUSE], code="6024", message=NOT_APPROVED, attribute="brand")
    offices["yahoo"].do("revoke")
    mend_a_wrong_check_digit(page, installation)
    publish_six_everywhere(page, installation)

    wait_out_what_is_busy(page, installation, offices["shopify"])
    reconnect_what_was_taken_away(page, installation)
    mend_another_brands_code(page, installation)
    mend_a_merged_genre(page, installation)
    have_the_brand_approved(page, installation, offices["amazon"])

    for title in HANDLES:
        for channel in (SHOPIFY, AMAZON, RAKUTEN, YAHOO):
            expect(listing(page, installation, title, channel)).to_contain_text("Live", timeout=60_000)
    for name, handles in on_sale(offices).items():
        assert handles == set(HANDLES.values()), name


# ---- the steps ----


def bring_what_channels_ask(page: Page, installation: Installation, folder: Path) -> None:
    """A file of the merchant's own says the rest, for many products at once; its columns are named in the page."""
    path = folder / "what-channels-ask.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(ASKED)
        for title, handle in HANDLES.items():
            codes = (handle, SKUS[title], CODES[title], "shopify", "5")
            genre = MERGED_GENRE if title == JACKET else GENRE
            rows.writerow((*codes, genre, f"メーカー型番: {SKUS[title]}", "1447", "服:上着", "SHIRT", AMAZON_LINES))
    page.goto(f"{installation.url}/imports")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Upload and check").click()
    for column, use in ASKED.items():
        if use:
            page.get_by_label(column, exact=True).select_option(label=use)
    page.get_by_role("button", name="Check again").click()
    page.get_by_role("button", name=re.compile("^Import 6 ")).click()
    expect(page.get_by_text("Everything arrived")).to_be_visible()


def publish_six_everywhere(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.url}/inbox")
    for title in HANDLES:
        line = inbox_line(page, title)
        expect(line.get_by_role("button", name="Publish to 4 channels")).to_be_visible()
        line.get_by_role("checkbox", name=title).check()
    page.get_by_role("button", name="Publish selected").click()
    expect(page.get_by_text("6 approved")).to_be_visible()


def wait_out_what_is_busy(page: Page, installation: Installation, shop: Office) -> None:
    """Nobody presses anything: what Shopify put off goes live once it takes calls again."""
    delayed = listing(page, installation, SHIRT, SHOPIFY)
    expect(delayed).to_contain_text("Delayed", timeout=40_000)
    open_listing(page, delayed)
    expect(page.locator(".original__text").first).to_contain_text("Throttled")
    shop.clear()
    for title in HANDLES:
        expect(listing(page, installation, title, SHOPIFY)).to_contain_text("Live", timeout=60_000)


def reconnect_what_was_taken_away(page: Page, installation: Installation) -> None:
    """One click on the banner and Yahoo!'s own consent; what waited goes out by itself."""
    waiting = listing(page, installation, SHIRT, YAHOO)
    expect(waiting).to_contain_text("Paused", timeout=40_000)
    banner = page.locator("#banners")
    expect(banner).to_contain_text("no longer accepts our access")
    open_listing(page, waiting)
    expect(page.locator(".original__text").first).to_contain_text("invalid_token")
    page.locator("#banners").get_by_role("link", name=re.compile("^Reconnect")).click()
    page.get_by_role("button", name="Allow").click()
    expect(banner).not_to_contain_text("no longer accepts")
    expect(listing(page, installation, SHIRT, YAHOO)).to_contain_text("Live", timeout=60_000)


def mend_another_brands_code(page: Page, installation: Installation) -> None:
    """Met in Amazon's own catalog before anything was sent."""
    refused = listing(page, installation, JUMPER, AMAZON)
    expect(refused).to_contain_text("Rejected", timeout=60_000)
    open_listing(page, refused)
    expect(page.get_by_text("At Amazon this barcode belongs to another brand").first).to_be_visible()
    edit_barcode(page, RIGHT_CODES[JUMPER])
    expect(listing(page, installation, JUMPER, AMAZON)).to_contain_text("Live", timeout=60_000)


def mend_a_wrong_check_digit(page: Page, installation: Installation) -> None:
    """Three channels would refuse it; the Inbox says so before anything is sent, and one edit mends it."""
    page.goto(f"{installation.url}/inbox")
    line = inbox_line(page, TOP)
    expect(line.get_by_text(f"Barcode {CODES[TOP]} can't be right")).to_have_count(3)
    line.get_by_role("link", name=f"Barcode {CODES[TOP]} can't be right").first.click()
    page.locator("[id$=-barcode]").first.fill(RIGHT_CODES[TOP])
    save(page)


def mend_a_merged_genre(page: Page, installation: Installation) -> None:
    refused = listing(page, installation, JACKET, RAKUTEN)
    expect(refused).to_contain_text("Rejected", timeout=60_000)
    open_listing(page, refused)
    expect(page.locator(".original__text").first).to_contain_text("genreId")
    page.get_by_role("link", name="Edit Rakuten genre").first.click()
    page.fill("#field-genre_id", GENRE)
    save(page)
    expect(listing(page, installation, JACKET, RAKUTEN)).to_contain_text("Live", timeout=60_000)


def have_the_brand_approved(page: Page, installation: Installation, seller: Office) -> None:
    """Only Amazon can lift this; the merchant asks there, and then tries again here."""
    blocked = listing(page, installation, BLOUSE, AMAZON)
    expect(blocked).to_contain_text("Blocked", timeout=60_000)
    open_listing(page, blocked)
    expect(page.locator(".original__text").first).to_have_text(NOT_APPROVED)
    expect(page.get_by_text("hasn't approved you for this brand").first).to_be_visible()
    seller.clear()
    page.get_by_role("button", name="Try again").click()
    expect(listing(page, installation, BLOUSE, AMAZON)).to_contain_text("Live", timeout=60_000)


# ---- what is seen ----


def inbox_line(page: Page, title: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))


def listing(page: Page, installation: Installation, title: str, channel: str) -> Locator:
    """The product's line on the channel, in the list of listings."""
    address = f"{installation.url}/listings"
    if page.url != address:
        page.goto(address)
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True)).filter(has_text=channel)


def open_listing(page: Page, line: Locator) -> None:
    page.goto(str(line.locator("[data-row-link]").evaluate("link => link.href")))


def edit_barcode(page: Page, code: str) -> None:
    page.get_by_role("link", name="Edit barcode").first.click()
    page.locator("[id$=-barcode]").first.fill(code)
    save(page)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("Product saved")).to_be_visible()


def on_sale(offices: dict[str, Office]) -> dict[str, set[str]]:
    """The handles of what each practice channel says buyers see."""
    by_sku = {SKUS[title]: handle for title, handle in HANDLES.items()}
    found: dict[str, Any] = {name: one.products() for name, one in offices.items()}
    return {
        "shopify": {one["handle"] for one in found["shopify"] if one["status"] == "ACTIVE"},
        "amazon": {by_sku[one["sku"]] for one in found["amazon"] if "BUYABLE" in one["summaries"][0]["status"]},
        "rakuten": {one["manageNumber"] for one in found["rakuten"] if not one.get("hideItem")},
        "yahoo": {one["item_code"] for one in found["yahoo"] if one["live"] and one["live"]["display"] == "1"},
    }
