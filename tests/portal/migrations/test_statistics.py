"""SQLite's plans: rows named by their ids are looked up by them, however many others the merchant has."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.db import Sessions
from portal.migrations import run
from portal.models import Base

NAMED = ", ".join(f"'{n}'" for n in range(500))
OWNED = [table.name for table in Base.metadata.sorted_tables if {"id", "merchant_id"} <= set(table.c.keys())]


async def test_rows_named_by_id_are_not_looked_for_among_all_the_merchants_rows(empty_database_url: str) -> None:
    if not empty_database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL gathers its own statistics")
    await run.upgrade(empty_database_url)
    assert len(OWNED) > 10

    plans = {table: await _plan(empty_database_url, table) for table in OWNED}

    assert {table: plan for table, plan in plans.items() if "(id=?)" not in plan} == {}


async def _plan(url: str, table: str) -> str:
    sessions = Sessions(url)
    try:
        async with sessions.reader.connect() as connection:
            question = f"EXPLAIN QUERY PLAN SELECT * FROM \"{table}\" WHERE merchant_id = 'm' AND id IN ({NAMED})"
            return " ".join(row.detail for row in await connection.execute(text(question)))
    finally:
        await sessions.close()
