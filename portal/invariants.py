"""What must be true of every row at any moment: each query here must find nothing.

`python -m portal.invariants` asks them all of the database that is configured, and ends with 1 where any finds a row.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, Table, and_, func, or_, select

from portal.clock import utc_now
from portal.config import Settings, load
from portal.db import Sessions
from portal.models import Base
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Listing, ListingItem
from portal.models.orders import Order, StoreOrder
from portal.models.stock import Component, Movement, Reservation, Shortfall
from portal.models.tasks import Lane, Task, TaskState
from portal.tasks.kinds import RUNS_WHEN_HELD
from portal.tenancy import SYSTEM

LONG = timedelta(minutes=2)
SHOWN = 3

Query = Select[*tuple[Any, ...]]


async def violations(sessions: Sessions, now: datetime | None = None) -> list[str]:
    """One line for each broken invariant, with a few of the rows that break it; empty when all hold."""
    found: list[str] = []
    async with sessions.read(SYSTEM) as session:
        for name, query in queries(now or utc_now()):
            rows = (await session.execute(query.limit(SHOWN))).all()
            if rows:
                found.append(f"{name}: {', '.join(str(tuple(row)) for row in rows)}")
    return found


def queries(now: datetime) -> Iterator[tuple[str, Query]]:
    """The name and the query of every invariant of the tables there are."""
    yield from _listed_once()
    yield from _stock()
    yield from _held_back()
    yield from _sold_once()
    yield "I9 a due task waits with nobody at it and nothing to wait for", _forgotten(now)
    yield "I9 a task is running in a lane that nobody has held for long", _abandoned(now)
    yield from _one_merchant()


def _listed_once() -> Iterator[tuple[str, Query]]:
    keys = {
        "I5 two listings of a product on a connection": (Listing.connection_id, Listing.product_id),
        "I5 two listing items of a variant on a connection": (ListingItem.connection_id, ListingItem.variant_id),
        "I5 a channel's item has two listing items": (ListingItem.connection_id, ListingItem.channel_id),
    }
    for name, columns in keys.items():
        yield name, select(*columns).group_by(*columns).having(func.count() > 1)
    product = (Listing.connection_id, Listing.channel_id)
    twice = select(*product).where(Listing.channel_id != "").group_by(*product).having(func.count() > 1)
    yield "I5 a channel's product has two listings", twice


def _stock() -> Iterator[tuple[str, Query]]:
    cause = (Movement.variant_id, Movement.cause, Movement.cause_id)
    yield "I6 two movements share a cause", select(*cause).group_by(*cause).having(func.count() > 1)
    moved = func.coalesce(func.sum(Movement.quantity), 0)
    summed = select(Variant.id, Variant.on_hand, moved).outerjoin(Movement, Movement.variant_id == Variant.id)
    uneven = summed.group_by(Variant.id, Variant.on_hand).having(Variant.on_hand != moved)
    yield "I7 stock on hand is not the sum of its movements", uneven
    yield "I7 stock is below zero", select(Variant.id, Variant.on_hand).where(Variant.on_hand < 0)


def _held_back() -> Iterator[tuple[str, Query]]:
    still_open = and_(Reservation.variant_id == Variant.id, Reservation.ended_at.is_(None))
    held = func.coalesce(func.sum(Reservation.quantity), 0)
    summed = select(Variant.id, Variant.reserved, held).outerjoin(Reservation, still_open)
    uneven = summed.group_by(Variant.id, Variant.reserved).having(Variant.reserved != held)
    yield "I7 what is reserved is not the sum of its open reservations", uneven
    cause = (Reservation.variant_id, Reservation.cause, Reservation.cause_id)
    yield "I6 two reservations share a cause", select(*cause).group_by(*cause).having(func.count() > 1)
    taken = select(Reservation.id, *cause).where(
        Reservation.ended_at.is_(None), _same_cause(Reservation), Reservation.quantity > 0
    )
    yield "I6 what was taken is held still", taken
    impossible = or_(Shortfall.quantity <= 0, Shortfall.cleared < 0, Shortfall.cleared > Shortfall.quantity)
    yield "I7 a shortfall is settled beyond what is missing", select(Shortfall.id).where(impossible)
    yield "I7 a shortfall has no movement of its cause", select(Shortfall.id).where(~_same_cause(Shortfall))
    inner = Component.__table__.alias("inner_part")
    nested = select(Component.id).where(select(inner.c.id).where(inner.c.bundle_id == Component.variant_id).exists())
    yield "I7 a bundle is part of a bundle", nested


def _same_cause(ledger: type[Reservation | Shortfall]) -> ColumnElement[bool]:
    """Whether the cause has a movement of the variant."""
    return (
        select(Movement.id)
        .where(
            Movement.variant_id == ledger.variant_id,
            Movement.cause == ledger.cause,
            Movement.cause_id == ledger.cause_id,
        )
        .exists()
    )


def _sold_once() -> Iterator[tuple[str, Query]]:
    keys = {
        "I8 an order of a channel is here twice": (Order.connection_id, Order.channel_id),
        "I8 an order has two store orders": (StoreOrder.order_id,),
        "I8 a store order stands for two orders": (StoreOrder.connection_id, StoreOrder.channel_id),
    }
    for name, columns in keys.items():
        yield name, select(*columns).group_by(*columns).having(func.count() > 1)


def _forgotten(now: datetime) -> Query:
    twin = Task.__table__.alias("twin")
    subject_under_way = (
        select(twin.c.id)
        .where(
            twin.c.lane_id == Task.lane_id,
            twin.c.subject == Task.subject,
            twin.c.id != Task.id,
            twin.c.state.in_([TaskState.RUNNING, TaskState.SENT, TaskState.IN_DOUBT]),
        )
        .exists()
    )
    return (
        select(Task.id, Task.kind, Task.state, Task.not_before)
        .join(Lane, Lane.id == Task.lane_id)
        .outerjoin(Connection, Connection.id == Task.connection_id)
        .where(
            Task.state.in_([TaskState.WAITING, TaskState.SENT, TaskState.IN_DOUBT]),
            Task.not_before < now - LONG,
            or_(Lane.lease_until.is_(None), Lane.lease_until < now),
            or_(Connection.id.is_(None), Lane.name.in_(RUNS_WHEN_HELD), _sells(now)),
            or_(Task.state != TaskState.WAITING, ~subject_under_way),
        )
    )


def _sells(now: datetime) -> ColumnElement[bool]:
    """Said here once more, apart from the product's own words for it: a checker trusts nothing it checks."""
    over = and_(Connection.state == ConnectionState.MAINTENANCE, Connection.maintenance_until < now - LONG)
    return or_(Connection.state == ConnectionState.ACTIVE, over)


