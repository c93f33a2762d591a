"""Real product files, brought through the browser: what arrived equals an independent count of the file."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Installation
from tests.browser.test_main_path import bring_file, register
from tests.imports.independent_count import independent_count
from tests.material import DATA

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not DATA.is_dir(), reason=f"the real files are not here: {DATA}")]


def test_every_real_file_arrives_whole(installation: Installation, window: BrowserContext) -> None:
    page = window.new_page()
    register(page, installation)
    files = sorted(DATA.glob("*.csv"))
    assert len(files) == 4
    for path in files:
        counted = independent_count(path)
        bring_file(page, installation, path)
        expect(page.get_by_text("Everything arrived")).to_be_visible(timeout=90_000)
        expected = {
            "products": counted.products,
            "variants": counted.variants,
            "images": counted.images,
            # A catalog holds no stock below zero; the page says so in a note on the row.
            "quantity": counted.quantity - counted.below_zero,
        }
        shown = {name: page.locator(f"#count-{name} .stat__value").inner_text() for name in expected}
        assert shown == {name: str(number) for name, number in expected.items()}, path.name
