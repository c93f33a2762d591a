"""The rows a benchmark made, written once more by the driver alone: the plainest way to have them."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

from portal.models import Base

PIECE = 1000


@dataclass(frozen=True, slots=True)
class Before:
    """A database, and its copy from before the benchmark wrote to it."""

    database: Path
    copy: Path

    @classmethod
    async def of(cls, database: Path) -> Before:
        copy = database.with_suffix(".before")
        await asyncio.to_thread(_copy, database, copy)
        return cls(database, copy)

    async def insert_what_came(self) -> float:
        """Every row that came since is in the copy too, as durably and in transactions as large.

        Returns the seconds that the writing took.
        """
        return await asyncio.to_thread(self._insert)

    def _insert(self) -> float:
        with closing(sqlite3.connect(self.database)) as read, closing(sqlite3.connect(self.copy)) as write:
            read.execute("ATTACH ? AS before", (str(self.copy),))
            write.isolation_level = None
            write.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON")
            taken = sum(_insert_again(read, write, table.name) for table in Base.metadata.sorted_tables)
        assert taken, "nothing came"
        return taken


def _copy(database: Path, copy: Path) -> None:
    with closing(sqlite3.connect(database)) as read, closing(sqlite3.connect(copy)) as write:
        read.backup(write)


def _insert_again(read: sqlite3.Connection, write: sqlite3.Connection, table: str) -> float:
    last = f'SELECT coalesce(max(rowid), 0) FROM before."{table}"'
    rows = read.execute(f'SELECT * FROM main."{table}" WHERE rowid > ({last}) ORDER BY rowid').fetchall()
    if not rows:
        return 0.0
    insert = f'INSERT INTO "{table}" VALUES ({",".join("?" * len(rows[0]))})'
    left = iter(rows)
    began = perf_counter()
    while piece := list(islice(left, PIECE)):
        write.execute("BEGIN IMMEDIATE")
        write.executemany(insert, piece)
        write.execute("COMMIT")
    return perf_counter() - began
