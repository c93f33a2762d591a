"""Routes of the way in: naming the account, coming back from its consent page, pasting a token."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from connectors.errors import ChannelError
from connectors.protocol import Consent, ConsentRefused
from connectors.records import Credentials, Identity
from portal.connections import queries, service
from portal.connections.account import NewcomerAccount
from portal.connections.routes import leave_for
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.connections import ConnectAttempt, Connection
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, id_from, leave_flash, local_path, page, redirect, runtime, visitor

log = structlog.get_logger()


class VisitRefused(Conflict):
    """The way back from a consent page did not check out; nothing was stored."""


@get("/connect/{channel:str}")
async def choose(
    request: PortalRequest,
    channel: FromPath[str],
    shop: FromQuery[str] = "",
    practice: FromQuery[bool] = False,
    connection: FromQuery[str] = "",
) -> Response[Any]:
    """Name the account; once it is named, the page offers the link that leaves for the channel."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    consent = _registered(request, channel, practice=practice)
    errors, domain = {}, ""
    if practice and not shop:
        shop = f"practice-{asking.merchant_id.hex[-8:]}"
    if shop and consent is not None:
        try:
            domain = consent.domain(shop)
        except ValueError as error:
            errors["shop"] = str(error)
    card = None
    if connection:
        async with current.sessions.read(asking.merchant_id) as session:
            card = await queries.card(session, current, await service.one(session, id_from(connection)))
    return await page(
        request,
        "connections/connect.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        channel=channel,
        capabilities=current.connectors[channel].capabilities,
        registered=consent is not None,
        practice=practice,
        shop=shop,
        domain=domain,
        card=card,
        errors=errors,
    )


@get("/connect/{channel:str}/authorize")
async def authorize(
    request: PortalRequest,
    channel: FromPath[str],
    shop: FromQuery[str],
    practice: FromQuery[bool] = False,
    return_to: FromQuery[str] = "/channels",
) -> Response[Any]:
    visitor(request, Role.MANAGER)
    try:
        domain = runtime(request).consent(channel, practice=practice).domain(shop)
    except ValueError as error:
        raise NotFound from error
    return await leave_for(
        request, channel=channel, practice=practice, domain=domain, return_to=local_path(return_to, "/channels")
    )


@get("/connect/{channel:str}/callback")
async def callback(request: PortalRequest, channel: FromPath[str]) -> Response[Any]:
    """Back from the consent page: state, account, signature and time are checked before anything is stored."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    query = [(key, value) for key, value in request.query_params.multi_items()]
    state = dict(query).get("state", "")
    async with current.sessions.write(asking.merchant_id) as session:
        visit = await service.finish_visit(session, state, session_id=asking.session_id, now=current.clock())
    if visit is None or visit.channel != channel:
        raise VisitRefused(
            _("This connection attempt has ended"),
            _("It may have taken longer than ten minutes. Start again from Channels."),
        )
    consent = current.consent(channel, practice=visit.practice)
    try:
        answer = consent.read_return(query, now=current.clock(), expected_state=state)
    except ConsentRefused as error:
        return await _not_let_in(request, visit, error)
    base_url = current.base_url(channel, answer.domain, practice=visit.practice)
    try:
        credentials = await consent.exchange(base_url, code=answer.code, now=current.clock())
        identity = await current.connectors[channel].identify(NewcomerAccount(answer.domain, base_url, credentials))
    except ChannelError as error:
        log.warning("connect_failed", channel=channel, code=error.problem.code)
        return await _failed(request, channel, visit, error)
    return await _connected(request, visit, identity, credentials)


@post("/connect/{channel:str}/token")
async def token(request: PortalRequest, channel: FromPath[str]) -> Response[Any]:
    """A token pasted from the shop's own admin: tried first, stored only when it opens the account it should."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    form = await request.form()
    practice = form.get("practice") == "true"
    consent = _registered(request, channel, practice=practice) or next(iter(current.practice_consents.values()), None)
    typed = {"shop": str(form.get("shop", "")), "token": str(form.get("token", "")).strip()}
    errors: dict[str, str] = {}
    domain = ""
    try:
        domain = consent.domain(typed["shop"]) if consent else ""
    except ValueError as error:
        errors["shop"] = str(error)
    if not typed["token"]:
        errors["token"] = _("Paste the access token.")
    connection_id = id_from(str(form["connection"])) if form.get("connection") else None
    original = ""
    if not errors:
        base_url = current.base_url(channel, domain, practice=practice)
        credentials = Credentials(access_token=typed["token"])
        try:
            identity = await current.connectors[channel].identify(NewcomerAccount(domain, base_url, credentials))
            return await _store(
                request,
                identity,
                credentials,
                channel=channel,
                practice=practice,
                auth_method="token",
                connection_id=connection_id,
                return_to="/channels",
            )
        except ChannelError as error:
            errors["token"] = _("%(channel)s did not accept this token. Nothing was changed.") % {
                "channel": channel.title()
            }
            original = error.problem.original
        except service.OtherAccount as error:
            errors["shop"] = f"{error.title}. {error.detail}"
    card = None
    if connection_id:
        async with current.sessions.read(asking.merchant_id) as session:
            card = await queries.card(session, current, await service.one(session, connection_id))
    return await page(
        request,
        "connections/connect.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        channel=channel,
        capabilities=current.connectors[channel].capabilities,
        registered=_registered(request, channel, practice=practice) is not None,
        practice=practice,
        shop=typed["shop"],
        domain="",
        card=card,
        errors=errors,
        original=original,
    )


