"""What must be true of every row at any moment (PROMISES 2): each query here must find nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, Table, and_, func, or_, select

from portal.clock import utc_now
from portal.db import Sessions
from portal.models import Base
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Listing, ListingItem
from portal.models.stock import Movement
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


def _one_merchant() -> Iterator[tuple[str, Query]]:
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
