"""Whose rows a session may touch, where it speaks to tables and not to objects."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal import db
from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.tenancy import SYSTEM, TenancyError
from tests.stock.products import a_product

TABLE = Product.__table__


@pytest.fixture
async def mine(sessions: Sessions, merchant: Merchant) -> Product:
    return await a_product(sessions, merchant, title="Mine")


@pytest.fixture
async def theirs(sessions: Sessions, other_merchant: Merchant) -> Product:
    return await a_product(sessions, other_merchant, title="Theirs")


async def titles(sessions: Sessions) -> set[str]:
    async with sessions.read(SYSTEM) as session:
        return set(await session.scalars(select(Product.title)))


async def test_rows_updated_by_their_ids_are_the_merchants_only(
    sessions: Sessions, merchant: Merchant, mine: Product, theirs: Product
) -> None:
    async with sessions.write(merchant.id) as session:
        await db.update(session, Product, [{"id": row.id, "title": "New"} for row in (mine, theirs)])
    assert await titles(sessions) == {"New", "Theirs"}


async def test_an_update_of_a_table_is_the_merchants_only(
    sessions: Sessions, merchant: Merchant, mine: Product, theirs: Product
) -> None:
    async with sessions.write(merchant.id) as session:
        await session.execute(TABLE.update().values(title="New"))
    assert await titles(sessions) == {"New", "Theirs"}


async def test_no_row_is_given_away(
    sessions: Sessions, merchant: Merchant, other_merchant: Merchant, mine: Product
) -> None:
    beside = [{"id": mine.id, "merchant_id": other_merchant.id}]
    async with sessions.write(merchant.id) as session:
        with pytest.raises(TenancyError):
            await db.update(session, Product, beside)
        with pytest.raises(TenancyError):
            await session.execute(TABLE.update().values(merchant_id=other_merchant.id))


async def test_what_looks_at_other_tables_beside_the_updated_one_is_refused(
    sessions: Sessions, merchant: Merchant, theirs: Product
) -> None:
    other = TABLE.alias()
    stolen = select(other.c.title).where(other.c.id == theirs.id).scalar_subquery()
    async with sessions.write(merchant.id) as session:
        with pytest.raises(TenancyError):
            await session.execute(TABLE.update().values(title=stolen))


async def test_a_table_read_without_its_model_is_refused(sessions: Sessions, merchant: Merchant) -> None:
    async with sessions.read(merchant.id) as session:
        with pytest.raises(TenancyError):
            await session.execute(select(TABLE.c.title))


async def test_columns_of_a_model_are_the_merchants_rows_only(
    sessions: Sessions, merchant: Merchant, mine: Product, theirs: Product
) -> None:
    async with sessions.read(merchant.id) as session:
        found = await session.execute(select(*db.columns(Product)))
    assert [row.title for row in found] == ["Mine"]
