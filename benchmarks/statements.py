"""Statements and transactions of the embedded database by our driver, against the same by aiosqlite's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from benchmarks.figures import Figure, middle, milliseconds
from portal.sqlite import Connection

TIMES = 20
STATEMENTS = 200


async def measure(show: Callable[[Figure], None]) -> None:
    ours = _engine(Connection, lambda connection: connection.connection.driver_connection.begin("BEGIN"))
    plain = _engine(
        partial(aiosqlite.connect, isolation_level=None), lambda connection: connection.exec_driver_sql("BEGIN")
    )
    async with ours.connect() as one, plain.connect() as other:
        taken = [middle(await milliseconds(partial(_ask, connection), TIMES)) for connection in (one, other)]
    show(Figure(f"{STATEMENTS} statements, one after another", *taken, "ms", "ms with aiosqlite's cursor"))
    taken = [middle(await milliseconds(partial(_look_in, engine), TIMES)) for engine in (ours, plain)]
    show(Figure(f"{STATEMENTS} transactions of one statement", *taken, "ms", "ms with aiosqlite and a BEGIN said"))
    await ours.dispose()
    await plain.dispose()


def _engine(connect: Callable[[str], Any], begin: Callable[[Any], object]) -> AsyncEngine:
    """In memory, on one connection, whose transactions begin as `begin` has it."""
    engine = create_async_engine("sqlite+aiosqlite://", async_creator=partial(connect, ":memory:"))
    event.listen(engine.sync_engine, "begin", begin)
    return engine


async def _look_in(engine: AsyncEngine) -> None:
    for number in range(STATEMENTS):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT :number, 1"), {"number": number})


async def _ask(connection: AsyncConnection) -> None:
    for number in range(STATEMENTS):
        await connection.execute(text("SELECT :number, 1"), {"number": number})
