"""Recognises whose file this is by its column names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from portal.i18n import _

_IGNORED = re.compile(r"[\s_\-()]")


class Format(StrEnum):
    SHOPIFY_CLASSIC = "shopify-classic"
    SHOPIFY_NEW = "shopify-new"
    AMAZON_CATEGORY = "amazon-category"
    AMAZON_REPORT = "amazon-report"
    RAKUTEN = "rakuten"
    YAHOO = "yahoo"
    UNKNOWN = "unknown"


def recognise(headers: Iterable[str]) -> Format:
    """The format whose telling columns are all there."""
    names = {normalised(header) for header in headers}
    if {"urlhandle", "publishedononlinestore"} <= names:
        return Format.SHOPIFY_NEW
    if "handle" in names and names & {"variantsku", "bodyhtml"}:
        return Format.SHOPIFY_CLASSIC
    return next((found for found, telling in _TELLING if telling <= names), Format.UNKNOWN)


# The columns that together no other file has.
_TELLING = (
    (Format.AMAZON_CATEGORY, {"itemsku", "itemname", "standardprice"}),
    (Format.AMAZON_REPORT, {"sellersku", "listingid"}),
    (Format.AMAZON_REPORT, {"sellersku", "asin1"}),
    (Format.RAKUTEN, {"商品管理番号商品url", "sku管理番号"}),
    (Format.YAHOO, {"path", "name", "code", "subcode"}),
)


def name_of(found: Format) -> str:
    """What to call the format when speaking to the merchant."""
    return {
        Format.SHOPIFY_CLASSIC: _("Shopify product export"),
        Format.SHOPIFY_NEW: _("Shopify product export (new template)"),
        Format.AMAZON_CATEGORY: _("Amazon category file"),
        Format.AMAZON_REPORT: _("Amazon listings report"),
        Format.RAKUTEN: _("Rakuten item file (normal-item)"),
        Format.YAHOO: _("Yahoo! Shopping item file (data)"),
        Format.UNKNOWN: _("Product list"),
    }[found]


def normalised(header: str) -> str:
    """The header without what people and programs vary: width, case, spaces, underscores, hyphens and brackets."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", header).lstrip("\ufeff").lower())
