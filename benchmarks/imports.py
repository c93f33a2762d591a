"""Reviewing and importing a file of 50,000 rows against the csv module, and against the same rows inserted raw."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from uuid import UUID

from benchmarks.figures import Figure
from benchmarks.raw import Before
from benchmarks.setting import Bench, bench
from jobs.due import lanes_to_ring
from jobs.lanes import Worker, work_lane
from jobs.registry import HANDLERS
from portal.clock import new_id, utc_now
from portal.imports import service, storing
from portal.models.imports import Import, ImportState
from portal.tenancy import SYSTEM

ROWS = 50_000
VARIANTS = 5
HEADER = (
    "Handle|Title|Vendor|Type|Option1 Name|Option1 Value|Variant SKU|Variant Price|Variant Inventory Qty|"
    "Variant Inventory Tracker|Image Src|Status"
)


async def measure(show: Callable[[Figure], None]) -> None:
    async with bench() as made:
        import_id = new_id()
        path = service.folder(made.folder) / str(import_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
        read = await asyncio.to_thread(_read, path)
        tried = await _try(made, import_id, path, path.stat().st_size)
        show(Figure(f"dry run of {ROWS:,} rows", ROWS / tried, ROWS / read, "rows/s", "rows/s csv.reader alone"))
        before = await Before.of(made.database)
        saved = await _commit(made, import_id)
        plain = await before.insert_what_came()
        show(Figure(f"import of {ROWS:,} rows", ROWS / saved, ROWS / plain, "rows/s", "rows/s raw executemany"))


def write(path: Path) -> None:
    header = HEADER.split("|")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in range(ROWS):
            product, size = divmod(row, VARIANTS)
            words = (f"Mug {product}", "Pottery", "Mugs", "Size") if size == 0 else ("", "", "", "")
            image = f"https://cdn.example.com/{product}.jpg" if size == 0 else ""
            status = "active" if size == 0 else ""
            sku = f"MUG-{product}-{size}"
            writer.writerow([f"mug-{product}", *words, f"Size {size}", sku, "24.00", "7", "shopify", image, status])


def _read(path: Path) -> float:
    began = perf_counter()
    with path.open(newline="", encoding="utf-8") as file:
        assert sum(1 for _ in csv.reader(file)) == ROWS + 1
    return perf_counter() - began


async def _try(made: Bench, import_id: UUID, path: Path, size: int) -> float:
    """How long the review of the file takes; the import is then ready to be committed."""
    began = perf_counter()
    tried = await storing.try_out(path, made.merchant.currency)
    taken = perf_counter() - began
    record = Import(
        id=import_id,
        merchant_id=made.merchant.id,
        filename="catalog.csv",
        stored_as=str(import_id),
        size=size,
    )
    service.describe(record, tried.table, tried.mapping, tried.counts)
    async with made.sessions.write(made.merchant.id) as session:
        session.add(record)
    return taken


async def _commit(made: Bench, import_id: UUID) -> float:
    """How long it takes until every row is saved, as a worker does it."""
    worker = Worker(made.process.runtime, "bench", HANDLERS)
    began = perf_counter()
    async with made.sessions.write(made.merchant.id) as session:
        record = await session.get_one(Import, import_id)
        assert await service.commit(session, record, now=utc_now())
    while await _state(made, import_id) is ImportState.RUNNING:
        async with made.sessions.read(SYSTEM) as session:
            lanes = await lanes_to_ring(session, utc_now())
        for lane_id in lanes:
            await work_lane(worker, lane_id)
        await asyncio.sleep(0.01)
    taken = perf_counter() - began
    assert await _state(made, import_id) is ImportState.DONE
    return taken


async def _state(made: Bench, import_id: UUID) -> ImportState:
    async with made.sessions.read(made.merchant.id) as session:
        record: Import = await session.get_one(Import, import_id)
        return record.state
