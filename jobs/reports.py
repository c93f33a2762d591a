"""Fetching a channel's own report: asked for, looked for until it is made, and kept. On request and once a night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.protocol import Account, Reports
from connectors.records import Failed
from jobs.channel import connection_of, reach, result_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from jobs.settle import TOO_LATE
from portal.models.connections import Connection, ConnectionState
from portal.models.reports import ChannelReport, ReportState
from portal.reports import service
from portal.reports.storing import store
from portal.runtime import Runtime
from portal.tenancy import SYSTEM

# A report is made within minutes; Amazon's may take hours in its busy season.
PATIENCE_SECONDS = 6 * 3600.0
FIRST_LOOK_SECONDS = 15.0
# The reports of a night are asked for over this time, so that no channel is asked by every merchant at once.
SPREAD_SECONDS = 2 * 3600

log = structlog.get_logger()


class FetchReport:
    """The connection's report is there, held against what was uploaded, or says why there is none.

    `call` stores the rows in short transactions of its own; one that is cut off starts anew. A report that came to
    nothing is not asked for again by itself before the night: the channel said so, and the merchant may.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        for task in batch.tasks:
            report = await session.get(ChannelReport, UUID(task.subject))
            if report is None or report.state is not ReportState.ASKED:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            else:
                prepared.work[task.id] = report
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        assert connector.reports is not None, "nobody asks a channel for what it has not"
        results = {}
        for task_id, report in prepared.work.items():
            reference = batch.sent.get(task_id)
            if reference is None:
                results[task_id] = await _request(runtime, connector.reports, account)
                continue
            outcome = await connector.reports.fetch(account, reference)
            results[task_id] = result_of(outcome)
            if isinstance(outcome, Failed):
                results[task_id] = Result(ended=Ended.REFUSED, problem=outcome.problem)
            elif results[task_id].ended is Ended.DONE:
                rows = results[task_id].value
                await store(runtime.sessions, report, rows, connector.capabilities, now=runtime.clock())
        return results

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        for task in batch.tasks:
            report, result = await session.get(ChannelReport, UUID(task.subject)), results[task.id]
            if report is None or report.state is not ReportState.ASKED:
                continue
            if result.ended is Ended.DONE:
                rows, currency = len(result.value), connection_of(batch).currency
                service.finish(session, report, row_count=rows, currency=currency, now=now)
            elif result.ended is Ended.REFUSED or (result.problem is not None and result.problem.code == TOO_LATE):
                await service.fail(session, report, result.problem)
            else:
                if result.reference and not batch.sent:
                    report.asked_at = result.value
                service.announce(session, report)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for task in batch.tasks:
            report = await session.get(ChannelReport, UUID(task.subject))
            if report is not None and report.state is ReportState.ASKED:
                await service.fail(session, report, problem)


async def _request(runtime: Runtime, reports: Reports, account: Account) -> Result:
    """The report is being made; the result's value is when it was asked for, of which it tells."""
    asked_at = runtime.clock()
    reference = await reports.request(account)
    return Result(
        ended=Ended.SENT,
        reference=reference,
        value=asked_at,
        patience_seconds=PATIENCE_SECONDS,
        retry_after_seconds=FIRST_LOOK_SECONDS,
    )


async def ask_reports(ctx: dict[str, Any]) -> None:
    """Once a night, every active connection whose channel makes reports, spread out by its id."""
    runtime: Runtime = ctx["worker"].runtime
    now = runtime.clock()
    channels = [name for name, connector in runtime.connectors.items() if connector.reports is not None]
    async with runtime.sessions.read(SYSTEM) as session:
        active = select(Connection).where(Connection.state == ConnectionState.ACTIVE, Connection.channel.in_(channels))
        connections = list(await session.scalars(active.order_by(Connection.id)))
    for connection in connections:
        later = now + timedelta(seconds=connection.id.int % SPREAD_SECONDS)
        async with runtime.sessions.write(connection.merchant_id) as session:
            await service.ask(session, connection, now=now, not_before=later)
    log.info("reports_asked", connections=len(connections))
