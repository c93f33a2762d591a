"""What becomes of a task: the class of the outcome decides retry, hold or end, and when to try again."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import UNDER_WAY, Problem, ProblemClass
from jobs.results import Ended, Result
from portal.metrics import TASKS
from portal.models.tasks import AttemptItem, Task, TaskState
from portal.tasks.kinds import KINDS, RUNS_WHEN_HELD

# Shopify advises looking some 5, 15 and 40 s after an unknown outcome: its search lags its writes.
LOOKS = (5.0, 15.0, 40.0, 120.0, 600.0)
BUSY_FIRST_SECONDS = 2.0
FAULTS_ALLOWED = 3
LOST_STARTS_ALLOWED = 3
JITTER = 0.2
TOO_LATE = "deadline_passed"
QUARANTINED = "quarantined"


async def settle(
    session: AsyncSession,
    tasks: Sequence[Task],
    results: Mapping[UUID, Result],
    items: Mapping[UUID, AttemptItem],
    now: datetime,
) -> None:
    """Every task has left `running`, and its part of the attempt says how."""
    twins = await _waiting_twins(session, tasks)
    looks: dict[str, timedelta] = {}
    for task in tasks:
        result, item = results[task.id], items[task.id]
        _keep_reference(task, item, result, now)
        _decide(task, result, now)
        if result.reference:
            # What the channel works on as one is looked at as one: a look may cost one of few calls.
            task.not_before = now + looks.setdefault(result.reference, task.not_before - now)
        if task.state is TaskState.WAITING and (task.kind, task.subject) in twins:
            _end(task, TaskState.MERGED, now)
        item.outcome = result.ended
        item.problem = asdict(result.problem) if result.problem else None
        item.ended_at = now
        TASKS.labels(task.kind, result.ended).inc()


def in_time(results: Mapping[UUID, Result], items: Mapping[UUID, AttemptItem], now: datetime) -> dict[UUID, Result]:
    """The results; where work at the channel has had its time, it is in doubt now and looked for like any other."""
    late = {task for task, item in items.items() if item.deadline is not None and item.deadline <= now}
    lost = Problem(problem_class=ProblemClass.UNKNOWN, code=TOO_LATE)
    found: dict[UUID, Result] = {}
    for task, result in results.items():
        if task in late and result.ended is Ended.SENT:
            found[task] = Result(ended=Ended.IN_DOUBT, problem=lost)
        else:
            found[task] = replace(result, reference="") if task in late else result
    return found


def _keep_reference(task: Task, item: AttemptItem, result: Result, now: datetime) -> None:
    if result.reference and not item.external_ref:
        item.external_ref = result.reference
        item.deadline = now + timedelta(seconds=result.patience_seconds)
        # The waits before it was taken say nothing of how long the channel needs for it.
        task.tries = 0


async def recover(session: AsyncSession, tasks: Sequence[Task], now: datetime) -> list[Task]:
    """Tasks a dead worker held go back, in smaller batches; one that kills alone three times is set aside: those."""
    twins = {(twin.kind, twin.subject): twin for twin in await _twins(session, tasks)}
    sent = await _sent(session, tasks)
    for task in tasks:
        task.lost_starts += 1
        task.batch_limit = max(1, len(tasks) // 2)
        if len(tasks) == 1 and task.lost_starts >= LOST_STARTS_ALLOWED:
            _end(task, TaskState.QUARANTINED, now)
            task.outcome_class, task.outcome_code = ProblemClass.OURS, QUARANTINED
            TASKS.labels(task.kind, QUARANTINED).inc()
        elif task.id in sent:
            task.state = TaskState.SENT
        elif twin := twins.get((task.kind, task.subject)):
            # The twin takes over what is known of the subject, or asking again would hide that it kills.
            twin.lost_starts, twin.batch_limit = max(twin.lost_starts, task.lost_starts), task.batch_limit
            _end(task, TaskState.MERGED, now)
        else:
            task.state = TaskState.WAITING
    return [task for task in tasks if task.state is TaskState.QUARANTINED]


def wait_seconds(tries: int, retry_after_seconds: float | None, ended: Ended, *, longest: float) -> float:
    """How long until the next try. Grows, with a fifth of jitter so that no two workers march in step."""
    if retry_after_seconds is not None:
        base = max(retry_after_seconds, 0.1)
    elif ended in {Ended.IN_DOUBT, Ended.SENT}:
        base = min(LOOKS[min(tries, len(LOOKS)) - 1], longest)
    else:
        base = min(BUSY_FIRST_SECONDS * 2 ** (tries - 1), longest)
    return base * (1 + random.random() * JITTER)


def _decide(task: Task, result: Result, now: datetime) -> None:
    task.outcome_class = result.problem.problem_class if result.problem else ""
    task.outcome_code = result.problem.code[:128] if result.problem else ""
    task.batch_limit = None
    match result.ended:
        case Ended.DONE:
            _end(task, TaskState.DONE, now)
        case Ended.REFUSED:
            _end(task, TaskState.REFUSED, now)
        case Ended.CANCELLED:
            _end(task, TaskState.CANCELLED, now)
        case Ended.PERMISSION if KINDS[task.kind].lane in RUNS_WHEN_HELD:
            # Nothing holds these lanes back, so a task that waited here would ask the channel again at once, for ever.
            _end(task, TaskState.REFUSED, now)
        case Ended.PERMISSION:
            task.state, task.not_before = _open(result), now
        case Ended.SENT | Ended.BUSY | Ended.IN_DOUBT | Ended.OURS:
            # What goes on as it should was no try that failed.
            task.tries += task.outcome_code != UNDER_WAY
            task.faults += result.ended is Ended.OURS
            if task.faults >= FAULTS_ALLOWED:
                _end(task, TaskState.FAILED, now)
                return
            longest = KINDS[task.kind].longest_wait_seconds
            seconds = wait_seconds(task.tries, result.retry_after_seconds, result.ended, longest=longest)
            task.state, task.not_before = _open(result), now + timedelta(seconds=seconds)


def _open(result: Result) -> TaskState:
    if result.reference:
        return TaskState.SENT
    return TaskState.IN_DOUBT if result.ended is Ended.IN_DOUBT else TaskState.WAITING


def _end(task: Task, state: TaskState, now: datetime) -> None:
    task.state = state
    task.ended_at = now


async def _waiting_twins(session: AsyncSession, tasks: Sequence[Task]) -> set[tuple[str, str]]:
    """(kind, subject) of those among `tasks` for which another task waits already."""
    return {(twin.kind, twin.subject) for twin in await _twins(session, tasks)}


async def _twins(session: AsyncSession, tasks: Sequence[Task]) -> Sequence[Task]:
    rows = await session.scalars(
        select(Task).where(
            Task.state == TaskState.WAITING,
            Task.kind.in_({task.kind for task in tasks}),
            Task.subject.in_({task.subject for task in tasks}),
            Task.id.not_in([task.id for task in tasks]),
        )
    )
    return rows.all()


async def _sent(session: AsyncSession, tasks: Sequence[Task]) -> set[UUID]:
    """Those of `tasks` whose present attempt left work at the channel."""
    rows = await session.scalars(
        select(AttemptItem.task_id)
        .join(Task, and_(Task.id == AttemptItem.task_id, Task.attempt_id == AttemptItem.attempt_id))
        .where(Task.id.in_([task.id for task in tasks]), AttemptItem.external_ref != "")
    )
    return set(rows)
