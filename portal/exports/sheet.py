"""What one kind of file is: its columns, and the rows of one product in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connectors import money
from connectors.records import Money
from portal.models.catalog import Product


class Lack(StrEnum):
    """Something that a file has no place for; the page says it in words."""

    HANDLES = "handles"
    TYPES = "types"
    TAGS = "tags"
    VENDOR = "vendor"
    STATUS = "status"
    ARCHIVED = "archived"
    SEO = "seo"
    SEO_TITLES = "seo_titles"
    IMAGES = "images"
    ALTS = "alts"
    MORE_IMAGES = "more_images"
    VARIANT_IMAGES = "variant_images"
    OPTION_NAMES = "option_names"
    THIRD_OPTION = "third_option"
    OPTION_SIGNS = "option_signs"
    SINGLE_SKUS = "single_skus"
    BARCODES = "barcodes"
    VARIANT_PRICES = "variant_prices"
    COSTS = "costs"
    WEIGHTS = "weights"
    STOCK = "stock"
    FLAGS = "flags"
    DETAILS = "details"
    NOTES = "notes"


Cells = dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """`above` are rows over the column names. `lacks` is what the file has no place for."""

    key: str
    name: str
    file_name: str
    encoding: str
    delimiter: str
    columns: Sequence[str]
    rows: Callable[[Product, str], Iterator[Cells]]
    lacks: frozenset[Lack]
    above: Sequence[Sequence[str]] = ()


def amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else money.to_text(Money(minor, currency))


def count(number: int | None) -> str:
    return "" if number is None else str(number)


YES_NO: Final = {True: "true", False: "false"}
