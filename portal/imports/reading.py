"""Reads a file of rows as text, a row at a time: encoding, delimiter, header and hard limits, no meaning."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from portal.i18n import _
from portal.imports import encodings, templates
from portal.imports.guards import unguarded
from portal.imports.refusals import NoHeader, NulFound, OpenQuote, TooLarge, UnreadableFile, WrongEncoding

DELIMITERS: Final = {",": "comma", "\t": "tab", ";": "semicolon"}
MAX_CELL_CHARACTERS: Final = 1_000_000
MAX_ROW_CHARACTERS: Final = 8_000_000
MAX_COLUMNS: Final = 2_000
SAMPLE_ROWS: Final = 5
_ROWS_TO_GUESS_FROM: Final = 20
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)*")


@dataclass(frozen=True)
class Table:
    """A file we can read. `headers` are distinct; `sample` is the first few rows, for the merchant to look at.

    `header_row` is the last row above the goods: that of the headers, but for files with examples below these.
    `origin` are the file's own headers where its layout is another than ours, and `headers` those of our rows.
    """

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    header_row: int
    sample: tuple[Row, ...]
    origin: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """Why a row does not arrive, known from its layout alone: what it says, and what can be done."""

    code: str
    sentence: str
    fix: str


@dataclass(frozen=True)
class Row:
    """`number` is the one a spreadsheet shows when it opens the file: the first row is 1, blank rows count.

    `cells` has one entry for each header; more only if the row holds more than the header names.
    """

    number: int
    cells: tuple[str, ...]
    refused: Remark | None = None


def open_table(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """How the file is to be read; nothing given is guessed. Raises UnreadableFile."""
    found = encodings.find_encoding(path) if encoding is None else encodings.checked(path, encoding)
    if delimiter is not None and delimiter not in DELIMITERS:
        raise UnreadableFile(_("Choose comma, tab or semicolon"))
    separator = delimiter or _guess_delimiter(path, found)
    header_row, headers = _header(path, found, separator)
    table = Table(found, separator, headers, header_row, ())
    return replace(table, sample=tuple(islice(iter_rows(path, table), SAMPLE_ROWS)))


def iter_rows(path: Path, table: Table) -> Iterator[Row]:
    """Each row under the header that is not blank. Raises UnreadableFile where the file breaks off being a table."""
    width = len(table.headers)
    for number, cells in _records(path, table.encoding, table.delimiter):
        if number <= table.header_row:
            continue
        texts = [_text(cell) for cell in cells]
        if not any(texts):
            continue
        while len(texts) > width and not texts[-1]:
            texts.pop()
        texts.extend([""] * (width - len(texts)))
        yield Row(number, tuple(texts))


def _text(cell: str) -> str:
    # A cell our export marked as text is given back exactly, spaces and all; others lose the spaces around them.
    return unguarded(cell) if cell.startswith("'") else cell.strip()


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # The limit is csv's own and belongs to the whole process; every reader here wants the same one.
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    with path.open(encoding=codec, newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise TooLarge(
                    _("A cell in row {row} is longer than 1 MB").format(row=lines.row),
                    _("A closing quote may be missing in that row."),
                ) from error
            if len(cells) > MAX_COLUMNS:
                raise TooLarge(_("Row {row} has more than 2,000 columns").format(row=lines.row))
            yield lines.row, cells
            lines.next_row()


class _Lines:
    """The stream's lines, counted as rows; refuses what would fill memory before it does."""

    def __init__(self, stream: TextIO) -> None:
        self.row = 1
        self._stream = stream
        self._characters = 0

    def next_row(self) -> None:
        self.row += 1
        self._characters = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = self._stream.readline(MAX_ROW_CHARACTERS + 1)
        except UnicodeDecodeError as error:
            raise WrongEncoding(
                _("Row {row} isn't in the same encoding as the rows above it").format(row=self.row),
                _("Save the file again as “CSV UTF-8”."),
            ) from error
        if not line:
            if self._characters:
                raise OpenQuote(
                    _("A quote in row {row} never closes").format(row=self.row),
                    _("Every row after it would be read as one cell. Close the quote, or take it out."),
                )
            raise StopIteration
        self._characters += len(line)
        if self._characters > MAX_ROW_CHARACTERS:
            raise TooLarge(
                _("Row {row} is longer than 8 MB").format(row=self.row), _("A closing quote may be missing there.")
            )
        if "\0" in line:
            raise NulFound(
                _("Row {row} holds a character that isn't text").format(row=self.row),
                _("Save the file again as “CSV UTF-8” from your spreadsheet."),
            )
        return line


