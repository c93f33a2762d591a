"""Upgrading from nothing: complete, repeatable, safe for two processes at once, whole or not at all."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, String, inspect, select, text
from sqlalchemy.util.concurrency import await_

from portal import db
from portal.db import Sessions
from portal.migrations import run
from portal.models import Base
from portal.models.accounts import Member, Merchant
from portal.tenancy import SYSTEM
from tests.people import a_member

pytestmark = pytest.mark.each

ROOT = Path(__file__).parents[3]


async def test_upgrading_from_nothing_makes_exactly_the_tables_of_the_code(empty_database_url: str) -> None:
    await run.upgrade(empty_database_url)
    assert await _looked_at(empty_database_url, _differences) == []
    assert set(Base.metadata.tables) <= await _looked_at(empty_database_url, _tables)


async def test_a_second_upgrade_changes_nothing(empty_database_url: str) -> None:
    await run.upgrade(empty_database_url)
    await run.upgrade(empty_database_url)
    assert await _looked_at(empty_database_url, _differences) == []


async def test_pending_is_true_until_the_upgrade(empty_database_url: str) -> None:
    assert await run.pending(empty_database_url)
    await run.upgrade(empty_database_url)
    assert not await run.pending(empty_database_url)


async def test_processes_that_upgrade_at_once_all_succeed(empty_database_url: str, tmp_path: Path) -> None:
    env = os.environ | {"DATABASE_URL": empty_database_url, "DATA_DIR": str(tmp_path), "PUBLIC_URL": ""}
    command = [sys.executable, "-m", "portal.migrations.run"]
    started = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stderr=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    errors = [(await process.communicate())[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * 4, "\n".join(errors)
    assert await _looked_at(empty_database_url, _differences) == []


async def test_an_upgrade_that_thinks_for_long_is_not_ended_like_what_a_stopped_process_left(
    database_url: str, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has no server that would end a transaction")
    monkeypatch.setattr(db, "LONGEST_TRANSACTION", timedelta(0))

    async def sweep() -> int:
        async with sessions.write(SYSTEM) as session:
            return await db.end_abandoned(session)

    def think(connection: Connection) -> None:
        assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "0"
        assert await_(sweep()) == 0
        assert connection.scalar(text("SELECT 1")) == 1

    await run.in_one_transaction(database_url, think)


async def test_an_upgrade_waits_for_another_for_longer_than_a_page_waits_for_the_writer(
    database_url: str, sessions: Sessions
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL's lock has no end")
    waits: list[int] = []
    await run.in_one_transaction(
        database_url, lambda connection: waits.append(connection.scalar(text("PRAGMA busy_timeout")))
    )
    async with sessions.write(SYSTEM) as session:
        assert waits > [await session.scalar(text("PRAGMA busy_timeout"))]


async def test_a_step_that_fails_leaves_nothing_behind(empty_database_url: str) -> None:
    def half_way(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE first_half (id integer)"))
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        await run.in_one_transaction(empty_database_url, half_way)
    assert await _looked_at(empty_database_url, _tables) == set()


async def test_a_step_may_rebuild_a_table_that_others_point_to(
    database_url: str, sessions: Sessions, merchant: Merchant
) -> None:
    """SQLite changes a column by copying the table and dropping the old one."""
    await a_member(sessions, merchant, "alice")

    def rebuild(connection: Connection) -> None:
        with Operations(MigrationContext.configure(connection)).batch_alter_table("merchant", recreate="auto") as batch:
            batch.alter_column("name", type_=String(300))

    await run.in_one_transaction(database_url, rebuild)
    async with sessions.read(merchant.id) as session:
        assert len((await session.scalars(select(Member))).all()) == 1


async def test_the_command_says_which_setting_is_wrong(tmp_path: Path) -> None:
    env = os.environ | {"PUBLIC_URL": "http://shop.example.com", "DATA_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "portal.migrations.run"], cwd=ROOT, env=env, stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    assert process.returncode == 2
    assert "PUBLIC_URL" in error.decode()
    assert "Traceback" not in error.decode()


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def _looked_at(url: str, look: Any) -> Any:
    sessions = Sessions(url)
    try:
        async with sessions.reader.connect() as connection:
            return await connection.run_sync(look)
    finally:
        await sessions.close()
