"""Routes of the way in: naming the account, coming back from its consent page, pasting a token."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from connectors.errors import ChannelError, PermissionLost, Problem, ProblemClass
from connectors.protocol import Connector, ConsentRefused, KeysRefused
from connectors.records import Credentials, Identity
from portal.accounts.visits import actor
from portal.connections import queries, renewing, service
from portal.connections.account import NewcomerAccount
from portal.connections.naming import naming, practice_account
from portal.connections.routes import leave_for
from portal.errors import Conflict, FormInvalid, NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.connections import ConnectAttempt, Connection
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, Visitor, id_from, leave_flash, local_path, page, redirect, runtime, visitor

log = structlog.get_logger()

# The shop's address in the token form; the page may have another field for it.
TOKEN_SHOP = "token-shop"


class VisitRefused(Conflict):
    """The way back from a consent page did not check out; nothing was stored."""


@get("/connect/{channel:str}")
async def choose(
    request: PortalRequest,
    channel: FromPath[str],
    shop: FromQuery[str] = "",
    practice: FromQuery[bool] = False,
    connection: FromQuery[str] = "",
    return_to: FromQuery[str] = "",
) -> Response[Any]:
    """Name the account; once it is named, the page offers the link that leaves for the channel."""
    asking = visitor(request, Role.MANAGER)
    if practice and not shop:
        shop = practice_account(channel, asking.currency) or _practice_shop(asking)
    errors, domain = {}, ""
    try:
        domain = _connector(request, channel).account_domain(shop) if shop else ""
    except ValueError as error:
        errors["shop"] = str(error)
    return await _form(
        request,
        channel,
        shop=shop,
        practice=practice,
        connection_id=id_from(connection) if connection else None,
        return_to=local_path(return_to, ""),
        errors=errors,
        domain=domain,
    )


def _practice_shop(asking: Visitor) -> str:
    """A shop's name after the merchant's own, or a number where theirs has no letters an address can hold."""
    plain = unicodedata.normalize("NFKD", asking.merchant_name).encode("ascii", "ignore").decode().lower()
    name = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:40].rstrip("-")
    number = asking.merchant_id.int
    return f"{name}-practice-{number % 1000}" if name else f"practice-{number % 100_000_000}"


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
        domain = _connector(request, channel).account_domain(shop)
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
    # Not every channel says on the way back whose account it is; then it is the one the visit was for.
    domain = answer.domain or visit.domain
    base_url = current.base_url(channel, domain, practice=visit.practice)
    try:
        credentials = await consent.exchange(base_url, code=answer.code, now=current.clock())
        identity = await current.connectors[channel].identify(NewcomerAccount(domain, base_url, credentials))
    except ChannelError as error:
        log.warning("connect_failed", channel=channel, code=error.problem.code)
        return await _failed(request, channel, visit, error)
    return await _connected(request, visit, identity, credentials)


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was typed into the form for keys. `connection_id` is set when it renews those of a connection.

    `return_to` is the page of ours that was left for it; empty for none.
    """

    shop: str
    keys: Mapping[str, str]
    practice: bool
    connection_id: UUID | None
    return_to: str


@post("/connect/{channel:str}/token")
async def token(request: PortalRequest, channel: FromPath[str]) -> Response[Any]:
    """Keys pasted from the channel's own pages: tried first, stored only when they open the account they should."""
    visitor(request, Role.MANAGER)
    form, connector = await request.form(), _connector(request, channel)
    if "token" not in connector.capabilities.connect_methods:
        raise NotFound
    pasted = Pasted(
        shop=str(form.get("shop", "")),
        keys={key.name: str(form.get(key.name, "")).strip() for key in connector.capabilities.keys},
        practice=form.get("practice") == "true",
        connection_id=id_from(str(form["connection"])) if form.get("connection") else None,
        return_to=local_path(str(form.get("return_to", "")), ""),
    )
    if pasted.practice and channel not in runtime(request).practice_urls:
        raise NotFound
    try:
        domain = connector.account_domain(pasted.shop)
        pasted = await _with_those_that_stay(request, connector, pasted)
        if empty := [name for name, text in pasted.keys.items() if not text]:
            raise FormInvalid(dict.fromkeys(empty, _("Paste it here.")))
        return await _try_keys(request, channel, domain, connector.credentials_of(pasted.keys), pasted)
    except KeysRefused as error:
        return await _ask_again(request, channel, pasted, {error.key: str(error)})
    except ValueError as error:
        return await _ask_again(request, channel, pasted, {TOKEN_SHOP: str(error)})
    except FormInvalid as error:
        return await _ask_again(request, channel, pasted, error.errors)
    except service.OtherAccount as error:
        return await _ask_again(request, channel, pasted, {TOKEN_SHOP: f"{error.title}. {error.detail}"})
    except ChannelError as error:
        said = {"channel": connector.capabilities.name}
        unheard = error.problem_class in {ProblemClass.BUSY, ProblemClass.UNKNOWN, ProblemClass.OURS}
        refusal = (
            _("%(channel)s could not be asked just now. Nothing was changed; try again.")
            if unheard
            else _("%(channel)s did not accept this. Nothing was changed.")
        ) % said
        last = connector.capabilities.keys[-1].name
        return await _ask_again(request, channel, pasted, {last: refusal}, problem=error.problem)