def _guess_delimiter(path: Path, encoding: str) -> str:
    """The delimiter that gives the most columns in which the first rows agree."""
    if template := _template_delimiter(path, encoding):
        return template
    scores = {}
    for delimiter in DELIMITERS:
        widths: list[int] = []
        try:
            for _number, cells in islice(_records(path, encoding, delimiter), _ROWS_TO_GUESS_FROM):
                widths.extend([len(cells)] if cells else [])
        except OpenQuote:
            # Read with the wrong delimiter a good file can look broken, so this is not yet the time to refuse it.
            pass
        except TooLarge:
            if not widths:
                scores[delimiter] = float(MAX_COLUMNS)
        if widths:
            scores[delimiter] = widths[0] * widths.count(widths[0]) / len(widths)
    return max(scores, key=lambda delimiter: scores[delimiter], default=",")


def _template_delimiter(path: Path, encoding: str) -> str:
    """The one that gives an Amazon template's row of names the most columns; empty for any other file."""
    widths = {}
    for delimiter in DELIMITERS:
        records = _records(path, encoding, delimiter)
        _number, first = next(records, (0, [""]))
        at = templates.places(first)
        if at is None:
            return ""
        # The second row comes next.
        _number, names = next(islice(records, at.names - 2, None), (0, []))
        widths[delimiter] = len(names)
    return max(widths, key=lambda delimiter: widths[delimiter])


def _header(path: Path, encoding: str, delimiter: str) -> tuple[int, tuple[str, ...]]:
    """The last row above the goods, and the distinct names of the columns: of the first row that is not blank."""
    at: templates.Places | None = None
    for number, cells in _records(path, encoding, delimiter):
        if number == 1:
            at = templates.places(cells)
        if at and number < at.names:
            continue
        if at:
            return at.data - 1, _distinct([cell.strip() for cell in _without_blank_end(cells)])
        if _looks_like_data(cells):
            raise NoHeader(
                _("The first row doesn't hold column names"),
                _("Add a row on top that names each column, such as Title, SKU and Price."),
            )
        if any(cell.strip() for cell in cells):
            return number, _distinct([unguarded(cell).strip() for cell in cells])
    raise NoHeader(_("This file is empty"), _("Choose a CSV file with column names in its first row."))


def _without_blank_end(cells: list[str]) -> list[str]:
    filled = [place for place, cell in enumerate(cells, start=1) if cell.strip()]
    return cells[: max(filled, default=0)]


def _distinct(headers: list[str]) -> tuple[str, ...]:
    """Every column gets a name of its own, so that a mapping can point at it."""
    names: list[str] = []
    taken: set[str] = set()
    for index, header in enumerate(headers):
        base = header or f"Column {_letters(index)}"
        name, again = base, 2
        while name in taken:
            name, again = f"{base} ({again})", again + 1
        taken.add(name)
        names.append(name)
    return tuple(names)


def _letters(index: int) -> str:
    """A, B … Z, AA, as spreadsheets name columns."""
    letters = ""
    number = index + 1
    while number:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def _looks_like_data(cells: list[str]) -> bool:
    """Column names are words; an address, or two plain numbers, are a product's."""
    numbers = sum(bool(_NUMBER.fullmatch(cell.strip())) for cell in cells)
    return numbers > 1 or any(cell.strip().lower().startswith(("http://", "https://")) for cell in cells)
