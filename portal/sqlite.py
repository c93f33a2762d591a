"""SQLite's driver where a statement is one errand to the connection's thread.

aiosqlite sends one errand each to open a cursor, to execute, to fetch and to close. Changing threads so often
costs more than most of our statements do (docs/decisions/0026-one-errand-a-statement.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Self

import aiosqlite


class Connection(aiosqlite.Connection):
    """To be awaited, as SQLAlchemy's `async_creator` wants it. Its thread does not keep the process from ending.

    No transaction begins unless `begin` was called before its first statement.
    """

    def __init__(self, path: str) -> None:
        super().__init__(partial(sqlite3.connect, path, isolation_level=None), iter_chunk_size=1)
        self._thread.daemon = True
        self._begin = ""

    def begin(self, how: str) -> None:
        """A transaction begins with the next statement, which takes the BEGIN along."""
        self._begin = how

    def cursor(self) -> Cursor:  # type: ignore[override]  # aiosqlite's is opened by an errand of its own
        return Cursor(self)

    async def run(self, statement: Callable[[sqlite3.Cursor], None]) -> None:
        """In the connection's thread, with a cursor that is closed after it."""
        begin, self._begin = self._begin, ""
        try:
            await self._execute(self._run, begin, statement)  # type: ignore[no-untyped-call]
        except sqlite3.Error:
            if not self.in_transaction:
                # Refused, it is said again with the next statement: none ever runs outside its transaction.
                self._begin = begin
            raise

    def _run(self, begin: str, statement: Callable[[sqlite3.Cursor], None]) -> None:
        with closing(self._conn.cursor()) as cursor:
            if begin:
                cursor.execute(begin)
            statement(cursor)

    async def commit(self) -> None:
        if not self._forget_begin():
            await super().commit()

    async def rollback(self) -> None:
        if not self._forget_begin():
            await super().rollback()

    def _forget_begin(self) -> bool:
        """The transaction begins no more; whether it had not yet, and there is nothing to end."""
        forgotten, self._begin = self._begin, ""
        return bool(forgotten)


class Cursor:
    """What SQLAlchemy asks of a cursor. Once it has executed, all rows are here and nothing is open any more."""

    arraysize = 1
    description: Sequence[Any] | None = None
    rowcount = -1
    lastrowid: int | None = None

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self._connection.run(lambda cursor: self._keep(cursor.execute(sql, parameters)))

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self._connection.run(lambda cursor: self._keep(cursor.executemany(sql, rows)))

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """Nothing is open."""

    def _keep(self, executed: sqlite3.Cursor) -> None:
        self.description, self.rowcount, self.lastrowid = executed.description, executed.rowcount, executed.lastrowid
        self._rows = executed.fetchall()
