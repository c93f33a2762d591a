"""Which column fills which field: our suggestion, the merchant's changes, and what is kept as notes."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from portal.catalog import details
from portal.i18n import _
from portal.imports.aliases import LOOSE, SHOPIFY
from portal.imports.formats import Format, normalised
from portal.imports.refusals import MappingRefused

KEEP: Final = "keep"
IGNORE: Final = "ignore"
PRODUCT_FIELDS: Final = (
    *("handle", "title", "description_html", "vendor", "product_type", "category", "tags", "status", "published"),
    *("gift_card", "seo_title", "seo_description", "option1_name", "option2_name", "option3_name"),
    *("option1_linked_to", "option2_linked_to", "option3_linked_to", "image_url", "image_position", "image_alt"),
    *details.NAMES,
)
VARIANT_FIELDS: Final = (
    *("option1_value", "option2_value", "option3_value", "sku", "barcode", "price", "compare_at", "cost"),
    *("quantity", "tracker", "policy", "fulfillment_service", "requires_shipping", "taxable", "tax_code"),
    *("grams", "weight", "weight_unit", "variant_image"),
)
FIELDS: Final = PRODUCT_FIELDS + VARIANT_FIELDS
_NOTED_PRODUCT_FIELDS: Final = ("option1_linked_to", "option2_linked_to", "option3_linked_to")
_NOTED_VARIANT_FIELDS: Final = ("fulfillment_service", "tax_code", "weight_unit")
_OPTION_VALUES: Final = ("option1_value", "option2_value", "option3_value")


@dataclass(frozen=True)
class Column:
    """`use` is a field's name, KEEP (stored as a note under its own header) or IGNORE."""

    index: int
    header: str
    use: str


@dataclass(frozen=True)
class Mapping:
    """Every column of the file, in order, with its use; no field is filled by two columns."""

    format: Format
    columns: tuple[Column, ...]

    @cached_property
    def fields(self) -> dict[str, Column]:
        """The column of each field that has one. A field not here was not in the file: leave it as it is."""
        return {column.use: column for column in self.columns if column.use not in (KEEP, IGNORE)}

    @cached_property
    def kept(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.use == KEEP)

    @cached_property
    def ignored(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.use == IGNORE)

    @cached_property
    def noted_on_product(self) -> tuple[Column, ...]:
        """Columns stored under their own header with the product: kept ones, and fields it has no place for."""
        kept = tuple(column for column in self.kept if not _is_about_a_variant(column.header))
        return kept + self._with_use(_NOTED_PRODUCT_FIELDS)

    @cached_property
    def noted_on_variant(self) -> tuple[Column, ...]:
        """The same for the variant."""
        kept = tuple(column for column in self.kept if _is_about_a_variant(column.header))
        return kept + self._with_use(_NOTED_VARIANT_FIELDS)

    @cached_property
    def filled_down(self) -> frozenset[str]:
        """Headers of noted fields that mean something only beside a variant."""
        return frozenset(column.header for column in self._with_use(_NOTED_VARIANT_FIELDS))

    def _with_use(self, uses: tuple[str, ...]) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.use in uses)

    def uses(self) -> dict[str, str]:
        """Header to use; given to `overridden` on a new suggestion it restores this mapping."""
        return {column.header: column.use for column in self.columns}


def _is_about_a_variant(header: str) -> bool:
    name = normalised(header)
    return "variant" in name or name.startswith("unitprice")


def suggest(headers: Sequence[str], found: Format) -> Mapping:
    """A use for every column. The first column with a field's name fills it; what we don't know is kept as notes."""
    known = LOOSE if found is Format.UNKNOWN else SHOPIFY
    taken: set[str] = set()
    columns = []
    for index, header in enumerate(headers):
        use = known.get(normalised(header), KEEP)
        if use == "option":
            use = next((option for option in _OPTION_VALUES if option not in taken), KEEP)
        if use in taken:
            use = KEEP
        elif use != KEEP:
            taken.add(use)
        columns.append(Column(index, header, use))
    return Mapping(found, tuple(columns))


def overridden(mapping: Mapping, changes: Dict[str, str]) -> Mapping:
    """The mapping with the merchant's choices; a column they took a field from is kept as notes.

    Raises MappingRefused for a header the file doesn't have, a use we don't know, or one field for two columns.
    """
    headers = {column.header for column in mapping.columns}
    chosen = [use for use in changes.values() if use not in (KEEP, IGNORE)]
    for header, use in changes.items():
        if header not in headers:
            raise MappingRefused(_("This file has no column “{header}”").format(header=header))
        if use not in (*FIELDS, KEEP, IGNORE):
            raise MappingRefused(_("“{use}” isn't something a column can fill").format(use=use))
        if chosen.count(use) > 1:
            raise MappingRefused(
                _("Two columns are set to fill the same field"),
                _("Give “{field}” one column.").format(field=label(use)),
            )
    columns = []
    for column in mapping.columns:
        use = changes.get(column.header, KEEP if column.use in chosen else column.use)
        columns.append(replace(column, use=use))
    return replace(mapping, columns=tuple(columns))


def usable(mapping: Mapping) -> bool:
    """Whether products can be told apart."""
    return bool(mapping.fields.keys() & {"handle", "title"})


def refuse_unusable(mapping: Mapping) -> None:
    """Nothing happens if the mapping is usable; otherwise raises MappingRefused."""
    if not usable(mapping):
        raise MappingRefused(
            _("No column holds the product's title"),
            _("Choose the column that holds it, or call it Title in the file."),
        )


def label(field: str) -> str:
    """What a field is called on screen."""
    return _labels()[field]


def _labels() -> dict[str, str]:
    return {
        "handle": _("Handle (joins rows of one product)"),
        "title": _("Title"),
        "description_html": _("Description"),
        "vendor": _("Vendor"),
        "product_type": _("Type"),
        "category": _("Category"),
        "tags": _("Tags"),
        "status": _("Status"),
        "published": _("Published"),
        "gift_card": _("Gift card"),
        "seo_title": _("Search engine title"),
        "seo_description": _("Search engine description"),
        **{f"option{n}_name": _("Option {n} name").format(n=n) for n in (1, 2, 3)},
        **{f"option{n}_value": _("Option {n} value").format(n=n) for n in (1, 2, 3)},
        **{f"option{n}_linked_to": _("Option {n} linked to").format(n=n) for n in (1, 2, 3)},
        "sku": _("SKU"),
        "barcode": _("Barcode"),
        "price": _("Price"),
        "compare_at": _("Compare-at price"),
        "cost": _("Cost"),
        "quantity": _("Stock"),
        "tracker": _("Stock is counted"),
        "policy": _("Keep selling when out of stock"),
        "fulfillment_service": _("Fulfillment service"),
        "requires_shipping": _("Needs shipping"),
        "taxable": _("Taxed"),
        "tax_code": _("Tax code"),
        "grams": _("Weight in grams"),
        "weight": _("Weight with its unit"),
        "weight_unit": _("Weight unit"),
        "image_url": _("Image address"),
        "image_position": _("Image position"),
        "image_alt": _("Image alt text"),
        "variant_image": _("Variant's image address"),
        **{name: details.label(name) for name in details.NAMES},
    }
