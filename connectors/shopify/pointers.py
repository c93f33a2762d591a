"""Turns the field a Shopify error names into a JSON pointer into our product record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_PRODUCT_FIELDS = {
    "title": "/title",
    "handle": "/handle",
    "descriptionHtml": "/description_html",
    "vendor": "/vendor",
    "productType": "/product_type",
    "tags": "/tags",
    "status": "/active",
    "productOptions": "/option_names",
    "files": "/images",
    "media": "/images",
}
_SEO_FIELDS = {"title": "/seo_title", "description": "/seo_description"}
_VARIANT_FIELDS = {
    "sku": "sku",
    "barcode": "barcode",
    "price": "price",
    "compareAtPrice": "compare_at",
    "taxable": "taxable",
    "inventoryPolicy": "sell_when_out",
    "inventoryQuantities": "quantity",
    "optionValues": "option_values",
    "file": "image_url",
    "cost": "cost",
    "measurement": "weight_grams",
    "requiresShipping": "requires_shipping",
    "tracked": "quantity",
}
# Position alone is worth keeping for these: the merchant has several of them.
_COUNTED = {"productOptions", "files", "media"}


def of_field(field: Any, *, variants: Sequence[int] | None = None) -> str:
    """The pointer for a userError's `field`, "" when it is none of ours.

    Positions come as text in most mutations and as numbers in some; both are read.
    `variants` are our positions of the variants that were sent, in the order they were sent.
    """
    path = [str(step) for step in field] if isinstance(field, list) else []
    while path and path[0] in ("input", "product", "productSet"):
        path = path[1:]
    if not path:
        return ""
    if path[0] == "variants":
        return _of_variant(path[1:], variants)
    if path[0] == "seo":
        return _SEO_FIELDS.get(path[1], "") if len(path) > 1 else ""
    pointer = _PRODUCT_FIELDS.get(path[0], "")
    if path[0] in _COUNTED and len(path) > 1 and path[1].isdecimal():
        return f"{pointer}/{path[1]}"
    return pointer


def of_path(path: Any) -> str:
    """The pointer for a top-level error's `path`, which starts with the answer's own name."""
    return of_field(path[1:]) if isinstance(path, list) else ""


def _of_variant(path: list[str], variants: Sequence[int] | None) -> str:
    if not path or not path[0].isdecimal():
        return "/variants"
    position = int(path[0])
    if variants is not None:
        if position >= len(variants):
            return "/variants"
        position = variants[position]
    steps = [step for step in path[1:] if step != "inventoryItem"]
    name = _VARIANT_FIELDS.get(steps[0], "") if steps else ""
    return f"/variants/{position}/{name}" if name else f"/variants/{position}"
