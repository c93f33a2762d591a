"""The embedded database's driver, asked as SQLAlchemy asks it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from portal.sqlite import Connection


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    opened = Connection(str(tmp_path / "test.db"))
    await opened
    await opened.cursor().execute("CREATE TABLE box (name TEXT UNIQUE, weight INTEGER)")
    yield opened
    await opened.close()


async def test_a_query_brings_its_rows_and_says_of_what(connection: Connection) -> None:
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO box VALUES (?, ?)", [("a", 1), ("b", 2)])
    assert (cursor.rowcount, cursor.description) == (2, None)
    await cursor.execute("SELECT name, weight FROM box WHERE weight > ?", (1,))
    assert await cursor.fetchall() == [("b", 2)]
    assert cursor.description is not None
    assert [column[0] for column in cursor.description] == ["name", "weight"]


async def test_a_change_says_how_many_rows_and_brings_what_it_returns(connection: Connection) -> None:
    cursor = connection.cursor()
    await cursor.execute("INSERT INTO box VALUES ('a', 1), ('b', 2) RETURNING name")
    assert await cursor.fetchall() == [("a",), ("b",)]
    await cursor.execute("UPDATE box SET weight = weight + 1")
    assert (cursor.rowcount, await cursor.fetchall()) == (2, [])


async def test_what_was_refused_leaves_nothing_open(connection: Connection, tmp_path: Path) -> None:
    connection.begin("BEGIN IMMEDIATE")
    cursor = connection.cursor()
    with pytest.raises(sqlite3.IntegrityError):
        await cursor.executemany("INSERT INTO box VALUES (?, ?)", [("a", 1), ("a", 2)])
    await connection.rollback()
    with sqlite3.connect(tmp_path / "test.db", timeout=0) as other:
        other.execute("INSERT INTO box VALUES ('a', 3)")
    await cursor.execute("SELECT weight FROM box")
    assert await cursor.fetchall() == [(3,)]


@pytest.fixture
def errands(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the thread is sent for from here on."""
    sent: list[object] = []
    run = Connection._execute

    async def counted(self: Connection, *errand: object) -> object:
        sent.append(errand)
        return await run(self, *errand)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(Connection, "_execute", counted)
    return sent


async def test_a_transaction_begins_with_its_first_statement(connection: Connection, errands: list[object]) -> None:
    connection.begin("BEGIN IMMEDIATE")
    assert not connection.in_transaction
    await connection.cursor().execute("INSERT INTO box VALUES ('a', 1)")
    assert (connection.in_transaction, len(errands)) == (True, 1)
    await connection.rollback()
    cursor = connection.cursor()
    await cursor.execute("SELECT name FROM box")
    assert (connection.in_transaction, await cursor.fetchall()) == (False, [])


async def test_a_transaction_without_a_statement_sends_for_nothing(
    connection: Connection, errands: list[object]
) -> None:
    for end in (connection.commit, connection.rollback):
        connection.begin("BEGIN")
        await end()
    await connection.cursor().execute("SELECT name FROM box")
    assert (connection.in_transaction, len(errands)) == (False, 1)


async def test_where_others_write_no_statement_runs_outside_its_transaction(
    connection: Connection, tmp_path: Path
) -> None:
    cursor = connection.cursor()
    await cursor.execute("PRAGMA busy_timeout=1")
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        connection.begin("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                await cursor.execute("SELECT name FROM box")
        other.execute("COMMIT")
    await cursor.execute("SELECT name FROM box")
    assert connection.in_transaction
    await connection.rollback()


async def test_a_first_statement_that_nobody_waits_for_any_more_is_taken_back(connection: Connection) -> None:
    connection.begin("BEGIN IMMEDIATE")
    asked = asyncio.create_task(connection.cursor().execute("INSERT INTO box VALUES ('a', 1)"))
    await asyncio.sleep(0)
    asked.cancel()
    await connection.rollback()
    cursor = connection.cursor()
    await cursor.execute("SELECT name FROM box")
    assert (connection.in_transaction, await cursor.fetchall()) == (False, [])


async def test_a_statement_is_one_errand_to_the_thread(connection: Connection, errands: list[object]) -> None:
    cursor = await connection.cursor().__aenter__()
    await cursor.execute("SELECT name FROM box")
    await cursor.fetchall()
    await cursor.close()
    assert len(errands) == 1
