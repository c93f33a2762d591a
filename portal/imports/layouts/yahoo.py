"""Yahoo! Shopping's data.csv: an item a row, its variants in one cell (`Colour:Blue#Size:S=code&…`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from portal.imports.layouts.layout import Cells, Layout, Told, each_needs_its_own, text

FIELDS: Final = {
    "handle": "code",
    "title": "name",
    "description_html": "caption",
    "path": "path",
    "product_category": "product-category",
    "tags": "meta-key",
    "seo_description": "meta-desc",
    "status": "display",
    "price": "price",
    "compare_at": "original-price",
    "barcode": "jan",
    "grams": "ship-weight",
    "sku": "sub-code",
    "option1_name": "options",
    "option1_value": "options (1)",
    "option2_name": "options (2)",
    "option2_value": "options (3)",
    "option3_name": "options (4)",
    "option3_value": "options (5)",
}
MOST_OPTIONS: Final = 3
# The code we give to a variant whose SKU Yahoo! does not take, or that has none (connectors.yahoo.codes).
_MADE_BY_US = re.compile(r"cd-[0-9a-f]{24}")


def read(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    """An item with variants is a row of ours for each of them."""
    direct = ("title", "description_html", "path", "product_category", "tags", "seo_description")
    for number, row in rows:
        told = {field: text(row, FIELDS[field]) for field in (*direct, "price", "compare_at", "barcode", "grams")}
        told |= {"handle": row.get("code", ""), "status": {"1": "active", "0": "draft"}.get(row.get("display", ""), "")}
        variants = _variants(row.get("sub-code", ""))
        if not variants:
            yield number, told | {"sku": row.get("code", "")}
        for place, (options, code) in enumerate(variants):
            named = {
                name: part
                for n, (axis, value) in enumerate(options[:MOST_OPTIONS], start=1)
                for name, part in ((f"option{n}_name", axis), (f"option{n}_value", value))
            }
            shared = told if place == 0 else {name: told[name] for name in ("handle", "price", "compare_at")}
            yield number, shared | named | {"sku": "" if _MADE_BY_US.fullmatch(code) else code}


def _variants(cell: str) -> list[tuple[list[tuple[str, str]], str]]:
    """Each variant's options, name and value, and its code."""
    found = []
    for part in filter(None, cell.split("&")):
        said, _, code = part.rpartition("=")
        options = [tuple(option.split(":", 1)) for option in said.split("#") if ":" in option]
        found.append(([(axis, value) for axis, value in options], code))
    return found


LAYOUT: Final = Layout(
    fields=FIELDS,
    used=lambda name: name in {*FIELDS.values(), "options"},
    read=read,
    references=True,
    needs=each_needs_its_own(FIELDS),
)

# Yahoo!'s quantity.csv: stock alone, of an item or of one of its variants. portal.imports.stocktaking reads it.
STOCK_FIELDS: Final = {"handle": "code", "sku": "sub-code", "quantity": "quantity"}


def read_stock(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    for number, row in rows:
        yield number, {field: text(row, column) for field, column in STOCK_FIELDS.items()}


STOCK: Final = Layout(
    fields=STOCK_FIELDS,
    used=lambda name: name in STOCK_FIELDS.values(),
    read=read_stock,
)
