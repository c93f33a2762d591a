"""The statement that accounts for every order of a period, and what needs somebody, by cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import OrderState
from portal.listings.eligible import connection_name
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, OrderFeed, OrderLine, StoreStep, UnreadOrder
from portal.models.tasks import OPEN, Task
from portal.orders import unread
from portal.orders.drafts import UNKNOWN_SKU
from portal.orders.queries import OrderRow, count, rows
from portal.orders.store import STORES
from portal.tasks import kinds

PERIODS: Final = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
SHOWN: Final = 50


class Part(StrEnum):
    """Every order of a statement is in exactly one of these, the first that fits."""

    UNREAD = "unread"
    PROBLEM = "problem"
    CANCELLED = "cancelled"
    BY_CHANNEL = "by_channel"
    IN_STORE = "in_store"
    HISTORY = "history"
    PENDING = "pending"
    KEPT_OUT = "kept_out"
    WAITING = "waiting"
    NO_STORE = "no_store"


def _part() -> ColumnElement[str]:
    own = Order.connection_id.in_(select(Connection.id).where(Connection.channel.in_(STORES)))
    not_read = select(UnreadOrder.connection_id, UnreadOrder.channel_id)
    return case(
        (tuple_(Order.connection_id, Order.channel_id).in_(not_read), Part.UNREAD.value),
        (Order.store_step == StoreStep.PROBLEM, Part.PROBLEM.value),
        (or_(Order.store_step == StoreStep.CREATED, own), Part.IN_STORE.value),
        (Order.state == OrderState.CANCELLED, Part.CANCELLED.value),
        (Order.by_channel, Part.BY_CHANNEL.value),
        (Order.history, Part.HISTORY.value),
        (Order.state == OrderState.PENDING, Part.PENDING.value),
        (Order.store_step == StoreStep.KEPT_OUT, Part.KEPT_OUT.value),
        (Order.store_step == StoreStep.WAITING, Part.WAITING.value),
        else_=Part.NO_STORE.value,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One connection's orders of the period: `total` of them are known, those that could not be read among them.

    `compared` holds the channel's own count, and how many of these are missing; `comparing`: it is being asked.
    `read_at` is None where nothing was ever read; then no number is to be trusted.
    """

    connection: Connection
    name: str
    at_once: bool
    total: int
    parts: Mapping[str, int]
    read_at: datetime | None
    problem: Mapping[str, Any] | None
    compared: Mapping[str, Any] | None
    compared_at: datetime | None
    comparing: bool

    @property
    def here(self) -> int:
        """Those of which we know what they are now."""
        return self.total - self.parts.get(Part.UNREAD, 0)

    @property
    def open(self) -> bool:
        return self.connection.state is ConnectionState.ACTIVE


