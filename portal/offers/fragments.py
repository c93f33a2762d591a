"""The part of the list of offers that changes while it is open: a row with its badge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.accounts import Role
from portal.offers import asking, queries
from portal.runtime import Runtime
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


def offer_fragments(runtime: Runtime) -> dict[str, Render]:
    """`offer-row-<product id>`."""

    async def offer_rows(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
        found = await queries.rows(session, asking.details_of(runtime), ids, now=runtime.clock())
        shared = {"may_edit": visitor.may(Role.MANAGER), "currency": visitor.currency}
        return [Fragment(f"offer-row-{row.product_id}", "offers/_row.html", {"row": row, **shared}) for row in found]

    return {"offer-row": offer_rows}
