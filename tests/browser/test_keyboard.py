"""The inbox worked through without a mouse, by somebody far from Greenwich."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Installation, a_context
from tests.browser.test_main_path import a_file, bring_file, connect_practice_shop, register, row

pytestmark = pytest.mark.browser


@pytest.fixture
def tokyo(browser: Browser) -> Iterator[BrowserContext]:
    yield from a_context(browser, timezone_id="Asia/Tokyo")


def stands_on(page: Page, title: str) -> None:
    """The row of this title holds the focus, at once or after a live update has been put in place."""
    expect(page.locator("[data-row]:focus-within [data-row-link]")).to_have_text(title)


def at_work(page: Page) -> None:
    """The page's scripts have started."""
    expect(page.locator("#live-line")).to_have_text("Live")


def test_every_key_the_inbox_lists_does_what_it_says(
    installation: Installation, tokyo: BrowserContext, tmp_path: Path
) -> None:
    page = tokyo.new_page()
    register(page, installation)
    bring_file(page, installation, a_file(tmp_path))
    expect(page.get_by_text("Everything arrived")).to_be_visible()
    connect_practice_shop(page, installation)
    page.goto(f"{installation.url}/inbox")
    at_work(page)
    titles = page.locator("[data-row-link]").all_inner_texts()
    assert len(titles) == 4

    look_at_the_list_of_keys(page)
    decide_the_first_two(page, titles)
    decide_the_others_together(page, titles[2:])
    search_and_open(page, titles[1])

    page.goto(f"{installation.url}/settings/shop")
    expect(page.locator("#field-time_zone")).to_have_value("Asia/Tokyo")


def look_at_the_list_of_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#commands")).to_be_visible()
    listed = set(page.locator("#commands kbd:visible").all_inner_texts())
    assert {"1", "a", "e", "Shift a", "/", "j", "k", "x", "* a", "* n", "Enter", "o"} <= listed
    page.keyboard.press("Escape")
    # The browser takes the focus out of a closed dialog a moment later.
    expect(page.locator("dialog :focus")).to_have_count(0)


def decide_the_first_two(page: Page, titles: list[str]) -> None:
    for key, at in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        stands_on(page, titles[at])
    publish = row(page, titles[0]).get_by_role("button", name="Publish to Shopify")
    page.keyboard.press("1")
    expect(publish).to_have_count(0)
    stands_on(page, titles[0])
    page.keyboard.press("1")
    expect(publish).to_be_visible()

    page.keyboard.press("a")
    expect(row(page, titles[0])).to_contain_text("Approved")
    stands_on(page, titles[1])
    page.keyboard.press("e")
    expect(row(page, titles[1])).to_contain_text("Undo")
    stands_on(page, titles[2])
    page.keyboard.press("z")
    expect(row(page, titles[1]).get_by_role("button", name="Publish to Shopify")).to_be_visible()


def decide_the_others_together(page: Page, titles: list[str]) -> None:
    for key in ("x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator(".bulk-bar output")).to_have_text("2 selected")
    page.keyboard.press("Shift+a")
    expect(page.locator("#toasts")).to_contain_text("2 approved")
    at_work(page)
    page.keyboard.press("z")
    for title in titles:
        expect(row(page, title).get_by_role("button", name="Publish to Shopify")).to_be_visible()


def search_and_open(page: Page, first: str) -> None:
    at_work(page)
    page.keyboard.press("/")
    page.keyboard.type("ja")
    expect(page.locator("#filters-q")).to_have_value("ja")
    # Out of the search box keys are keys again.
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    stands_on(page, first)
    page.keyboard.press("o")
    expect(page.locator("#field-title")).to_have_value(first)
    at_work(page)
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox")
