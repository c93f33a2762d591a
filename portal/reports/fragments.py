"""Where a connection's report stands, as a part that is fetched again by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.accounts import Role
from portal.models.connections import Connection
from portal.reports import queries
from portal.reports.queries import Status
from portal.runtime import Runtime
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


def status_part(visitor: Visitor, status: Status, runtime: Runtime) -> Fragment:
    context = {
        "status": status,
        "may_edit": visitor.may(Role.MANAGER),
        "is_now": queries.is_now(status.task, runtime.clock()),
    }
    return Fragment(f"channel-report-{status.connection.id}", "reports/_status.html", context)


def report_fragments(runtime: Runtime) -> dict[str, Render]:
    """Element-id prefix -> the parts. The status of a connection's report is `channel-report-<connection id>`."""

    async def parts(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
        connections = await session.scalars(select(Connection).where(Connection.id.in_(ids)))
        return [
            status_part(visitor, await queries.status(session, runtime, connection), runtime)
            for connection in connections.all()
        ]

    return {"channel-report": parts}
