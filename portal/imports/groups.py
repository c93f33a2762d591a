"""Gathers the rows of one product as they stream past; memory holds one product, and a mark for each handle seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from portal.i18n import _
from portal.imports.mapping import Mapping
from portal.imports.reading import Row
from portal.imports.records import RowProblem
from portal.imports.rows import MAX_WORD_CHARACTERS, OPTION_SLOTS, Cells, Report
from portal.imports.values import half_width

# A product with more rows than this comes in parts, the later ones marked as continuing.
MAX_GROUP_ROWS: Final = 2_500
MAX_GROUP_CHARACTERS: Final = 16_000_000
_MADE_HANDLE_CHARACTERS: Final = 200


@dataclass
class Group:
    """Rows next to one another that are one product's."""

    handle: str
    rows: list[Cells] = field(default_factory=list)
    characters: int = 0

    def add(self, cells: Cells) -> None:
        self.rows.append(cells)
        self.characters += sum(map(len, cells.row.cells))

    def takes_more(self) -> bool:
        return len(self.rows) < MAX_GROUP_ROWS and self.characters < MAX_GROUP_CHARACTERS


class Seen:
    """What stood higher up in the file, as short marks: 50,000 rows cost a few megabytes."""

    def __init__(self) -> None:
        self._rows: dict[bytes, int] = {}
        self._repeats: dict[bytes, int] = {}

    def first_row(self, *subject: str) -> int | None:
        """The row that first had this, if one did."""
        return self._rows.get(_mark(subject))

    def remember(self, row: int, *subject: str) -> None:
        self._rows.setdefault(_mark(subject), row)

    def distinct_handle(self, base: str, row: int) -> str:
        """`base`, or `base` with the next number that no other row was given."""
        handle, mark = base, _mark(("base", base))
        while self.first_row("made", handle) is not None:
            self._repeats[mark] = self._repeats.get(mark, 1) + 1
            handle = f"{base}-{self._repeats[mark]}"
        self.remember(row, "made", handle)
        return handle


def _mark(subject: tuple[str, ...]) -> bytes:
    return blake2b("\0".join(subject).encode(), digest_size=16).digest()


def gather(rows: Iterable[Row], mapping: Mapping, seen: Seen) -> Iterator[Group | RowProblem]:
    """Groups in the file's order; a row that belongs to no product comes as its problem, before the group around it."""
    group: Group | None = None
    for row in rows:
        cells = Cells(row, mapping)
        refusal = _refusal(cells)
        if refusal:
            yield refusal
            continue
        handle = _handle(cells, seen)
        if group and (group.handle != handle or not group.takes_more()):
            yield group
            group = None
        group = group or Group(handle)
        group.add(cells)
    if group:
        yield group


def _refusal(cells: Cells) -> RowProblem | None:
    report = Report()
    columns = len(cells.mapping.columns)
    if told := cells.row.refused:
        report.refuse(cells, "", told.code, told.sentence, told.fix)
    elif len(cells.row.cells) > columns:
        sentence = _("{cells} cells under {columns} column names, so they may be in the wrong columns.")
        report.refuse(
            *(cells, "", "too_many_cells", sentence.format(cells=len(cells.row.cells), columns=columns)),
            _("Put quotes around text that holds the separator."),
        )
    elif not (cells.text("handle") or cells.text("title") or ("handle" not in cells.mapping.fields and _own(cells))):
        fix = _("Fill in the handle of its product.") if cells.header("handle") else _("Fill in a title.")
        report.refuse(cells, "handle", "no_product", _("nothing says which product this row belongs to."), fix)
    elif len(cells.text("handle")) > MAX_WORD_CHARACTERS:
        report.refuse(
            cells, "handle", "too_long", _("longer than 255 characters."), _("Give the product a shorter handle.")
        )
    return report.problems[0] if report.problems else None


def _own(cells: Cells) -> str:
    return cells.text("sku") or cells.text("barcode")


def _handle(cells: Cells, seen: Seen) -> str:
    """The row's handle, or one made from its words: the same file gives the same handles each time it is read.

    Without a handle column each row is a product of its own, unless the file has options: then rows of one title are.
    """
    if handle := cells.text("handle"):
        return handle
    title = cells.text("title")
    by_title = "handle" in cells.mapping.fields or any(
        f"option{slot}_value" in cells.mapping.fields for slot in OPTION_SLOTS
    )
    if by_title and title:
        return made_handle(title)
    words = cells.text("sku") or title or cells.text("barcode")
    return seen.distinct_handle(made_handle(words), cells.row.number)


def made_handle(words: str) -> str:
    """The words as a handle: letters and digits of any script in lower case, hyphens between them."""
    handle = re.sub(r"[\W_]+", "-", half_width(words).lower()).strip("-")
    return handle[:_MADE_HANDLE_CHARACTERS] or "product"
