"""Claim, call, record: batches of one lane, by one worker at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Busy, ChannelError, Problem, ProblemClass
from jobs import due
from jobs.due import Found
from jobs.gate import Gate
from jobs.handlers import Batch, Handler, Prepared
from jobs.places import Places
from jobs.results import Ended, Result, refused
from jobs.settle import in_time, recover, settle
from jobs.silence import note
from portal import db
from portal.clock import new_id
from portal.connections import states
from portal.models.connections import Connection
from portal.models.tasks import Attempt, AttemptItem, Lane, Task, TaskState
from portal.runtime import Runtime
from portal.tasks.kinds import KINDS, NEW_KEYS, RUNS_WHEN_HELD, WEBHOOK
from portal.tasks.service import holds
from portal.tenancy import SYSTEM

LEASE = timedelta(seconds=30)
RENEW_SECONDS = 10.0
RECORD_TRIES = 3
# What is done before a lane is rung for again: other lanes wait that long at most for a worker's place.
BATCHES_A_TURN = 5
TURN = timedelta(seconds=5)
# A third of what a worker does at once (jobs.worker): a channel that hangs leaves the others their places.
OF_ONE_CHANNEL = 20
# A row that others may refer to meanwhile: a task written for a lane must not wait until the lane's batch is recorded.
NOT_ITS_KEY = {"key_share": True}
# Nobody is called with the connection's own credentials, so what is answered says nothing of them.
WITHOUT_ITS_CREDENTIALS = {WEBHOOK.name, NEW_KEYS.name}

log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker owns the lane now; whatever this one still knows must not be written."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker: what it needs, its name on leases, the handlers it knows by kind, and how many calls it makes."""

    runtime: Runtime
    name: str
    handlers: Mapping[str, Handler]
    gate: Gate = field(default_factory=Gate)
    places: Places = field(default_factory=lambda: Places(OF_ONE_CHANNEL))


@dataclass(frozen=True, slots=True)
class Held:
    """A lane we hold: the fence tells our lease from a later one."""

    lane_id: UUID
    merchant_id: UUID
    fence: int


async def work_lane(worker: Worker, lane_id: UUID) -> None:
    """Batches of the lane are done, one turn of them, while any is due and nobody else is at it; the rest is rung for.

    Whoever is at it looks for more once they have let go, so a ring that finds the lane taken is heard all the same.
    Where too many lanes of its channel are worked on already, it is rung for as soon as one of them lets go.
    """
    found = await _found(worker, lane_id)
    if found is None or not worker.places.take(found.channel, lane_id):
        return
    try:
        await _turn(worker, lane_id, found)
    finally:
        waits = worker.places.leave(found.channel)
        if waits is not None:
            await _ring(worker, waits)


async def _turn(worker: Worker, lane_id: UUID, found: Found | None) -> None:
    ends = worker.runtime.clock() + TURN
    for left in reversed(range(BATCHES_A_TURN)):
        if found is None:
            return
        async with worker.gate.enter(alone=found.suspect):
            held = await _work(worker, lane_id, found.merchant_id)
        if held is None or not await _goes_on(worker, held, may=left > 0 and worker.runtime.clock() < ends):
            return
        found = await _found(worker, lane_id)


async def _ring(worker: Worker, lane_id: UUID) -> None:
    async with worker.runtime.sessions.read(SYSTEM) as session:
        db.ring(session, lane_id, worker.runtime.clock())
        await worker.runtime.sessions.after_commit(session)


async def _found(worker: Worker, lane_id: UUID) -> Found | None:
    async with worker.runtime.sessions.read(SYSTEM) as session:
        return await due.found(session, lane_id, worker.runtime.clock())


async def _work(worker: Worker, lane_id: UUID, merchant_id: UUID) -> Held | None:
    claimed = await _claim(worker, lane_id, merchant_id)
    if claimed is None:
        return None
    held, batch, prepared = claimed
    handler = worker.handlers[batch.tasks[0].kind]
    try:
        async with _renewing(worker, held):
            results = await _call(worker, handler, held, batch, prepared)
        await _record_surely(worker, handler, held, batch, prepared, results)
    except LeaseLost:
        log.warning("lease_lost", lane=str(lane_id), attempt=str(batch.attempt_id))
        return None
    return held


