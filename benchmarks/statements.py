"""A statement of the embedded database by our driver, against the same one by aiosqlite's own cursor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import aiosqlite
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from benchmarks.figures import Figure, middle, milliseconds
from portal.sqlite import Connection

TIMES = 20
STATEMENTS = 200


async def measure(show: Callable[[Figure], None]) -> None:
    ours = create_async_engine("sqlite+aiosqlite://", async_creator=partial(Connection, ":memory:"))
    plain = create_async_engine("sqlite+aiosqlite://", async_creator=partial(aiosqlite.connect, ":memory:"))
    async with ours.connect() as one, plain.connect() as other:
        taken = [middle(await milliseconds(partial(_ask, connection), TIMES)) for connection in (one, other)]
    await ours.dispose()
    await plain.dispose()
    show(Figure(f"{STATEMENTS} statements, one after another", *taken, "ms", "ms with aiosqlite's cursor"))


async def _ask(connection: AsyncConnection) -> None:
    for number in range(STATEMENTS):
        await connection.execute(text("SELECT :number, 1"), {"number": number})