def _abandoned(now: datetime) -> Query:
    return (
        select(Task.id, Task.kind, Lane.owner, Lane.lease_until)
        .join(Lane, Lane.id == Task.lane_id)
        .where(Task.state == TaskState.RUNNING, or_(Lane.lease_until.is_(None), Lane.lease_until < now - LONG))
    )


@cache
def _one_merchant() -> Sequence[tuple[str, Query]]:
    """Some two hundred queries that are the same at any time."""
    return tuple(_of_one_merchant())


def _of_one_merchant() -> Iterator[tuple[str, Query]]:
    for table in Base.metadata.sorted_tables:
        if "merchant_id" in table.c:
            nobodys = select(*table.primary_key.columns).where(table.c.merchant_id.is_(None))
            yield f"I10 a row of {table.name} has no merchant", nobodys
            for key in foreign_keys_between_merchants_rows(table):
                yield f"I10 {table.name}.{key.parent.name} leads to another merchant", _crossing(table, key)


def foreign_keys_between_merchants_rows(table: Table) -> list[ForeignKey]:
    """The keys of the table that lead to rows which belong to a merchant themselves."""
    keys = sorted(table.foreign_keys, key=lambda key: key.parent.name)
    return [key for key in keys if "merchant_id" in key.column.table.c]


def _crossing(table: Table, key: ForeignKey) -> Query:
    other = key.column.table.alias("other")
    joined = table.join(other, key.parent == other.c[key.column.name])
    rows = select(*table.primary_key.columns).select_from(joined)
    return rows.where(table.c.merchant_id != other.c.merchant_id)


async def _broken(settings: Settings) -> list[str]:
    sessions = Sessions(settings.database_url)
    try:
        return await violations(sessions)
    finally:
        await sessions.close()


def main() -> int:
    """Says what is broken, and answers with the exit code."""
    found = asyncio.run(_broken(load()))
    sys.stdout.write("".join(f"{line}\n" for line in found) or "Every invariant holds.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
