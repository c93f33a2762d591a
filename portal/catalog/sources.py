"""Where a product came from, as the merchant says it."""

from __future__ import annotations

from typing import Final

from portal.i18n import _

# A product that is only an offer on an item of a channel's catalog, with a stock of its own.
OFFER: Final = "offer"


def named(source: str) -> str:
    """The name of a product's source; one nobody named is said as it is stored."""
    return {
        **dict.fromkeys(("", "manual"), _("Written here")),
        "shopify-classic": _("Shopify export"),
        "shopify-new": _("Shopify export, new template"),
        "amazon-category": _("Amazon category file"),
        "amazon-template": _("Amazon category file (new template)"),
        "amazon-loader": _("Amazon Inventory Loader file"),
        "amazon-report": _("Amazon listings report"),
        "rakuten": _("Rakuten item file (normal-item)"),
        "rakuten-old": _("Rakuten item file of before SKUs (item)"),
        "yahoo": _("Yahoo! Shopping item file (data)"),
        "unknown": _("Product list"),
        OFFER: _("Co-selling"),
    }.get(source, source)
