"""Which fields of a product matter to a channel, as small digests, so that a change can be named later. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from portal.i18n import _
from portal.models.catalog import Product


def digests(product: Product) -> dict[str, str]:
    """The product's fields that matter to a channel, each as eight characters. Variants and images must be loaded."""
    variants = product.variants
    values: dict[str, object] = {
        "title": product.title,
        "description": product.description_html,
        "status": product.status.value,
        "price": [(variant.price_minor, variant.compare_at_minor) for variant in variants],
        "sku": [variant.sku for variant in variants],
        "barcode": [variant.barcode for variant in variants],
        "options": [product.option_names, [variant.option_values for variant in variants]],
        "images": [image.url for image in product.images],
        "details": sorted(product.details.items()),
    }
    return {name: _digest(value) for name, value in values.items()}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names of the fields that differ."""
    return [name for name, digest in now.items() if name in before and before[name] != digest]


def field_word(name: str) -> str:
    """A field's name as the merchant reads it."""
    return {
        "title": _("title"),
        "description": _("description"),
        "status": _("status"),
        "price": _("price"),
        "sku": _("SKU"),
        "barcode": _("barcode"),
        "options": _("options"),
        "images": _("images"),
        "details": _("what single channels ask"),
    }.get(name, name)


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:8]
