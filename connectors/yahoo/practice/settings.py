"""What a practice Yahoo! Shopping is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeSettings:
    """`data_file` holds everything accepted; client id and secret are those of the hub's application."""

    data_file: Path
    client_id: str
    client_secret: str
    access_token_seconds: int = 3600
