"""What state a connection is in, and what lets its work go on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from portal import db
from portal.models.connections import Connection, ConnectionState
from portal.tasks import service as tasks

WARNED_BEFORE = timedelta(days=14)
STILL_LET_IN = {ConnectionState.ACTIVE, ConnectionState.PAUSED, ConnectionState.MAINTENANCE}


def lose_permission(session: AsyncSession, connection: Connection, problem: Problem, now: datetime) -> None:
    """The connection waits for the merchant to reconnect; all its work is held from the next claim on.

    A pair that was just renewed and is refused gives way to the one before it, which gets one more chance.
    """
    connection.last_failed_at = now
    if connection.state is ConnectionState.DISCONNECTED:
        return
    if connection.previous_secrets is not None:
        connection.secrets, connection.previous_secrets = connection.previous_secrets, None
        return
    connection.problem = asdict(problem)
    move(session, connection, ConnectionState.NEEDS_REAUTH, now)


async def open_again(session: AsyncSession, connection: Connection, now: datetime) -> None:
    """The connection sells again, and everything that waited for it is rung for."""
    connection.problem = None
    connection.maintenance_until = None
    move(session, connection, ConnectionState.ACTIVE, now)
    await tasks.ring_connection(session, connection.id, now=now)


def move(session: AsyncSession, connection: Connection, state: ConnectionState, now: datetime) -> None:
    """The connection is in `state`; open pages that show it hear of it."""
    if connection.state is not state:
        connection.state, connection.state_since = state, now
    db.changed(session, connection.merchant_id, f"connection:{connection.id}", "connections", "counts")


def heard(connection: Connection, now: datetime) -> None:
    """The channel answered us as itself: the credentials in use are good."""
    connection.last_heard_at = now
    connection.previous_secrets = None


def ends_soon(connection: Connection, now: datetime) -> bool:
    """Whether the merchant should renew an access that still works."""
    ends = connection.access_ends_at
    return connection.state in STILL_LET_IN and ends is not None and ends - now <= WARNED_BEFORE


def open_for_work(now: datetime) -> ColumnElement[bool]:
    """The SQL twin of `portal.tasks.service.holds`, for the sweep."""
    return or_(
        Connection.state == ConnectionState.ACTIVE,
        and_(Connection.state == ConnectionState.MAINTENANCE, Connection.maintenance_until <= now),
    )
