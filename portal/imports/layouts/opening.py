"""Opens a file as a table of ours, whoever's layout it has."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from portal.i18n import _
from portal.imports.formats import STOCK_ALONE, Format, name_of, recognise
from portal.imports.layouts import amazon, amazon_loader, amazon_template, rakuten, rakuten_old, yahoo
from portal.imports.layouts.layout import Layout
from portal.imports.mapping import IGNORE, KEEP, Column, Mapping, suggest
from portal.imports.reading import SAMPLE_ROWS, Remark, Row, Table, iter_rows, open_table
from portal.imports.refusals import NoProducts

_REFERENCE = re.compile(r"&#(\d{2,7});")
# Every encoding has ASCII, so a reference to it means itself in HTML; but for the one that keeps another as it was.
AMPERSAND: Final = 38
LAST_OF_ASCII: Final = 0x7F
SURROGATES: Final = (0xD800, 0xDFFF)

LAYOUTS: Final = {
    Format.AMAZON_CATEGORY: amazon.CATEGORY,
    Format.AMAZON_TEMPLATE: amazon_template.LAYOUT,
    Format.AMAZON_LOADER: amazon_loader.LAYOUT,
    Format.AMAZON_REPORT: amazon.REPORT,
    Format.RAKUTEN: rakuten.LAYOUT,
    Format.RAKUTEN_OLD: rakuten_old.LAYOUT,
    Format.YAHOO: yahoo.LAYOUT,
    Format.YAHOO_STOCK: yahoo.STOCK,
}
# Files of Rakuten's that hold a part of each item; alone they would make products without a name or a price.
PARTS: Final = frozenset({Format.RAKUTEN_OPTIONS, Format.RAKUTEN_CATEGORIES})


def open_file(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """As `reading.open_table`; a channel's own layout comes with a column for each field it fills, and what is left.

    Raises NoProducts for a file that we know and that holds none.
    """
    table = open_table(path, encoding, delimiter)
    found = recognise(table.headers)
    if found in PARTS:
        raise NoProducts(
            _("This is a {name}, which holds no products").format(name=name_of(found)),
            _("Download normal-item.csv in RMS and bring that: it has each item with its options and prices."),
        )
    layout = LAYOUTS.get(found)
    if layout is None:
        return table
    headers = (*_fields(table.headers, layout).values(), *_left(table.headers, layout))
    laid_out = replace(table, origin=table.headers, headers=headers)
    return replace(laid_out, sample=tuple(islice(rows_of(path, laid_out), SAMPLE_ROWS)))


def mapping_of(table: Table) -> Mapping:
    """The use we suggest for each column."""
    found = recognise(table.origin or table.headers)
    layout = LAYOUTS.get(found)
    if layout is None:
        return suggest(table.headers, found)
    fields = _fields(table.origin or table.headers, layout)
    left = IGNORE if found in STOCK_ALONE else KEEP
    uses = [*fields, *(left for _name in range(len(table.headers) - len(fields)))]
    named = zip(table.headers, uses, strict=True)
    return Mapping(found, tuple(Column(index, header, use) for index, (header, use) in enumerate(named)))


def rows_of(path: Path, table: Table) -> Iterator[Row]:
    """Each row of the table; where the file has a layout of its own, the rows of ours that its rows make."""
    if not table.origin:
        yield from iter_rows(path, table)
        return
    layout = LAYOUTS[recognise(table.origin)]
    fields, left = list(_fields(table.origin, layout)), _left(table.origin, layout)
    firsts = [(name, layout.spelled(name)) for name in _firsts(table.origin, layout)]
    read = _characters if layout.references else str
    last: dict[str, str] = {}

    def cells() -> Iterator[tuple[int, dict[str, str]]]:
        for row in own_rows(path, table):
            last.clear()
            last.update(zip(table.origin, map(read, row.cells), strict=False))
            yield row.number, {spelled: last[name] for name, spelled in firsts}

    noted = 0
    for number, told in layout.read(cells()):
        notes = [last[name] if number != noted else "" for name in left]
        noted = number
        refused = told if isinstance(told, Remark) else None
        texts = {} if isinstance(told, Remark) else told
        yield Row(number, (*(texts.get(field, "") for field in fields), *notes), refused)


def own_headers(table: Table) -> tuple[str, ...]:
    """The columns as the file itself has them."""
    return table.origin or table.headers


def own_rows(path: Path, table: Table) -> Iterator[Row]:
    """The rows as the file itself has them, under `own_headers`."""
    return iter_rows(path, replace(table, headers=own_headers(table), origin=()))


def _characters(cell: str) -> str:
    """A file in Shift_JIS has some characters as references, such as every emoji."""
    return _REFERENCE.sub(_character, cell) if "&#" in cell else cell


def _character(reference: re.Match[str]) -> str:
    number = int(reference[1])
    letter = number == AMPERSAND or (number > LAST_OF_ASCII and not SURROGATES[0] <= number <= SURROGATES[1])
    return chr(number) if letter and number <= sys.maxunicode else reference[0]


def _fields(headers: Sequence[str], layout: Layout) -> dict[str, str]:
    """The fields that this file fills, with their columns: what it has no column for, a known product keeps."""
    names = {layout.spelled(header) for header in headers}
    return {
        field: column
        for field, column in layout.fields.items()
        if field not in layout.needs or not names.isdisjoint(layout.needs[field])
    }


def _firsts(headers: Sequence[str], layout: Layout) -> list[str]:
    """The headers without those that the layout calls as it does one before."""
    return list({layout.spelled(header): header for header in reversed(headers)}.values())[::-1]


def _left(headers: Sequence[str], layout: Layout) -> list[str]:
    firsts = set(_firsts(headers, layout))
    return [header for header in headers if header not in firsts or not layout.used(layout.spelled(header))]
