"""A channel that does not answer at all: its work waits, and one short call at a time finds out when it is back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.http import TOTAL_SECONDS, UNANSWERED
from jobs.handlers import Batch
from jobs.results import Result
from portal.connections import service as connections
from portal.connections import states
from portal.models.connections import Connection, ConnectionState

# Whoever was answered a moment ago does not speak to a channel that is away; one operation of it may hang.
SPOKE = timedelta(seconds=TOTAL_SECONDS)


async def note(
    session: AsyncSession,
    connection: Connection,
    batch: Batch,
    results: Mapping[UUID, Result],
    begun: datetime,
    now: datetime,
) -> None:
    """Nothing came back of a batch that was asked. At the second time in a row the connection waits until it answers.

    The first was the work's own, or another's that had ended when this was `begun`. A test of the connection (kind
    check) is its only call from then on, tried again until it is answered, and lets the rest go on.
    """
    problem = next((r.problem for r in results.values() if r.problem and r.problem.code in UNANSWERED), None)
    heard, failed = connection.last_heard_at, connection.last_failed_at
    again = any(task.tries for task in batch.tasks) or (failed is not None and (heard or failed) <= failed < begun)
    spoke = heard is not None and heard > now - SPOKE
    if problem is None or not again or spoke or connection.state is not ConnectionState.ACTIVE:
        return
    connection.problem = asdict(problem)
    states.move(session, connection, ConnectionState.MAINTENANCE, now)
    await connections.check(session, connection, now=now)
