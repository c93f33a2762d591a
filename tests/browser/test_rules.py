"""Rules made by somebody whose browser runs no script, and moved by keys where it does."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Installation
from tests.browser.test_main_path import register

pytestmark = pytest.mark.browser


def make(page: Page, installation: Installation, name: str) -> None:
    """One rule with two conditions, the second row asked for by its button."""
    page.goto(f"{installation.url}/rules/new")
    page.fill("#field-name", name)
    page.select_option("#condition-0-of", "total")
    page.select_option("#condition-0-how", "more")
    page.fill("#condition-0-value", "5000")
    page.get_by_role("button", name="Add a condition").click()
    expect(page.locator("#condition-0-value")).to_have_value("5000")
    page.select_option("#condition-1-of", "sku")
    page.fill("#condition-1-value", "MUG")
    page.select_option("#then-0-what", "tag")
    page.fill("#then-0-value", name)
    # Enter saves; it presses none of the buttons for rows.
    page.press("#then-0-value", "Enter")
    expect(page).to_have_url(f"{installation.url}/rules")


def listed(page: Page) -> list[str]:
    return page.locator("#rules [data-row-link]").all_inner_texts()


def test_a_rule_is_made_without_a_script(installation: Installation, plain_window: BrowserContext) -> None:
    page = plain_window.new_page()
    register(page, installation)
    page.goto(f"{installation.url}/rules")
    expect(page.get_by_text("Order updates go back to where the order came from.")).to_be_visible()
    make(page, installation, "Dear")
    expect(page.locator("#rules")).to_contain_text("Total is more than 5000")
    page.get_by_role("link", name="Test with an order").click()
    expect(page.locator("#impact")).to_contain_text("No marketplace sold anything")


def test_rules_are_moved_by_keys_and_the_focus_goes_along(installation: Installation, window: BrowserContext) -> None:
    page = window.new_page()
    register(page, installation)
    for name in ("One", "Two", "Three"):
        make(page, installation, name)
    expect(page.locator("#live-line")).to_have_text("Live")
    page.keyboard.press("j")
    for key, order in (("Alt+ArrowDown", ["Two", "One", "Three"]), ("Alt+ArrowDown", ["Two", "Three", "One"])):
        expect(page.locator("[data-row]:focus-within [data-row-link]")).to_have_text("One")
        page.keyboard.press(key)
        expect(page.locator("#rules [data-row-link]")).to_have_text(order)
        expect(page.locator("#live-line")).to_have_text("Live")
    page.keyboard.press("t")
    expect(page).to_have_url(f"{installation.url}/rules/test")
