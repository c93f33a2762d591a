"""What the page of a channel's report shows, read from the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Capabilities
from portal.catalog import search
from portal.models.connections import Connection
from portal.models.reports import ChannelReport, ChannelReportRow, ReportState, Verdict
from portal.models.tasks import OPEN, Task
from portal.reports import notes, service
from portal.reports.notes import Note
from portal.runtime import Runtime
from portal.tasks import kinds

PAGE = 50
# Nightly reports are a day apart; one that is older than two says that nights have failed.
STALE_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a connection's report stands. `shown` is the newest there is, `asked` the one on its way, with its task.

    `failed` is one that came to nothing after the one shown. `counts` are those of `shown`.
    """

    connection: Connection
    can: Capabilities
    makes_reports: bool
    shown: ChannelReport | None
    asked: ChannelReport | None
    failed: ChannelReport | None
    task: Task | None
    counts: Mapping[Verdict, int]
    stale: bool

    @property
    def alike(self) -> bool:
        """Whether the report has what was uploaded, as it was uploaded, and nothing else."""
        return not any(self.counts[one] for one in (Verdict.DIFFERS, Verdict.HERE, Verdict.THERE))


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view of the comparison as its address says it; `behind` rows come before it."""

    connection_id: UUID
    tab: Verdict = Verdict.DIFFERS
    q: str = ""
    behind: int = 0

    def url(self, tab: Verdict | None = None, q: str | None = None, behind: int = 0) -> str:
        """The address of this view with something else in it, from its first row."""
        asked = {"tab": str(tab or self.tab), "q": self.q if q is None else q, "behind": str(behind or "")}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/channels/{self.connection_id}/report?{query}"


@dataclass(frozen=True, slots=True)
class Line:
    row: ChannelReportRow
    note: Note


@dataclass(frozen=True, slots=True)
class Comparison:
    """`counts` are of what matches the search, by tab; `lines` up to 50 of the view's tab."""

    counts: Mapping[Verdict, int]
    lines: Sequence[Line]


async def status(session: AsyncSession, runtime: Runtime, connection: Connection) -> Status:
    connector = runtime.connectors[connection.channel]
    shown, failed = [await _newest(session, connection.id, state) for state in (ReportState.READY, ReportState.FAILED)]
    asked = await service.asked(session, connection.id)
    return Status(
        connection=connection,
        can=connector.capabilities,
        makes_reports=connector.reports is not None,
        shown=shown,
        asked=asked,
        failed=failed if failed and (shown is None or failed.id > shown.id) else None,
        task=await _task(session, asked) if asked else None,
        counts=await counts(session, shown),
        stale=shown is not None and shown.asked_at < runtime.clock() - STALE_AFTER,
    )


async def counts(session: AsyncSession, report: ChannelReport | None, q: str = "") -> dict[Verdict, int]:
    """How many SKUs of the report match, for each verdict."""
    found: dict[Verdict, int] = dict.fromkeys(Verdict, 0)
    if report is not None:
        query = select(ChannelReportRow.verdict, func.count(ChannelReportRow.id)).where(_matching(report.id, q))
        found |= dict((await session.execute(query.group_by(ChannelReportRow.verdict))).all())
    return found


async def comparison(session: AsyncSession, report: ChannelReport, view: View) -> Comparison:
    query = select(ChannelReportRow).where(_matching(report.id, view.q), ChannelReportRow.verdict == view.tab)
    query = query.order_by(ChannelReportRow.sku, ChannelReportRow.id).offset(view.behind).limit(PAGE)
    rows = list(await session.scalars(query))
    return Comparison(await counts(session, report, view.q), await lines(session, view.connection_id, rows))


async def lines(session: AsyncSession, connection_id: UUID, rows: Sequence[ChannelReportRow]) -> list[Line]:
    """The rows, each with what became of it since."""
    noted = await notes.notes(session, connection_id, rows)
    return [Line(row, note) for row, note in zip(rows, noted, strict=True)]


async def some(session: AsyncSession, report_id: UUID, *, after: ChannelReportRow | None, number: int) -> list[Line]:
    """The next rows of a whole report behind one, by id."""
    report = await session.get_one(ChannelReport, report_id)
    query = select(ChannelReportRow).where(ChannelReportRow.report_id == report_id)
    query = query.where(ChannelReportRow.id > after.id) if after else query
    rows = list(await session.scalars(query.order_by(ChannelReportRow.id).limit(number)))
    return await lines(session, report.connection_id, rows)


def _matching(report_id: UUID, q: str) -> ColumnElement[bool]:
    of_report = ChannelReportRow.report_id == report_id
    return and_(of_report, search.matches(q, ChannelReportRow.search_text)) if q else of_report


async def _newest(session: AsyncSession, connection_id: UUID, state: ReportState) -> ChannelReport | None:
    found: ChannelReport | None = await session.scalar(
        select(ChannelReport)
        .where(ChannelReport.connection_id == connection_id, ChannelReport.state == state)
        .order_by(ChannelReport.id.desc())
        .limit(1)
    )
    return found


async def _task(session: AsyncSession, report: ChannelReport) -> Task | None:
    found: Task | None = await session.scalar(
        select(Task).where(Task.kind == kinds.REPORT.name, Task.subject == str(report.id), Task.state.in_(OPEN))
    )
    return found


def is_now(task: Task | None, now: datetime) -> bool:
    """Whether work on the report waits for nothing but a free worker."""
    return task is not None and task.not_before <= now
