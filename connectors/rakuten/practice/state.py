"""What every part of a running practice Rakuten shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.practice.store import Row, Store
from connectors.rakuten.practice.settings import PracticeSettings

TABLES = Path(__file__).with_name("tables.sql")

Json = dict[str, Any]


@dataclass(slots=True)
class Practice:
    """One running server: its file, its clock, and when each store last called each API."""

    settings: PracticeSettings
    store: Store
    clock: Callable[[], float]
    last_calls: dict[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One call on one store that was let in. `body` is the JSON sent, None where there was none to read."""

    practice: Practice
    shop: Row
    operation: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    raw: bytes
    content_type: str

    @property
    def store(self) -> Store:
        return self.practice.store

    @property
    def name(self) -> str:
        return str(self.shop["name"])

    @property
    def now(self) -> float:
        return self.practice.clock()

    def accepted(self, subject: str, values: Any) -> None:
        """Writes into the ledger what this call changed."""
        enter(self.practice, self.name, self.operation, subject, values)


def enter(practice: Practice, shop: str, operation: str, subject: str, values: Any) -> None:
    told = json.dumps(values, ensure_ascii=False)
    practice.store.insert("ledger", shop=shop, at=practice.clock(), operation=operation, subject=subject, values=told)
