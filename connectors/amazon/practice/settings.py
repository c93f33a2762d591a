"""What a practice Amazon is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeSettings:
    """`data_file` holds everything accepted. Ids and secret are those of the hub's application.

    A listing is live `live_after_seconds` after it was accepted; a feed and a report take `feed_seconds`. A search
    finds no orders that changed in the last `orders_after_seconds` (Amazon's two minutes, made short).
    """

    data_file: Path
    application_id: str
    client_id: str
    client_secret: str
    access_token_seconds: int = 3600
    live_after_seconds: float = 3.0
    feed_seconds: float = 2.0
    orders_after_seconds: float = 3.0
