"""Pasted keys that a channel does not take yet are tried until they work. Kind new_keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import PermissionLost, Problem
from connectors.records import Identity
from jobs.channel import connection_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal.connections import renewing, secrets
from portal.connections.account import TrialAccount
from portal.runtime import Runtime

LONGEST_WAIT_SECONDS = 60.0


class TryNewKeys:
    """The connection uses its new keys once they open the account, and those it had until then."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        connection, [task] = connection_of(batch), batch.tasks
        until = connection.next_secrets_until
        if connection.next_secrets is None or until is None or until <= now:
            return Prepared(settled={task.id: Result(ended=Ended.CANCELLED)})
        return Prepared(work={task.id: connection.next_secrets})

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connection, [task] = connection_of(batch), batch.tasks
        tried = secrets.open_sealed(runtime.vault, connection, prepared.work[task.id])
        try:
            identity = await runtime.connectors[connection.channel].identify(TrialAccount(runtime, connection, tried))
        except PermissionLost as error:
            # It says nothing of the keys in use, so it must not end the connection's access.
            wait = min(2.0 ** (task.tries + 1), LONGEST_WAIT_SECONDS)
            return {task.id: Result(ended=Ended.BUSY, problem=error.problem, retry_after_seconds=wait)}
        return {task.id: Result(ended=Ended.DONE, value=identity)}

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        """Keys pasted meanwhile have a task of their own, and are not those that were tried."""
        connection, [(task, result)] = connection_of(batch), results.items()
        identity: Identity | None = result.value
        if result.ended is Ended.CANCELLED and connection.next_secrets_until and connection.next_secrets_until <= now:
            renewing.give_up(session, connection, now)
        elif identity is not None and connection.next_secrets == prepared.work[task]:
            if identity.external_id == connection.external_id:
                await renewing.use(session, connection, identity, now)
            else:
                renewing.give_up(session, connection, now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        renewing.give_up(session, connection_of(batch), now)
