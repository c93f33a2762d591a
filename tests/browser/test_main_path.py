"""A merchant's first day, in a real browser against the whole product."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Installation

pytestmark = pytest.mark.browser

SAID = "Title must not shout: “LED” is in capitals"
PASSWORD = "seven quiet lanterns 42"


def register(page: Page, installation: Installation) -> None:
    page.goto(installation.first_link)
    page.fill("#field-shop", "Harbour Goods")
    page.fill("#field-identifier", "mara")
    page.fill("#field-password", PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def bring_file(page: Page, installation: Installation, path: Path) -> None:
    page.goto(f"{installation.url}/imports")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name=re.compile("^Import ")).click()


def connect_practice_shop(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.url}/channels")
    page.get_by_role("link", name="Try with a practice shop: Shopify").click()
    page.get_by_role("link", name=re.compile("^Continue to")).click()
    page.get_by_role("button", name="Install").click()
    expect(page).to_have_url(f"{installation.url}/channels")


def row(page: Page, title: str):  # type: ignore[no-untyped-def]  # playwright's Locator
    return page.get_by_role("row").filter(has_text=title)


def a_file(folder: Path) -> Path:
    """Four products as Shopify exports them."""
    path = folder / "products.csv"
    lines = ["Handle,Title,Vendor,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Image Src"]
    for handle, title in (("red-tee", "Red Tee"), ("led-tops", "LED Tops"), ("blue-bag", "Blue Bag"), ("hat", "Hat")):
        lines.append(f"{handle},{title},Harbour,{handle},shopify,7,20.00,https://images.example.com/{handle}.jpg")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_from_a_file_to_live_listings_past_a_rejection_and_a_lost_connection(
    installation: Installation, window: BrowserContext, tmp_path: Path
) -> None:
    page = window.new_page()
    register(page, installation)
    bring_file(page, installation, a_file(tmp_path))
    expect(page.get_by_text("Everything arrived")).to_be_visible()
    connect_practice_shop(page, installation)
    refuse = {"kind": "refuse", "count": 1, "handle": "led-tops", "field": ["input", "title"], "message": SAID}
    installation.practice(f"shops/{installation.shop()}/faults", {**refuse, "code": "INVALID_INPUT"})

    page.goto(f"{installation.url}/inbox")
    for title in ("Red Tee", "LED Tops", "Blue Bag"):
        row(page, title).get_by_role("button", name="Publish to Shopify").click()
        expect(row(page, title)).to_contain_text("Queued")
    page.goto(f"{installation.url}/listings")
    page.evaluate("() => { window.sameDocument = true }")
    expect(row(page, "Red Tee")).to_contain_text("Live", timeout=40_000)
    expect(row(page, "Blue Bag")).to_contain_text("Live")
    expect(row(page, "LED Tops")).to_contain_text("Rejected")
    assert page.evaluate("() => window.sameDocument") is True, "the page was loaded again"

    row(page, "LED Tops").get_by_role("link", name="Rejected").click()
    expect(page.locator(".original__text")).to_have_text(SAID)
    page.get_by_role("link", name=re.compile("^Edit")).first.click()
    page.fill("#field-title", "Quiet Tops")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Product saved")).to_be_visible()
    page.goto(f"{installation.url}/listings")
    expect(row(page, "Quiet Tops")).to_contain_text("Live", timeout=40_000)

    lose_and_reconnect(page, installation)


def lose_and_reconnect(page: Page, installation: Installation) -> None:
    installation.practice(f"shops/{installation.shop()}/revoke", {})
    page.goto(f"{installation.url}/inbox")
    row(page, "Hat").get_by_role("button", name="Publish to Shopify").click()
    expect(row(page, "Hat")).to_contain_text("Queued")
    page.goto(f"{installation.url}/listings?q=hat")
    page.evaluate("() => { window.sameDocument = true }")
    expect(page.locator("#banners")).to_contain_text("no longer accepts our access", timeout=40_000)
    expect(page.locator("#banners")).to_contain_text("1 ")
    expect(row(page, "Hat")).to_contain_text("Paused")
    assert page.evaluate("() => window.sameDocument") is True, "the page was loaded again"

    page.locator("#banners").get_by_role("link", name=re.compile("^Reconnect")).click()
    page.get_by_role("button", name="Install").click()

    expect(page).to_have_url(f"{installation.url}/listings?q=hat")
    expect(page.locator("#banners")).not_to_contain_text("no longer accepts")
    expect(row(page, "Hat")).to_contain_text("Live", timeout=40_000)
    products = installation.practice(f"shops/{installation.shop()}/products")
    assert sorted(product["handle"] for product in products) == ["blue-bag", "hat", "led-tops", "red-tee"]


def test_the_same_path_by_plain_forms_without_javascript(
    installation: Installation, plain_window: BrowserContext, tmp_path: Path
) -> None:
    page = plain_window.new_page()
    register(page, installation)
    bring_file(page, installation, a_file(tmp_path))
    reload_until(page, "Everything arrived")
    connect_practice_shop(page, installation)
    refuse = {"kind": "refuse", "count": 1, "handle": "led-tops", "field": ["input", "title"], "message": SAID}
    installation.practice(f"shops/{installation.shop()}/faults", {**refuse, "code": "INVALID_INPUT"})

    for title in ("Red Tee", "LED Tops", "Blue Bag"):
        page.goto(f"{installation.url}/inbox")
        row(page, title).get_by_role("button", name="Publish to Shopify").click()
    page.goto(f"{installation.url}/listings")
    reload_until(page, "Live", inside="Red Tee")
    reload_until(page, "Live", inside="Blue Bag")
    reload_until(page, "Rejected", inside="LED Tops")

    row(page, "LED Tops").get_by_role("link", name="Rejected").click()
    expect(page.locator(".original__text")).to_have_text(SAID)
    page.get_by_role("link", name=re.compile("^Edit")).first.click()
    page.fill("#field-title", "Quiet Tops")
    page.get_by_role("button", name="Save").last.click()
    page.goto(f"{installation.url}/listings")
    reload_until(page, "Live", inside="Quiet Tops")

    installation.practice(f"shops/{installation.shop()}/revoke", {})
    page.goto(f"{installation.url}/inbox")
    row(page, "Hat").get_by_role("button", name="Publish to Shopify").click()
    page.goto(f"{installation.url}/listings?q=hat")
    reload_until(page, "Paused", inside="Hat")
    page.locator("#banners").get_by_role("link", name=re.compile("^Reconnect")).click()
    page.get_by_role("button", name="Install").click()
    expect(page).to_have_url(f"{installation.url}/listings?q=hat")
    reload_until(page, "Live", inside="Hat")


def reload_until(page: Page, text: str, *, inside: str = "") -> None:
    """A person without JavaScript presses reload."""
    place = row(page, inside) if inside else page.locator("main")
    for _ in range(60):
        if text in place.first.inner_text():
            return
        page.wait_for_timeout(750)
        page.reload()
    expect(place.first).to_contain_text(text, timeout=1000)
