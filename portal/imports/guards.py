"""Keeps spreadsheets from running a merchant's text as a formula, and takes the mark off again on the way in."""

from __future__ import annotations

import re

# Apostrophes already there count as part of the start, so that marking and unmarking give back the original. Inside
# a cell a line that starts with "-" is nearly always a list in a description, so only the other signs count there.
_START = re.compile(r"['\s]*[=+\-@＝＋－＠]|['\t\r]*[\t\r]")
_INNER_LINE = re.compile(r"[\r\n](?:[^\S\r\n]|')*[=+@＝＋＠]")


def guarded(text: str) -> str:
    """A cell that a spreadsheet shows as text; `unguarded` gives the original back."""
    return "'" + text if _is_formula(text, 0) else text


def unguarded(cell: str) -> str:
    """The text as it was before `guarded`; a name such as '90s Tee keeps its apostrophe."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell, 1) else cell


def _is_formula(text: str, start: int) -> bool:
    return bool(_START.match(text, start) or _INNER_LINE.search(text, start))
