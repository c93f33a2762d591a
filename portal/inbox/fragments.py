"""The parts of the inbox that are replaced: rows, counts, and the line that says something arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.clock import utc_now
from portal.inbox import queries
from portal.inbox.queries import Row
from portal.models.accounts import Role
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


def row_part(row: Row, visitor: Visitor, *, typed: str | None = None, error: str = "") -> Fragment:
    """`typed` is what was refused for the row's gap, with the reason."""
    context = {"row": row, "may_edit": visitor.may(Role.MANAGER), "selected": (), "typed": typed, "error": error}
    return Fragment(f"inbox-item-{row.item.id}", "inbox/_row.html", context)


async def row_parts(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID], now: datetime) -> list[Fragment]:
    return [row_part(row, visitor) for row in await queries.rows(session, visitor.merchant_id, ids, now=now)]


async def tabs_part(session: AsyncSession, state: str) -> Fragment:
    """The views with their counts; `state` is the one that is open."""
    context = {"counts": await queries.counts(session), "state": state}
    return Fragment(f"inbox-tabs-{state or 'review'}", "inbox/_tabs.html", context)


async def _rows(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    return await row_parts(session, visitor, ids, utc_now())


async def _arrived(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    """The element's id carries the newest item its page shows."""
    return [
        Fragment(
            f"inbox-new-{newest}",
            "inbox/_new.html",
            {"newest": newest, "arrived": await queries.arrived_since(session, newest)},
        )
        for newest in ids
    ]


def _tabs(state: str) -> Render:
    async def render(session: AsyncSession, _visitor: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
        return [await tabs_part(session, state)]

    return render


FRAGMENTS: dict[str, Render] = {
    "inbox-item": _rows,
    "inbox-new": _arrived,
    **{f"inbox-tabs-{state or 'review'}": _tabs(state) for state in queries.VIEWS},
}
