"""The parts of the listings' pages that are replaced: by a decision's answer and by what changes meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.clock import utc_now
from portal.listings import queries
from portal.listings.standings import standings
from portal.models.accounts import Role
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


async def row_parts(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> list[Fragment]:
    found = await queries.rows(session, ids, now=now)
    return [Fragment(f"listing-row-{row.listing.id}", "listings/_row.html", {"row": row}) for row in found]


async def panel_parts(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID], now: datetime) -> list[Fragment]:
    may_edit = visitor.may(Role.MANAGER)
    return [
        Fragment(f"listing-panel-{one.row.listing.id}", "listings/_panel.html", {"panel": one, "may_edit": may_edit})
        for one in await queries.panels(session, ids, now=now)
    ]


async def causes_part(session: AsyncSession, visitor: Visitor, now: datetime) -> Fragment:
    groups = await queries.cause_groups(session)
    context = {"causes": groups, "may_edit": visitor.may(Role.MANAGER), "at": now}
    return Fragment("listings-causes", "listings/_causes.html", context)


async def _rows(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    return await row_parts(session, ids, utc_now())


async def _panels(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    return await panel_parts(session, visitor, ids, utc_now())


async def _causes(session: AsyncSession, visitor: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
    return [await causes_part(session, visitor, utc_now())]


async def _standings(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    return [
        Fragment(
            f"product-channels-{product_id}",
            "listings/_standings.html",
            {
                "product_id": product_id,
                "standings": await standings(session, visitor.merchant_id, product_id, now=utc_now()),
            },
        )
        for product_id in ids
    ]


FRAGMENTS: dict[str, Render] = {
    "listing-row": _rows,
    "listing-panel": _panels,
    "listings-causes": _causes,
    "product-channels": _standings,
}
