"""Connections themselves: is the account still ours, do its webhooks reach us, and ending our access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import DataRefused, Problem, ProblemClass
from connectors.records import Identity
from jobs.channel import connection_of, reach
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result, refused
from portal.connections import kind_rules, states
from portal.connections.service import keep_identity
from portal.models.connections import Connection, ConnectionState
from portal.runtime import Runtime
from portal.stock import locations

OTHER_ACCOUNT = "other_account"
REPAIRED_BY_A_CHECK = {ConnectionState.NEEDS_REAUTH, ConnectionState.SETUP, ConnectionState.MAINTENANCE}

log = structlog.get_logger()


class Check:
    """We know whose account it is, what we may do there, and that its webhooks come to us."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        return _every_task(batch)

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connection = connection_of(batch)
        connector, account = reach(runtime, batch)
        identity = await connector.identify(account)
        if identity.external_id != connection.external_id:
            problem = Problem(problem_class=ProblemClass.PERMISSION, code=OTHER_ACCOUNT, message=identity.name)
            return dict.fromkeys(prepared.work, refused(problem))
        if connector.capabilities.webhooks and connection.auth_method == "oauth":
            # Webhooks are signed with the secret of the app whose access we use; of a pasted token's app we have none.
            try:
                await connector.subscribe(account, f"{runtime.settings.public_url}/webhooks/{connection.channel}")
            except DataRefused as error:
                # A topic needs a permission that was withheld: the card says which, so the identity must be kept.
                log.warning("webhook_topic_refused", connection=str(connection.id), code=error.problem.code)
        return dict.fromkeys(prepared.work, Result(ended=Ended.DONE, value=identity))

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        connection = connection_of(batch)
        states.move(session, connection, connection.state, now)
        for result in results.values():
            if result.ended is Ended.DONE:
                identity: Identity = result.value
                keep_identity(connection, identity)
                await locations.refresh(session, connection, identity.settings, now=now)
                connection.problem = None
                if connection.state in REPAIRED_BY_A_CHECK:
                    await states.open_again(session, connection, now)
                await kind_rules.ask_for_all(session, connection, now)
            elif result.ended is Ended.REFUSED and result.problem is not None:
                connection.problem = asdict(result.problem)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        connection = connection_of(batch)
        connection.problem, connection.last_failed_at = asdict(problem), now
        states.move(session, connection, connection.state, now)


class Revoke:
    """Our access at the channel has ended, and we hold no credentials of it."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        if connection_of(batch).state is not ConnectionState.DISCONNECTED:
            return Prepared(settled={task.id: Result(ended=Ended.CANCELLED) for task in batch.tasks})
        return _every_task(batch)

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        await connector.revoke(account)
        return dict.fromkeys(prepared.work, Result(ended=Ended.DONE))

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        """Access that is refused has ended already; only a channel that is away is asked again."""
        if any(result.ended in {Ended.DONE, Ended.REFUSED, Ended.PERMISSION} for result in results.values()):
            _forget(connection_of(batch))

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """Ending our access at the channel did not work; what we hold of it is destroyed all the same."""
        connection = connection_of(batch)
        if connection.state is ConnectionState.DISCONNECTED:
            _forget(connection)


def _forget(connection: Connection) -> None:
    connection.secrets = connection.previous_secrets = connection.next_secrets = None
    connection.access_ends_at = None


def _every_task(batch: Batch) -> Prepared:
    return Prepared(work={task.id: None for task in batch.tasks})
