"""What every part of a running practice Yahoo! Shopping shares."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors import limits
from connectors.limits import Bucket
from connectors.practice.store import Store
from connectors.yahoo.practice.settings import PracticeSettings

TABLES = Path(__file__).with_name("tables.sql")
# One query a second for each address. Calls sent a second apart may arrive a little closer, which is no haste.
A_SECOND, JITTER = 1.0, 0.5
A_DAY = 50_000


def open_store(settings: PracticeSettings, clock: Callable[[], float]) -> Store:
    return Store(settings.data_file, clock, TABLES.read_text())


@dataclass(slots=True)
class Practice:
    """One running server: its file, its clock, and the rate buckets of each store."""

    settings: PracticeSettings
    store: Store
    clock: Callable[[], float]
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def may_call(self, seller_id: str, operation: str) -> bool:
        """Whether the store's rate leaves room for a call, which is then counted."""
        second = self._paid(seller_id, operation, A_SECOND + JITTER, A_SECOND)
        day = self._paid(seller_id, "", A_DAY, A_DAY / 86_400)
        return second and day

    def _paid(self, seller_id: str, operation: str, maximum: float, restore: float) -> bool:
        now = datetime.fromtimestamp(self.clock(), UTC)
        full = Bucket(available=maximum, maximum=maximum, restore_per_second=restore, at=now)
        paid = limits.take(self.buckets.get((seller_id, operation), full), 1, now)
        if paid is not None:
            self.buckets[seller_id, operation] = paid
        return paid is not None

    def accept(self, seller_id: str, operation: str, item: str, details: dict[str, Any]) -> None:
        """What was asked for counts from now on, and the ledger says so."""
        row = {"shop": seller_id, "at": self.clock(), "operation": operation, "item": item}
        self.store.insert("ledger", **row, details=json.dumps(details, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was let in; `given` are its parameters, `file` the name and bytes of an upload."""

    practice: Practice
    seller_id: str
    operation: str
    given: dict[str, str]
    file: tuple[str, bytes] | None = None

    @property
    def store(self) -> Store:
        return self.practice.store

    def accept(self, item: str, details: dict[str, Any]) -> None:
        self.practice.accept(self.seller_id, self.operation, item, details)
