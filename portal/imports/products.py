"""Turns a file's rows into products, variants and images, and says of every row that did not arrive why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from portal.catalog import details
from portal.i18n import _
from portal.imports import adopting, stocktaking, values
from portal.imports.formats import BY_SKU, STOCK_ALONE, Format
from portal.imports.groups import Group, Seen, gather
from portal.imports.known import Known
from portal.imports.layouts.opening import rows_of
from portal.imports.mapping import Mapping, refuse_unusable
from portal.imports.options import Options, find_options
from portal.imports.reading import Row, Table
from portal.imports.records import ImportedImage, ImportedProduct, ImportedVariant, RowProblem, Severity
from portal.imports.rows import Cells, Report, read_variant, short_word, truth

_STATUSES: Final = frozenset({"active", "draft", "archived"})
_SHOWN_ONCE: Final = ("title", "description_html", "vendor", "product_type", "category", "seo_title", "seo_description")
_ONLY_ON_A_PRODUCT_ROW: Final = (*_SHOWN_ONCE, "tags", "status", "published", "gift_card")
Outcome = tuple[ImportedProduct | None, list[RowProblem]]


def read_products(
    path: Path, table: Table, mapping: Mapping, currency: str, known: Known | None = None
) -> Iterator[Outcome]:
    """Each product of the file with its problems; None beside the problems of rows that made no product.

    The same file, mapping and currency give the same products in the same order. `known` is for files that are about
    what is there (formats.ABOUT_THE_KNOWN). Raises UnreadableFile.
    """
    refuse_unusable(mapping)
    if mapping.format in STOCK_ALONE:
        return stocktaking.read(rows_of(path, table), mapping, known or Known())
    if mapping.format in BY_SKU:
        rows = adopting.rows_with_handles(rows_of(path, table), mapping, known or Known(), currency)
        return assemble(rows, adopting.with_handles(mapping), currency)
    return assemble(rows_of(path, table), mapping, currency)


def assemble(rows: Iterable[Row], mapping: Mapping, currency: str) -> Iterator[Outcome]:
    """As `read_products`, for rows that are already read."""
    seen = Seen()
    for found in gather(rows, mapping, seen):
        if isinstance(found, RowProblem):
            yield None, [found]
        else:
            yield _product(found, currency, seen)


def _product(group: Group, currency: str, seen: Seen) -> Outcome:
    report = Report()
    earlier = seen.first_row("handle", group.handle)
    options = find_options(group, report, named=earlier is None)
    extra = _product_notes(group, report)
    variants = _variants(group, options, report, product_notes=extra, currency=currency, seen=seen)
    refused = {problem.row for problem in report.problems if problem.severity is Severity.ROW}
    if not variants and refused and earlier is None:
        _refuse_rest(group, refused, report)
        return None, report.in_order()
    images = _images(group, seen, report)
    _refuse_empty_rows(group, refused, report)
    seen.remember(group.rows[0].row.number, "handle", group.handle)
    product = _described(group, report, options=options, variants=variants, images=images, extra=extra, earlier=earlier)
    return product, report.in_order()


def _described(
    group: Group,
    report: Report,
    *,
    options: Options,
    variants: tuple[ImportedVariant, ...],
    images: tuple[ImportedImage, ...],
    extra: dict[str, str],
    earlier: int | None,
) -> ImportedProduct:
    first = group.rows[0]
    texts = {field: _first_text(group, field, report) for field in _SHOWN_ONCE}
    _note_what_we_made(group, texts["title"], report, is_new=earlier is None)
    separators = "," if first.mapping.format is not Format.UNKNOWN else ",，、;"
    return ImportedProduct(
        handle=group.handle,
        title=texts["title"] or _title_from(group.handle),
        title_given=bool(texts["title"]),
        description_html=texts["description_html"],
        vendor=short_word(first, "vendor", texts["vendor"], report),
        product_type=short_word(first, "product_type", texts["product_type"], report),
        category=texts["category"],
        tags=values.words(_first(group, "tags").text("tags"), separators),
        status=_status(_first(group, "status"), report),
        published=truth(_first(group, "published"), "published", report),
        gift_card=truth(_first(group, "gift_card"), "gift_card", report) or False,
        options=options.names,
        variants=variants,
        images=images,
        seo_title=texts["seo_title"],
        seo_description=texts["seo_description"],
        details={name: text for name in details.NAMES if (text := _first_text(group, name, report))},
        first_row=first.row.number,
        last_row=group.rows[-1].row.number,
        row_count=len(group.rows),
        continues=earlier is not None,
        extra=extra,
    )


def _note_what_we_made(group: Group, title: str, report: Report, *, is_new: bool) -> None:
    first = group.rows[0]
    if not title and is_new:
        sentence = _("no title, so we made one from the handle '{handle}'.").format(handle=group.handle)
        report.note(first, "title", "no_title", sentence)
    if not first.text("handle") and first.header("handle"):
        sentence = _("empty, so we made '{handle}' from the title.").format(handle=group.handle)
        report.note(first, "handle", "no_handle", sentence)


def _variants(
    group: Group, options: Options, report: Report, *, product_notes: dict[str, str], currency: str, seen: Seen
) -> tuple[ImportedVariant, ...]:
    carriers = [cells for cells in group.rows if cells.carries_variant()]
    continues = seen.first_row("handle", group.handle) is not None
    implied = not carriers and not continues
    variants = []
    for cells in group.rows[:1] if implied else carriers:
        chosen = options.values_of(cells, report)
        twin = seen.first_row("variant", group.handle, *chosen)
        if twin is not None:
            sentence = _("repeats the options of row {twin}: {options}.")
            report.refuse(
                *(cells, "", "repeated_variant", sentence.format(twin=twin, options=" / ".join(chosen) or _("none"))),
                _("Give it another option value, or delete the row."),
            )
            continue
        extra = _variant_notes(cells, product_notes, is_first=cells is group.rows[0])
        variant = read_variant(cells, currency, chosen, extra, report, implied=implied)
        if variant:
            variants.append(variant)
            if not implied:
                seen.remember(cells.row.number, "variant", group.handle, *chosen)
    return tuple(variants)


def _images(group: Group, seen: Seen, report: Report) -> tuple[ImportedImage, ...]:
    """One image for each address of a product, in the order of the file's positions."""
    images: list[ImportedImage] = []
    last = 0
    for cells in group.rows:
        text = cells.text("image_url")
        if not text:
            continue
        try:
            urls = values.addresses(text)
        except values.Misread as misread:
            report.cell(cells, "image_url", misread, Severity.NOTE)
            continue
        position = _position(cells, report)
        for url in urls:
            if seen.first_row("image", group.handle, url) is None:
                seen.remember(cells.row.number, "image", group.handle, url)
                place = position or last + 1
                images.append(ImportedImage(url, cells.text("image_alt"), place))
                last, position = max(last, place), None
    return tuple(sorted(images, key=lambda image: image.position))


