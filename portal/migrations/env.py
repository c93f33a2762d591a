"""Alembic's entry: one transaction for all steps, on a connection given by portal.migrations.run or its own."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, types

from portal import config
from portal.migrations import policies, run, statistics
from portal.models import Base
from portal.models.base import Json, UtcDateTime, Word


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        # SQLite keeps table changes in the transaction too, as long as the driver begins it as we say.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        policies.protect(connection)
        statistics.tell(connection)


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Columns are written down in the database's own types: a step must not change when our classes do."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Word):
        return "sa.String(length=32)"
    if kind == "type" and isinstance(item, types.JSON) and isinstance(item, type(Json)):
        return 'sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")'
    return False


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(run.in_one_transaction(config.load().database_url, migrate))
