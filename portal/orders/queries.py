"""What the pages of orders show, read from the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors.orders import OrderState
from portal.catalog import search
from portal.errors import NotFound
from portal.listings.eligible import channel_name, connection_name
from portal.listings.paging import Keys, keys
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, OrderLine, OrderReturn, Shelving, StoreOrder, StoreStep
from portal.orders.store import STORES
from portal.orders.wording import Badge, badge

# What needs somebody is always counted to its end.
EXACT: Final = frozenset({"problems", "leaving", "returns"})
TABS: Final = ("new", "store", "shipped", "problems", "leaving", "returns", "all")
# Stands for the newest order where there is none: every other one is newer.
NONE_YET: Final = UUID(int=0)
# The orders of which something came back, and nobody has said yet what becomes of it.
_UNDECIDED: Final = select(OrderReturn.order_id).where(OrderReturn.shelving == Shelving.WAITING)
_OWN_STORES: Final = select(Connection.id).where(Connection.channel.in_(STORES))
_BAD: Final = Order.problem.is_not(None) & (Order.store_step != StoreStep.WAITING)
# So many orders of any other tab are counted, but for those that a search finds.
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Tab:
    """The orders that `kind` describes; where `good`, less those that need somebody, which have a tab of their own.

    Said apart: an index answers for the kind, and another one holds the few that need somebody.
    """

    kind: ColumnElement[bool]
    good: bool = False

    @property
    def condition(self) -> ColumnElement[bool]:
        return and_(self.kind, ~_BAD) if self.good else self.kind


def _tab(name: str) -> Tab:
    """The orders of a tab. Each order is under one of new, store, shipped and problems, or cancelled."""
    alive = Order.state.in_((OrderState.PENDING, OrderState.OPEN))
    in_store = or_(Order.store_step == StoreStep.CREATED, Order.connection_id.in_(_OWN_STORES))
    tabs = {
        "new": Tab(and_(alive, ~in_store), good=True),
        "store": Tab(and_(alive, in_store), good=True),
        "shipped": Tab(Order.state == OrderState.SHIPPED, good=True),
        "problems": Tab(_BAD),
        "leaving": Tab(and_(Order.cancel_requested, alive)),
        "returns": Tab(Order.id.in_(_UNDECIDED)),
    }
    return tabs.get(name, Tab(true()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """A view of the list as its query string says it."""

    q: str = ""
    tab: str = "new"
    channel: str = ""

    def query(self, **change: str) -> str:
        """The view's address with `change` in it; an empty value leaves a filter out."""
        kept = {
            name: value
            for name, value in ({"q": self.q, "tab": self.tab, "channel": self.channel} | change).items()
            if value
        }
        return f"/orders?{urlencode(kept)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """`channel` is the channel's name, `account` that of the merchant's account there. `undecided`: a return waits."""

    order: Order
    channel: str
    account: str
    practice: bool
    badge: Badge
    units: int
    first_title: str
    lines: int
    store_number: str
    undecided: bool


@dataclass(frozen=True, slots=True)
class Count:
    """So many; where they are not the `whole`, and there are more."""

    number: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`newest` is the newest order there is, of whatever view: what comes after it is news. `counts` are by tab."""

    rows: Sequence[OrderRow]
    keys: Keys
    counts: Mapping[str, Count]
    newest: UUID


async def order_page(
    session: AsyncSession, filters: Filters, *, before: UUID | None = None, after: UUID | None = None
) -> OrderPage:
    """Up to 50 orders of the view, the last received first; counts of what matches the search, by tab."""
    counts = await _counts(session, filters)
    found = await keys(
        session,
        _matching(select(Order.id), filters).where(_tab(filters.tab).condition),
        Order.id,
        before=before,
        after=after,
    )
    newest = await session.scalar(select(Order.id).order_by(Order.id.desc()).limit(1))
    return OrderPage(await rows(session, found.ids), found, counts, newest or NONE_YET)


async def since(session: AsyncSession, order_id: UUID) -> int:
    """How many orders were received after this one."""
    return await session.scalar(select(func.count(Order.id)).where(Order.id > order_id)) or 0


