"""What the rules would make of orders that are here, without doing any of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors.orders import tags_of
from connectors.registry import CHANNELS
from portal.listings.eligible import connection_name
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order
from portal.rules import service
from portal.rules.deciding import Decision, Rule, decide

PERIOD: Final = timedelta(days=7)
# Beyond this many the page would make its reader wait; it says so.
MOST_ORDERS: Final = 1000
# So many are offered to choose from.
SHOWN: Final = 100
_STORES: Final = [name for name, can in CHANNELS.items() if can.is_store]

Sold = tuple[Order, Connection]


@dataclass(frozen=True, slots=True)
class Tried:
    """One order with what the rules make of it."""

    order: Order
    source: Connection
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Of `orders`, so many would be changed by the rules, in one way or several. `more` were left out."""

    orders: int
    tagged: int
    shipped_otherwise: int
    kept_out: int
    hushed: int
    told_elsewhere: int
    more: bool


def _sold() -> Select[Order, Connection]:
    """Orders that rules are asked about: sold on a marketplace, and ours to ship."""
    return (
        select(Order, Connection)
        .join(Connection, Connection.id == Order.connection_id)
        .where(Connection.channel.not_in(_STORES), ~Order.by_channel)
        .options(selectinload(Order.lines))
        .order_by(Order.placed_at.desc(), Order.id.desc())
    )


async def last_week(session: AsyncSession, now: datetime) -> Sequence[Sold]:
    """The last week's orders, the latest first, and one more than MOST_ORDERS where there are more."""
    query = _sold().where(Order.placed_at >= now - PERIOD, ~Order.history).limit(MOST_ORDERS + 1)
    return [(order, source) for order, source in (await session.execute(query)).all()]


async def numbered(session: AsyncSession, number: str) -> Sold | None:
    """The latest order of this number."""
    row = (await session.execute(_sold().where(Order.number == number).limit(1))).first()
    return None if row is None else (row[0], row[1])


def try_one(rules: Sequence[Rule], sold: Sold) -> Tried:
    return Tried(*sold, decide(rules, service.facts_of(*sold)))


def impact(rules: Sequence[Rule], week: Sequence[Sold], *, to_source_only: bool) -> Impact:
    counted = [try_one(rules, sold) for sold in week[:MOST_ORDERS]]
    in_store = [one for one in counted if not one.decision.kept_out_by]
    return Impact(
        orders=len(counted),
        tagged=sum(one.decision.tags != tags_of(one.source.channel, one.order.number) for one in in_store),
        shipped_otherwise=sum(one.decision.shipping is not None for one in in_store),
        kept_out=len(counted) - len(in_store),
        hushed=sum(not one.decision.told.get(str(one.source.id), True) for one in counted),
        told_elsewhere=0 if to_source_only else sum(_elsewhere(one) for one in counted),
        more=len(week) > MOST_ORDERS,
    )


def _elsewhere(tried: Tried) -> bool:
    return any(told and key != str(tried.source.id) for key, told in tried.decision.told.items())


async def channels(session: AsyncSession) -> dict[str, str]:
    """Names of the marketplaces' connections by id: where news of orders can go."""
    query = select(Connection).where(Connection.channel.not_in(_STORES), Connection.state != ConnectionState.SETUP)
    return {str(one.id): connection_name(one) for one in await session.scalars(query.order_by(Connection.id))}


def chosen(week: Sequence[Sold], order_id: str) -> Sold | None:
    return next((sold for sold in week if str(sold[0].id) == order_id), None)
