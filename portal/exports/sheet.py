"""What one kind of file is: its columns, and the rows of one product in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from connectors import money
from connectors.records import Money
from portal.models.catalog import Product

# What files may leave out, by the words under which the page says so.
HANDLES, ALTS, COSTS, WEIGHTS, TAGS, TYPES, SEO = "handles", "alts", "costs", "weights", "tags", "types", "seo"
VARIANT_PRICES, STOCK, IMAGES, OPTION_NAMES, THIRD_OPTION = "prices", "stock", "images", "option_names", "third"
DETAILS, VENDOR, FLAGS, VARIANT_IMAGES, BARCODES = "details", "vendor", "flags", "variant_images", "barcodes"

SINGLE_SKUS, STATUS, ARCHIVED, OPTION_SIGNS, MORE_IMAGES = "single_skus", "status", "archived", "signs", "more_images"
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
    lacks: frozenset[str]
    above: Sequence[Sequence[str]] = ()


def amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else money.to_text(Money(minor, currency))


def count(number: int | None) -> str:
    return "" if number is None else str(number)


YES_NO: Final = {True: "true", False: "false"}