@dataclass(frozen=True, slots=True)
class Cause:
    """Orders that are not in the store for one reason. `skus` are the unknown ones, with how many orders want each."""

    code: str
    count: int
    oldest: datetime
    skus: Sequence[tuple[UUID, UUID, str, str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The statements of all connections. `unread` counts the orders that could not be read, whenever they were met."""

    period: str
    statements: Sequence[Statement]
    unread: int
    oldest_waiting: datetime | None
    late: int
    due: int
    returns: int

    def sum(self, part: str) -> int:
        return sum(one.parts.get(part, 0) for one in self.statements)

    @property
    def total(self) -> int:
        return sum(one.total for one in self.statements)

    @property
    def missing(self) -> int:
        return sum((one.compared or {}).get("missing_count", 0) for one in self.statements)

    @property
    def comparing(self) -> list[str]:
        return [one.name for one in self.statements if one.comparing]

    @property
    def unsure(self) -> list[str]:
        """Channels that could not be read or compared: their numbers are no zero, they are unknown."""
        return [one.name for one in self.statements if not one.open or one.problem or one.read_at is None]


async def health(session: AsyncSession, *, period: str, told_at_once: Mapping[str, bool], now: datetime) -> Health:
    """`told_at_once` are the channels that have orders, with whether they tell of each by themselves."""
    since = now - PERIODS[period]
    waiting = Order.store_step.in_((StoreStep.WAITING, StoreStep.PROBLEM))
    to_ship = and_(Order.state == OrderState.OPEN, ~Order.by_channel)
    return Health(
        period=period,
        statements=await _statements(session, told_at_once, since),
        unread=await unread.count(session),
        oldest_waiting=await session.scalar(select(func.min(Order.placed_at)).where(waiting)),
        late=await _count(session, to_ship, Order.ship_by < now),
        due=await _count(session, to_ship, Order.ship_by >= now, Order.ship_by < now + timedelta(hours=24)),
        returns=await count(session, "returns"),
    )


async def problems(session: AsyncSession) -> list[OrderRow]:
    """Orders that are not in the store and need somebody, the oldest first."""
    stuck = select(Order.id).where(Order.store_step == StoreStep.PROBLEM).order_by(Order.placed_at).limit(SHOWN)
    return await rows(session, list(await session.scalars(stuck)))


async def _count(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count(Order.id)).where(*conditions)) or 0


async def _statements(session: AsyncSession, at_once: Mapping[str, bool], since: datetime) -> list[Statement]:
    parts = await _parts(session, since)
    comparing = set(
        await session.scalars(
            select(Task.connection_id).where(Task.kind == kinds.COMPARE_ORDERS.name, Task.state.in_(OPEN))
        )
    )
    query = (
        select(Connection, OrderFeed)
        .outerjoin(OrderFeed, OrderFeed.connection_id == Connection.id)
        .where(Connection.channel.in_(at_once), Connection.state != ConnectionState.SETUP)
        .order_by(Connection.id)
    )
    found: Sequence[tuple[Connection, OrderFeed | None]] = (await session.execute(query)).all()
    return [
        Statement(
            connection=connection,
            name=connection_name(connection),
            at_once=at_once[connection.channel],
            total=sum(parts.get(connection.id, {}).values()),
            parts=parts.get(connection.id, {}),
            read_at=feed.read_at if feed is not None else None,
            problem=feed.problem if feed is not None else None,
            compared=feed.compared if feed is not None else None,
            compared_at=feed.compared_at if feed is not None else None,
            comparing=connection.state is ConnectionState.ACTIVE and connection.id in comparing,
        )
        for connection, feed in found
        if connection.state is not ConnectionState.DISCONNECTED or connection.id in parts
    ]


async def _parts(session: AsyncSession, since: datetime) -> dict[UUID, dict[str, int]]:
    """How many orders are in each part, by connection. One that is known by its number alone is of when it was met."""
    part = _part()
    counted = await session.execute(
        select(Order.connection_id, part, func.count(Order.id))
        .where(Order.placed_at >= since)
        .group_by(Order.connection_id, part)
    )
    parts: dict[UUID, dict[str, int]] = {}
    for connection_id, name, number in counted.all():
        parts.setdefault(connection_id, {})[name] = number
    here = (
        select(Order.id)
        .where(Order.connection_id == UnreadOrder.connection_id, Order.channel_id == UnreadOrder.channel_id)
        .exists()
    )
    unknown = await session.execute(
        select(UnreadOrder.connection_id, func.count(UnreadOrder.id))
        .where(UnreadOrder.created_at >= since, ~here)
        .group_by(UnreadOrder.connection_id)
    )
    for connection_id, number in unknown.all():
        of_connection = parts.setdefault(connection_id, {})
        of_connection[Part.UNREAD] = of_connection.get(Part.UNREAD, 0) + number
    return parts


async def causes(session: AsyncSession) -> list[Cause]:
    """Why orders are not in the store, the commonest first."""
    problem = Order.store_step == StoreStep.PROBLEM
    found: dict[str, list[datetime]] = {}
    for told, placed_at in await session.execute(select(Order.problem, Order.placed_at).where(problem)):
        found.setdefault((told or {}).get("code", ""), []).append(placed_at)
    skus = await _unknown_skus(session) if UNKNOWN_SKU in found else []
    named = [Cause(code, len(at), min(at), skus if code == UNKNOWN_SKU else []) for code, at in found.items()]
    return sorted(named, key=lambda cause: -cause.count)


async def _unknown_skus(session: AsyncSession) -> list[tuple[UUID, UUID, str, str, int]]:
    """Each unknown SKU with an order and line to say on which product it is, its title, and how many orders want it."""
    query = (
        select(Order.connection_id, OrderLine.sku, OrderLine.title, OrderLine.order_id, OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.store_step == StoreStep.PROBLEM, OrderLine.variant_id.is_(None), OrderLine.sku != "")
        .order_by(Order.placed_at)
    )
    found: dict[tuple[UUID, str], tuple[UUID, UUID, str, str, int]] = {}
    for connection_id, sku, title, order_id, line_id in await session.execute(query):
        _order, _line, _sku, _title, count = found.get((connection_id, sku), (order_id, line_id, sku, title, 0))
        found[(connection_id, sku)] = (_order, _line, _sku, _title, count + 1)
    return list(found.values())[:SHOWN]
