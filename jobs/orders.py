"""Hearing of orders: all that changed since the last reading, or single ones that were named. Kinds orders, order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.protocol import Account, Orders
from connectors.records import Done
from jobs.channel import connection_of, reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal import db
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import OrderFeed
from portal.orders import feeds
from portal.orders.intake import take_in
from portal.runtime import Runtime
from portal.tenancy import SYSTEM

# Channels' clocks differ from ours, and their lists lag what they list.
OVERLAP = timedelta(minutes=5)
EVERY = timedelta(minutes=10)


class ReadOrders:
    """All orders of the connection that were made or changed since the last reading are here.

    `call` takes each page in by a short transaction of its own; a reading that is cut off starts anew from where the
    last whole one began, and what was taken in already changes nothing.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        connection, [task] = connection_of(batch), batch.tasks
        feed = await feeds.of(session, connection)
        return Prepared(work={task.id: feed.since})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        [(task_id, since)] = prepared.work.items()
        if connector.orders is None:
            return {task_id: Result(ended=Ended.CANCELLED)}
        began = runtime.clock()
        await _walk(runtime, batch, connector.orders, account, since)
        return {task_id: Result(ended=Ended.DONE, value=began)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        connection, [result] = connection_of(batch), results.values()
        feed = await feeds.of(session, connection)
        if result.ended is Ended.DONE:
            feed.since, feed.read_at = max(feed.since, result.value - OVERLAP), result.value
            feed.problem = feed.failed_at = None
        elif result.problem is not None:
            feed.problem, feed.failed_at = asdict(result.problem), now
        db.changed(session, connection.merchant_id, f"connection:{connection.id}", "orders")

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        connection = connection_of(batch)
        feed = await feeds.of(session, connection)
        feed.problem, feed.failed_at = asdict(problem), now
        db.changed(session, connection.merchant_id, f"connection:{connection.id}", "orders")


async def _walk(runtime: Runtime, batch: Batch, orders: Orders, account: Account, since: datetime) -> None:
    """Page after page, each taken in before the next is asked for."""
    connection, page = connection_of(batch), ""
    while True:
        found = await orders.changed(account, since, page)
        if found.orders:
            async with runtime.sessions.write(batch.merchant_id) as session:
                await take_in(session, runtime.vault, connection, found.orders, now=runtime.clock())
        if not found.next_page:
            return
        page = found.next_page


class ReadOrder:
    """These orders are here as the channel has them now. Subjects are the channel's ids."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        return Prepared(work={task.id: task.subject for task in batch.tasks})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if connector.orders is None:
            return dict.fromkeys(prepared.work, Result(ended=Ended.CANCELLED))
        outcomes = await connector.orders.read(account, list(prepared.work.values()))
        records = [outcome.value for outcome in outcomes if isinstance(outcome, Done) and outcome.value is not None]
        if records:
            async with runtime.sessions.write(batch.merchant_id) as session:
                await take_in(session, runtime.vault, connection_of(batch), records, now=runtime.clock())
        return {task: result_of(outcome) for task, outcome in zip(prepared.work, outcomes, strict=True)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        """All was taken in by the call."""

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """The next reading of all changed orders finds them."""
        await feeds.read(session, connection_of(batch), now=now)


async def poll_orders(ctx: dict[str, Any]) -> None:
    """Every active connection whose orders were not read for ten minutes: webhooks are not promised to arrive."""
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
            await feeds.read(session, connection, now=now)