def _position(cells: Cells, report: Report) -> int | None:
    text = cells.text("image_position")
    if not text:
        return None
    try:
        position = values.whole_number(text, point_is_decimal=True)
    except values.Misread as misread:
        report.cell(cells, "image_position", misread, Severity.NOTE)
        return None
    return position if position > 0 else None


def _product_notes(group: Group, report: Report) -> dict[str, str]:
    """The product's notes from its first row, and what later rows that carry no variant add to them."""
    notes: dict[str, str] = {}
    for cells in group.rows:
        mine, theirs = cells.notes()
        if cells is not group.rows[0] and cells.carries_variant():
            continue
        if not cells.carries_variant():
            mine |= theirs
        for header, text in mine.items():
            if notes.setdefault(header, text) != text:
                sentence = _("{column} says something else than a row above, so we left it out here.")
                report.note(cells, "", "second_note", sentence.format(column=header))
    return notes


def _variant_notes(cells: Cells, product_notes: dict[str, str], *, is_first: bool) -> dict[str, str]:
    mine, theirs = cells.notes()
    if is_first:
        return theirs
    return theirs | {header: text for header, text in mine.items() if product_notes.get(header) != text}


def _first(group: Group, field: str) -> Cells:
    """The first row with something in this field, else the first row."""
    return next((cells for cells in group.rows if cells.text(field)), group.rows[0])


def _first_text(group: Group, field: str, report: Report) -> str:
    kept = _first(group, field)
    text = kept.text(field)
    other = next((cells for cells in group.rows if cells.text(field) not in ("", text)), None)
    if other:
        sentence = _("differs from row {row} of the same product, so we kept that one.").format(row=kept.row.number)
        report.note(other, field, "second_text", sentence)
    return text


def _status(cells: Cells, report: Report) -> str:
    text = cells.text("status")
    status = values.half_width(text).lower()
    if status in _STATUSES or not status:
        return status
    expected = _("active, draft or archived")
    misread = values.Misread("not_a_status", expected, _("Write active, draft or archived."))
    report.cell(cells, "status", misread, Severity.NOTE)
    return ""


def _refuse_rest(group: Group, refused: set[int], report: Report) -> None:
    sentence = _("belongs to '{handle}', and none of that product's variants could be read.")
    for cells in group.rows:
        if cells.row.number not in refused:
            report.refuse(
                *(cells, "", "product_refused", sentence.format(handle=group.handle)),
                _("Fix row {row} and import the product's rows together.").format(row=min(refused)),
            )


def _refuse_empty_rows(group: Group, refused: set[int], report: Report) -> None:
    for cells in group.rows[1:]:
        if cells.row.number in refused or cells.carries_variant() or cells.text("image_url"):
            continue
        if not any(cells.text(field) for field in _ONLY_ON_A_PRODUCT_ROW) and not any(cells.notes()):
            report.refuse(
                *(cells, "", "nothing_on_row", _("has a handle and nothing else we can use.")),
                _("Fill in a variant or an image, or delete the row."),
            )


def _title_from(handle: str) -> str:
    return handle.replace("-", " ").replace("_", " ").strip().capitalize() or handle
