"""One row under a mapping: its cells by field, the variant it carries, and what is to be said about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from portal.i18n import _
from portal.imports import values
from portal.imports.formats import Format, normalised
from portal.imports.mapping import Mapping
from portal.imports.reading import Row
from portal.imports.records import ImportedVariant, RowProblem, Severity
from portal.imports.values import Misread

MAX_WORD_CHARACTERS: Final = 255
OPTION_SLOTS: Final = (1, 2, 3)
# A row carries a variant when one of these is filled. Weight, tax and the like also stand on rows that only add an
# image, in files that spreadsheets have filled down, so they alone make no variant.
_TELLS_A_VARIANT: Final = frozenset(
    [*(f"option{slot}_value" for slot in OPTION_SLOTS), "sku", "barcode", "price", "compare_at", "cost", "quantity"]
)
_FOUND_CHARACTERS: Final = 80
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Cells:
    """A row's texts by field; a field without a column is empty, and control characters are left out."""

    row: Row
    mapping: Mapping

    @cached_property
    def texts(self) -> dict[str, str]:
        """The fields that hold something. Each is asked for many times, so a cell is cleaned once."""
        cells = self.row.cells
        fields = self.mapping.fields.items()
        return {field: text for field, column in fields if (text := _clean(cells[column.index]))}

    def text(self, field: str) -> str:
        return self.texts.get(field, "")

    def header(self, field: str) -> str:
        column = self.mapping.fields.get(field)
        return column.header if column else ""

    def carries_variant(self) -> bool:
        return not _TELLS_A_VARIANT.isdisjoint(self.texts)

    def notes(self) -> tuple[dict[str, str], dict[str, str]]:
        """What is kept under its own header: the product's, then the variant's."""
        columns = self.mapping.noted_on_product, self.mapping.noted_on_variant
        product, variant = (
            {column.header: text for column in noted if (text := _clean(self.row.cells[column.index]))}
            for noted in columns
        )
        if not self.carries_variant():
            # What a spreadsheet filled down says something about a variant only where there is one.
            variant = {header: text for header, text in variant.items() if header not in self.mapping.filled_down}
        return product, variant


class Report:
    """The problems of one product's rows."""

    def __init__(self) -> None:
        self.problems: list[RowProblem] = []

    def cell(self, cells: Cells, field: str, misread: Misread, severity: Severity) -> None:
        found = cells.text(field)[:_FOUND_CHARACTERS]
        header = cells.header(field)
        sentence = _("Row {row}, {column}: expected {expected}, found '{found}'. {fix}")
        if severity is Severity.NOTE:
            sentence = _("Row {row}, {column}: expected {expected}, found '{found}', so we left it out. {fix}")
        message = sentence.format(
            row=cells.row.number, column=header, expected=misread.expected, found=found, fix=misread.fix
        )
        self.problems.append(
            RowProblem(
                *(
                    cells.row.number,
                    header,
                    field,
                    misread.code,
                    message,
                    misread.expected,
                    found,
                    misread.fix,
                    severity,
                )
            )
        )

    def note(self, cells: Cells, field: str, code: str, sentence: str) -> None:
        """`sentence` says what was found and what we did; the place is put in front."""
        self._say(cells, field, code, sentence)

    def refuse(self, cells: Cells, field: str, code: str, sentence: str, fix: str) -> None:
        """The row, or the variant on it, did not arrive."""
        self._say(cells, field, code, sentence, fix=fix, severity=Severity.ROW)

    def in_order(self) -> list[RowProblem]:
        """As they stand in the file, from the top."""
        return sorted(self.problems, key=lambda problem: problem.row)

    def _say(
        self, cells: Cells, field: str, code: str, sentence: str, *, fix: str = "", severity: Severity = Severity.NOTE
    ) -> None:
        header, found = cells.header(field), cells.text(field)[:_FOUND_CHARACTERS]
        place = _("Row {row}, {column}").format(row=cells.row.number, column=header) if header else ""
        place = place or _("Row {row}").format(row=cells.row.number)
        message = f"{place}: {sentence} {fix}".rstrip()
        self.problems.append(
            RowProblem(cells.row.number, header, field, code, message, "", found, fix, severity),
        )


