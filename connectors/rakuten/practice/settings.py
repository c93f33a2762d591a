"""What a practice Rakuten is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeSettings:
    """`data_file` holds everything accepted. A new item is found by search `index_lag_seconds` later (really: a day).

    Calls of one API of one store come `spacing_seconds` apart, else they are throttled. It is a little less than the
    second the page says, because what leaves a second apart may arrive closer.
    """

    data_file: Path
    index_lag_seconds: float = 0.0
    spacing_seconds: float = 0.9
