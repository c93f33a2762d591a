"""What surrounds every page of a merchant: the counts in the menu, and banners that need somebody to act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.dashboard.queries import waiting_for, waiting_sentence
from portal.i18n import _
from portal.inbox import queries as inbox
from portal.listings import queries as listings
from portal.listings.eligible import channel_name, connection_name
from portal.models.connections import Connection, ConnectionState
from portal.orders import queries as orders
from portal.stock import selling
from portal.web import Chrome, Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


async def chrome_of(session: AsyncSession) -> Chrome:
    """Counts and banners as they are now; each count is that of the list its place opens."""
    return Chrome(nav_counts=await _nav_counts(session), banners=await _banners(session))


async def _nav_counts(session: AsyncSession) -> dict[str, int]:
    return {
        "inbox": await inbox.count(session, inbox.Filters()),
        "problems": await listings.count(session, listings.Filters(state="problems")),
        "orders": await orders.count(session, "problems"),
    }


async def _banners(session: AsyncSession) -> list[dict[str, str]]:
    """Selling that is stopped comes first: everything else waits for it."""
    stopped = [_let_go_on()] if await selling.stopped_at(session, session.info["owner"]) else []
    rows = await session.scalars(
        select(Connection).where(Connection.state == ConnectionState.NEEDS_REAUTH).order_by(Connection.id)
    )
    return [*stopped, *[await _reconnect(session, connection) for connection in rows]]


def _let_go_on() -> dict[str, str]:
    return {
        "tone": "critical",
        "title": _("Selling is stopped everywhere"),
        "body": _("Every channel is told that nothing is left, until you let selling go on."),
        "action_url": "/selling",
        "action_label": _("Let selling go on"),
    }


async def _reconnect(session: AsyncSession, connection: Connection) -> dict[str, str]:
    waiting = await waiting_for(session, connection)
    return {
        "tone": "critical",
        "title": _("%(channel)s no longer accepts our access") % {"channel": connection_name(connection)},
        "body": waiting_sentence(waiting),
        "action_url": f"/channels/{connection.id}/reconnect",
        "action_label": _("Reconnect %(channel)s") % {"channel": channel_name(connection.channel)},
    }


async def _banner_part(session: AsyncSession, _visitor: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
    return [Fragment("banners", "layout/_banners.html", {"banners": await _banners(session)})]


def _count_part(element_id: str) -> Render:
    async def render(session: AsyncSession, _visitor: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
        context = {"element_id": element_id, "nav_counts": await _nav_counts(session)}
        return [Fragment(element_id, "layout/_nav_count.html", context)]

    return render


# A count stands in the rail, and those of the first places again in the tab bar.
_COUNTS = [*(f"{place}-count-{kind}" for place in ("nav", "tab") for kind in ("inbox", "problems")), "nav-count-orders"]
FRAGMENTS: dict[str, Render] = {"banners": _banner_part, **{name: _count_part(name) for name in _COUNTS}}
