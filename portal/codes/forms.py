"""What a manager types to have codes made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors import gtin
from portal.catalog import typed
from portal.errors import FormInvalid
from portal.i18n import _

MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """`start` is the first item number to try; None goes on where it stopped."""

    prefix: str
    start: int | None
    count: int


def parse(form: Mapping[str, str]) -> Wanted:
    """Full-width digits, spaces and hyphens are taken. Raises FormInvalid."""
    errors: dict[str, str] = {}
    prefix = "".join(typed.half_width(form.get("prefix", "")).replace("-", " ").split())
    if refused := _prefix_refused(prefix):
        errors["prefix"] = refused
    start = _number(form.get("start", ""))
    if form.get("start", "").strip() and start is None:
        errors["start"] = _("Enter digits only, such as 100, or leave it empty.")
    elif start is not None and not refused and start >= gtin.room(prefix):
        said = {"prefix": prefix, "last": gtin.room(prefix) - 1}
        errors["start"] = _("Numbers of %(prefix)s go up to %(last)s. Start lower.") % said
    count = _number(form.get("count", ""))
    if count is None or not 1 <= count <= MOST:
        errors["count"] = _("Enter a number from 1 to %(most)s.") % {"most": f"{MOST:,}"}
    if errors:
        raise FormInvalid(errors)
    assert count is not None
    return Wanted(prefix, start, count)


def _prefix_refused(prefix: str) -> str:
    if not (prefix.isascii() and prefix.isdecimal()):
        return _("Enter the digits of your GS1 company prefix, as its certificate shows them.")
    if not gtin.SHORTEST_PREFIX <= len(prefix) <= gtin.LONGEST_PREFIX:
        said = {"shortest": gtin.SHORTEST_PREFIX, "longest": gtin.LONGEST_PREFIX, "count": len(prefix)}
        return _("A company prefix has %(shortest)s to %(longest)s digits; this has %(count)s.") % said
    if gtin.begins_in_store(prefix):
        return _("Numbers that begin with 02, 04 or 20 to 29 are for use inside a store. GS1 gives them to nobody.")
    if not gtin.begins_as_a_companys(prefix):
        return _(
            "Numbers that begin so are for books, magazines, coupons or short codes. GS1 gives them to no company."
        )
    return ""


def _number(text: str) -> int | None:
    digits = typed.half_width(text).replace(",", "").replace(" ", "")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 9 else None