def read_variant(
    cells: Cells, currency: str, option_values: tuple[str, ...], extra: dict[str, str], report: Report, *, implied: bool
) -> ImportedVariant | None:
    """The variant on this row. None if its price can't be read: then the report says why it did not arrive.

    Nothing else keeps a variant out: what can't be read in other cells is left out with a note.
    """
    try:
        price = _price(cells, currency, report)
    except Misread as misread:
        report.cell(cells, "price", misread, Severity.ROW)
        return None
    quantity = _quantity(cells, report)
    tracker_known = "tracker" in cells.mapping.fields
    return ImportedVariant(
        row=cells.row.number,
        sku=short_word(cells, "sku", _optional(cells, "sku", values.sku, report) or "", report),
        barcode=short_word(cells, "barcode", _optional(cells, "barcode", values.barcode, report) or "", report),
        price_minor=price,
        compare_at_minor=_amount(cells, "compare_at", currency, report),
        cost_minor=_amount(cells, "cost", currency, report),
        quantity=quantity,
        tracked=bool(cells.text("tracker")) if tracker_known else quantity is not None,
        sell_when_out=truth(cells, "policy", report) or False,
        requires_shipping=truth(cells, "requires_shipping", report) is not False,
        taxable=truth(cells, "taxable", report) is not False,
        grams=_grams(cells, report),
        option_values=option_values,
        image_url=next(iter(_optional(cells, "variant_image", values.addresses, report) or ()), ""),
        extra=extra,
        implied=implied,
    )


def truth(cells: Cells, field: str, report: Report) -> bool | None:
    """None for an empty cell, and for an unreadable one, which gets a note."""
    return _optional(cells, field, values.yes_or_no, report)


def short_word(cells: Cells, field: str, text: str, report: Report) -> str:
    """The text, if it fits where such words are kept; otherwise empty, with a note."""
    if len(text) <= MAX_WORD_CHARACTERS:
        return text
    report.note(cells, field, "too_long", _("longer than 255 characters, so we left it out."))
    return ""


def _price(cells: Cells, currency: str, report: Report) -> int:
    text = cells.text("price")
    if not text:
        if "price" in cells.mapping.fields:
            report.note(cells, "price", "no_price", _("empty, so the price is 0 until you set one."))
        return 0
    amount = values.minor_units(text, currency, point_is_decimal=_point_is_decimal(cells))
    if amount.changed:
        _say_rounded(cells, "price", currency, report)
    return amount.value


def _amount(cells: Cells, field: str, currency: str, report: Report) -> int | None:
    def read(text: str) -> values.Rounded:
        return values.minor_units(text, currency, point_is_decimal=_point_is_decimal(cells))

    amount = _optional(cells, field, read, report)
    if amount is None:
        return None
    if amount.changed:
        _say_rounded(cells, field, currency, report)
    return amount.value


def _say_rounded(cells: Cells, field: str, currency: str, report: Report) -> None:
    sentence = _("'{found}' has more decimals than {currency}, so we rounded it.")
    report.note(cells, field, "rounded_amount", sentence.format(found=cells.text(field), currency=currency))


def _quantity(cells: Cells, report: Report) -> int | None:
    """Below zero means sold without stock; a catalog can't hold that, so such a variant starts at 0."""

    def read(text: str) -> int:
        return values.whole_number(text, point_is_decimal=_point_is_decimal(cells))

    count = _optional(cells, "quantity", read, report)
    if count is not None and count < 0:
        sentence = _("'{found}' is below zero, so stock is 0.").format(found=cells.text("quantity"))
        report.note(cells, "quantity", "stock_below_zero", sentence)
        return 0
    return count


def _grams(cells: Cells, report: Report) -> int | None:
    def read(text: str, unit: str) -> values.Rounded:
        return values.grams(text, unit, point_is_decimal=_point_is_decimal(cells))

    field = "grams" if cells.text("grams") else "weight"
    header_unit = re.search(r"(kg|g|oz|lb)$", normalised(cells.header(field)))
    unit = "g" if field == "grams" else cells.text("weight_unit") or (header_unit[1] if header_unit else "")
    weight = _optional(cells, field, lambda text: read(text, unit), report)
    if weight is None:
        return None
    if weight.changed:
        sentence = _("'{found}' is kept as {grams} g; we keep whole grams.")
        report.note(cells, field, "rounded_weight", sentence.format(found=cells.text(field), grams=weight.value))
    return weight.value


def _optional(cells: Cells, field: str, read: Callable[[str], _T], report: Report) -> _T | None:
    text = cells.text(field)
    if not text:
        return None
    try:
        return read(text)
    except Misread as misread:
        report.cell(cells, field, misread, Severity.NOTE)
        return None


def _point_is_decimal(cells: Cells) -> bool:
    return cells.mapping.format is not Format.UNKNOWN


def _clean(text: str) -> str:
    return text if text.isprintable() else _CONTROLS.sub("", text)
