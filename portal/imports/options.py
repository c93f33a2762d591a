"""Which options a product has, and what each variant's row chooses of them."""

from __future__ import annotations

from dataclasses import dataclass

from portal.i18n import _
from portal.imports.groups import Group
from portal.imports.rows import OPTION_SLOTS, Cells, Report, short_word

# Shopify's way of writing "no options".
_NO_OPTION_NAME = "title"
_NO_OPTION_VALUE = "Default Title"


@dataclass(frozen=True)
class Options:
    """`slots` are the file's option columns in use; `names` is empty when an earlier part of the product named them."""

    slots: tuple[int, ...]
    names: tuple[str, ...]

    def values_of(self, cells: Cells, report: Report) -> tuple[str, ...]:
        """One value for each option; an empty one gets a note."""
        chosen = []
        for slot in self.slots:
            field = f"option{slot}_value"
            value = cells.text(field)
            if not value:
                report.note(cells, field, "no_option_value", _("empty, though the product has this option."))
            chosen.append(value)
        return tuple(chosen)


def find_options(group: Group, report: Report, *, named: bool) -> Options:
    """The options of the product's rows; none for one plain variant. `named` False: an earlier part has the names."""
    slots = tuple(slot for slot in OPTION_SLOTS if any(cells.text(f"option{slot}_value") for cells in group.rows))
    if _is_plain(group, slots):
        return Options((), ())
    names = tuple(_name(group, slot, report, named=named) for slot in slots)
    return Options(slots, names if all(names) else ())


def _is_plain(group: Group, slots: tuple[int, ...]) -> bool:
    chosen = {cells.text("option1_value") for cells in group.rows} - {""}
    names = {cells.text("option1_name").lower() for cells in group.rows} - {""}
    return slots == (1,) and chosen == {_NO_OPTION_VALUE} and names <= {_NO_OPTION_NAME}


def _name(group: Group, slot: int, report: Report, *, named: bool) -> str:
    field = f"option{slot}_name"
    cells = next((cells for cells in group.rows if cells.text(field)), None)
    if cells:
        return short_word(cells, field, cells.text(field), report) or _("Option {n}").format(n=slot)
    first = group.rows[0]
    if field not in first.mapping.fields:
        # In a file of the merchant's own the column is called what the option is: Colour, サイズ.
        return first.header(f"option{slot}_value")
    if not named:
        return ""
    name = _("Option {n}").format(n=slot)
    report.note(first, field, "no_option_name", _("empty, so we call it '{name}'.").format(name=name))
    return name
