"""What single channels ask of a product, as its editor shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.protocol import Detail
from connectors.registry import CHANNELS
from portal.i18n import _

DETAILS: Final[tuple[Detail, ...]] = tuple(detail for can in CHANNELS.values() for detail in can.details)
NAMES: Final[tuple[str, ...]] = tuple(detail.name for detail in DETAILS)


@dataclass(frozen=True, slots=True)
class Field:
    """One detail in the form. What is `searched` is looked up at the channel while it is typed."""

    name: str
    label: str
    hint: str
    optional: bool
    lines: bool
    searched: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One channel with what it asks."""

    channel: str
    fields: tuple[Field, ...]


def asked() -> list[Asked]:
    """Every channel that asks for something, in the reader's language."""
    return [
        Asked(can.name, tuple(_field(detail, searched=detail.name == can.kind_detail) for detail in can.details))
        for can in CHANNELS.values()
        if can.details
    ]


def _field(detail: Detail, *, searched: bool) -> Field:
    return Field(
        name=detail.name,
        label=label(detail.name),
        hint=hint(detail.name),
        optional=not detail.required,
        lines=detail.lines,
        searched=searched,
    )


def label(name: str) -> str:
    """What a detail is called, with its channel; empty for one nobody knows."""
    return {
        "genre_id": _("Rakuten genre"),
        "genre_attributes": _("Rakuten attributes"),
        "product_category": _("Yahoo! product category"),
        "path": _("Yahoo! store category"),
        "amazon_product_type": _("Amazon product type"),
        "amazon_attributes": _("Amazon attributes"),
        "amazon_asin": _("ASIN of the item to sell on"),
        "amazon_code_exemption": _("Amazon code exemption"),
    }.get(name, "")


def hint(name: str) -> str:
    return {
        "genre_id": _("Six digits. RMS shows it beside the genre you choose for an item."),
        "genre_attributes": _("One a line, as name: value. A unit stands in brackets: Net content: 560 [ml]."),
        "product_category": _("The number of the category in Yahoo!'s product category list."),
        "path": _("The category in your store. Colons stand between its levels: Food:Tea."),
        "amazon_product_type": _("As Amazon names it, for example DRINKING_CUP. Type a word to see what fits."),
        "amazon_attributes": _(
            "One a line, as name: value. Several values stand between bars: material: Cotton | Linen."
        ),
        "amazon_asin": _("Only to sell an item that Amazon's catalog has already, for example B07N4M94X4."),
        "amazon_code_exemption": _("yes, where Amazon lets your brand sell without a product code."),
    }.get(name, "")
