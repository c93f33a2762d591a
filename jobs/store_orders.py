"""Creating a marketplace's order in the merchant's own store, once, whatever happens on the way. Kind store_order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors import orders as told
from connectors.errors import Problem, ProblemClass
from connectors.registry import CHANNELS
from jobs.channel import connection_of, reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal.models.connections import Connection
from portal.models.orders import Order, OrderEvent, StoreStep
from portal.models.tasks import Attempt, AttemptItem
from portal.orders import drafts, events, store
from portal.orders.drafts import Preflight
from portal.rules import service as rules
from portal.rules.deciding import Decision
from portal.runtime import Runtime
from portal.tasks import kinds

# A store's search lags what it holds: after a try nobody heard the end of, it is created again only when looks at
# these ages of that try have all come to nothing.
LOOKS = (timedelta(seconds=5), timedelta(seconds=15), timedelta(seconds=40))
LOOKING = Problem(problem_class=ProblemClass.UNKNOWN, code="looking_for_store_order")
_UNHEARD = ("", Ended.IN_DOUBT, Ended.OURS)


@dataclass(frozen=True, slots=True)
class Work:
    """What to create, as the merchant's rules have it.

    `unheard_for` is for how long since a try that nobody heard the end of; None where there was none.
    """

    order: Order
    decision: Decision
    flight: Preflight
    channel: str
    unheard_for: timedelta | None


@dataclass(frozen=True, slots=True)
class Stands:
    """The order in the store; `found` says that it was there before this try."""

    order: told.StoreOrder
    found: bool


class CreateStoreOrder:
    """The sale stands in the merchant's store. It is looked for by our reference first, always."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        connection, [task] = connection_of(batch), batch.tasks
        order = await _order(session, UUID(task.subject))
        if order is None or order.store_step not in (StoreStep.WAITING, StoreStep.PROBLEM):
            return Prepared(settled={task.id: Result(ended=Ended.CANCELLED)})
        source = await session.get_one(Connection, order.connection_id)
        unheard = await _unheard_for(session, batch, task.subject, now)
        decision = await rules.decision(session, order, source)
        if decision.kept_out_by and unheard is None and not await _was_kept_out(session, order):
            _keep_out(session, order, decision.kept_out_by, now)
            return Prepared(settled={task.id: Result(ended=Ended.CANCELLED)})
        flight = await drafts.preflight(session, order, connection)
        if flight.problems:
            _stop(session, order, flight.problems[0], now)
            return Prepared(settled={task.id: Result(ended=Ended.REFUSED, problem=flight.problems[0])})
        creates = unheard is None or unheard >= LOOKS[-1]
        return Prepared(
            work={task.id: Work(order, decision, flight, source.channel, unheard)},
            sent={task.subject: {"creates": creates}},
        )

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        assert connector.store is not None, "orders are created in stores only"
        [(task_id, work)] = prepared.work.items()
        draft = _ruled(
            drafts.draft(runtime.vault, work.order, work.flight, work.channel, CHANNELS[work.channel].name),
            work.decision,
        )
        found = await connector.store.find_order(account, draft.reference)
        if found is not None:
            return {task_id: Result(ended=Ended.DONE, value=Stands(found, found=True))}
        if work.unheard_for is not None and work.unheard_for < LOOKS[-1]:
            wait = next(look for look in LOOKS if look > work.unheard_for) - work.unheard_for
            seconds = wait.total_seconds()
            return {task_id: Result(ended=Ended.IN_DOUBT, problem=LOOKING, retry_after_seconds=seconds)}
        result = result_of(await connector.store.create_order(account, draft))
        if result.ended is Ended.DONE:
            return {task_id: Result(ended=Ended.DONE, value=Stands(result.value, found=False))}
        return {task_id: result}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        connection, [task] = connection_of(batch), batch.tasks
        result, order = results[task.id], await _order(session, UUID(task.subject), lock=True)
        if order is None or task.id not in prepared.work:
            return
        if result.ended is Ended.DONE:
            stands: Stands = result.value
            made, found = stands.order, stands.found
            await store.keep(
                session,
                order,
                connection,
                channel_id=made.channel_id,
                number=made.number,
                url=made.url,
                found=found,
                now=now,
            )
            for name in () if found else prepared.work[task.id].decision.changing:
                events.write(session, order, events.RULED, now=now, rule=name)
        elif result.ended is Ended.REFUSED and result.problem is not None:
            _stop(session, order, result.problem, now)
        elif result.problem is not None and order.store_step is StoreStep.WAITING:
            order.problem, order.problem_since = asdict(result.problem), order.problem_since or now
            events.announce(session, order)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for task in batch.tasks:
            order = await _order(session, UUID(task.subject), lock=True)
            if order is not None and order.store_step is StoreStep.WAITING:
                _stop(session, order, problem, now)


def _ruled(draft: told.StoreDraft, decision: Decision) -> told.StoreDraft:
    """The order as the merchant's rules want it in the store."""
    order = draft.order if decision.shipping is None else replace(draft.order, shipping_method=decision.shipping)
    return replace(draft, order=order, tags=decision.tags)


def _keep_out(session: AsyncSession, order: Order, rule: str, now: datetime) -> None:
    """A rule says that the store need not know of this order."""
    order.store_step, order.problem, order.problem_since = StoreStep.KEPT_OUT, None, None
    events.write(session, order, events.KEPT_OUT, now=now, rule=rule)


async def _was_kept_out(session: AsyncSession, order: Order) -> bool:
    """A rule keeps an order out once: whoever asks for it after that wants it in the store all the same."""
    query = select(OrderEvent.id).where(OrderEvent.order_id == order.id, OrderEvent.kind == events.KEPT_OUT)
    return await session.scalar(query.limit(1)) is not None


def _stop(session: AsyncSession, order: Order, problem: Problem, now: datetime) -> None:
    """The order waits for somebody to act."""
    order.store_step, order.problem, order.problem_since = StoreStep.PROBLEM, asdict(problem), now
    events.write(session, order, events.STORE_FAILED, now=now, code=problem.code)


async def _order(session: AsyncSession, order_id: UUID, *, lock: bool = False) -> Order | None:
    query = select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
    query = query.execution_options(populate_existing=True)
    order: Order | None = await session.scalar(query.with_for_update() if lock else query)
    return order


async def _unheard_for(session: AsyncSession, batch: Batch, subject: str, now: datetime) -> timedelta | None:
    """How long ago the last try began that may have created the order and was never heard the end of."""
    rows = await session.execute(
        select(Attempt.created_at, Attempt.sent)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .where(
            AttemptItem.subject == subject,
            AttemptItem.outcome.in_(_UNHEARD),
            Attempt.kind == kinds.STORE_ORDER.name,
            Attempt.id != batch.attempt_id,
        )
        .order_by(Attempt.created_at.desc())
    )
    for began, sent in rows.all():
        if sent.get(subject, {}).get("creates"):
            elapsed: timedelta = now - began
            return elapsed
    return None
