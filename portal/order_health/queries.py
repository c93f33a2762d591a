"""The statement that accounts for every order of a period, and what needs somebody, by cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import OrderState
from portal.listings.eligible import connection_name
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, OrderFeed, OrderLine, StoreStep
from portal.orders.drafts import UNKNOWN_SKU
from portal.orders.queries import OrderRow, rows
from portal.orders.store import STORES

PERIODS: Final = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
SHOWN: Final = 50


class Part(StrEnum):
    """Every order of a statement is in exactly one of these, the first that fits."""

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
    return case(
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
    """One connection's orders of the period. `counted` is the channel's own count where it was compared, by `compared`.

    `missing` of these are not here. `read_at` is None where nothing was ever read; then no number is to be trusted.
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
    period: str
    statements: Sequence[Statement]
    causes: Sequence[Cause]
    problems: Sequence[OrderRow]
    oldest_waiting: datetime | None
    late: int
    due: int

    def sum(self, part: str) -> int:
        return sum(one.parts.get(part, 0) for one in self.statements)

    @property
    def total(self) -> int:
        return sum(one.total for one in self.statements)

    @property
    def missing(self) -> int:
        return sum((one.compared or {}).get("missing_count", 0) for one in self.statements)

    @property
    def unsure(self) -> list[str]:
        """Channels that could not be read or compared: their numbers are no zero, they are unknown."""
        return [one.name for one in self.statements if not one.open or one.problem or one.read_at is None]


async def health(session: AsyncSession, *, period: str, told_at_once: Mapping[str, bool], now: datetime) -> Health:
    """`told_at_once` are the channels that have orders, with whether they tell of each by themselves."""
    since = now - PERIODS[period]
    problem = Order.store_step == StoreStep.PROBLEM
    waiting = Order.store_step.in_((StoreStep.WAITING, StoreStep.PROBLEM))
    to_ship = and_(Order.state == OrderState.OPEN, ~Order.by_channel)
    ids = list(await session.scalars(select(Order.id).where(problem).order_by(Order.placed_at).limit(SHOWN)))
    return Health(
        period=period,
        statements=await _statements(session, told_at_once, since),
        causes=await _causes(session),
        problems=await rows(session, ids),
        oldest_waiting=await session.scalar(select(func.min(Order.placed_at)).where(waiting)),
        late=await _count(session, to_ship, Order.ship_by < now),
        due=await _count(session, to_ship, Order.ship_by >= now, Order.ship_by < now + timedelta(hours=24)),
    )


async def _count(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count(Order.id)).where(*conditions)) or 0


async def _statements(session: AsyncSession, at_once: Mapping[str, bool], since: datetime) -> list[Statement]:
    part = _part()
    counted = await session.execute(
        select(Order.connection_id, part, func.count(Order.id))
        .where(Order.placed_at >= since)
        .group_by(Order.connection_id, part)
    )
    parts: dict[UUID, dict[str, int]] = {}
    for connection_id, name, number in counted.all():
        parts.setdefault(connection_id, {})[name] = number
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
        )
        for connection, feed in found
        if connection.state is not ConnectionState.DISCONNECTED or connection.id in parts
    ]


async def _causes(session: AsyncSession) -> list[Cause]:
    problem = Order.store_step == StoreStep.PROBLEM
    found: dict[str, list[datetime]] = {}
    for told, placed_at in await session.execute(select(Order.problem, Order.placed_at).where(problem)):
        found.setdefault((told or {}).get("code", ""), []).append(placed_at)
    skus = await _unknown_skus(session) if UNKNOWN_SKU in found else []
    causes = [Cause(code, len(at), min(at), skus if code == UNKNOWN_SKU else []) for code, at in found.items()]
    return sorted(causes, key=lambda cause: -cause.count)


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
