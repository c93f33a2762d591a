"""The parts of the orders' pages that are replaced while they are looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.i18n import _
from portal.listings.eligible import channel_name, connection_name
from portal.listings.words import explain
from portal.models.accounts import Role
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, OrderFeed
from portal.models.tasks import OPEN, Task
from portal.orders import carrying, details, queries, wording
from portal.orders.details import Detail
from portal.orders.queries import Count, Filters
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.web import Fragment, Visitor

Render = Callable[[AsyncSession, Visitor, Sequence[UUID]], Awaitable[Sequence[Fragment]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How fresh a connection's orders are; `at_once`: the channel tells of an order by itself."""

    connection: Connection
    name: str
    at_once: bool
    read_at: datetime | None
    why: str
    under_way: bool


def tabs(filters: Filters, counts: Mapping[str, Count]) -> list[dict[str, Any]]:
    words = {
        "new": _("New"),
        "store": _("In store"),
        "shipped": _("Shipped"),
        "problems": _("Problems"),
        "leaving": _("Buyer asks to cancel"),
        "returns": _("Returns to decide"),
        "all": _("All"),
    }
    return [
        {
            "label": words[tab],
            "url": filters.query(tab=tab),
            "current": tab == filters.tab,
            "count": counted(counts[tab]),
        }
        for tab in queries.TABS
        if tab not in {"leaving", "returns"} or counts[tab].number or filters.tab == tab
    ]


def counted(count: Count) -> str:
    return f"{count.number:,}" + ("" if count.whole else "+")


def order_part(asking: Visitor, found: Detail) -> Fragment:
    context = {
        "detail": found,
        "may_act": asking.may(Role.PACKER),
        "may_manage": asking.may(Role.MANAGER),
        "words": wording,
        "originals": details.originals(found),
        "revealed": False,
        "errors": {},
        "typed": {},
    }
    return Fragment(f"order-{found.order.id}", "orders/_order.html", context)


async def feeds_part(session: AsyncSession, runtime: Runtime) -> Fragment:
    """When each channel's orders were last read, and whether they are being read."""
    query = (
        select(Connection, OrderFeed)
        .outerjoin(OrderFeed, OrderFeed.connection_id == Connection.id)
        .where(Connection.state.not_in((ConnectionState.SETUP, ConnectionState.DISCONNECTED)))
        .order_by(Connection.id)
    )
    busy = set(
        await session.scalars(select(Task.connection_id).where(Task.kind == kinds.ORDERS.name, Task.state.in_(OPEN)))
    )
    found: Sequence[tuple[Connection, OrderFeed | None]] = (await session.execute(query)).all()
    readings = [
        Reading(
            connection,
            connection_name(connection),
            runtime.connectors[connection.channel].capabilities.webhooks,
            feed.read_at if feed is not None else None,
            _why(connection, feed.problem) if feed is not None and feed.problem else "",
            connection.id in busy,
        )
        for connection, feed in found
        if runtime.connectors[connection.channel].orders is not None
    ]
    return Fragment("order-feeds", "orders/_feeds.html", {"readings": readings})


def _why(connection: Connection, problem: Mapping[str, Any]) -> str:
    """Why the last reading came to nothing, in one sentence."""
    return explain(problem, channel=connection.channel, channel_name=channel_name(connection.channel)).title


async def _rows(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    found = await queries.rows(session, ids)
    return [Fragment(f"order-row-{row.order.id}", "orders/_row.html", {"row": row}) for row in found]


def updates_part(runtime: Runtime, asking: Visitor, connection: Connection) -> Fragment | None:
    """Which news of its orders are carried to a connection, to be chosen by who may; None where there are none."""
    connector = runtime.connectors[connection.channel]
    found = carrying.updates(connection, connector)
    if not found or connection.state is ConnectionState.DISCONNECTED:
        return None
    context = {
        "connection": connection,
        "updates": found,
        "way_back": carrying.way_back(connector),
        "returns_note": carrying.returns_heard(connector),
        "may_manage": asking.may(Role.MANAGER),
    }
    return Fragment(f"order-updates-{connection.id}", "orders/_updates.html", context)


async def _news(session: AsyncSession, _visitor: Visitor, keys: Sequence[UUID]) -> Sequence[Fragment]:
    return [
        Fragment(f"orders-news-{key}", "orders/_news.html", {"key": key, "count": await queries.since(session, key)})
        for key in keys
    ]


def order_fragments(runtime: Runtime) -> dict[str, Render]:
    async def _orders(session: AsyncSession, asking: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
        known = await session.scalars(select(Order.id).where(Order.id.in_(ids)))
        return [order_part(asking, await details.detail(session, runtime.vault, one)) for one in known]

    async def _feeds(session: AsyncSession, _asking: Visitor, _ids: Sequence[UUID]) -> Sequence[Fragment]:
        return [await feeds_part(session, runtime)]

    async def _updates(session: AsyncSession, asking: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
        rows = await session.scalars(select(Connection).where(Connection.id.in_(ids)))
        return [part for row in rows if (part := updates_part(runtime, asking, row))]

    return {
        "orders-news": _news,
        "order-row": _rows,
        "order": _orders,
        "order-feeds": _feeds,
        "order-updates": _updates,
    }
