"""Where Amazon's category files have their column names and their goods: their first row says it, and it moves.

The older ones begin `TemplateType=`; the settings may stand in a later cell of the row, or be missing, and then names
are in the third row. The newer ones begin `settings=`, such as `settings=attributeRow=5&dataRow=7&labelRow=4&…`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.i18n import _
from portal.imports.refusals import NoHeader

_OLD: Final = "TemplateType="
_SETTINGS: Final = "settings="
_NUMBER = re.compile(r"(attributeRow|dataRow)=(\d{1,3})(?!\d)")


@dataclass(frozen=True, slots=True)
class Places:
    """The row of the column names, and the first row of goods; between them stand examples."""

    names: int
    data: int


def places(first: Sequence[str]) -> Places | None:
    """Where `first`, the file's first row, says that they are; None if it is no template's. Raises NoHeader."""
    begin = first[0].strip() if first else ""
    if not begin.startswith((_OLD, _SETTINGS)):
        return None
    settings = next((cell for cell in first if cell.strip().startswith(_SETTINGS)), "")
    told = {name: int(number) for name, number in _NUMBER.findall(settings)}
    if begin.startswith(_OLD):
        told = {"attributeRow": 3, "dataRow": 4} | told
    if not 1 < told.get("attributeRow", 0) < told.get("dataRow", 0):
        raise NoHeader(
            _("The first cell of this Amazon file doesn't say in which rows its columns and products are"),
            _("Download the template again, and keep its first row as it is."),
        )
    return Places(told["attributeRow"], told["dataRow"])