async def _with_those_that_stay(request: PortalRequest, connector: Connector, pasted: Pasted) -> Pasted:
    """What was pasted, with the connection's own keys for those that were not asked for again."""
    kept = await _staying(request, connector, pasted)
    return replace(pasted, keys={name: text or kept.get(name, "") for name, text in pasted.keys.items()})


async def _staying(request: PortalRequest, connector: Connector, pasted: Pasted) -> Mapping[str, str]:
    if pasted.connection_id is None:
        return {}
    current = runtime(request)
    async with current.sessions.read(visitor(request, Role.MANAGER).merchant_id) as session:
        connection = await service.one(session, pasted.connection_id)
    return renewing.kept_keys(current.vault, connection, connector.capabilities)


async def _try_keys(
    request: PortalRequest, channel: str, domain: str, credentials: Credentials, pasted: Pasted
) -> Response[Any]:
    current = runtime(request)
    base_url = current.base_url(channel, domain, practice=pasted.practice)
    try:
        identity = await current.connectors[channel].identify(NewcomerAccount(domain, base_url, credentials))
    except PermissionLost:
        connector = current.connectors[channel]
        staying = await _staying(request, connector, pasted)
        same_account = bool(staying) and all(pasted.keys[name] == text for name, text in staying.items())
        if not same_account or not connector.capabilities.keys_work_within_seconds:
            raise
        return await _keep_for_later(request, connector, credentials, pasted)
    return await _store(
        request,
        identity,
        credentials,
        channel=channel,
        practice=pasted.practice,
        auth_method="token",
        connection_id=pasted.connection_id,
        return_to=pasted.return_to or "/channels",
    )


async def _keep_for_later(
    request: PortalRequest, connector: Connector, credentials: Credentials, pasted: Pasted
) -> Response[Any]:
    """Refused, as keys that are new may be for a while: kept beside those in use, and tried until they work."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    assert pasted.connection_id is not None
    async with current.sessions.write(asking.merchant_id) as session:
        connection = await service.one(session, pasted.connection_id)
        await renewing.keep(
            session,
            current.vault,
            connection,
            credentials,
            within_seconds=connector.capabilities.keys_work_within_seconds,
            now=current.clock(),
        )
        actor(request, asking).did(session, "connection.keys_kept", subject=str(connection.id))
    said = {"channel": connector.capabilities.name}
    text = _("Kept. %(channel)s doesn't take the new keys yet; we try them until it does, and then use them.") % said
    await leave_flash(request, text=text, tone="attention")
    return redirect(pasted.return_to or "/channels")


async def _ask_again(
    request: PortalRequest, channel: str, pasted: Pasted, errors: dict[str, str], *, problem: Problem | None = None
) -> Response[Any]:
    return await _form(
        request,
        channel,
        shop=pasted.shop,
        practice=pasted.practice,
        connection_id=pasted.connection_id,
        return_to=pasted.return_to,
        errors=errors,
        problem=problem,
    )


async def _form(
    request: PortalRequest,
    channel: str,
    *,
    shop: str,
    practice: bool,
    connection_id: UUID | None,
    return_to: str,
    errors: dict[str, str],
    domain: str = "",
    problem: Problem | None = None,
) -> Response[Any]:
    """The page that names the account, with what is wrong and what was typed; never with a secret."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    card = None
    if connection_id is not None:
        async with current.sessions.read(asking.merchant_id) as session:
            card = await queries.card(session, current, await service.one(session, connection_id))
    return await page(
        request,
        "connections/connect.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        channel=channel,
        capabilities=_connector(request, channel).capabilities,
        naming=naming(channel, _connector(request, channel).capabilities),
        registered=channel in (current.practice_consents if practice else current.consents),
        back_office=queries.practice_page(current, channel, shop) if practice and not card else "",
        practice=practice,
        shop=shop,
        domain=domain,
        card=card,
        return_to=return_to,
        errors=errors,
        problem=problem,
    )


def _connector(request: PortalRequest, channel: str) -> Connector:
    try:
        return runtime(request).connectors[channel]
    except KeyError as error:
        raise NotFound from error


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
        actor(request, asking).did(session, "connection.connected", subject=str(connection.id))
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
