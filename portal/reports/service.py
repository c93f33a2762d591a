"""A report is asked for, kept when it is there, or said to have failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from portal import db
from portal.clock import new_id
from portal.models.connections import Connection
from portal.models.reports import ChannelReport, ReportState
from portal.models.tasks import UNDER_WAY, Task
from portal.tasks import kinds
from portal.tasks import service as tasks


async def ask(
    session: AsyncSession, connection: Connection, *, now: datetime, not_before: datetime | None = None
) -> None:
    """The channel will be asked for a report; one that is on its way already is joined, at the earlier time."""
    row = {
        "id": new_id(),
        "merchant_id": connection.merchant_id,
        "connection_id": connection.id,
        "state": ReportState.ASKED,
        "asked_at": now,
        "created_at": now,
    }
    await session.execute(db.insert(session, ChannelReport).on_conflict_do_nothing(), [row])
    report = await asked(session, connection.id)
    assert report is not None, "there is one now, ours or the one that was there"
    subject = str(report.id)
    under_way = await session.scalar(
        select(Task.id).where(Task.kind == kinds.REPORT.name, Task.subject == subject, Task.state.in_(UNDER_WAY))
    )
    if under_way is None:
        await tasks.ask(session, connection, kinds.REPORT, [subject], now=now, not_before=not_before)
    announce(session, report)


async def asked(session: AsyncSession, connection_id: UUID) -> ChannelReport | None:
    """The report on its way."""
    found: ChannelReport | None = await session.scalar(
        select(ChannelReport).where(
            ChannelReport.connection_id == connection_id, ChannelReport.state == ReportState.ASKED
        )
    )
    return found


def finish(session: AsyncSession, report: ChannelReport, *, row_count: int, currency: str, now: datetime) -> None:
    """The report is there, with its rows."""
    report.state, report.ready_at = ReportState.READY, now
    report.row_count, report.currency = row_count, currency
    announce(session, report)


async def fail(session: AsyncSession, report: ChannelReport, problem: Problem | None) -> None:
    """There will be no such report; earlier failures are no news any more."""
    report.state = ReportState.FAILED
    report.problem = asdict(problem) if problem else None
    await session.execute(
        delete(ChannelReport).where(
            ChannelReport.connection_id == report.connection_id,
            ChannelReport.state == ReportState.FAILED,
            ChannelReport.id != report.id,
        )
    )
    announce(session, report)


async def outdated(session: AsyncSession, report: ChannelReport) -> Sequence[UUID]:
    """The connection's reports that go when this one is there: all but the newest that is there by now."""
    others = await session.execute(
        select(ChannelReport.id, ChannelReport.state)
        .where(ChannelReport.connection_id == report.connection_id, ChannelReport.id != report.id)
        .order_by(ChannelReport.id.desc())
    )
    found = others.all()
    kept = next((one for one, state in found if state is ReportState.READY), None)
    return [one for one, _state in found if one != kept]


def announce(session: AsyncSession, report: ChannelReport) -> None:
    db.changed(session, report.merchant_id, f"report:{report.connection_id}")
