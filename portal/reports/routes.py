"""A channel's own report beside what was uploaded: asked for, compared, searched, taken along as a file."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from portal.connections import service as connections
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.connections import ConnectionState
from portal.models.reports import Verdict
from portal.reports import queries, service, sheet, wording
from portal.reports.fragments import status_part
from portal.reports.queries import PAGE, Comparison, View
from portal.web import Place, PortalRequest, done, id_from, page, runtime, visitor

NOT_ASKED = {ConnectionState.SETUP, ConnectionState.DISCONNECTED}


@get("/channels/{connection_id:str}/report")
async def show(
    request: PortalRequest,
    connection_id: FromPath[str],
    tab: FromQuery[str] = "",
    q: FromQuery[str] = "",
    behind: Place = 0,
) -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    chosen = Verdict(tab) if tab in set(Verdict) else Verdict.DIFFERS
    view = View(connection_id=id_from(connection_id), tab=chosen, q=q.strip(), behind=behind)
    async with current.sessions.read(asking.merchant_id) as session:
        connection = await connections.one(session, view.connection_id)
        status = await queries.status(session, current, connection)
        found = await queries.comparison(session, status.shown, view) if status.shown else None
    return await page(
        request,
        "reports/show.html",
        part=status_part(asking, status, current),
        report=status,
        view=view,
        found=found,
        tabs=_tabs(view, found) if found else [],
        elsewhere=_elsewhere(view, found) if found else [],
        newer=view.url(behind=max(0, behind - PAGE)) if behind else None,
        older=view.url(behind=behind + PAGE) if found and behind + PAGE < found.counts[view.tab] else None,
        words=wording,
    )


@post("/channels/{connection_id:str}/report")
async def ask(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    """A report is asked for now."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        connection = await connections.one(session, id_from(connection_id))
        if current.connectors[connection.channel].reports is None:
            raise Conflict(_("This channel makes no report"), _("Crossdock reads each listing there itself instead."))
        if connection.state in NOT_ASKED:
            raise Conflict(_("This channel isn't connected"), _("Connect it again first."))
        await service.ask(session, connection, now=current.clock())
    async with current.sessions.read(asking.merchant_id) as session:
        part = status_part(asking, await queries.status(session, current, connection), current)
    return await done(request, to=f"/channels/{connection.id}/report", text=_("Report asked for"), parts=[part])


@get("/channels/{connection_id:str}/report.csv")
async def download(request: PortalRequest, connection_id: FromPath[str]) -> Stream:
    """The whole comparison, written as it is sent."""
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        connection = await connections.one(session, id_from(connection_id))
        status = await queries.status(session, current, connection)
    if status.shown is None:
        raise NotFound(_("There is no report yet"))
    written = sheet.write(
        current.sessions,
        asking.merchant_id,
        status.shown,
        channel=status.can.name,
        currency=asking.currency,
    )
    name = f"{connection.channel}-report-{status.shown.asked_at:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(written, media_type="text/csv; charset=utf-8", headers=headers)


def _tabs(view: View, found: Comparison) -> list[dict[str, Any]]:
    shown = [one for one in Verdict if one is not Verdict.SINCE or found.counts[one] or view.tab is one]
    return [
        {"label": wording.tab(one), "url": view.url(tab=one), "current": one is view.tab, "count": found.counts[one]}
        for one in shown
    ]


def _elsewhere(view: View, found: Comparison) -> list[tuple[str, str]]:
    """Where a search that misses here has hits: the words of a link, and its address."""
    return [
        (_("%(num)s in %(tab)s") % {"num": found.counts[one], "tab": wording.tab(one)}, view.url(tab=one))
        for one in Verdict
        if view.q and found.counts[one] and one is not view.tab
    ]


ROUTES = [show, ask, download]
