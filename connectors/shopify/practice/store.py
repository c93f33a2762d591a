"""The practice shop's one SQLite file: rows in, rows out, and a transaction around what belongs together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    "WebhookSubscription": 1_501_234_567_890,
}
OTHER_NUMBERS = 11_012_345_678_901

Row = sqlite3.Row


class Store:
    """Statements are short and run on the event loop's own thread, one at a time."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.now = clock
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(TABLES.read_text())

    def close(self) -> None:
        self._db.close()

    def rows(self, sql: str, *values: Any) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found

    def run(self, sql: str, *values: Any) -> int:
        """How many rows the statement changed."""
        return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> int:
        """The new row's number."""
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        cursor = self._db.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', tuple(values.values()))
        return cursor.lastrowid or 0

    def update(self, table: str, number: int, **values: Any) -> None:
        if values:
            names = ", ".join(f'"{name}" = ?' for name in values)
            self._db.execute(f'UPDATE "{table}" SET {names} WHERE id = ?', (*values.values(), number))

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

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block is written, or nothing of it; a block inside another is a part that can fail alone."""
        name = "nested" if self._db.in_transaction else ""
        self._db.execute(f"SAVEPOINT {name}" if name else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute(f"ROLLBACK TO {name}" if name else "ROLLBACK")
            if name:
                self._db.execute(f"RELEASE {name}")
            raise
        self._db.execute(f"RELEASE {name}" if name else "COMMIT")


def iso(seconds: float) -> str:
    """The time as the API writes it: 2026-11-22T10:15:02Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
