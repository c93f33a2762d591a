"""How long a text is, as each channel counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType


def _half_widths(text: str) -> int:
    """Columns of an old Japanese terminal: one for ASCII, two for a full-width character."""
    return sum(1 if char.isascii() else 2 for char in text)


_SIZES: Mapping[str, Callable[[str], int]] = MappingProxyType(
    {
        "characters": len,
        "bytes": lambda text: len(text.encode()),
        # Rakuten counts the bytes of its own double-byte encoding: 255 of them are 127 full-width characters.
        "double_bytes": _half_widths,
        # Yahoo! counts full-width characters, a half-width one as a half.
        "full_widths": lambda text: math.ceil(_half_widths(text) / 2),
    }
)


def size(text: str, unit: str) -> int:
    """The length of the text in the unit of `Capabilities.title_unit`. Raises KeyError for an unknown unit."""
    return _SIZES[unit](text)
