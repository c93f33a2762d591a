"""The parts of Order Health that are replaced while it is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.accounts import Role
from portal.order_health import queries
from portal.order_health.queries import PERIODS, SHOWN
from portal.orders import unread, wording
from portal.runtime import Runtime
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


async def statement_part(session: AsyncSession, runtime: Runtime, period: str) -> Fragment:
    """What every channel counts beside what is here and in the store, over that period."""
    at_once = {
        name: connector.capabilities.webhooks for name, connector in runtime.connectors.items() if connector.orders
    }
    found = await queries.health(session, period=period, told_at_once=at_once, now=runtime.clock())
    return Fragment(f"order-health-{period}", "order_health/_statement.html", {"health": found})


async def unread_part(session: AsyncSession, asking: Visitor) -> Fragment:
    """The orders that could not be read."""
    context = {
        "unread": await unread.listed(session, most=SHOWN),
        "count": await unread.count(session),
        "words": wording,
        "may_act": asking.may(Role.PACKER),
    }
    return Fragment("order-health-unread", "order_health/_unread.html", context)


async def causes_part(session: AsyncSession, asking: Visitor) -> Fragment:
    """Why orders are not in the store, each with what helps."""
    context = {"causes": await queries.causes(session), "words": wording, "may_act": asking.may(Role.PACKER)}
    return Fragment("order-health-causes", "order_health/_causes.html", context)


async def problems_part(session: AsyncSession) -> Fragment:
    """The orders that are not in the store."""
    context = {"problems": await queries.problems(session)}
    return Fragment("order-health-problems", "order_health/_problems.html", context)


def order_health_fragments(runtime: Runtime) -> dict[str, Render]:
    def statement(period: str) -> Render:
        async def render(session: AsyncSession, _asking: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
            return [await statement_part(session, runtime, period)]

        return render

    async def unread_(session: AsyncSession, asking: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
        return [await unread_part(session, asking)]

    async def causes(session: AsyncSession, asking: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
        return [await causes_part(session, asking)]

    async def problems(session: AsyncSession, _asking: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
        return [await problems_part(session)]

    return {
        **{f"order-health-{period}": statement(period) for period in PERIODS},
        "order-health-unread": unread_,
        "order-health-causes": causes,
        "order-health-problems": problems,
    }
