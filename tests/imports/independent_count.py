"""Counts a Shopify product file with nothing but the csv module, to hold the product's own counts against.

Written from what the rows look like, not from our code, and knows Shopify's classic and new column names only.

products   distinct handles that are not empty.
variants   rows that carry a variant: a row with an option value, SKU, barcode, price, compare-at price, cost or stock.
           "Title / Default Title" is such a row: the one variant of a product without options. A row with nothing but
           a handle and image cells adds a picture to its product and is no variant, even if a spreadsheet has filled
           weight unit or tax down into it.
images     distinct pairs of handle and image address.
quantity   stock summed over the variant rows, and apart from it the part that lies below zero: a shop that sold what
           it did not have exports -2, a catalog can't hold it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

CLASSIC = {
    "handle": "Handle",
    "image": "Image Src",
    "quantity": "Variant Inventory Qty",
    "variant": [
        *("Option1 Value", "Option2 Value", "Option3 Value", "Variant SKU", "Variant Barcode", "Variant Price"),
        *("Variant Compare At Price", "Cost per item", "Variant Inventory Qty"),
    ],
}
NEW = {
    "handle": "URL handle",
    "image": "Product image URL",
    "quantity": "Inventory quantity",
    "variant": [
        *("Option1 value", "Option2 value", "Option3 value", "SKU", "Barcode", "Price"),
        *("Compare-at price", "Cost per item", "Inventory quantity"),
    ],
}


@dataclass(frozen=True)
class IndependentCount:
    rows: int
    products: int
    variants: int
    images: int
    quantity: int
    below_zero: int


def independent_count(path: Path) -> IndependentCount:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if any(row.values())]
    names = CLASSIC if "Handle" in rows[0] else NEW
    carriers = [row for row in rows if any(row.get(name) for name in names["variant"])]
    stock = [int(row[names["quantity"]] or 0) for row in carriers]
    return IndependentCount(
        rows=len(rows),
        products=len({row[names["handle"]] for row in rows} - {""}),
        variants=len(carriers),
        images=len({(row[names["handle"]], row[names["image"]]) for row in rows if row.get(names["image"])}),
        quantity=sum(stock),
        below_zero=sum(count for count in stock if count < 0),
    )
