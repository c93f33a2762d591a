"""The engine: claim, call, record. Handlers are plugged in as any handler is; nothing of the engine is replaced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from connectors.errors import (
    AccountBlocked,
    Busy,
    ChannelError,
    DataRefused,
    InDoubt,
    OurFault,
    PermissionLost,
    Problem,
)
from jobs import lanes as engine
from jobs.due import lanes_to_ring
from jobs.handlers import Batch, Prepared
from jobs.lanes import LEASE, Worker, work_lane
from jobs.places import Places
from jobs.results import Ended, Result
from portal.config import Settings
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import Attempt, AttemptItem, Lane, Task, TaskState
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tenancy import SYSTEM
from tests.settable_clock import SettableClock
from tests.stage import Stage

KIND = kinds.PRODUCT_CHANGED


class Recorder:
    """Calls `act` for each batch and remembers the subjects of every call."""

    def __init__(self, act: Callable[[Sequence[str]], Any] = lambda _subjects: None) -> None:
        self._act = act
        self.calls: list[list[str]] = []
        self.given_up: list[tuple[str, str]] = []

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        return Prepared(work={task.id: task.subject for task in batch.tasks}, sent={"n": len(batch.tasks)})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        subjects = list(prepared.work.values())
        self.calls.append(subjects)
        given = self._act(subjects)
        if asyncio.iscoroutine(given):
            given = await given
        return given or {task: Result(ended=Ended.DONE) for task in prepared.work}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        """The engine's own record is what these tests look at."""

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        self.given_up += [(task.subject, problem.code) for task in batch.tasks]


async def ask(stage: Stage, merchant: Merchant, *subjects: str, kind: kinds.Kind = KIND, **more: Any) -> None:
    async with stage.sessions.write(merchant.id) as session:
        await tasks.enqueue(session, kind, subjects, merchant_id=merchant.id, now=stage.now, **more)


def raises(error: Exception) -> Callable[[Sequence[str]], None]:
    def act(_subjects: Sequence[str]) -> None:
        raise error

    return act


async def test_a_second_click_makes_no_second_promise(stage: Stage, merchant: Merchant) -> None:
    await ask(stage, merchant, "a")
    await ask(stage, merchant, "a", "a")

    [task] = await stage.tasks()
    assert (task.state, task.version) == (TaskState.WAITING, 2)


