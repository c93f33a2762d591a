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
    AMAZON_TEMPLATE = "amazon-template"
    AMAZON_LOADER = "amazon-loader"
    AMAZON_REPORT = "amazon-report"
    RAKUTEN = "rakuten"
    RAKUTEN_OLD = "rakuten-old"
    RAKUTEN_OPTIONS = "rakuten-options"
    RAKUTEN_CATEGORIES = "rakuten-categories"
    YAHOO = "yahoo"
    YAHOO_STOCK = "yahoo-stock"
    UNKNOWN = "unknown"


def recognise(headers: Iterable[str]) -> Format:
    """The format whose telling columns are all there."""
    names = {normalised(header) for header in headers}
    if {"urlhandle", "publishedononlinestore"} <= names:
        return Format.SHOPIFY_NEW
    if "handle" in names and names & {"variantsku", "bodyhtml"}:
        return Format.SHOPIFY_CLASSIC
    found = next((found for found, telling in _TELLING if telling <= names), Format.UNKNOWN)
    # A list of a merchant's own may have such columns too, beside what makes it one of products.
    return Format.UNKNOWN if found in STOCK_ALONE and names & {"name", "title", "price"} else found


# The columns that together no other file has.
_TELLING = (
    (Format.AMAZON_TEMPLATE, {"contributionsku#1.value"}),
    (Format.AMAZON_CATEGORY, {"itemsku", "itemname", "standardprice"}),
    (Format.AMAZON_LOADER, {"sku", "productid", "productidtype", "adddelete"}),
    (Format.AMAZON_REPORT, {"sellersku", "listingid"}),
    (Format.AMAZON_REPORT, {"sellersku", "asin1"}),
    (Format.RAKUTEN, {"商品管理番号商品url", "sku管理番号"}),
    (Format.RAKUTEN_OPTIONS, {"項目選択肢用コントロールカラム", "商品管理番号商品url"}),
    (Format.RAKUTEN_CATEGORIES, {"コントロールカラム", "商品管理番号商品url", "表示先カテゴリ"}),
    (Format.RAKUTEN_OLD, {"コントロールカラム", "商品管理番号商品url"}),
    (Format.YAHOO, {"path", "name", "code", "subcode"}),
    (Format.YAHOO_STOCK, {"code", "subcode", "quantity"}),
)
# What says nothing but how many there are; it changes the stock of what is known and makes no product.
STOCK_ALONE = frozenset({Format.YAHOO_STOCK})
# What knows an article by its SKU and does not say which belong together.
BY_SKU = frozenset({Format.AMAZON_LOADER, Format.AMAZON_REPORT})
# What cannot be read without knowing what is there.
ABOUT_THE_KNOWN = STOCK_ALONE | BY_SKU


def name_of(found: Format) -> str:
    """What to call the format when speaking to the merchant."""
    return {
        Format.SHOPIFY_CLASSIC: _("Shopify product export"),
        Format.SHOPIFY_NEW: _("Shopify product export (new template)"),
        Format.AMAZON_CATEGORY: _("Amazon category file"),
        Format.AMAZON_TEMPLATE: _("Amazon category file (new template)"),
        Format.AMAZON_LOADER: _("Amazon Inventory Loader file"),
        Format.AMAZON_REPORT: _("Amazon listings report"),
        Format.RAKUTEN: _("Rakuten item file (normal-item)"),
        Format.RAKUTEN_OLD: _("Rakuten item file of before SKUs (item)"),
        Format.RAKUTEN_OPTIONS: _("Rakuten option file (select)"),
        Format.RAKUTEN_CATEGORIES: _("Rakuten category file (item-cat)"),
        Format.YAHOO: _("Yahoo! Shopping item file (data)"),
        Format.YAHOO_STOCK: _("Yahoo! Shopping stock file (quantity)"),
        Format.UNKNOWN: _("Product list"),
    }[found]


def normalised(header: str) -> str:
    """The header without what people and programs vary: width, case, spaces, underscores, hyphens and brackets."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", header).lstrip("\ufeff").lower())
