"""Where a product came from, as the merchant says it."""

from __future__ import annotations

from portal.i18n import _


def named(source: str) -> str:
    """The name of a product's source; one nobody named is said as it is stored."""
    return {
        "": _("Written here"),
        "shopify-classic": _("Shopify export"),
        "shopify-new": _("Shopify export, new template"),
        "unknown": _("Product list"),
    }.get(source, source)