async def test_a_promise_of_a_transaction_that_rolled_back_does_not_exist(stage: Stage, merchant: Merchant) -> None:
    async def promise_and_fail() -> None:
        async with stage.sessions.write(merchant.id) as session:
            await tasks.enqueue(session, KIND, ["a"], merchant_id=merchant.id, now=stage.now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await promise_and_fail()

    assert await stage.tasks() == []


async def test_joining_a_waiting_promise_keeps_the_earlier_time(stage: Stage, merchant: Merchant) -> None:
    await ask(stage, merchant, "a", not_before=stage.now + timedelta(seconds=10))
    await ask(stage, merchant, "a", not_before=stage.now + timedelta(seconds=60))

    [task] = await stage.tasks()
    assert task.not_before == stage.now + timedelta(seconds=10)


async def test_one_call_takes_a_batch_and_every_item_has_its_own_outcome(stage: Stage, merchant: Merchant) -> None:
    def act(subjects: Sequence[str]) -> None:
        return None

    recorder = Recorder(act)
    await ask(stage, merchant, "a", "b", "c")

    await stage.work(handlers={KIND.name: recorder})

    assert recorder.calls == [["a", "b", "c"]]
    assert [task.state for task in await stage.tasks()] == [TaskState.DONE] * 3
    async with stage.sessions.read(merchant.id) as session:
        [attempt] = (await session.scalars(select(Attempt))).all()
        items = (await session.scalars(select(AttemptItem))).all()
    assert attempt.ended_at == stage.now
    assert attempt.sent == {"n": 3}
    assert {item.subject: item.outcome for item in items} == {"a": "done", "b": "done", "c": "done"}


async def test_a_bad_item_never_holds_back_its_batch(stage: Stage, merchant: Merchant) -> None:
    class Picky(Recorder):
        async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
            return {
                task: Result(ended=Ended.REFUSED if subject == "b" else Ended.DONE)
                for task, subject in prepared.work.items()
            }

    await ask(stage, merchant, "a", "b", "c")

    await stage.work(handlers={KIND.name: Picky()})

    states = {task.subject: task.state for task in await stage.tasks()}
    assert states == {"a": TaskState.DONE, "b": TaskState.REFUSED, "c": TaskState.DONE}


ERRORS: list[tuple[Exception, str, TaskState]] = [
    (DataRefused("TITLE"), "data", TaskState.REFUSED),
    (AccountBlocked("SHOP_INACTIVE"), "account", TaskState.REFUSED),
    (PermissionLost("http_401"), "permission", TaskState.WAITING),
    (PermissionLost("ACCESS_DENIED"), "permission", TaskState.WAITING),
    (Busy("THROTTLED", retry_after_seconds=7), "busy", TaskState.WAITING),
    (Busy("http_503"), "busy", TaskState.WAITING),
    (Busy("unreachable"), "busy", TaskState.WAITING),
    (InDoubt("no_answer"), "unknown", TaskState.IN_DOUBT),
    (InDoubt("http_500"), "unknown", TaskState.IN_DOUBT),
    (OurFault("undefinedField"), "ours", TaskState.WAITING),
    (ChannelError("whatever"), "ours", TaskState.WAITING),
    (KeyError("x"), "ours", TaskState.WAITING),
    (ValueError("x"), "ours", TaskState.WAITING),
    (TypeError("x"), "ours", TaskState.WAITING),
    (json.JSONDecodeError("x", "", 0), "ours", TaskState.WAITING),
    (TimeoutError(), "ours", TaskState.WAITING),
    (ConnectionResetError(), "ours", TaskState.WAITING),
    (httpx.ReadTimeout("x"), "ours", TaskState.WAITING),
    (OSError(28, "No space left on device"), "ours", TaskState.WAITING),
    (OperationalError("x", {}, Exception("disk full")), "ours", TaskState.WAITING),
    (RecursionError(), "ours", TaskState.WAITING),
]


@pytest.mark.parametrize(
    ("error", "problem_class", "state"), ERRORS, ids=lambda v: type(v).__name__ if isinstance(v, Exception) else ""
)
async def test_every_exception_has_a_class_and_a_next_step(
    stage: Stage, merchant: Merchant, error: Exception, problem_class: str, state: TaskState
) -> None:
    connection = await a_connection(stage, merchant)
    await ask(stage, merchant, "a", kind=kinds.READ, connection_id=connection.id)

    await once(stage, {kinds.READ.name: Recorder(raises(error))})

    [task] = await stage.tasks()
    assert (task.outcome_class, task.state) == (problem_class, state)
    async with stage.sessions.read(merchant.id) as session:
        [lane] = (await session.scalars(select(Lane))).all()
    assert (lane.owner, lane.lease_until) == ("", None), "the lane was left free"


async def a_connection(stage: Stage, merchant: Merchant) -> Connection:
    connection = Connection(merchant_id=merchant.id, channel="shopify", state=ConnectionState.ACTIVE, domain="x")
    async with stage.sessions.write(merchant.id) as session:
        session.add(connection)
    return connection


async def once(stage: Stage, handlers: Mapping[str, Any], name: str = "worker-1") -> None:
    """One look of a worker at every lane with due work."""
    async with stage.sessions.read(SYSTEM) as session:
        lanes = await lanes_to_ring(session, stage.now)
    for lane_id in lanes:
        await work_lane(Worker(stage.process.runtime, name, handlers), lane_id)


async def test_our_own_fault_is_tried_three_times_and_then_fails(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    recorder = Recorder(raises(KeyError("x")))
    await ask(stage, merchant, "a")

    for _ in range(6):
        await once(stage, {KIND.name: recorder})
        clock.advance(3600)

    [task] = await stage.tasks()
    assert (task.state, len(recorder.calls)) == (TaskState.FAILED, 3)
    assert recorder.given_up == [("a", "KeyError")], "and somebody is told"


async def test_bad_data_is_never_tried_again_by_itself(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    recorder = Recorder(raises(DataRefused("TITLE")))
    await ask(stage, merchant, "a")

    for _ in range(3):
        await once(stage, {KIND.name: recorder})
        clock.advance(86_400)

    assert len(recorder.calls) == 1


async def test_waits_grow_and_no_two_are_alike(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    recorder = Recorder(raises(Busy("http_503")))
    await ask(stage, merchant, "a", "b")
    waits: dict[str, list[float]] = {"a": [], "b": []}

    for _ in range(6):
        before = stage.now
        await once(stage, {KIND.name: recorder})
        for task in await stage.tasks():
            waits[task.subject].append((task.not_before - before).total_seconds())
        clock.advance(1000)

    assert all(later > earlier for earlier, later in zip(waits["a"], waits["a"][1:], strict=False))
    assert waits["a"] != waits["b"]


async def test_a_promise_asked_for_while_its_twin_runs_is_kept_after_it(stage: Stage, merchant: Merchant) -> None:
    recorder = Recorder()

    async def click(_subjects: Sequence[str]) -> None:
        if len(recorder.calls) == 1:
            await ask(stage, merchant, "a")

    recorder._act = click
    await ask(stage, merchant, "a")

    await stage.work(handlers={KIND.name: recorder})

    assert recorder.calls == [["a"], ["a"]]


async def test_a_promise_that_returns_while_its_twin_waits_ends_merged(
    stage: Stage, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def click(_subjects: Sequence[str]) -> None:
        await ask(stage, merchant, "a")
        raise Busy("http_503")

    monkeypatch.setattr(engine, "BATCHES_A_TURN", 1)
    await ask(stage, merchant, "a")

    await once(stage, {KIND.name: Recorder(click)})

    assert sorted(task.state for task in await stage.tasks()) == [TaskState.MERGED, TaskState.WAITING]


async def test_a_promise_asked_for_while_its_twin_is_being_recorded_costs_nobody_the_record(
    stage: Stage, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin is written and not committed when the record looks for it: the two clash at the commit."""
    asking: list[asyncio.Task[None]] = []
    written = asyncio.Event()

    async def click() -> None:
        async with stage.sessions.write(merchant.id) as session:
            await tasks.enqueue(session, KIND, ["a"], merchant_id=merchant.id, now=stage.now)
            written.set()
            await asyncio.sleep(0.5)

    async def act(_subjects: Sequence[str]) -> None:
        asking.append(asyncio.create_task(click()))
        await written.wait()
        raise Busy("http_503")

    monkeypatch.setattr(engine, "BATCHES_A_TURN", 1)
    await ask(stage, merchant, "a")

    await once(stage, {KIND.name: Recorder(act)})

    await asyncio.gather(*asking)
    assert sorted(task.state for task in await stage.tasks()) == [TaskState.MERGED, TaskState.WAITING]


async def test_two_lanes_of_a_connection_record_without_waiting_for_each_other(
    stage: Stage, merchant: Merchant
) -> None:
    """One has its connection and comes for a task, the other has that task and comes for the connection."""
    connection = await stage.connect(merchant)
    await stage.work()
    of_it = {"connection_id": connection.id}
    await ask(stage, merchant, "a", kind=kinds.STOCK, **of_it)
    await ask(stage, merchant, "b", kind=kinds.PUBLISH, **of_it)
    recording = asyncio.Event()

    async def busy_when_the_other_records(_subjects: Sequence[str]) -> None:
        await recording.wait()
        raise Busy("http_503")

    class AsksForStock(Recorder):
        async def record(self, session: AsyncSession, *_args: Any) -> None:
            recording.set()
            await asyncio.sleep(0.5)
            await tasks.enqueue(session, kinds.STOCK, ["a"], merchant_id=merchant.id, now=stage.now, **of_it)

    handlers = {"stock": Recorder(busy_when_the_other_records), "publish": AsksForStock()}
    async with stage.sessions.read(SYSTEM) as session:
        due = await lanes_to_ring(session, stage.now)
    assert len(due) == 2
    worker = Worker(stage.process.runtime, "worker-1", handlers)
    with capture_logs() as logs:
        await asyncio.gather(*(work_lane(worker, lane_id) for lane_id in due))

    assert [entry["event"] for entry in logs] == []
    states = {(task.kind, task.state) for task in await stage.tasks() if task.kind in handlers}
    assert states == {("publish", TaskState.DONE), ("stock", TaskState.MERGED), ("stock", TaskState.WAITING)}


async def test_two_workers_never_work_in_one_lane_at_once(stage: Stage, merchant: Merchant) -> None:
    inside = 0
    most = 0

    async def act(_subjects: Sequence[str]) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.02)
        inside -= 1

    recorder = Recorder(act)
    for number in range(4):
        await ask(stage, merchant, f"s{number}")
        async with stage.sessions.read(SYSTEM) as session:
            [lane_id] = await lanes_to_ring(session, stage.now)
        workers = [Worker(stage.process.runtime, f"w{n}", {KIND.name: recorder}) for n in range(5)]
        await asyncio.gather(*(work_lane(worker, lane_id) for worker in workers))

    assert most == 1
    assert sorted(subject for call in recorder.calls for subject in call) == ["s0", "s1", "s2", "s3"]


async def heard_of(stage: Stage) -> list[UUID]:
    """The lanes that will have been rung from now on."""
    rung: list[UUID] = []

    async def hear(rings: Mapping[UUID, Any], _changed: Mapping[UUID, Any]) -> None:
        rung.extend(rings)

    stage.sessions.on_commit(hear)
    return rung


async def test_work_whose_ring_found_the_lane_taken_is_done_by_whoever_holds_it(
    stage: Stage, merchant: Merchant
) -> None:
    async def meanwhile(subjects: Sequence[str]) -> None:
        if subjects == ["first"]:
            await ask(stage, merchant, "second")
            await work_lane(Worker(stage.process.runtime, "another", {KIND.name: recorder}), lane_id)
            assert recorder.calls == [["first"]], "the other found the lane taken"

    recorder = Recorder(meanwhile)
    await ask(stage, merchant, "first")
    async with stage.sessions.read(SYSTEM) as session:
        [lane_id] = await lanes_to_ring(session, stage.now)

    await work_lane(Worker(stage.process.runtime, "one", {KIND.name: recorder}), lane_id)

    assert recorder.calls == [["first"], ["second"]]


async def test_a_lane_with_work_without_end_leaves_its_place_after_a_turn_and_is_rung_for(
    stage: Stage, merchant: Merchant
) -> None:
    async def again(_subjects: Sequence[str]) -> None:
        await ask(stage, merchant, "a")
        rung.clear()

    recorder = Recorder(again)
    await ask(stage, merchant, "a")
    async with stage.sessions.read(SYSTEM) as session:
        [lane_id] = await lanes_to_ring(session, stage.now)
    rung = await heard_of(stage)

    await work_lane(Worker(stage.process.runtime, "one", {KIND.name: recorder}), lane_id)

    assert len(recorder.calls) == engine.BATCHES_A_TURN
    assert rung == [lane_id]


async def test_a_lane_too_many_of_its_channel_is_left_alone_and_rung_for_when_another_lets_go(
    stage: Stage, merchant: Merchant
) -> None:
    """A lane that calls no channel is worked on meanwhile."""

    async def meanwhile(subjects: Sequence[str]) -> None:
        if subjects == ["hangs"]:
            for other in lanes:
                await work_lane(worker, other)

    recorder, first = Recorder(meanwhile), await a_connection(stage, merchant)
    await ask(stage, merchant, "hangs", kind=kinds.READ, connection_id=first.id)
    async with stage.sessions.read(SYSTEM) as session:
        [lane_id] = await lanes_to_ring(session, stage.now)
    second = await a_connection(stage, merchant)
    await ask(stage, merchant, "waits", kind=kinds.READ, connection_id=second.id)
    async with stage.sessions.read(SYSTEM) as session:
        [waiting] = set(await lanes_to_ring(session, stage.now)) - {lane_id}
    await ask(stage, merchant, "elsewhere")
    async with stage.sessions.read(SYSTEM) as session:
        lanes = await lanes_to_ring(session, stage.now)
    rung = await heard_of(stage)
    handlers = {kinds.READ.name: recorder, KIND.name: recorder}
    worker = Worker(stage.process.runtime, "one", handlers, places=Places(1))

    await work_lane(worker, lane_id)

    assert recorder.calls == [["hangs"], ["elsewhere"]]
    assert rung == [waiting]


async def test_a_turn_ends_when_its_time_is_over(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    async def slowly(_subjects: Sequence[str]) -> None:
        await ask(stage, merchant, "a")
        clock.advance(engine.TURN.total_seconds())

    recorder = Recorder(slowly)
    await ask(stage, merchant, "a")

    await once(stage, {KIND.name: recorder})

    assert len(recorder.calls) == 1


@pytest.mark.each
async def test_nobody_waits_for_a_lane_that_a_stopped_worker_has_locked(
    stage: Stage, merchant: Merchant, settings: Settings
) -> None:
    if settings.is_sqlite:
        pytest.skip("SQLite has one lock for all")
    recorder = Recorder()
    await ask(stage, merchant, "a")
    async with stage.sessions.write(merchant.id) as stopped:
        [lane_id] = await lanes_to_ring(stopped, stage.now)
        await stopped.get_one(Lane, lane_id, with_for_update=engine.NOT_ITS_KEY)

        async with asyncio.timeout(10):
            await work_lane(Worker(stage.process.runtime, "another", {KIND.name: recorder}), lane_id)

        assert recorder.calls == []
    await once(stage, {KIND.name: recorder})
    assert recorder.calls == [["a"]]


async def test_a_ring_for_what_was_done_already_writes_nothing(stage: Stage, merchant: Merchant) -> None:
    await ask(stage, merchant, "a")
    async with stage.sessions.read(SYSTEM) as session:
        [lane_id] = await lanes_to_ring(session, stage.now)
    await once(stage, {KIND.name: Recorder()})
    async with stage.sessions.read(SYSTEM) as session:
        before = (await session.get_one(Lane, lane_id)).fence

    await work_lane(Worker(stage.process.runtime, "one", {KIND.name: Recorder()}), lane_id)

    async with stage.sessions.read(SYSTEM) as session:
        assert (await session.get_one(Lane, lane_id)).fence == before


async def die_holding(stage: Stage, handlers: Mapping[str, Any]) -> None:
    """A worker claims a batch and is gone before it calls: what kill -9 leaves in the database."""
    async with stage.sessions.read(SYSTEM) as session:
        [lane_id] = await lanes_to_ring(session, stage.now)
        merchant_id = await session.scalar(select(Lane.merchant_id).where(Lane.id == lane_id))
    claimed = await engine._claim(Worker(stage.process.runtime, "doomed", handlers), lane_id, merchant_id)
    assert claimed is not None


async def test_the_work_of_a_dead_worker_goes_back_in_smaller_batches(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    recorder = Recorder()
    await ask(stage, merchant, "a", "b", "c", "d")
    await die_holding(stage, {KIND.name: recorder})

    assert await lanes_to_ring_now(stage) == [], "the lease still stands"
    clock.advance(LEASE.total_seconds() + 1)
    await stage.work(handlers={KIND.name: recorder})

    assert [len(call) for call in recorder.calls] == [2, 2]
    assert {task.state for task in await stage.tasks()} == {TaskState.DONE}


async def lanes_to_ring_now(stage: Stage) -> list[UUID]:
    async with stage.sessions.read(SYSTEM) as session:
        return list(await lanes_to_ring(session, stage.now))


async def test_a_task_that_kills_alone_three_times_is_set_aside_and_the_rest_is_done(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    recorder = Recorder()
    handlers = {KIND.name: recorder}
    await ask(stage, merchant, "killer", "good")
    for _ in range(12):
        running = [t for t in await stage.tasks() if t.state is TaskState.WAITING]
        if not any(t.subject == "killer" for t in running):
            break
        # The worker dies whenever the killer is in its batch.
        if await next_batch_holds(stage, "killer"):
            await die_holding(stage, handlers)
            clock.advance(LEASE.total_seconds() + 1)
            await recover_only(stage, handlers)
        else:
            await once(stage, handlers)
    await stage.work(handlers=handlers)

    states = {task.subject: task.state for task in await stage.tasks()}
    assert states == {"killer": TaskState.QUARANTINED, "good": TaskState.DONE}
    assert recorder.given_up == [("killer", "quarantined")], "and somebody is told"


async def next_batch_holds(stage: Stage, subject: str) -> bool:
    waiting = [t for t in await stage.tasks() if t.state is TaskState.WAITING]
    first = sorted(waiting, key=lambda t: (t.priority, t.not_before, t.id))
    size = first[0].batch_limit or 100
    return subject in [t.subject for t in first[:size]]


async def recover_only(stage: Stage, handlers: Mapping[str, Any]) -> None:
    """The next worker takes the lane over and dies again before it claims: only the recovery is committed."""
    async with stage.sessions.write(SYSTEM) as session:
        [lane] = (await session.scalars(select(Lane))).all()
        lane.lease_until, lane.owner = None, ""
        set_aside = await engine._recover_lost(session, lane.id, stage.now)
        await engine._give_up(session, Worker(stage.process.runtime, "next", handlers), None, set_aside, stage.now)


async def test_a_worker_that_slept_past_its_lease_records_nothing(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    async def sleep_long(_subjects: Sequence[str]) -> None:
        clock.advance(LEASE.total_seconds() + 1)
        await once(stage, {KIND.name: late}, name="worker-2")

    late = Recorder()
    await ask(stage, merchant, "a")

    await once(stage, {KIND.name: Recorder(sleep_long)})

    [task] = await stage.tasks()
    async with stage.sessions.read(merchant.id) as session:
        outcomes = [
            item.outcome for item in (await session.scalars(select(AttemptItem).order_by(AttemptItem.id))).all()
        ]
    assert (task.state, task.lost_starts) == (TaskState.DONE, 1)
    assert outcomes == ["", "done"], "the sleeper's attempt stays without an outcome"


async def test_undo_before_its_time_means_it_never_left(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    recorder = Recorder()
    await ask(stage, merchant, "a", not_before=stage.now + timedelta(seconds=10))
    await stage.work(handlers={KIND.name: recorder})

    clock.advance(9)
    async with stage.sessions.write(merchant.id) as session:
        cancelled = await tasks.cancel(session, KIND, ["a"], now=stage.now)
    clock.advance(10)
    await stage.work(handlers={KIND.name: recorder})

    assert (cancelled, recorder.calls) == (1, [])


async def test_nothing_expires_by_waiting(stage: Stage, merchant: Merchant, clock: SettableClock) -> None:
    recorder = Recorder()
    await ask(stage, merchant, "a")

    clock.advance(48 * 3600)
    await stage.work(handlers={KIND.name: recorder})

    assert recorder.calls == [["a"]]


async def test_the_most_urgent_goes_first(stage: Stage, merchant: Merchant) -> None:
    recorder = Recorder()
    await ask(stage, merchant, "up", priority=30)
    await ask(stage, merchant, "down", priority=10)

    await stage.work(handlers={KIND.name: recorder})

    assert recorder.calls == [["down", "up"]]


@pytest.mark.parametrize("state", [ConnectionState.NEEDS_REAUTH, ConnectionState.PAUSED])
async def test_a_held_connection_holds_old_and_new_work_and_lets_all_go_at_once(
    stage: Stage, merchant: Merchant, state: ConnectionState
) -> None:
    recorder = Recorder()
    connection = await a_connection(stage, merchant)
    await ask(stage, merchant, "before", kind=kinds.READ, connection_id=connection.id)
    async with stage.sessions.write(merchant.id) as session:
        (await session.get_one(Connection, connection.id)).state = state
    await ask(stage, merchant, "after", kind=kinds.READ, connection_id=connection.id)

    await stage.work(handlers={kinds.READ.name: recorder})
    held = list(recorder.calls)
    async with stage.sessions.write(merchant.id) as session:
        (await session.get_one(Connection, connection.id)).state = ConnectionState.ACTIVE
    await stage.work(handlers={kinds.READ.name: recorder})

    assert held == []
    assert recorder.calls == [["before", "after"]]


async def test_a_handler_that_fails_while_preparing_holds_nobody_up_for_ever(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    class Broken(Recorder):
        async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
            raise LookupError

    await ask(stage, merchant, "a")

    for _ in range(4):
        await once(stage, {KIND.name: Broken()})
        clock.advance(3600)

    [task] = await stage.tasks()
    assert (task.state, task.outcome_code) == (TaskState.FAILED, "LookupError")


async def test_a_twin_of_work_in_doubt_waits_in_silence(stage: Stage, merchant: Merchant) -> None:
    """It can't be claimed yet, so nobody is rung for it: a bell that never stops would be all the worker hears."""

    async def click(_subjects: Sequence[str]) -> None:
        await ask(stage, merchant, "a")
        raise InDoubt("no_answer")

    await ask(stage, merchant, "a")
    await once(stage, {KIND.name: Recorder(click)})

    assert sorted(task.state for task in await stage.tasks()) == [TaskState.IN_DOUBT, TaskState.WAITING]
    assert await lanes_to_ring_now(stage) == []


async def test_a_sweep_costs_no_more_than_the_work_there_is(stage: Stage, merchant: Merchant) -> None:
    """SQLite compared all that waits with all that is under way: a sweep of ten thousand numbers took half a minute."""
    if stage.sessions.reader.dialect.name != "sqlite":
        pytest.skip("counts what SQLite does; PostgreSQL joins as a whole")
    first = await _steps_of_a_sweep(stage, merchant, range(500))
    assert await _steps_of_a_sweep(stage, merchant, range(500, 1000)) < 3 * first


async def _steps_of_a_sweep(stage: Stage, merchant: Merchant, numbers: range) -> int:
    """What a sweep makes the database do once so many more are at the channel, and asked for again."""
    subjects = [str(number) for number in numbers]
    await ask(stage, merchant, *subjects)
    async with stage.sessions.write(merchant.id) as session:
        later = stage.now + timedelta(hours=1)
        await session.execute(update(Task).values(state=TaskState.SENT, not_before=later))
    await ask(stage, merchant, *map(str, range(numbers.stop)))
    hundreds = count()
    async with stage.sessions.read(SYSTEM) as session:
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        assert driver is not None
        await driver.set_progress_handler(lambda: next(hundreds) < 0, 100)
        assert await lanes_to_ring(session, stage.now) == []
        await driver.set_progress_handler(None, 0)
    return next(hundreds)
