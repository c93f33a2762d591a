"""A real catalog, taken out as each channel's own file through the pages and brought to a fresh shop, is the same one.

What a file has no place for may be missing; the export page must have said so beforehand.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.exports import service
from portal.exports.sheet import Lack
from tests.browser.conftest import Installation
from tests.browser.test_main_path import PASSWORD, bring_file, register
from tests.material import DATA

FILES = ("shopify-jewelery.csv", "shopify-export-metafields.csv")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not DATA.is_dir(), reason=f"the real files are not here: {DATA}")]

# What the page says of each lack, and which columns of Shopify's file it empties or changes.
LOST: Mapping[Lack, tuple[str, Collection[str]]] = {
    Lack.HANDLES: ("web addresses", {"Handle"}),
    Lack.ALTS: ("the words for images", {"Image Alt Text"}),
    Lack.COSTS: ("costs", {"Cost per item"}),
    Lack.WEIGHTS: ("weights", {"Variant Grams"}),
    Lack.TAGS: ("tags", {"Tags"}),
    Lack.TYPES: ("types and categories", {"Type", "Product Category"}),
    Lack.SEO: ("texts for search engines", {"SEO Title", "SEO Description"}),
    Lack.SEO_TITLES: ("titles for search engines", {"SEO Title"}),
    Lack.VARIANT_PRICES: ("a price for each variant", {"Variant Price", "Variant Compare At Price"}),
    Lack.STOCK: ("stock", {"Variant Inventory Qty", "Variant Inventory Tracker"}),
    Lack.IMAGES: ("images", {"Image Src", "Image Position", "Image Alt Text"}),
    Lack.VARIANT_IMAGES: ("images of variants", {"Variant Image"}),
    Lack.OPTION_NAMES: ("options other than color and size", {"Option1 Name", "Option2 Name"}),
    Lack.VENDOR: ("vendors", {"Vendor"}),
    Lack.FLAGS: (
        "whether stock is counted, taxed or shipped",
        {
            "Variant Inventory Tracker",
            "Variant Inventory Policy",
            "Variant Requires Shipping",
            "Variant Taxable",
        },
    ),
    Lack.STATUS: ("whether a product is active", {"Status", "Published"}),
    Lack.BARCODES: ("barcodes of variants", {"Variant Barcode"}),
    Lack.SINGLE_SKUS: ("SKUs of products without options", {"Variant SKU"}),
}


def test_a_catalog_comes_back_from_every_channels_file_but_for_what_the_page_says_it_lacks(
    installation: Installation, window: BrowserContext, tmp_path: Path
) -> None:
    page = window.new_page()
    register(page, installation)
    for name in FILES:
        bring_file(page, installation, DATA / name)
        expect(page.get_by_text("Everything arrived")).to_be_visible(timeout=60_000)
    files = {key: taken_out(page, installation, key, tmp_path / "first") for key in service.SHEETS}
    before = products(files["shopify"])
    assert len(before) == 52

    for key, path in files.items():
        open_a_fresh_shop(page, installation, key)
        bring_file(page, installation, path)
        expect(page.get_by_text("Everything arrived")).to_be_visible(timeout=60_000)
        after = products(taken_out(page, installation, "shopify", tmp_path / key))
        assert len(after) == len(before), key
        for here, there in zip(before, after, strict=True):
            lost = lost_of(here, service.SHEETS[key].lacks)
            assert without(there, lost) == signs_widened(without(here, lost), key), (key, here["Handle"])


def lost_of(product: Mapping[str, Any], lacks: Collection[Lack]) -> set[str]:
    """The columns that the file empties for this product: some only where it has options, one only where it has not."""
    plain = product["rows"][0].get("Option1 Value") == "Default Title"
    kept = {Lack.VARIANT_PRICES, Lack.BARCODES} if plain else {Lack.SINGLE_SKUS}
    return {column for lack in lacks if lack in LOST and lack not in kept for column in LOST[lack][1]}


def signs_widened(product: dict[str, Any], key: str) -> dict[str, Any]:
    """As `product`; in a file that has no place for some signs, options have the full-width ones."""
    if Lack.OPTION_SIGNS not in service.SHEETS[key].lacks:
        return product
    signs = str.maketrans("#&:=", "＃＆：＝")
    rows = [
        {column: text.translate(signs) if column.endswith(" Value") else text for column, text in row.items()}
        for row in product["rows"]
    ]
    return product | {"rows": rows}


def open_a_fresh_shop(page: Page, installation: Installation, name: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{installation.url}/sign-up")
    page.fill("#field-shop", f"Shop of {name}")
    page.fill("#field-identifier", f"owner-{name}")
    page.fill("#field-password", PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def taken_out(page: Page, installation: Installation, key: str, folder: Path) -> Path:
    """The channel's file, downloaded from the page that says what it lacks."""
    page.goto(f"{installation.url}/exports")
    card = page.locator(f"#export-{key}")
    for lack in service.SHEETS[key].lacks & LOST.keys():
        expect(card).to_contain_text(LOST[lack][0])
    if Lack.OPTION_SIGNS in service.SHEETS[key].lacks:
        expect(card).to_contain_text("the signs # & : = in options")
    with page.expect_download() as started:
        card.get_by_role("link", name=re.compile("^Download ")).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def products(path: Path) -> list[dict[str, Any]]:
    """Shopify's file as products: the first row's words, and what each row says of a variant or an image."""
    found: dict[str, dict[str, Any]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            filled = {column: text for column, text in row.items() if text}
            product = found.setdefault(row["Handle"], {"rows": []} | filled)
            product["rows"].append(
                {
                    column: text
                    for column, text in filled.items()
                    if column.startswith(("Variant", "Image", "Cost")) or column.endswith(" Value")
                }
            )
    return list(found.values())


def without(product: Mapping[str, Any], lost: Collection[str]) -> dict[str, Any]:
    """The product as far as the file can carry it; rows that hold nothing of it are none."""
    kept = {column: text for column, text in product.items() if column not in lost and column != "rows"}
    rows = [{column: text for column, text in row.items() if column not in lost} for row in product["rows"]]
    return kept | {"rows": [row for row in rows if row]}
