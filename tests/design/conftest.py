"""A fresh site and page for each, watched for policy violations and script errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.design.site import Site, served


@pytest.fixture
def site() -> Iterator[Site]:
    with served() as site:
        site.things = {"cup": "red", "mug": "blue"}
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page whose every console error and policy violation fails the test that caused it."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    context.set_default_timeout(5_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    # Some tests take the server away, or write markup that is refused; both are said on the console.
    expected = ("Failed to load resource", "net::ERR", "Markup may not carry code")
    assert [text for text in wrong if not any(part in text for part in expected)] == []
