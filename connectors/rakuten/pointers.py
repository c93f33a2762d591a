"""Turns the propertyPath a Rakuten error names into a JSON pointer into our product record."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PRODUCT_FIELDS = {
    "title": "/title",
    "manageNumber": "/handle",
    "productDescription": "/description_html",
    "salesDescription": "/description_html",
    "genreId": "/details/genre_id",
    "hideItem": "/active",
    "images": "/images",
    "variantSelectors": "/option_names",
    "variants": "/variants",
}
_VARIANT_FIELDS = {
    "merchantDefinedSkuId": "sku",
    "articleNumber": "barcode",
    "standardPrice": "price",
    "selectorValues": "option_values",
    "images": "image_url",
    "quantity": "quantity",
}
_ROW = re.compile(r"inventories\[(\d+)\]")
_FIELD_IN_WORDS = re.compile(r"\b(title|genreId|variantSelectors|images|manageNumber|hideItem)\b")


def of_path(path: str, variants: Mapping[str, int]) -> str:
    """The pointer for a propertyPath such as "variants.sku-1.articleNumber.value"; "" when it is none of ours.

    `variants` are the positions of our variants by SKU code. A position in a list is kept for images alone.
    """
    first, _, rest = path.partition(".")
    name = first.partition("[")[0]
    if name != "variants" or not rest:
        return _PRODUCT_FIELDS.get(name, "")
    code, _, inner = rest.partition(".")
    step = inner.partition(".")[0].partition("[")[0]
    if step == "attributes":
        return "/details/genre_attributes"
    if code not in variants:
        return "/variants"
    field = _VARIANT_FIELDS.get(step, "")
    return f"/variants/{variants[code]}/{field}" if field else f"/variants/{variants[code]}"


def in_words(message: str) -> str:
    """The pointer for the field an English message names where there is no propertyPath; "" when it names none."""
    found = _FIELD_IN_WORDS.search(message)
    return _PRODUCT_FIELDS[found.group(1)] if found else ""


def row_of(path: str) -> int | None:
    """The position in a bulk call that a path such as "inventories[2].quantity" names."""
    found = _ROW.match(path)
    return int(found.group(1)) if found else None