async def _claim(worker: Worker, lane_id: UUID, merchant_id: UUID) -> tuple[Held, Batch, Prepared] | None:
    now = worker.runtime.clock()
    async with worker.runtime.sessions.write(merchant_id) as session:
        held = await _take(session, worker, lane_id, merchant_id, now)
        if held is None:
            return None
        set_aside = await _recover_lost(session, lane_id, now)
        lane = await session.get_one(Lane, lane_id)
        connection = await session.get(Connection, lane.connection_id) if lane.connection_id else None
        await _give_up(session, worker, connection, set_aside, now)
        tasks = [] if _held_back(lane, connection, now) else await _due(session, worker, lane, connection, now)
        if not tasks:
            await _release(session, held)
            if (upcoming := await due.next_due(session, held.lane_id, now)) is not None:
                db.ring(session, held.lane_id, upcoming)
            return None
        return held, *await _begin(session, worker, held, connection, tasks, now)


async def _take(session: AsyncSession, worker: Worker, lane_id: UUID, merchant_id: UUID, now: datetime) -> Held | None:
    """The lane is ours; None where it is somebody's, or its row is locked by whoever is taking or leaving it.

    Nobody waits for that row: a worker that has stopped would hand its lock on to the next of its own jobs in the
    queue, and each of them would hold the lane for as long as the database bears it.
    """
    free = select(Lane.id).where(Lane.id == lane_id, due.free(now)).with_for_update(skip_locked=True, key_share=True)
    taken = await session.execute(
        update(Lane)
        .where(Lane.id == free.scalar_subquery())
        .values(owner=worker.name, lease_until=now + LEASE, fence=Lane.fence + 1)
        .returning(Lane.fence)
        .execution_options(synchronize_session=False)
    )
    fence = taken.scalar_one_or_none()
    return None if fence is None else Held(lane_id, merchant_id, fence)


async def _recover_lost(session: AsyncSession, lane_id: UUID, now: datetime) -> list[Task]:
    """We have just taken the lane: a task still running in it was a dead worker's. Each batch goes back on its own.

    Those that are set aside come back: they are not tried any more.
    """
    running = await session.execute(select(Task).where(Task.lane_id == lane_id, Task.state == TaskState.RUNNING))
    batches: dict[UUID | None, list[Task]] = {}
    for task in running.scalars():
        batches.setdefault(task.attempt_id, []).append(task)
    set_aside = [task for tasks in batches.values() for task in await recover(session, tasks, now)]
    await session.flush()
    return set_aside


async def _give_up(
    session: AsyncSession, worker: Worker, connection: Connection | None, tasks: Sequence[Task], now: datetime
) -> None:
    """The merchant sees, and the operator's log says, that these tasks ended by our own fault."""
    for task in tasks:
        log.error("task_given_up", task=str(task.id), kind=task.kind, subject=task.subject, code=task.outcome_code)
        assert task.attempt_id is not None  # a task that was tried has an attempt
        batch = Batch(
            attempt_id=task.attempt_id,
            merchant_id=task.merchant_id,
            connection=connection,
            tasks=[task],
            idempotency_key="",
        )
        problem = Problem(problem_class=ProblemClass.OURS, code=task.outcome_code, message=task.outcome_code)
        try:
            async with session.begin_nested():
                await worker.handlers[task.kind].give_up(session, batch, problem, now)
        except Exception:
            # A task that cannot even be said to have failed must not take its lane with it.
            log.exception("give_up_failed", task=str(task.id), kind=task.kind)


def _held_back(lane: Lane, connection: Connection | None, now: datetime) -> bool:
    return connection is not None and lane.name not in RUNS_WHEN_HELD and holds(connection, now)


async def _due(
    session: AsyncSession, worker: Worker, lane: Lane, connection: Connection | None, now: datetime
) -> Sequence[Task]:
    """The most urgent due task and others of its kind, as many as the channel takes in a call.

    What was sent is looked at attempt by attempt, and never together with what is still to be sent.
    """
    wanted = and_(Task.lane_id == lane.id, Task.not_before <= now, due.claimable())
    order = (Task.priority, Task.not_before, Task.id)
    head = (await session.execute(select(Task).where(wanted).order_by(*order).limit(1))).scalar_one_or_none()
    if head is None:
        return []
    limit = head.batch_limit or _batch_size(worker, head.kind, connection)
    # Locked, so that a task the merchant takes back at this very moment is either ours or theirs.
    alike = Task.attempt_id == head.attempt_id if head.state is TaskState.SENT else Task.state != TaskState.SENT
    same = select(Task).where(wanted, Task.kind == head.kind, alike).order_by(*order).limit(limit)
    return _one_a_subject((await session.scalars(same.with_for_update(skip_locked=True))).all())


def _one_a_subject(tasks: Sequence[Task]) -> Sequence[Task]:
    return list({task.subject: task for task in reversed(tasks)}.values())[::-1]


def _batch_size(worker: Worker, kind: str, connection: Connection | None) -> int:
    size = KINDS[kind].batch
    if isinstance(size, int) or connection is None:
        return int(size)
    return int(getattr(worker.runtime.connectors[connection.channel].capabilities, size))


