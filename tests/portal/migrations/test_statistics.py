"""SQLite's plans: rows named by their ids are looked up by them, however many others the merchant has."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from portal.db import Sessions
from portal.migrations import run
from portal.models import Base
from portal.tenancy import MerchantOwned

pytestmark = pytest.mark.each

NAMED = ", ".join(f"'{n}'" for n in range(1000))
OWNED = [
    str(mapper.local_table)
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, MerchantOwned) and "id" in mapper.columns
]


@pytest.fixture
async def url(empty_database_url: str) -> str:
    if not empty_database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL gathers its own statistics")
    await run.upgrade(empty_database_url)
    assert len(OWNED) > 10
    return empty_database_url


async def test_rows_named_by_id_are_not_looked_for_among_all_the_merchants_rows(url: str) -> None:
    plans = {table: await _plan(url, table, f"id IN ({NAMED})") for table in OWNED}
    assert {table: plan for table, plan in plans.items() if not re.search(r"\bid=\?", plan)} == {}


async def test_the_rows_of_a_few_others_are_not_looked_for_among_them_either(url: str) -> None:
    for table, column in (("movement", "variant_id"), ("listing_item", "variant_id"), ("variant", "product_id")):
        assert f"({column}=?)" in await _plan(url, table, f"{column} IN ({NAMED})"), table


async def test_a_page_of_a_merchants_rows_is_not_looked_for_among_everybodys(url: str) -> None:
    plans = {table: await _plan(url, table, "id < 'x' ORDER BY id DESC LIMIT 50") for table in OWNED}
    assert {table: plan for table, plan in plans.items() if "merchant_id=?" not in plan} == {}


async def test_a_tab_of_orders_is_counted_by_its_index_and_listed_without_sorting(url: str) -> None:
    alive = "state IN ('pending', 'open')"
    counted = await _plan(url, "sale", f"{alive} AND store_step != 'created' LIMIT 1001", what="id")
    assert "ix_sale_tab (merchant_id=? AND state=?)" in counted
    listed = await _plan(url, "sale", f"{alive} AND store_step != 'created' ORDER BY id DESC LIMIT 51")
    assert "TEMP B-TREE" not in listed, "a page is no reason to sort all orders"
    for few in ("problem IS NOT NULL", "cancel_requested = 1"):
        for state in ("", f" AND {alive}"):
            assert re.search("ix_sale_(problem|leaving)", await _plan(url, "sale", few + state)), few


async def _plan(url: str, table: str, condition: str, *, what: str = "*") -> str:
    sessions = Sessions(url)
    try:
        async with sessions.reader.connect() as connection:
            question = text(
                f"EXPLAIN QUERY PLAN SELECT {what} FROM \"{table}\" WHERE merchant_id = 'm' AND {condition}"
            )
            return " ".join(row.detail for row in await connection.execute(question))
    finally:
        await sessions.close()
