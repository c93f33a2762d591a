"""Hearing of orders: all that changed since the last reading, or single ones that were named. Kinds orders, order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem, ProblemClass
from connectors.orders import OrderRecord, UnreadOrder
from connectors.protocol import Account, Orders
from connectors.records import Done, Failed, Outcome
from jobs.channel import connection_of, reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from jobs.settle import QUARANTINED
from portal import db
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import OrderFeed
from portal.orders import feeds, unread
from portal.orders.receiving import receive, take
from portal.runtime import Runtime
from portal.tenancy import SYSTEM

# Channels' clocks differ from ours, and their lists lag what they list.
OVERLAP = timedelta(minutes=5)
EVERY = timedelta(minutes=10)
# After so long a reading lets others have its lane, and a worker ends its job in time (jobs.worker).
A_PIECE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of all that changed since a time, when it began, and the page it has come to; empty for the first."""

    since: datetime
    began: datetime
    page: str


class ReadOrders:
    """All orders of the connection that were made or changed since the last reading are here, or known to be unread.

    `call` takes each page in by a short transaction of its own. A reading that takes long or is cut off goes on with
    the page it came to, where the channel's pages last: Amazon and Yahoo! tell of so few at a time that one begun anew
    would never end. Elsewhere it starts anew from where the last whole one began, and what was taken in already changes
    nothing.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        connection, [task] = connection_of(batch), batch.tasks
        feed = await feeds.of(session, connection)
        return Prepared(work={task.id: Reading(feed.since, feed.begun_at or now, feed.page)})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        [(task_id, reading)] = prepared.work.items()
        if connector.orders is None:
            return {task_id: Result(ended=Ended.CANCELLED)}
        is_over = await _walk(runtime, batch, connector.orders, account, reading)
        return {task_id: Result(ended=Ended.DONE, value=is_over)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        connection, [(task_id, result)] = connection_of(batch), results.items()
        feed = await feeds.of(session, connection)
        goes_on = result.ended is Ended.DONE and not result.value
        if goes_on:
            await feeds.read(session, connection, now=now)
        elif result.ended is Ended.DONE:
            began = prepared.work[task_id].began
            feed.since, feed.read_at = max(feed.since, began - OVERLAP), began
            feed.problem = feed.failed_at = None
        if not goes_on and result.ended is not Ended.BUSY:
            # It is over, or the channel would not have the page.
            feed.begun_at, feed.page = None, ""
        if result.problem is not None:
            feed.problem, feed.failed_at = asdict(result.problem), now
        db.changed(session, connection.merchant_id, f"connection:{connection.id}", "orders")

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        connection = connection_of(batch)
        feed = await feeds.of(session, connection)
        feed.begun_at, feed.page = None, ""
        feed.problem, feed.failed_at = asdict(problem), now
        db.changed(session, connection.merchant_id, f"connection:{connection.id}", "orders")


async def _walk(runtime: Runtime, batch: Batch, orders: Orders, account: Account, reading: Reading) -> bool:
    """Page after page, each taken in before the next is asked for. What of it is unread holds nothing up.

    False where more pages are left for later.
    """
    connection, page, ends = connection_of(batch), reading.page, runtime.clock() + A_PIECE
    while True:
        found = await orders.changed(account, reading.since, page)
        await receive(runtime, connection, found.orders, found.unread)
        if not found.next_page:
            return True
        page = found.next_page
        if found.lasts:
            async with runtime.sessions.write(connection.merchant_id) as session:
                feed = await feeds.of(session, connection)
                feed.begun_at, feed.page = reading.began, page
            if runtime.clock() >= ends:
                return False


class ReadOrder:
    """These orders are here as the channel has them now. Subjects are the channel's ids.

    One that fails of itself is known to be unread, and tried again later and later; it never holds back the others.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        return Prepared(work={task.id: task.subject for task in batch.tasks})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if connector.orders is None:
            return dict.fromkeys(prepared.work, Result(ended=Ended.CANCELLED))
        outcomes = await connector.orders.read(account, list(prepared.work.values()))
        records = [outcome.value for outcome in outcomes if isinstance(outcome, Done) and outcome.value is not None]
        failed = {one.channel_id: one.problem for one in await take(runtime, connection_of(batch), records)}
        return {task: _result(outcome, failed) for task, outcome in zip(prepared.work, outcomes, strict=True)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        """The orders were taken in by the call."""
        connection = connection_of(batch)
        subjects = {task_id: prepared.work[task_id] for task_id in results if task_id in prepared.work}
        failed = [
            UnreadOrder(channel_id=subject, number=subject, problem=result.problem)
            for task_id, subject in subjects.items()
            if (result := results[task_id]).ended is Ended.REFUSED and result.problem is not None
        ]
        nowhere = [
            subject
            for task_id, subject in subjects.items()
            if results[task_id].ended is Ended.DONE and results[task_id].value is None
        ]
        await unread.note(session, connection, failed, now=now, alone=True)
        await unread.over(session, connection, nowhere)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """They are known to be unread, and the next reading of all changed orders may find them all the same."""
        connection = connection_of(batch)
        lost = [UnreadOrder(channel_id=task.subject, number=task.subject, problem=problem) for task in batch.tasks]
        # What kills workers is not tried again before somebody asks for it.
        await unread.note(session, connection, lost, now=now, alone=True, again=problem.code != QUARANTINED)
        await feeds.read(session, connection, now=now)


def _result(outcome: Outcome[OrderRecord | None], failed: Mapping[str, Problem]) -> Result:
    """Our fault with one order is no reason to try it again at once: it waits among the unread."""
    problem = outcome.problem if isinstance(outcome, Failed) else None
    if isinstance(outcome, Done) and outcome.value is not None:
        problem = failed.get(outcome.value.channel_id)
    if problem is not None and problem.problem_class in (ProblemClass.DATA, ProblemClass.OURS):
        return Result(ended=Ended.REFUSED, problem=problem)
    return result_of(outcome)


async def poll_orders(ctx: dict[str, Any]) -> None:
    """Every active connection whose orders were not read for ten minutes: webhooks are not promised to arrive.

    A reading that is under way is enough: another after it would read all of it again.
    """
    runtime: Runtime = ctx["worker"].runtime
    now = runtime.clock()
    channels = [name for name, connector in runtime.connectors.items() if connector.orders is not None]
    async with runtime.sessions.read(SYSTEM) as session:
        stale = or_(OrderFeed.read_at.is_(None), OrderFeed.read_at <= now - EVERY)
        query = (
            select(Connection)
            .outerjoin(OrderFeed, OrderFeed.connection_id == Connection.id)
            .where(Connection.state == ConnectionState.ACTIVE, Connection.channel.in_(channels), stale)
        )
        connections = list(await session.scalars(query.order_by(Connection.id)))
    for connection in connections:
        async with runtime.sessions.write(connection.merchant_id) as session:
            if not await feeds.is_being_read(session, connection):
                await feeds.read(session, connection, now=now)
