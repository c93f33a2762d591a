"""Makes every table in an empty database, the same as the steps do (tests/portal/migrations shows that they do)."""

from __future__ import annotations

from sqlalchemy import Connection

from portal.migrations import policies, run, statistics
from portal.models import Base


async def make_schema(url: str) -> None:
    """Every table is there, with its policy where the database has policies."""
    await run.in_one_transaction(url, _make)


def _make(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    policies.protect(connection)
    statistics.tell(connection)