async def _counts(session: AsyncSession, filters: Filters) -> dict[str, Count]:
    if not filters.q:
        return {tab: await _counted(session, filters, tab) for tab in TABS}
    # Words are looked for in every order, so that is done once for all tabs.
    numbers = [func.count(case((_tab(tab).condition, Order.id))) for tab in TABS]
    found = (await session.execute(_matching(cast("Select[Any]", select(*numbers).select_from(Order)), filters))).one()
    return dict(zip(TABS, map(Count, found), strict=True))


async def _counted(session: AsyncSession, filters: Filters, tab: str) -> Count:
    if tab in EXACT:
        return Count(await _count(session, filters, tab))
    found = await _count(session, filters, tab, most=MOST)
    return Count(min(found, MOST), whole=found <= MOST)


async def count(session: AsyncSession, tab: str) -> int:
    """How many orders a tab lists."""
    return await _count(session, Filters(), tab)


async def _count(session: AsyncSession, filters: Filters, name: str, *, most: int | None = None) -> int:
    """How many there are; where `most` is given, one more than that stands for all beyond."""
    tab = _tab(name)
    bad = await _up_to(session, _matching(select(Order.id), filters).where(tab.kind, _BAD), None) if tab.good else 0
    limit = None if most is None else most + 1 + bad
    return await _up_to(session, _matching(select(Order.id), filters).where(tab.kind), limit) - bad


async def _up_to(session: AsyncSession, query: Select[Any], limit: int | None) -> int:
    return await session.scalar(select(func.count()).select_from(query.limit(limit).subquery())) or 0


def _matching(query: Select[Any], filters: Filters) -> Select[Any]:
    """Those of the orders asked for that the filters let through, of whatever tab."""
    if filters.channel:
        query = query.where(Order.connection_id == _id_or_none(filters.channel))
    if filters.q:
        numbered = select(StoreOrder.order_id).where(StoreOrder.number == filters.q)
        query = query.where(or_(search.matches(filters.q, Order.search_text), Order.id.in_(numbered)))
    return query


def _id_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def rows(session: AsyncSession, ids: Sequence[UUID]) -> list[OrderRow]:
    """The lines of these orders, in the order asked; ids nobody has are left out."""
    found = await session.execute(
        select(Order, Connection, StoreOrder.number)
        .join(Connection, Connection.id == Order.connection_id)
        .outerjoin(StoreOrder, StoreOrder.order_id == Order.id)
        .where(Order.id.in_(ids))
        .options(selectinload(Order.lines))
    )
    waiting = set(await session.scalars(_UNDECIDED.where(OrderReturn.order_id.in_(ids))))
    by_id = {
        order.id: _row(order, connection, number or "", undecided=order.id in waiting)
        for order, connection, number in found.all()
    }
    return [by_id[one] for one in ids if one in by_id]


def _row(order: Order, connection: Connection, store_number: str, *, undecided: bool) -> OrderRow:
    lines: Sequence[OrderLine] = order.lines
    return OrderRow(
        order=order,
        channel=channel_name(connection.channel),
        account=connection.external_name or connection.domain,
        practice=connection.practice,
        badge=badge(order, in_own_store=connection.channel in STORES),
        units=sum(line.quantity - line.cancelled for line in lines),
        first_title=lines[0].title if lines else "",
        lines=len(lines),
        store_number=store_number,
        undecided=undecided,
    )


async def sources(session: AsyncSession) -> list[tuple[str, str]]:
    """The connections whose orders there may be, for a select."""
    query = select(Connection).where(Connection.state != ConnectionState.SETUP).order_by(Connection.id)
    return [(str(one.id), connection_name(one)) for one in await session.scalars(query)]


async def one(session: AsyncSession, order_id: UUID, *, lock: bool = False) -> Order:
    """The merchant's order with its lines. Raises NotFound."""
    query = select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
    query = query.execution_options(populate_existing=True)
    order: Order | None = await session.scalar(query.with_for_update() if lock else query)
    if order is None:
        raise NotFound
    return order