def _registered(request: PortalRequest, channel: str, *, practice: bool) -> Consent | None:
    current = runtime(request)
    if channel not in current.connectors:
        raise NotFound
    return (current.practice_consents if practice else current.consents).get(channel)


async def _connected(
    request: PortalRequest, visit: ConnectAttempt, identity: Identity, credentials: Credentials
) -> Response[Any]:
    try:
        return await _store(
            request,
            identity,
            credentials,
            channel=visit.channel,
            practice=visit.practice,
            auth_method="oauth",
            connection_id=visit.connection_id,
            return_to=visit.return_to,
        )
    except service.OtherAccount as error:
        return await page(
            request,
            "connections/other_account.html",
            status=HTTPStatus.CONFLICT,
            expected=error.expected,
            came=error.came,
            domain=error.domain,
            channel=visit.channel,
            practice=visit.practice,
            connection_id=visit.connection_id,
            return_to=visit.return_to,
        )


async def _store(
    request: PortalRequest,
    identity: Identity,
    credentials: Credentials,
    *,
    channel: str,
    practice: bool,
    auth_method: str,
    connection_id: UUID | None,
    return_to: str,
) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.read(SYSTEM) as session:
        taken = await service.owner_elsewhere(
            session, identity, channel=channel, practice=practice, merchant_id=asking.merchant_id
        )
    if taken:
        raise service.TakenElsewhere
    async with current.sessions.write(asking.merchant_id) as session:
        connection = await service.connect(
            session,
            current.vault,
            identity,
            credentials,
            merchant_id=asking.merchant_id,
            channel=channel,
            practice=practice,
            auth_method=auth_method,
            connection_id=connection_id,
            now=current.clock(),
        )
    await leave_flash(request, text=await _welcome(request, connection, again=connection_id is not None))
    return redirect(return_to)


async def _welcome(request: PortalRequest, connection: Connection, *, again: bool) -> str:
    current = runtime(request)
    async with current.sessions.read(connection.merchant_id) as session:
        card = await queries.card(session, current, connection)
    if not again:
        return _("%(name)s connected") % {"name": connection.external_name}
    if card.waiting_text:
        return _("%(name)s reconnected. Going out now: %(waiting)s.") % {
            "name": connection.external_name,
            "waiting": card.waiting_text,
        }
    return _("%(name)s reconnected") % {"name": connection.external_name}


async def _not_let_in(request: PortalRequest, visit: ConnectAttempt, error: ConsentRefused) -> Response[Any]:
    if error.declined:
        await leave_flash(request, text=_("Nothing was connected: the request was cancelled there."), tone="attention")
        return redirect(visit.return_to)
    log.warning("callback_refused", channel=visit.channel, reason=str(error))
    raise VisitRefused(
        _("We couldn't verify the way back"), _("Nothing was stored. Start again from Channels; if it stays, tell us.")
    )


async def _failed(request: PortalRequest, channel: str, visit: ConnectAttempt, error: ChannelError) -> Response[Any]:
    return await page(
        request,
        "connections/failed.html",
        status=HTTPStatus.BAD_GATEWAY,
        channel=channel,
        capabilities=runtime(request).connectors[channel].capabilities,
        domain=visit.domain,
        practice=visit.practice,
        problem=error.problem,
        return_to=visit.return_to,
    )


ROUTES = [choose, authorize, callback, token]
