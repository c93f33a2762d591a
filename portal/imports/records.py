"""What a file brings, product by product, and what is to be said about its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Severity(StrEnum):
    """ROW: the row (or the variant on it) did not arrive. NOTE: it arrived, with something left out or changed."""

    ROW = "row"
    NOTE = "note"


@dataclass(frozen=True)
class RowProblem:
    """`message` is the whole sentence for the merchant; its parts stand beside it. `column` is "" for a whole row."""

    row: int
    column: str
    field: str
    code: str
    message: str
    expected: str
    found: str
    fix: str
    severity: Severity


@dataclass(frozen=True)
class ImportedImage:
    """`position` is what the file says, or the next free one."""

    url: str
    alt: str
    position: int


@dataclass(frozen=True)
class ImportedVariant:
    """`option_values` are in the order of the product's options; `quantity` None means the file doesn't say.

    `implied` marks the one plain variant of a product whose rows carry none: make it for a new product, leave a known
    product's variants alone. `known` is the variant itself where the row only counts it.
    """

    row: int
    sku: str
    barcode: str
    price_minor: int
    compare_at_minor: int | None
    cost_minor: int | None
    quantity: int | None
    tracked: bool
    sell_when_out: bool
    requires_shipping: bool
    taxable: bool
    grams: int | None
    option_values: tuple[str, ...]
    image_url: str
    extra: dict[str, str]
    implied: bool = False
    known: UUID | None = None


@dataclass(frozen=True)
class ImportedProduct:
    """One product, or a part of one: `continues` says its handle stood higher up in the file.

    What continues is added to what came before; its blank fields change nothing, and its `options` may be empty because
    only the first part names them. No options means one plain variant. `title_given` False: the title was made from the
    handle, so a product that already has one keeps it. `published` None and an empty `status`: the file doesn't say.
    """

    handle: str
    title: str
    title_given: bool
    description_html: str
    vendor: str
    product_type: str
    category: str
    tags: tuple[str, ...]
    status: str
    published: bool | None
    gift_card: bool
    options: tuple[str, ...]
    variants: tuple[ImportedVariant, ...]
    images: tuple[ImportedImage, ...]
    seo_title: str
    seo_description: str
    first_row: int
    last_row: int
    row_count: int
    continues: bool
    details: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