async def _begin(
    session: AsyncSession,
    worker: Worker,
    held: Held,
    connection: Connection | None,
    tasks: Sequence[Task],
    now: datetime,
) -> tuple[Batch, Prepared]:
    """The attempt is written before the call, with what is about to be sent. A look goes on with the one that sent."""
    sent = await _left_at_channel(session, tasks) if tasks[0].state is TaskState.SENT else {}
    attempt = await session.get_one(Attempt, tasks[0].attempt_id) if sent else await _attempt(session, held, tasks, now)
    for task in tasks:
        task.state = TaskState.RUNNING
    batch = Batch(
        attempt_id=attempt.id,
        merchant_id=held.merchant_id,
        connection=connection,
        tasks=tasks,
        idempotency_key=attempt.idempotency_key,
        sent=sent,
    )
    prepared = await _prepare(session, worker, batch, now)
    if not sent:
        attempt.sent = prepared.sent
    await session.flush()
    return batch, prepared


async def _left_at_channel(session: AsyncSession, tasks: Sequence[Task]) -> dict[UUID, str]:
    """The reference of each task's work there."""
    rows = await session.execute(
        select(AttemptItem.task_id, AttemptItem.external_ref).where(
            AttemptItem.attempt_id == tasks[0].attempt_id, AttemptItem.task_id.in_([task.id for task in tasks])
        )
    )
    return dict(rows.all())


async def _attempt(session: AsyncSession, held: Held, tasks: Sequence[Task], now: datetime) -> Attempt:
    attempt_id = new_id()
    attempt = Attempt(
        id=attempt_id,
        merchant_id=held.merchant_id,
        lane_id=held.lane_id,
        kind=tasks[0].kind,
        fence=held.fence,
        idempotency_key=str(attempt_id),
        created_at=now,
    )
    session.add(attempt)
    await session.flush()
    for task in tasks:
        task.attempt_id = attempt_id
        session.add(
            AttemptItem(merchant_id=held.merchant_id, attempt_id=attempt_id, task_id=task.id, subject=task.subject)
        )
    return attempt


async def _prepare(session: AsyncSession, worker: Worker, batch: Batch, now: datetime) -> Prepared:
    """What the handler is about to send; its unforeseen exception undoes only its own writes and is our fault."""
    try:
        async with session.begin_nested():
            return await worker.handlers[batch.tasks[0].kind].prepare(session, batch, now)
    except Exception as error:
        # A task that cannot even be prepared must end as a class with a next step, or it is claimed for ever.
        log.exception("prepare_failed", kind=batch.tasks[0].kind, attempt=str(batch.attempt_id))
        return Prepared(settled=_all_alike(batch, [task.id for task in batch.tasks], _our_fault(error)))


def _our_fault(error: Exception) -> Result:
    return refused(Problem(problem_class=ProblemClass.OURS, code=type(error).__name__, message=type(error).__name__))


async def _call(worker: Worker, handler: Handler, held: Held, batch: Batch, prepared: Prepared) -> dict[UUID, Result]:
    """A result for every task of the batch, whatever the call raised."""
    results = dict(prepared.settled)
    if prepared.work:
        await _check_fence(worker, held)
        results |= await _results_of(worker, handler, batch, prepared)
    missing = refused(Problem(problem_class=ProblemClass.OURS, code="no_result"))
    return {task.id: _possible(batch, results.get(task.id, missing)) for task in batch.tasks}


