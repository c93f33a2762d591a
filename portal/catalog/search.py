"""The one normal form of words that search compares: width, case and spacing do not matter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute

from portal.models.catalog import Product

MOST_TERMS = 10


def normal(text: str) -> str:
    """Half-width letters and digits, full-width kana, no case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def search_text(title: str, vendor: str, product_type: str, codes: Iterable[str]) -> str:
    """Everything a product is looked for by, each on a line of its own so that no term spans two.

    `codes` are the SKUs and barcodes of its variants.
    """
    lines = (normal(text) for text in (title, vendor, product_type, *codes))
    return "\n".join(dict.fromkeys(line for line in lines if line))


def matches(query: str, column: InstrumentedAttribute[str] = Product.search_text) -> ColumnElement[bool]:
    """Products (or what else `column` is the search text of) that contain every term of `query`, wherever it stands."""
    terms = normal(query.replace("\0", "")).split()[:MOST_TERMS]
    return and_(*(column.contains(term, autoescape=True) for term in terms))
