"""A change of stock as it was typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from portal.catalog import typed
from portal.errors import FormInvalid
from portal.i18n import _
from portal.stock.causes import BY_HAND


@dataclass(frozen=True, slots=True)
class Change:
    """A new number, or a difference where the number was written with a sign. `seen` is what the page showed."""

    quantity: int
    is_difference: bool
    seen: int
    reason: str
    mark: UUID


def parse(form: Mapping[str, str]) -> Change:
    """ "12" counts twelve, "+3" and "-3" change by three. Raises FormInvalid."""
    errors: dict[str, str] = {}
    text = typed.half_width(form.get("quantity", "")).replace("−", "-")
    quantity = 0
    try:
        quantity = typed.units(text)
    except ValueError as error:
        errors["quantity"] = str(error)
    reason = form.get("reason", "")
    if reason not in BY_HAND:
        errors["reason"] = _("Choose a reason.")
    mark, seen = UUID(int=0), 0
    try:
        mark, seen = UUID(form.get("mark", "")), int(form.get("seen", ""))
    except ValueError:
        errors["quantity"] = _("Reload the page and enter it again.")
    if errors:
        raise FormInvalid(errors)
    return Change(quantity, text.startswith(("+", "-")), seen, reason, mark)
