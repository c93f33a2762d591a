"""Saving a catalog in bulk against inserting the same rows raw, and the product list against its SQL alone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure, middle, milliseconds, worst_of_twenty
from benchmarks.setting import PIECE, Bench, bench, products
from portal.catalog import queries
from portal.catalog.queries import Filters
from portal.migrations.run import upgrade

NUMBER = 10_240
PAGES = 40
TABLES = ("product", "variant", "product_image")


async def measure(show: Callable[[Figure], None]) -> None:
    async with bench() as made:
        began = perf_counter()
        await made.save(products(NUMBER))
        ours = perf_counter() - began
        empty = made.folder / "raw.db"
        await upgrade(f"sqlite+aiosqlite:///{empty}")
        number, plain = await asyncio.to_thread(_insert_raw, made.database, empty)
        name = f"save {NUMBER:,} products"
        show(Figure(name, number / ours, number / plain, "rows/s", "rows/s raw executemany"))
        await _pages(made, show)


def _insert_raw(source: Path, target: Path) -> tuple[int, float]:
    """The rows the product wrote, written once more by the driver alone, as durably and in pieces as large."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target, isolation_level=None)) as write:
        write.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON")
        _copy(read, write, "merchant")
        count, taken = 0, 0.0
        for table in TABLES:
            number, seconds = _copy(read, write, table)
            count, taken = count + number, taken + seconds
    return count, taken


def _copy(read: sqlite3.Connection, write: sqlite3.Connection, table: str) -> tuple[int, float]:
    """How many rows, and how long the writing took."""
    rows = read.execute(f"SELECT * FROM {table}").fetchall()
    marks = ",".join("?" * len(rows[0]))
    began = perf_counter()
    left = iter(rows)
    while piece := list(islice(left, PIECE)):
        write.execute("BEGIN IMMEDIATE")
        write.executemany(f"INSERT INTO {table} VALUES ({marks})", piece)
        write.execute("COMMIT")
    return len(rows), perf_counter() - began


async def _pages(made: Bench, show: Callable[[Figure], None]) -> None:
    async def page() -> None:
        answer = await made.http.get("/products")
        assert "Stoneware mug" in answer.text

    async def sql() -> None:
        async with made.sessions.read(made.merchant.id) as session:
            await queries.product_page(session, Filters())

    whole, alone = await milliseconds(page, PAGES), await milliseconds(sql, PAGES)
    show(Figure("product list, middle", middle(whole), middle(alone), "ms", "ms its SQL alone"))
    show(Figure("product list, 95 in 100", worst_of_twenty(whole), worst_of_twenty(alone), "ms", "ms its SQL alone"))
