"""The parts of the dashboard that change while one looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.clock import utc_now
from portal.dashboard import queries
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


def parts(board: queries.Dashboard) -> list[Fragment]:
    """Each part of the page, in the order of the page."""
    names = {"dashboard-needs": "_needs", "dashboard-channels": "_channels", "dashboard-counts": "_counts"}
    if board.young:
        names["dashboard-guide"] = "_guide"
    return [Fragment(name, f"dashboard/{template}.html", {"board": board}) for name, template in names.items()]


def _part(name: str) -> Render:
    async def render(session: AsyncSession, _visitor: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
        now: datetime = utc_now()
        return [part for part in parts(await queries.dashboard(session, now=now)) if part.element_id == name]

    return render


FRAGMENTS: dict[str, Render] = {
    name: _part(name) for name in ("dashboard-needs", "dashboard-channels", "dashboard-counts", "dashboard-guide")
}
