"""Files that say how many there are and nothing else: which variant each row means. They make and change no product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from portal.i18n import _
from portal.imports import values
from portal.imports.known import Known, KnownVariant
from portal.imports.mapping import Mapping as Columns
from portal.imports.reading import Row
from portal.imports.records import ImportedProduct, ImportedVariant, RowProblem, Severity
from portal.imports.refusals import MappingRefused
from portal.imports.rows import Cells, Report

_SIGNS: Final = ("+", "-")


def read(
    rows: Iterable[Row], mapping: Columns, known: Known
) -> Iterator[tuple[ImportedProduct | None, list[RowProblem]]]:
    """Each row as the part of a known product that it counts; None beside the problem of one that counts nothing.

    Raises MappingRefused where no column holds the numbers.
    """
    if "quantity" not in mapping.fields:
        raise MappingRefused(_("No column holds the stock"), _("Choose the column that holds it."))
    rows_of: dict[UUID, int] = {}
    products: set[str] = set()
    for row in rows:
        cells, report = Cells(row, mapping), Report()
        variant, quantity = _variant(cells, known, rows_of, report), _quantity(cells, report)
        if variant is None or quantity is None:
            yield None, report.problems[:1]
            continue
        rows_of[variant.id] = row.number
        yield _counted(row, variant, quantity, continues=variant.handle in products), []
        products.add(variant.handle)


def _variant(cells: Cells, known: Known, rows_of: Mapping[UUID, int], report: Report) -> KnownVariant | None:
    found = known.found(cells.text("handle"), cells.text("sku"))
    if not found:
        sentence = _("none of your products has this code, and this file alone makes none.")
        report.refuse(cells, "handle", "not_known", sentence, _("Import the item file first (data.csv)."))
    elif found[0] is None:
        sentence = _("several of your products have this code.")
        report.refuse(cells, "handle", "several_known", sentence, _("Give each a SKU of its own."))
    elif found[0].id in rows_of:
        sentence = _("counts what row {twin} counted.").format(twin=rows_of[found[0].id])
        report.refuse(cells, "handle", "counted_twice", sentence, _("Delete one of the two."))
    else:
        return found[0]
    return None


def _quantity(cells: Cells, report: Report) -> int | None:
    """How many there are. A number with a sign is how many more or fewer, and only the channel knows than what."""
    text = cells.text("quantity")
    if values.half_width(text).replace("−", "-").startswith(_SIGNS):
        sentence = _("'{found}' is a change of stock, and we need the number that is there.").format(found=text)
        report.refuse(cells, "quantity", "relative_stock", sentence, _("Download the stock file anew."))
        return None
    try:
        return values.whole_number(text, point_is_decimal=True)
    except values.Misread as misread:
        report.cell(cells, "quantity", misread, Severity.ROW)
        return None


def _counted(row: Row, variant: KnownVariant, quantity: int, *, continues: bool) -> ImportedProduct:
    return replace(
        _NOTHING_SAID,
        handle=variant.handle,
        variants=(replace(_ONE, row=row.number, quantity=quantity, known=variant.id),),
        first_row=row.number,
        last_row=row.number,
        continues=continues,
    )


_ONE: Final = ImportedVariant(
    row=0,
    sku="",
    barcode="",
    price_minor=0,
    compare_at_minor=None,
    cost_minor=None,
    quantity=None,
    tracked=True,
    sell_when_out=False,
    requires_shipping=True,
    taxable=True,
    grams=None,
    option_values=(),
    image_url="",
    extra={},
)
_NOTHING_SAID: Final = ImportedProduct(
    handle="",
    title="",
    title_given=False,
    description_html="",
    vendor="",
    product_type="",
    category="",
    tags=(),
    status="",
    published=None,
    gift_card=False,
    options=(),
    variants=(),
    images=(),
    seo_title="",
    seo_description="",
    first_row=0,
    last_row=0,
    row_count=1,
    continues=False,
)
