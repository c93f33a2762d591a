"""What a practice Shopify is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeSettings:
    """`data_file` holds everything accepted; client id and secret are those of the hub's app."""

    data_file: Path
    client_id: str
    client_secret: str
    access_token_seconds: int = 3600
    index_lag_seconds: float = 0.0
    webhook_timeout_seconds: float = 5.0
    operation_seconds: float = 3.0
