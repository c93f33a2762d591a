"""The Integrations Hub: every connection, its state, and the way in again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.accounts.visits import actor
from portal.connections import public_keys, queries, service
from portal.connections.fragments import hub_fragments
from portal.connections.naming import speed, unit_name
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.connections import Connection
from portal.web import PortalRequest, Visitor, done, id_from, local_path, page, page_left, part_of, runtime, visitor


@get("/channels")
async def index(request: PortalRequest) -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        cards = await queries.cards(session, current)
    return await page(
        request,
        "connections/index.html",
        cards=cards,
        channels=current.connectors,
        speed=speed,
        practice=current.practice_urls,
    )


@get("/channels/{connection_id:str}")
async def show(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        connection = await service.one(session, id_from(connection_id))
        card = await queries.card(session, current, connection)
        exchanges = await queries.exchanges(session, connection.id)
        report = await queries.newest_report(session, connection.id)
        updates = await part_of(request, "order-updates", session, connection.id)
        checks = await part_of(request, "number-checks", session, connection.id)
    return await page(
        request,
        "connections/show.html",
        card=card,
        exchanges=exchanges,
        speed=speed(connection.channel),
        unit=unit_name(card.capabilities.title_unit),
        report=report,
        updates=updates,
        checks=checks,
        key_wanted=public_keys.wanted(connection),
        key_held=public_keys.held(current.vault, connection),
        makes_reports=current.connectors[connection.channel].reports is not None,
    )


@get("/channels/{connection_id:str}/reconnect")
async def reconnect(
    request: PortalRequest, connection_id: FromPath[str], return_to: FromQuery[str] = ""
) -> Response[Any]:
    """Straight to the consent page, or to the form for a new key; afterwards back to `return_to`, or the page left."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        connection = await service.one(session, id_from(connection_id))
    back = local_path(return_to or page_left(request), f"/channels/{connection.id}")
    if connection.auth_method == "token":
        where = urlencode({"connection": connection.id, "return_to": back})
        return _see(f"/connect/{connection.channel}?{where}#token")
    return await leave_for(
        request,
        channel=connection.channel,
        practice=connection.practice,
        domain=connection.domain,
        return_to=back,
        connection=connection,
    )


@post("/channels/{connection_id:str}/test")
async def test(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    return await _decide(request, connection_id, service.check, _("Checking access"))


@post("/channels/{connection_id:str}/pause")
async def pause(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    return await _decide(request, connection_id, service.pause, _("Channel paused"))


@post("/channels/{connection_id:str}/resume")
async def resume(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    return await _decide(request, connection_id, service.resume, _("Channel resumed"))


@get("/channels/{connection_id:str}/disconnect")
async def confirm_disconnect(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        connection = await service.one(session, id_from(connection_id))
        card = await queries.card(session, current, connection)
    return await page(request, "connections/disconnect.html", card=card)


@post("/channels/{connection_id:str}/disconnect")
async def disconnect(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        connection = await service.one(session, id_from(connection_id))
        await service.disconnect(session, connection, now=current.clock())
        actor(request, asking).did(session, "connection.disconnected", subject=str(connection.id))
    return await done(request, to="/channels", text=_("Channel disconnected"))


async def leave_for(
    request: PortalRequest,
    *,
    channel: str,
    practice: bool,
    domain: str,
    return_to: str,
    connection: Connection | None = None,
) -> Response[Any]:
    """To the channel's consent page, by a plain redirect of a link: a form may not leave our origin."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    consent = current.consent(channel, practice=practice)
    state = service.new_visit()
    async with current.sessions.write(asking.merchant_id) as session:
        await service.start_visit(
            session,
            state,
            merchant_id=asking.merchant_id,
            session_id=asking.session_id,
            channel=channel,
            practice=practice,
            domain=domain,
            return_to=return_to,
            connection_id=connection.id if connection else None,
            now=current.clock(),
        )
    callback = f"{current.settings.public_url}/connect/{channel}/callback"
    base_url = current.base_url(channel, domain, practice=practice)
    # A practice shop is made on the spot, selling in the merchant's currency; a real one has its own.
    extra = f"&currency={asking.currency}" if practice else ""
    return _see(consent.authorize_url(base_url, redirect_uri=callback, state=state) + extra)


async def _decide(request: PortalRequest, connection_id: str, act: Any, text: str) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        connection = await service.one(session, id_from(connection_id))
        await act(session, connection, now=current.clock())
    parts = await _card_parts(request, asking, connection)
    return await done(request, to=f"/channels/{connection.id}", text=text, parts=parts)


async def _card_parts(request: PortalRequest, asking: Visitor, connection: Connection) -> Any:
    current = runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        return await hub_fragments(current)["connection-card"](session, asking, [connection.id])


def _see(url: str) -> Response[Any]:
    return Response("", status_code=HTTPStatus.SEE_OTHER, headers={"Location": url}, media_type="text/html")


ROUTES = [index, show, reconnect, test, pause, resume, confirm_disconnect, disconnect]
