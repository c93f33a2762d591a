"""The parts of the hub that change while one looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.connections import queries
from portal.runtime import Runtime
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


def hub_fragments(runtime: Runtime) -> dict[str, Render]:
    """Element-id prefix -> the parts. A card is `connection-card-<id>`."""

    async def cards(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
        found = await queries.cards(session, runtime, list(ids))
        return [
            Fragment(f"connection-card-{card.connection.id}", "connections/_card.html", {"card": card})
            for card in found
        ]

    return {"connection-card": cards}
