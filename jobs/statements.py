"""Holding what a channel counts against what we have: an order that no telling brought is found and taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Busy, Problem, ProblemClass
from connectors.orders import UnreadOrder as Unread
from connectors.orders import of_one
from connectors.protocol import Account, Orders
from connectors.records import Done, Failed
from jobs.channel import connection_of, reach
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal import db
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, StoreOrder, UnreadOrder
from portal.orders import feeds
from portal.orders.receiving import receive
from portal.runtime import Runtime
from portal.tenancy import SYSTEM

PERIOD: Final = timedelta(hours=24)
# What was placed in the last moments may not be told or listed yet; Amazon refuses an end of two minutes ago.
NOT_YET: Final = timedelta(minutes=5)
AT_ONCE: Final = 50
ASKED_AT_ONCE: Final = 500
MOST_NAMED: Final = 50


@dataclass(frozen=True, slots=True)
class Statement:
    """What the channel counts from `start` until before `end`, and those of these that even asking did not bring."""

    start: datetime
    end: datetime
    count: int
    missing: Sequence[str]
    found: int

    def document(self) -> dict[str, Any]:
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "count": self.count,
            "missing": list(self.missing[:MOST_NAMED]),
            "missing_count": len(self.missing),
            "found": self.found,
        }


class CompareOrders:
    """The connection's statement of the last 24 hours is made, and what it showed to be missing has been taken in."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        connection, [task] = connection_of(batch), batch.tasks
        return Prepared(work={task.id: (max(now - PERIOD, connection.sells_since), now - NOT_YET)})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        [(task_id, (start, end))] = prepared.work.items()
        if connector.orders is None or end <= start:
            return {task_id: Result(ended=Ended.CANCELLED)}
        told = list(await connector.orders.placed(account, start, end))
        missing = await _missing(runtime, batch, told)
        await _bring(runtime, batch, connector.orders, account, missing)
        still = await _missing(runtime, batch, missing)
        statement = Statement(start, end, len(told), still, len(missing) - len(still))
        return {task_id: Result(ended=Ended.DONE, value=statement)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        connection, [result] = connection_of(batch), results.values()
        if result.ended is Ended.DONE:
            feed = await feeds.of(session, connection)
            feed.compared, feed.compared_at = result.value.document(), now
        db.changed(session, connection.merchant_id, "orders")

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """The page says how old the last statement is; the next hour makes another."""
        db.changed(session, batch.merchant_id, "orders")


async def _missing(runtime: Runtime, batch: Batch, channel_ids: Sequence[str]) -> list[str]:
    """Those that are here neither as a sale, nor as what we made in the store of one, nor as known to be unread."""
    connection = connection_of(batch)
    known: set[str] = set()
    async with runtime.sessions.read(batch.merchant_id) as session:
        for start in range(0, len(channel_ids), ASKED_AT_ONCE):
            some = channel_ids[start : start + ASKED_AT_ONCE]
            for table in (Order, StoreOrder, UnreadOrder):
                query = select(table.channel_id).where(table.connection_id == connection.id, table.channel_id.in_(some))
                known |= set(await session.scalars(query))
    return [one for one in channel_ids if one not in known]


async def _bring(runtime: Runtime, batch: Batch, orders: Orders, account: Account, channel_ids: Sequence[str]) -> None:
    for start in range(0, len(channel_ids), AT_ONCE):
        some = channel_ids[start : start + AT_ONCE]
        outcomes = await orders.read(account, some)
        records = [one.value for one in outcomes if isinstance(one, Done) and one.value is not None]
        failed = [
            Unread(channel_id=channel_id, number=channel_id, problem=one.problem)
            for channel_id, one in zip(some, outcomes, strict=True)
            if isinstance(one, Failed) and of_one(one.problem) is not None
        ]
        await receive(runtime, connection_of(batch), records, failed)
        for one in outcomes:
            if isinstance(one, Failed) and one.problem.problem_class is ProblemClass.BUSY:
                # There was no time to tell of it, which is not to say that asking does not bring it.
                raise Busy(one.problem.code, one.problem.original, retry_after_seconds=one.retry_after_seconds or 0)


async def compare_all(ctx: dict[str, Any]) -> None:
    """Every hour, every active connection whose channel tells of orders."""
    runtime: Runtime = ctx["worker"].runtime
    now = runtime.clock()
    channels = [name for name, connector in runtime.connectors.items() if connector.orders is not None]
    async with runtime.sessions.read(SYSTEM) as session:
        query = select(Connection).where(Connection.state == ConnectionState.ACTIVE, Connection.channel.in_(channels))
        connections = list(await session.scalars(query.order_by(Connection.id)))
    for connection in connections:
        async with runtime.sessions.write(connection.merchant_id) as session:
            await feeds.compare(session, connection, now=now)
