"""Work that outlives a call: it is looked at until the channel is done with it, and never sent twice meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Busy, DataRefused, PermissionLost, Problem, ProblemClass
from jobs import lanes as engine
from jobs.due import lanes_to_ring
from jobs.handlers import Batch, Prepared
from jobs.lanes import LEASE, Worker, work_lane
from jobs.results import Ended, Result, refused
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import Attempt, AttemptItem, Lane, Task, TaskState
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tenancy import SYSTEM
from tests.settable_clock import SettableClock
from tests.stage import Stage

KIND = kinds.PUBLISH
PATIENCE = 600.0
SENT = Result(ended=Ended.SENT, reference="op-1", patience_seconds=PATIENCE)
DONE = Result(ended=Ended.DONE)


@dataclass
class Slow:
    """Sends once and answers each look with the next of `looks`; what a look raises is raised."""

    looks: list[Result | Exception] = field(default_factory=list)
    sends: list[Result] = field(default_factory=lambda: [SENT, DONE])
    sent: list[list[str]] = field(default_factory=list)
    looked: list[dict[str, str]] = field(default_factory=list)
    seen: list[Ended] = field(default_factory=list)

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        return Prepared(work={task.id: task.subject for task in batch.tasks}, sent={"what": "went out"})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        if not batch.sent:
            self.sent.append(list(prepared.work.values()))
            return dict.fromkeys(prepared.work, self.sends.pop(0))
        self.looked.append({prepared.work[task]: reference for task, reference in batch.sent.items()})
        answer = self.looks.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict.fromkeys(prepared.work, answer)

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        self.seen += [result.ended for result in results.values()]

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        raise AssertionError(f"nothing here is given up: {problem}")


@pytest.fixture
async def connection(stage: Stage, merchant: Merchant) -> Connection:
    connection = Connection(merchant_id=merchant.id, channel="shopify", state=ConnectionState.ACTIVE, domain="x")
    async with stage.sessions.write(merchant.id) as session:
        session.add(connection)
    return connection


async def ask(stage: Stage, connection: Connection, *subjects: str) -> None:
    async with stage.sessions.write(connection.merchant_id) as session:
        await tasks.enqueue(
            session,
            KIND,
            subjects,
            merchant_id=connection.merchant_id,
            connection_id=connection.id,
            now=stage.now,
        )


async def work(stage: Stage, handler: Slow) -> None:
    await stage.work(handlers={KIND.name: handler})


async def later(stage: Stage, clock: SettableClock, handler: Slow, seconds: float) -> None:
    clock.advance(seconds)
    await work(stage, handler)


async def items(stage: Stage) -> Sequence[AttemptItem]:
    async with stage.sessions.read(SYSTEM) as session:
        return (await session.scalars(select(AttemptItem).order_by(AttemptItem.id))).all()


async def attempts(stage: Stage) -> Sequence[Attempt]:
    async with stage.sessions.read(SYSTEM) as session:
        return (await session.scalars(select(Attempt).order_by(Attempt.id))).all()


async def only_task(stage: Stage) -> Task:
    (task,) = await stage.tasks()
    return task


async def test_what_was_sent_is_looked_at_by_its_reference_until_it_is_done(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    handler = Slow(looks=[SENT, DONE])
    await ask(stage, connection, "a")
    await work(stage, handler)

    sent = await only_task(stage)
    assert sent.state is TaskState.SENT
    assert 5 <= (sent.not_before - stage.now).total_seconds() <= 6
    assert handler.looked == [], "nobody looks before the time"

    await later(stage, clock, handler, 6)
    again = await only_task(stage)
    assert again.state is TaskState.SENT
    assert 15 <= (again.not_before - stage.now).total_seconds() <= 18, "the waits grow"

    await later(stage, clock, handler, 18)
    assert (await only_task(stage)).state is TaskState.DONE
    assert handler.sent == [["a"]]
    assert handler.looked == [{"a": "op-1"}] * 2
    assert handler.seen == [Ended.SENT, Ended.SENT, Ended.DONE]


async def test_what_the_channel_works_on_as_one_is_looked_at_as_one(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    """A fifth of jitter on each would make a look of each, and a channel may allow few."""
    handler = Slow(looks=[SENT, DONE])
    await ask(stage, connection, *"abcde")
    await work(stage, handler)
    assert len({task.not_before for task in await stage.tasks()}) == 1

    await later(stage, clock, handler, 6)
    await later(stage, clock, handler, 18)

    assert [len(looked) for looked in handler.looked] == [5, 5]
    assert {task.state for task in await stage.tasks()} == {TaskState.DONE}


async def test_a_look_belongs_to_the_attempt_that_sent(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    handler = Slow(looks=[DONE])
    await ask(stage, connection, "a")
    await work(stage, handler)
    (item,) = await items(stage)
    assert (item.outcome, item.external_ref) == ("sent", "op-1")
    assert item.deadline is not None
    assert (item.deadline - stage.now).total_seconds() == PATIENCE

    await later(stage, clock, handler, 6)
    (attempt,) = await attempts(stage)
    (item,) = await items(stage)
    assert attempt.sent == {"what": "went out"}
    assert item.outcome == "done"


async def test_the_channels_own_pace_decides_where_it_is_known(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    handler = Slow(sends=[replace(SENT, retry_after_seconds=60)])
    await ask(stage, connection, "a")
    await work(stage, handler)
    assert 60 <= ((await only_task(stage)).not_before - stage.now).total_seconds() <= 72


@pytest.mark.parametrize("error", [Busy("http_503"), PermissionLost("http_401"), KeyError("x")])
async def test_a_look_that_comes_to_nothing_stops_no_work_at_the_channel(
    stage: Stage, connection: Connection, clock: SettableClock, error: Exception
) -> None:
    handler = Slow(looks=[error, DONE])
    await ask(stage, connection, "a")
    await work(stage, handler)

    await later(stage, clock, handler, 6)
    assert (await only_task(stage)).state is TaskState.SENT
    async with stage.sessions.write(connection.merchant_id) as session:
        (await session.get_one(Connection, connection.id)).state = ConnectionState.ACTIVE

    await later(stage, clock, handler, 300)
    assert (await only_task(stage)).state is TaskState.DONE
    assert handler.sent == [["a"]], "nothing was sent twice"


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (refused(Problem(problem_class=ProblemClass.DATA, code="TITLE")), TaskState.REFUSED),
        (refused(Problem(problem_class=ProblemClass.BUSY, code="GENERIC_ERROR")), TaskState.WAITING),
        (refused(Problem(problem_class=ProblemClass.UNKNOWN, code="no_product")), TaskState.IN_DOUBT),
    ],
)
async def test_work_that_came_to_nothing_is_settled_by_its_class(
    stage: Stage, connection: Connection, clock: SettableClock, end: Result, state: TaskState
) -> None:
    handler = Slow(looks=[end])
    await ask(stage, connection, "a")
    await work(stage, handler)

    await later(stage, clock, handler, 6)

    assert (await only_task(stage)).state is state
    await later(stage, clock, handler, 60)
    assert len(handler.sent) == (1 if state is TaskState.REFUSED else 2), "what goes on there no more is sent again"


async def test_a_refusal_of_the_look_itself_ends_it(stage: Stage, connection: Connection, clock: SettableClock) -> None:
    handler = Slow(looks=[DataRefused("MAX_INPUT_SIZE_EXCEEDED")])
    await ask(stage, connection, "a")
    await work(stage, handler)
    await later(stage, clock, handler, 6)
    assert (await only_task(stage)).state is TaskState.REFUSED


async def test_past_its_deadline_nobody_waits_and_what_became_of_it_is_looked_for(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    handler = Slow(looks=[SENT] * 20)
    await ask(stage, connection, "a")
    await work(stage, handler)

    await later(stage, clock, handler, PATIENCE - 1)
    assert (await only_task(stage)).state is TaskState.SENT

    await later(stage, clock, handler, 20)
    in_doubt = await only_task(stage)
    assert (in_doubt.state, in_doubt.outcome_code) == (TaskState.IN_DOUBT, "deadline_passed")
    assert handler.seen[-1] is Ended.IN_DOUBT

    await later(stage, clock, handler, 60)
    assert handler.sent == [["a"], ["a"]]
    assert (await only_task(stage)).state is TaskState.DONE


async def test_what_is_sent_and_what_is_to_be_sent_never_share_a_call(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    handler = Slow(looks=[DONE], sends=[SENT, DONE])
    await ask(stage, connection, "a", "b")
    await work(stage, handler)
    clock.advance(6)
    await ask(stage, connection, "c")

    await work(stage, handler)

    assert handler.sent == [["a", "b"], ["c"]]
    assert handler.looked == [{"a": "op-1", "b": "op-1"}]
    assert {task.state for task in await stage.tasks()} == {TaskState.DONE}


async def test_a_second_wish_waits_until_the_first_is_through(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    handler = Slow(looks=[DONE])
    await ask(stage, connection, "a")
    await work(stage, handler)
    await ask(stage, connection, "a")
    await work(stage, handler)
    assert handler.sent == [["a"]]

    await later(stage, clock, handler, 6)
    assert handler.sent == [["a"], ["a"]]


async def test_a_worker_that_dies_over_a_look_loses_no_reference(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    handler = Slow(looks=[DONE])
    await ask(stage, connection, "a")
    await work(stage, handler)
    await ask(stage, connection, "a")
    clock.advance(6)
    async with stage.sessions.read(SYSTEM) as session:
        (lane_id,) = await lanes_to_ring(session, stage.now)
        merchant_id = await session.scalar(select(Lane.merchant_id).where(Lane.id == lane_id))
    doomed = Worker(stage.process.runtime, "doomed", {KIND.name: handler})
    assert await engine._claim(doomed, lane_id, merchant_id) is not None

    clock.advance(LEASE.total_seconds() + 1)
    await work_lane(Worker(stage.process.runtime, "next", {KIND.name: handler}), lane_id)

    assert handler.looked == [{"a": "op-1"}]
    assert handler.sent == [["a"], ["a"]], "what was asked for meanwhile is sent once the first has ended"
    first, second = await stage.tasks()
    assert (first.state, first.lost_starts, second.state) == (TaskState.DONE, 1, TaskState.DONE)


async def test_a_connection_that_takes_work_is_heard_from(
    stage: Stage, connection: Connection, clock: SettableClock
) -> None:
    await ask(stage, connection, "a")
    await work(stage, Slow())
    async with stage.sessions.read(connection.merchant_id) as session:
        row: Any = await session.get_one(Connection, connection.id)
    assert (row.last_heard_at, row.last_failed_at) == (stage.now, None)
