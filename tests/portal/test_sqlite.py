"""The embedded database's driver, asked as SQLAlchemy asks it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
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
    cursor = connection.cursor()
    with pytest.raises(sqlite3.IntegrityError):
        await cursor.executemany("INSERT INTO box VALUES (?, ?)", [("a", 1), ("a", 2)])
    await connection.rollback()
    with sqlite3.connect(tmp_path / "test.db", timeout=0) as other:
        other.execute("INSERT INTO box VALUES ('a', 3)")
    await cursor.execute("SELECT weight FROM box")
    assert await cursor.fetchall() == [(3,)]


async def test_a_statement_is_one_errand_to_the_thread(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    errands = []
    run = Connection._execute

    async def counted(self: Connection, *errand: object) -> object:
        errands.append(errand)
        return await run(self, *errand)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(Connection, "_execute", counted)
    cursor = await connection.cursor().__aenter__()
    await cursor.execute("SELECT name FROM box")
    await cursor.fetchall()
    await cursor.close()
    assert len(errands) == 1
