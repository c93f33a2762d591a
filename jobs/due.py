"""Which lanes have something to do: asked by a ring, by a worker that lets a lane go, and by the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from portal.connections import states
from portal.models.connections import Connection
from portal.models.tasks import UNDER_WAY, Lane, Task, TaskState
from portal.tasks.kinds import RUNS_WHEN_HELD, WEBHOOK

LATER_LOOKED_AT_AGAIN = (TaskState.IN_DOUBT, TaskState.SENT)


@dataclass(frozen=True, slots=True)
class Found:
    """A lane with something to do: `suspect` says that a worker has died over it."""

    merchant_id: UUID
    channel: str
    suspect: bool


async def found(session: AsyncSession, lane_id: UUID, now: datetime) -> Found | None:
    """The lane, if nobody is at it and something is to be done in it. Reads across merchants.

    A claim is a writing transaction; a ring for what was done already must not cost one.
    """
    to_do = exists().where(
        Task.lane_id == Lane.id, or_(Task.state == TaskState.RUNNING, and_(claimable(), Task.not_before <= now))
    )
    outlived = exists().where(
        Task.lane_id == Lane.id,
        or_(Task.state == TaskState.RUNNING, and_(Task.state == TaskState.WAITING, Task.lost_starts > 0)),
    )
    # What webhooks brought is read here, and calls nobody.
    channel = case((Lane.name == WEBHOOK.lane, ""), else_=func.coalesce(Connection.channel, ""))
    query = (
        select(Lane.merchant_id, channel, outlived)
        .outerjoin(Connection, Connection.id == Lane.connection_id)
        .where(Lane.id == lane_id, free(now), to_do)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Found(*row)


async def next_due(session: AsyncSession, lane_id: UUID, now: datetime) -> datetime | None:
    """When the lane's next task is due, now at the earliest; none if its work is held back."""
    upcoming = await session.scalar(
        select(Task.not_before)
        .join(Lane, Lane.id == Task.lane_id)
        .outerjoin(Connection, Connection.id == Lane.connection_id)
        .where(Lane.id == lane_id, claimable(), _open(now))
        .order_by(Task.not_before)
        .limit(1)
    )
    return None if upcoming is None else max(upcoming, now)


async def lanes_to_ring(session: AsyncSession, now: datetime, limit: int = 1000) -> Sequence[UUID]:
    """Lanes with due or abandoned work that nobody holds, for the sweep. Reads across merchants."""
    abandoned = exists().where(Task.lane_id == Lane.id, Task.state == TaskState.RUNNING)
    due = exists().where(Task.lane_id == Lane.id, claimable(), Task.not_before <= now)
    rows = await session.scalars(
        select(Lane.id)
        .outerjoin(Connection, Connection.id == Lane.connection_id)
        .where(or_(and_(free(now), _open(now), due), and_(Lane.lease_until < now, abandoned)))
        .limit(limit)
    )
    return rows.all()


def free(now: datetime) -> ColumnElement[bool]:
    return or_(Lane.lease_until.is_(None), Lane.lease_until < now)


@cache
def claimable() -> ColumnElement[bool]:
    """Waiting, and nothing of the same subject under way in the lane; or open, and to be looked at again."""
    other = aliased(Task)
    # The merchant is named for the index, which begins with it: a lane may have thousands under way.
    under_way = exists().where(
        other.merchant_id == Task.merchant_id,
        other.subject == Task.subject,
        other.state.in_(UNDER_WAY),
        other.lane_id == Task.lane_id,
    )
    return and_(
        Task.state.in_((TaskState.WAITING, *LATER_LOOKED_AT_AGAIN)), or_(Task.state != TaskState.WAITING, ~under_way)
    )


def _open(now: datetime) -> ColumnElement[bool]:
    return or_(Lane.connection_id.is_(None), Lane.name.in_(RUNS_WHEN_HELD), states.open_for_work(now))
