"""Writing promises down, in the transaction of the decision that needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import case, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.clock import new_id
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import Lane, Task, TaskState
from portal.tasks.kinds import Kind


async def ask(
    session: AsyncSession,
    connection: Connection,
    kind: Kind,
    subjects: Sequence[str],
    *,
    now: datetime,
    not_before: datetime | None = None,
    priority: int | None = None,
) -> None:
    """As `enqueue`, of something to do at the connection's channel."""
    await enqueue(
        session,
        kind,
        subjects,
        merchant_id=connection.merchant_id,
        connection_id=connection.id,
        now=now,
        not_before=not_before,
        priority=priority,
    )


async def enqueue(
    session: AsyncSession,
    kind: Kind,
    subjects: Sequence[str],
    *,
    merchant_id: UUID,
    now: datetime,
    connection_id: UUID | None = None,
    not_before: datetime | None = None,
    priority: int | None = None,
) -> None:
    """Each subject has one waiting task of the kind; one that waits already is joined, at the earlier time.

    Its lane is rung after the commit. Asking again also forgets earlier tries.
    """
    if not subjects:
        return
    lane_id = await _lane(session, kind, merchant_id=merchant_id, connection_id=connection_id)
    due = not_before or now
    rows = [
        {
            "id": new_id(),
            "merchant_id": merchant_id,
            "lane_id": lane_id,
            "connection_id": connection_id,
            "kind": kind.name,
            "subject": subject,
            "state": TaskState.WAITING,
            "not_before": due,
            "priority": kind.priority if priority is None else priority,
        }
        for subject in dict.fromkeys(subjects)
    ]
    await session.execute(_insert_or_join(db.dialect(session)), rows)
    db.ring(session, lane_id, due)


@cache
def _insert_or_join(dialect: str) -> Any:
    """Made once: with what it says of each column, making it costs more than running it."""
    statement = db.insert_in(dialect, Task)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["merchant_id", "kind", "subject"],
        index_where=text("state = 'waiting'"),
        set_={
            "not_before": case((Task.not_before < new.not_before, Task.not_before), else_=new.not_before),
            "priority": case((Task.priority < new.priority, Task.priority), else_=new.priority),
            "version": Task.version + 1,
            "tries": 0,
            "faults": 0,
        },
    )


async def cancel(session: AsyncSession, kind: Kind, subjects: Sequence[str], *, now: datetime) -> int:
    """Waiting tasks of these subjects will never run; how many there were."""
    result = await session.execute(
        update(Task)
        .where(Task.kind == kind.name, Task.subject.in_(subjects), Task.state == TaskState.WAITING)
        .values(state=TaskState.CANCELLED, ended_at=now)
    )
    return int(getattr(result, "rowcount", 0))


async def cancel_connection(session: AsyncSession, connection_id: UUID, *, now: datetime) -> None:
    """Nothing that waits for this connection will be sent any more."""
    await session.execute(
        update(Task)
        .where(Task.connection_id == connection_id, Task.state == TaskState.WAITING)
        .values(state=TaskState.CANCELLED, ended_at=now)
    )


async def ring_connection(session: AsyncSession, connection_id: UUID, *, now: datetime) -> None:
    """Every lane of the connection is rung after the commit: the last reason to hold it is gone."""
    for lane_id in await session.scalars(select(Lane.id).where(Lane.connection_id == connection_id)):
        db.ring(session, lane_id, now)


def holds(connection: Connection, now: datetime) -> bool:
    """Whether work for this connection waits. Read at every claim; no task row knows of it."""
    if connection.state is ConnectionState.MAINTENANCE:
        return connection.maintenance_until is None or connection.maintenance_until > now
    return connection.state is not ConnectionState.ACTIVE


async def _lane(session: AsyncSession, kind: Kind, *, merchant_id: UUID, connection_id: UUID | None) -> UUID:
    """The lane's id follows from its key, so that two transactions making it make the same one."""
    key = f"{connection_id or merchant_id}:{kind.lane}"
    lane_id = uuid5(NAMESPACE_URL, f"crossdock-lane:{key}")
    # An insert would wait for whoever is taking or leaving the lane, who may wait for what we hold.
    if await session.scalar(select(Lane.id).where(Lane.id == lane_id)) is not None:
        return lane_id
    row = {"id": lane_id, "merchant_id": merchant_id, "key": key, "connection_id": connection_id, "name": kind.lane}
    await session.execute(db.insert(session, Lane).on_conflict_do_nothing(), [row])
    return lane_id
