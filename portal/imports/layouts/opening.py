"""Opens a file as a table of ours, whoever's layout it has."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from portal.imports.formats import Format, recognise
from portal.imports.layouts import amazon, rakuten, yahoo
from portal.imports.layouts.layout import Layout
from portal.imports.mapping import KEEP, Column, Mapping, suggest
from portal.imports.reading import SAMPLE_ROWS, Row, Table, iter_rows, open_table

_REFERENCE = re.compile(r"&#(\d{2,7});")
# Every encoding has ASCII, so a reference to it means itself in HTML; but for the one that keeps another as it was.
AMPERSAND: Final = 38
LAST_OF_ASCII: Final = 0x7F
SURROGATES: Final = (0xD800, 0xDFFF)

LAYOUTS: Final = {
    Format.AMAZON_CATEGORY: amazon.CATEGORY,
    Format.AMAZON_REPORT: amazon.REPORT,
    Format.RAKUTEN: rakuten.LAYOUT,
    Format.YAHOO: yahoo.LAYOUT,
}


def open_file(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """As `reading.open_table`; a channel's own layout comes with a column for each field it fills, and what is left."""
    table = open_table(path, encoding, delimiter)
    layout = LAYOUTS.get(recognise(table.headers))
    if layout is None:
        return table
    laid_out = replace(table, origin=table.headers, headers=(*layout.fields.values(), *_left(table.headers, layout)))
    return replace(laid_out, sample=tuple(islice(rows_of(path, laid_out), SAMPLE_ROWS)))


def mapping_of(table: Table) -> Mapping:
    """The use we suggest for each column."""
    found = recognise(table.origin or table.headers)
    layout = LAYOUTS.get(found)
    if layout is None:
        return suggest(table.headers, found)
    uses = [*layout.fields, *(KEEP for _ in range(len(table.headers) - len(layout.fields)))]
    named = zip(table.headers, uses, strict=True)
    return Mapping(found, tuple(Column(index, header, use) for index, (header, use) in enumerate(named)))


def rows_of(path: Path, table: Table) -> Iterator[Row]:
    """Each row of the table; where the file has a layout of its own, the rows of ours that its rows make."""
    if not table.origin:
        yield from iter_rows(path, table)
        return
    layout = LAYOUTS[recognise(table.origin)]
    left = _left(table.origin, layout)
    last: dict[str, str] = {}
    names = [layout.spelled(name) for name in table.origin]
    read = _characters if layout.references else str

    def cells() -> Iterator[tuple[int, dict[str, str]]]:
        for row in iter_rows(path, replace(table, headers=table.origin, origin=())):
            last.clear()
            last.update(zip(names, map(read, row.cells), strict=False))
            yield row.number, dict(last)

    noted = 0
    for number, told in layout.read(cells()):
        notes = [last.get(layout.spelled(name), "") if number != noted else "" for name in left]
        noted = number
        yield Row(number, (*(told.get(field, "") for field in layout.fields), *notes))


def _characters(cell: str) -> str:
    """A file in Shift_JIS has some characters as references, such as every emoji."""
    return _REFERENCE.sub(_character, cell) if "&#" in cell else cell


def _character(reference: re.Match[str]) -> str:
    number = int(reference[1])
    letter = number == AMPERSAND or (number > LAST_OF_ASCII and not SURROGATES[0] <= number <= SURROGATES[1])
    return chr(number) if letter and number <= sys.maxunicode else reference[0]


def _left(headers: Sequence[str], layout: Layout) -> list[str]:
    return [header for header in headers if not layout.used(layout.spelled(header))]
