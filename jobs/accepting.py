"""Telling a channel that the shop takes an order, where it waits for that before it takes the payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.orders import OrderState
from jobs.channel import connection_of, reach, results_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal.models.orders import Order
from portal.orders import events
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks


class AcceptOrder:
    """The channel knows that the order is taken; what it makes of it is read at once."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        orders = await _orders(session, batch)
        for task in batch.tasks:
            order = orders.get(task.subject)
            if order is None or order.state is not OrderState.PENDING:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            else:
                prepared.work[task.id] = order.channel_id
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if connector.orders is None:
            return dict.fromkeys(prepared.work, Result(ended=Ended.CANCELLED))
        return results_of(prepared.work, await connector.orders.accept(account, list(prepared.work.values())))

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        orders, taken = await _orders(session, batch), []
        for task in batch.tasks:
            order, result = orders.get(task.subject), results[task.id]
            if order is None or task.id not in prepared.work:
                continue
            if result.ended is Ended.DONE:
                taken.append(order.channel_id)
                events.write(session, order, events.ACCEPTED, now=now)
            elif result.ended is Ended.REFUSED and result.problem is not None:
                _refuse(session, order, result.problem, now)
        connection = connection_of(batch)
        await tasks.ask(session, connection, kinds.ORDER, taken, now=now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for order in (await _orders(session, batch)).values():
            _refuse(session, order, problem, now)


def _refuse(session: AsyncSession, order: Order, problem: Problem, now: datetime) -> None:
    """The order waits at the channel, and somebody has to look."""
    order.problem, order.problem_since = asdict(problem), now
    events.write(session, order, events.NOT_ACCEPTED, now=now, code=problem.code)


async def _orders(session: AsyncSession, batch: Batch) -> dict[str, Order]:
    ids = [UUID(task.subject) for task in batch.tasks]
    return {str(order.id): order for order in await session.scalars(select(Order).where(Order.id.in_(ids)))}
