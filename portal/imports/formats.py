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
    UNKNOWN = "unknown"


def recognise(headers: Iterable[str]) -> Format:
    """The format whose telling columns are all there."""
    names = {normalised(header) for header in headers}
    if {"urlhandle", "publishedononlinestore"} <= names:
        return Format.SHOPIFY_NEW
    if "handle" in names and names & {"variantsku", "bodyhtml"}:
        return Format.SHOPIFY_CLASSIC
    return Format.UNKNOWN


def name_of(found: Format) -> str:
    """What to call the format when speaking to the merchant."""
    return {
        Format.SHOPIFY_CLASSIC: _("Shopify product export"),
        Format.SHOPIFY_NEW: _("Shopify product export (new template)"),
        Format.UNKNOWN: _("Product list"),
    }[found]


def normalised(header: str) -> str:
    """The header without what people and programs vary: width, case, spaces, underscores, hyphens and brackets."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", header).lstrip("\ufeff").lower())
