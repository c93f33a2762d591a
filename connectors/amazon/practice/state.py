"""What every part of a running practice Amazon shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors import limits
from connectors.amazon import marketplaces
from connectors.amazon.marketplaces import Marketplace
from connectors.amazon.practice.settings import PracticeSettings
from connectors.amazon.rates import RATES
from connectors.limits import Bucket
from connectors.practice.store import Store

TABLES = Path(__file__).with_name("tables.sql")
# Every practice seller sells here.
PLACES = tuple(one for one in marketplaces.MARKETPLACES if one.country in {"US", "JP"})
# Calls sent at the rate may arrive a little closer, which is no haste.
JITTER = 0.5


def open_store(settings: PracticeSettings, clock: Callable[[], float]) -> Store:
    return Store(settings.data_file, clock, TABLES.read_text())


@dataclass(slots=True)
class Practice:
    """One running server: its file, its clock, and the rate buckets of each seller."""

    settings: PracticeSettings
    store: Store
    clock: Callable[[], float]
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def may_call(self, seller_id: str, operation: str) -> bool:
        """Whether the seller's rate for the operation leaves room for a call, which is then counted."""
        now, rate = datetime.fromtimestamp(self.clock(), UTC), RATES[operation]
        most = rate.maximum + JITTER
        full = Bucket(available=most, maximum=most, restore_per_second=rate.restore_per_second, at=now)
        paid = limits.take(self.buckets.get((seller_id, operation), full), 1, now)
        if paid is not None:
            self.buckets[seller_id, operation] = paid
        return paid is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """`refused` is the code of a refusal, for the log."""

    status: int
    body: Any
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was let in: the parts of its path after the version, its query and its body.

    `root` is the address that links in answers begin with.
    """

    practice: Practice
    seller_id: str
    operation: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: Any
    root: str

    @property
    def store(self) -> Store:
        return self.practice.store

    @property
    def now(self) -> float:
        return self.practice.clock()

    @property
    def place(self) -> Marketplace | None:
        """The marketplace the call is about, where practice sellers sell on it."""
        asked = self.query.get("marketplaceIds", "") or ",".join((self.body or {}).get("marketplaceIds", []))
        return next((one for one in PLACES if one.id == asked), None)

    def accept(self, item: str, details: dict[str, Any]) -> None:
        """What was asked for counts from now on, and the ledger says so."""
        row = {"shop": self.seller_id, "at": self.now, "operation": self.operation, "item": item}
        self.store.insert("ledger", **row, details=json.dumps(details, ensure_ascii=False))


def refusal(status: int, code: str, message: str, details: str = "") -> Answer:
    """The envelope of every API."""
    return Answer(status, {"errors": [{"code": code, "message": message, "details": details}]}, code)


def moment(seconds: float) -> str:
    """ISO 8601 in UTC, as Amazon writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
