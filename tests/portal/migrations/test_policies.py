"""Row-level security on PostgreSQL, with the tenancy code out of the way: the database alone hides and refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.db import Sessions
from portal.migrations import run
from portal.models import Base
from portal.models.accounts import Merchant, Role
from portal.tenancy import SYSTEM
from tests.people import a_member

pytestmark = pytest.mark.each

SECURED = text("""
    SELECT tables.relname FROM pg_class AS tables JOIN pg_policy ON pg_policy.polrelid = tables.oid
    WHERE tables.relrowsecurity AND tables.relforcerowsecurity
""")


@pytest.fixture
async def connection(sessions: Sessions) -> AsyncIterator[AsyncConnection]:
    """A bare connection: no scoped session, no added conditions."""
    async with sessions.writer.connect() as opened:
        if opened.dialect.name != "postgresql":
            pytest.skip("SQLite has no row-level security")
        yield opened


async def test_every_table_with_a_merchant_is_secured_by_the_upgrade(
    connection: AsyncConnection, empty_database_url: str
) -> None:
    await run.upgrade(empty_database_url)
    owned = {table.name for table in Base.metadata.tables.values() if "merchant_id" in table.c}
    assert len(owned) > 10
    upgraded = Sessions(empty_database_url)
    async with upgraded.reader.connect() as other:
        assert set(await other.scalars(SECURED)) == owned
    await upgraded.close()
    assert set(await connection.scalars(SECURED)) == owned


async def test_the_portals_role_cannot_step_around_the_policies(connection: AsyncConnection) -> None:
    row = (
        await connection.execute(text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"))
    ).one()
    assert tuple(row) == (False, False)


async def test_a_merchant_sees_only_its_own_rows(
    connection: AsyncConnection, sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    await a_member(sessions, merchant, "alice", Role.OWNER)
    await a_member(sessions, other_merchant, "charlie", Role.OWNER)
    assert await _merchants_seen(connection, str(merchant.id)) == [merchant.id]
    assert await _merchants_seen(connection, str(other_merchant.id)) == [other_merchant.id]
    assert len(await _merchants_seen(connection, SYSTEM.value)) == 2


@pytest.mark.parametrize("setting", ["", None])
async def test_who_names_no_merchant_sees_nothing(
    connection: AsyncConnection, sessions: Sessions, merchant: Merchant, setting: str | None
) -> None:
    await a_member(sessions, merchant, "alice", Role.OWNER)
    assert await _merchants_seen(connection, setting) == []


async def test_a_row_cannot_be_given_to_another_merchant(
    connection: AsyncConnection, sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    await a_member(sessions, merchant, "alice", Role.OWNER)
    await _become(connection, str(merchant.id))
    with pytest.raises(DBAPIError, match="row-level security"):
        await connection.execute(text("UPDATE member SET merchant_id = :other"), {"other": other_merchant.id})


async def test_another_merchants_row_can_be_neither_changed_nor_removed(
    connection: AsyncConnection, sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    await a_member(sessions, other_merchant, "charlie", Role.OWNER)
    await _become(connection, str(merchant.id))
    assert (await connection.execute(text("UPDATE member SET role = 'viewer'"))).rowcount == 0
    assert (await connection.execute(text("DELETE FROM member"))).rowcount == 0


async def _merchants_seen(connection: AsyncConnection, setting: str | None) -> list[UUID]:
    if setting is not None:
        await _become(connection, setting)
    found = list(await connection.scalars(text("SELECT merchant_id FROM member ORDER BY id")))
    await connection.rollback()
    return found


async def _become(connection: AsyncConnection, setting: str) -> None:
    await connection.execute(text("SELECT set_config('app.merchant', :setting, true)"), {"setting": setting})
