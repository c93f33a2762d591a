"""The practice shop's file, with its numbers and times as Shopify writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from connectors.practice import store
from connectors.practice.store import Row

__all__ = ["Row", "Store", "iso"]

TABLES = Path(__file__).with_name("tables.sql")
# Where Shopify's own numbers of each kind are these days, so that ours look the part.
FIRST_NUMBERS = {
    "Shop": 68_817_551_382,
    "Location": 88_017_551_382,
    "Publication": 129_876_543_210,
    "Product": 8_801_234_567_890,
    "ProductVariant": 47_012_345_678_901,
    "InventoryItem": 49_012_345_678_901,
    "MediaImage": 39_012_345_678_901,
    "Metafield": 41_012_345_678_901,
    "Order": 6_151_234_567_890,
    "LineItem": 15_501_234_567_890,
    "Fulfillment": 5_601_234_567_890,
    "Refund": 901_234_567_890,
    "WebhookSubscription": 1_501_234_567_890,
}
OTHER_NUMBERS = 11_012_345_678_901


class Store(store.Store):
    """The tables of many shops."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        super().__init__(path, clock, TABLES.read_text())

    def new_number(self, kind: str) -> int:
        """A number no other thing of this kind has had."""
        first = FIRST_NUMBERS.get(kind, OTHER_NUMBERS)
        found = self.row(
            "INSERT INTO sequence (kind, last) VALUES (?, ?)"
            " ON CONFLICT (kind) DO UPDATE SET last = last + 1 RETURNING last",
            kind,
            first,
        )
        assert found is not None
        return int(found["last"])


def iso(seconds: float) -> str:
    """The time as the API writes it: 2026-11-22T10:15:02Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
