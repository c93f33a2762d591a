"""Which functions keep each kind of promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from jobs.results import Result
from portal.models.connections import Connection
from portal.models.tasks import Task
from portal.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one claim took. `connection` is None for work that needs no channel.

    `sent` is filled when the batch is a look at what an earlier call left at the channel: for each task the
    reference under which its work goes on there. Batch and attempt are then that call's.
    """

    attempt_id: UUID
    merchant_id: UUID
    connection: Connection | None
    tasks: Sequence[Task]
    idempotency_key: str
    sent: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(slots=True)
class Prepared:
    """What is about to be sent, read now. `settled` ends tasks that need no call; `sent` is kept on the attempt."""

    work: dict[UUID, Any] = field(default_factory=dict)
    settled: dict[UUID, Result] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)


class Handler(Protocol):
    """Keeps one kind of promise in three steps (DESIGN 2.4).

    A handler whose call can end `sent` is called again with the batch's `sent` filled, to look at the outcome.

    `prepare` runs in the claiming transaction, `call` with none open, `record` in a second
    short one. `call` answers a result for every task in `prepared.work`; an error of the call as
    a whole is raised and becomes every task's result. `record` sees all results, also those.
    `give_up` is told of tasks that end by our own fault, failed or set aside because they kill workers: nothing
    goes on by itself any more, and what the merchant sees has to say so.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared: ...

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]: ...

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None: ...

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None: ...
