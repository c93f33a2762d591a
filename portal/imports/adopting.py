"""Files that know an article by its SKU alone: a row whose SKU the catalog has is about that variant, no new product.

Such a row says price, stock and code; the product's words stay, because a channel's title is that of one variant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from connectors import money
from connectors.records import Money
from portal.i18n import _
from portal.imports.groups import Seen, made_handle
from portal.imports.known import Known, KnownVariant
from portal.imports.mapping import VARIANT_FIELDS, Column, Mapping
from portal.imports.reading import Remark, Row
from portal.imports.rows import OPTION_SLOTS, Cells

# What such a file has no column for, and what tells the row's product and variant.
_ADDED: Final = ("handle", *(f"option{slot}_{part}" for slot in OPTION_SLOTS for part in ("name", "value")))


def with_handles(mapping: Mapping) -> Mapping:
    """The mapping of rows that `rows_with_handles` has widened."""
    width = len(mapping.columns)
    added = (Column(width + place, "", use) for place, use in enumerate(_ADDED))
    return replace(mapping, columns=(*mapping.columns, *added))


def rows_with_handles(rows: Iterable[Row], mapping: Mapping, known: Known, currency: str) -> Iterator[Row]:
    """Each row with its product's handle and its variant's options; a SKU that is nowhere makes a handle of its own."""
    seen = Seen()
    blank = ("",) * (len(_ADDED) - 1)
    for row in rows:
        cells = Cells(row, mapping)
        sku = cells.text("sku")
        if row.refused:
            yield replace(row, cells=(*row.cells, "", *blank))
        elif sku not in known.by_sku:
            words = sku or cells.text("title") or cells.text("barcode")
            handle = seen.distinct_handle(made_handle(words), row.number) if words else ""
            yield replace(row, cells=(*row.cells, handle, *blank))
        elif variant := known.by_sku[sku]:
            yield replace(row, cells=_about(variant, cells, currency))
        else:
            yield replace(row, cells=(*row.cells, "", *blank), refused=_several())


def _several() -> Remark:
    sentence = _("several of your products have this SKU.")
    return Remark("several_known", sentence, _("Give each a SKU of its own."))


def _about(variant: KnownVariant, cells: Cells, currency: str) -> tuple[str, ...]:
    """The row's cells: what it does not say of the variant is what the catalog has."""
    kept = {"title": variant.title, "barcode": variant.barcode, "price": money.to_text(Money(variant.price, currency))}
    texts = list(cells.row.cells)
    for field, column in cells.mapping.fields.items():
        if field in kept and (field == "title" or not texts[column.index]):
            texts[column.index] = kept[field]
        elif field not in (*VARIANT_FIELDS, *kept):
            texts[column.index] = ""
    named = dict(zip(OPTION_SLOTS, zip(variant.option_names, variant.option_values, strict=False), strict=False))
    options = (text for slot in OPTION_SLOTS for text in named.get(slot, ("", "")))
    return (*texts, variant.handle, *options)