async def _results_of(worker: Worker, handler: Handler, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
    try:
        return await handler.call(worker.runtime, batch, prepared)
    except ChannelError as error:
        seconds = error.retry_after_seconds if isinstance(error, Busy) and error.retry_after_seconds else None
        failed = refused(error.problem, retry_after_seconds=seconds)
    except Exception as error:
        # Whatever a job raises ends as a class with a next step; nothing it left behind may be lost in silence.
        log.exception("job_failed", kind=batch.tasks[0].kind, attempt=str(batch.attempt_id))
        failed = _our_fault(error)
    return _all_alike(batch, prepared.work, failed)


def _all_alike(batch: Batch, tasks: Iterable[UUID], failed: Result) -> dict[UUID, Result]:
    """One result for all. A look that came to nothing stops no work at the channel: it is looked at again."""
    return {task: replace(failed, reference=batch.sent.get(task, "")) for task in tasks}


def _possible(batch: Batch, result: Result) -> Result:
    """A permission nobody can give back is our mistake: work without a connection has none to reconnect."""
    if batch.connection is None and result.ended is Ended.PERMISSION:
        return replace(result, ended=Ended.OURS)
    return result


async def _record_surely(
    worker: Worker,
    handler: Handler,
    held: Held,
    batch: Batch,
    prepared: Prepared,
    results: Mapping[UUID, Result],
) -> None:
    """What the channel answered is recorded, whatever other transaction was in the way: it is over by the next try."""
    for number in range(1, RECORD_TRIES + 1):
        try:
            await _record(worker, handler, held, batch, prepared, results)
        except DBAPIError as error:
            if number == RECORD_TRIES:
                raise
            log.warning("record_repeated", attempt=str(batch.attempt_id), error=str(error.orig))
        else:
            return


async def _record(
    worker: Worker,
    handler: Handler,
    held: Held,
    batch: Batch,
    prepared: Prepared,
    results: Mapping[UUID, Result],
) -> None:
    now = worker.runtime.clock()
    async with worker.runtime.sessions.write(held.merchant_id) as session:
        lane = await session.get_one(Lane, held.lane_id, with_for_update=NOT_ITS_KEY)
        if lane.fence != held.fence:
            raise LeaseLost
        attempt = await session.get_one(Attempt, batch.attempt_id)
        begun = attempt.created_at if prepared.work else None
        connection = await _hear(session, batch, results, begun, now)
        attempt.ended_at = now
        rows = await session.execute(select(AttemptItem).where(AttemptItem.attempt_id == batch.attempt_id))
        items = {item.task_id: item for item in rows.scalars()}
        found = await session.execute(select(Task).where(Task.id.in_(list(results))))
        tasks = found.scalars().all()
        results = in_time(results, items, now)
        await settle(session, tasks, results, items, now)
        await session.flush()
        await handler.record(session, replace(batch, tasks=tasks, connection=connection), prepared, results, now)
        await session.flush()
        await _give_up(session, worker, connection, [task for task in tasks if task.state is TaskState.FAILED], now)
        await _release(session, held)


async def _hear(
    session: AsyncSession, batch: Batch, results: Mapping[UUID, Result], begun: datetime | None, now: datetime
) -> Connection | None:
    """What the channel's answers say of the connection as a whole: heard from, or in need of the merchant.

    The channel was asked since `begun`, or not at all.
    """
    if batch.connection is None:
        return None
    # Before any task: whoever records another lane of the connection wants both as well, and in the same order.
    connection = await session.get_one(Connection, batch.connection.id, with_for_update=NOT_ITS_KEY)
    if begun is None or batch.tasks[0].kind in WITHOUT_ITS_CREDENTIALS:
        return connection
    lost = next((r.problem for r in results.values() if r.ended is Ended.PERMISSION and r.problem), None)
    if lost is not None:
        # Where others have come into use since the claim, those that were refused are gone: the work is tried again.
        if connection.secrets == batch.connection.secrets:
            states.lose_permission(session, connection, lost, now)
    elif any(r.ended in {Ended.DONE, Ended.REFUSED, Ended.SENT} for r in results.values()):
        states.heard(connection, now)
    else:
        await note(session, connection, batch, results, begun, now)
        connection.last_failed_at = now
    return connection


async def _release(session: AsyncSession, held: Held) -> None:
    await session.execute(
        update(Lane)
        .where(Lane.id == held.lane_id, Lane.fence == held.fence)
        .values(owner="", lease_until=None)
        .execution_options(synchronize_session=False)
    )


async def _goes_on(worker: Worker, held: Held, *, may: bool) -> bool:
    """After the lane was let go: whether we take it again at once. If not, what is next in it is rung for.

    That is also heard by whoever rang while we held it.
    """
    now = worker.runtime.clock()
    async with worker.runtime.sessions.read(held.merchant_id) as session:
        upcoming = await due.next_due(session, held.lane_id, now)
        if upcoming is None:
            return False
        if may and upcoming <= now:
            return True
        db.ring(session, held.lane_id, upcoming)
        await worker.runtime.sessions.after_commit(session)
    return False


async def _check_fence(worker: Worker, held: Held) -> None:
    async with worker.runtime.sessions.read(held.merchant_id) as session:
        fence = await session.scalar(select(Lane.fence).where(Lane.id == held.lane_id))
    if fence != held.fence:
        raise LeaseLost


@asynccontextmanager
async def _renewing(worker: Worker, held: Held) -> AsyncIterator[None]:
    """While the block runs, the lease is pushed forward, so that a long call does not lose the lane."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            async with worker.runtime.sessions.write(held.merchant_id) as session:
                await session.execute(
                    update(Lane)
                    .where(Lane.id == held.lane_id, Lane.fence == held.fence)
                    .values(lease_until=worker.runtime.clock() + LEASE)
                    .execution_options(synchronize_session=False)
                )

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
