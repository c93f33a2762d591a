"""Reading what a channel publishes about a kind of product, before anything of that kind is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.protocol import Account, Connector
from connectors.records import Done, Failed, Outcome
from jobs.channel import connection_of, reach, results_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal import db
from portal.connections import kind_rules
from portal.models.connections import Connection, KindRules
from portal.runtime import Runtime


class ReadRules:
    """A kind's rules are kept, and what is shown of products of that kind is looked at again."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        rows = await _rows(session, batch)
        names = {task.id: rows[task.subject].name for task in batch.tasks if task.subject in rows}
        gone = [task.id for task in batch.tasks if task.id not in names]
        return Prepared(work=dict(names), settled={task: Result(ended=Ended.CANCELLED) for task in gone})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        assert connector.kinds is not None, "only a channel with kinds is asked for their rules"
        outcomes = await connector.kinds.requirements(account, list(prepared.work.values()))
        return results_of(prepared.work, outcomes)

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        for task, name in prepared.work.items():
            found = results[task].value if results[task].ended is Ended.DONE else results[task].problem
            if results[task].ended in {Ended.DONE, Ended.REFUSED} and found is not None:
                await kind_rules.keep(session, connection_of(batch), name, found, now)
        db.changed(session, batch.merchant_id, f"connection:{connection_of(batch).id}", "counts")

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """Nothing to say: a publish reads the rules itself where they are not known."""


async def read_now(
    runtime: Runtime, connection: Connection, connector: Connector, account: Account, names: Collection[str]
) -> dict[str, KindRules]:
    """Each kind's rules as the channel says them now; kept as well."""
    assert connector.kinds is not None, "only a channel with kinds is asked for their rules"
    asked = sorted(names)
    outcomes = await connector.kinds.requirements(account, asked)
    async with runtime.sessions.write(connection.merchant_id) as session:
        return {
            name: await kind_rules.keep(session, connection, name, said, runtime.clock())
            for name, outcome in zip(asked, outcomes, strict=True)
            if (said := _said(outcome)) is not None
        }


def _said(outcome: Outcome[Mapping[str, Any]]) -> Mapping[str, Any] | Problem | None:
    if isinstance(outcome, Done):
        return outcome.value
    return outcome.problem if isinstance(outcome, Failed) else None


async def _rows(session: AsyncSession, batch: Batch) -> dict[str, KindRules]:
    ids = [UUID(task.subject) for task in batch.tasks]
    rows = await session.scalars(select(KindRules).where(KindRules.id.in_(ids)))
    return {str(row.id): row for row in rows}
