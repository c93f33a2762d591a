"""A practice channel's one SQLite file: rows in, rows out, and a transaction around what belongs together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FAULTS = Path(__file__).with_name("faults.sql")

Row = sqlite3.Row


class Store:
    """Statements are short and run on the event loop's own thread, one at a time. `tables` is the channel's own SQL."""

    def __init__(self, path: Path, clock: Callable[[], float], tables: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.now = clock
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(FAULTS.read_text() + tables)

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
