"""How a connection's numbers were checked, for its page."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.clock import utc_now
from portal.proof import queries
from portal.web import Fragment, Visitor


async def checks(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> list[Fragment]:
    return [
        Fragment(f"number-checks-{one.connection_id}", "proof/_checks.html", {"figures": one})
        for one in await queries.figures(session, ids, now=utc_now())
    ]


FRAGMENTS = {"number-checks": checks}
