"""Amazon's files: a category file (a parent's row above its variants') and the report of all listings.

https://sellercentral.amazon.com, "Inventory file templates"; the report's columns as in connectors.amazon.reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from portal.imports.layouts.layout import Cells, Layout, Told, each_needs_its_own, text

OTHER_IMAGES: Final = tuple(f"other_image_url{n}" for n in range(1, 9))
# The options that these files have a column for, by what we call them.
OPTION_COLUMNS: Final = {"Color": "color_name", "Size": "size_name"}
# What stands for a product code in product-id when it is one; 1 is an ASIN.
_CODE_TYPES: Final = frozenset({"3", "4", "UPC", "EAN", "GTIN", "JAN"})

CATEGORY_FIELDS: Final = {
    "handle": "parent_sku",
    "sku": "item_sku",
    "title": "item_name",
    "description_html": "product_description",
    "vendor": "brand_name",
    "amazon_product_type": "feed_product_type",
    "tags": "generic_keywords",
    "price": "standard_price",
    "compare_at": "list_price",
    "quantity": "quantity",
    "barcode": "external_product_id",
    "option1_name": "variation_theme",
    "option1_value": "color_name",
    "option2_name": "relationship_type",
    "option2_value": "size_name",
    "image_url": "main_image_url",
    "variant_image": "swatch_image_url",
}
REPORT_FIELDS: Final = {
    "sku": "seller-sku",
    "title": "item-name",
    "description_html": "item-description",
    "price": "price",
    "quantity": "quantity",
    "barcode": "product-id",
    "image_url": "image-url",
    "status": "status",
}


def read_category(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    """A parent's row gives its product's words, each child's a variant; further images come as rows of their own."""
    for number, row in rows:
        handle = text(row, "parent_sku", "item_sku")
        names = [name for name, column in OPTION_COLUMNS.items() if row.get(column)]
        told: dict[str, str] = {
            "handle": handle,
            "title": text(row, "item_name"),
            "description_html": text(row, "product_description"),
            "vendor": text(row, "brand_name"),
            "amazon_product_type": text(row, "feed_product_type"),
            "tags": text(row, "generic_keywords"),
            "image_url": text(row, "main_image_url"),
        }
        if text(row, "parent_child").lower() != "parent":
            told |= {
                "sku": text(row, "item_sku"),
                "price": text(row, "standard_price"),
                "compare_at": text(row, "list_price"),
                "quantity": text(row, "quantity"),
                "barcode": "" if row.get("external_product_id_type") == "ASIN" else text(row, "external_product_id"),
                "variant_image": text(row, "swatch_image_url"),
            }
            for place, name in enumerate(names, start=1):
                told |= {f"option{place}_name": name, f"option{place}_value": row[OPTION_COLUMNS[name]]}
        yield number, told
        for column in OTHER_IMAGES:
            if row.get(column):
                yield number, {"handle": handle, "title": told["title"], "image_url": row[column]}


def read_report(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    """Every row is a product of its own: the report does not say which belong together."""
    for number, row in rows:
        code = text(row, "product-id") if text(row, "product-id-type") in _CODE_TYPES else ""
        told = {
            field: text(row, column) for field, column in REPORT_FIELDS.items() if field not in {"barcode", "status"}
        }
        status = "draft" if text(row, "status").lower() == "inactive" else ""
        yield number, told | {"barcode": code, "status": status}


CATEGORY: Final = Layout(
    fields=CATEGORY_FIELDS,
    used=lambda name: name in {*CATEGORY_FIELDS.values(), *OTHER_IMAGES, "parent_child", "external_product_id_type"},
    read=read_category,
    needs=each_needs_its_own(CATEGORY_FIELDS),
)
REPORT: Final = Layout(
    fields=REPORT_FIELDS,
    used=lambda name: name in {*REPORT_FIELDS.values(), "product-id-type"},
    read=read_report,
    needs=each_needs_its_own(REPORT_FIELDS),
)
