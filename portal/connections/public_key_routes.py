"""The form for a connection's public key: tried before it is kept, and never shown again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from connectors.errors import ChannelError, Problem, ProblemClass
from portal.accounts.visits import actor, fields
from portal.connections import public_keys, service
from portal.errors import FormInvalid, NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.connections import Connection, ConnectionState
from portal.web import PortalRequest, done, id_from, page, runtime, visitor

_UNHEARD = {ProblemClass.BUSY, ProblemClass.UNKNOWN, ProblemClass.OURS}


@get("/channels/{connection_id:str}/public-key")
async def form(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    return await _form(request, await _connection(request, connection_id))


@post("/channels/{connection_id:str}/public-key")
async def keep(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    connection = await _connection(request, connection_id)
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    typed = await fields(request)
    version = str(typed.get(public_keys.VERSION, ""))
    try:
        key = public_keys.read(connection, typed)
        await public_keys.test(current, connection, key)
    except FormInvalid as invalid:
        return await _form(request, connection, version=version, errors=invalid.errors)
    except ChannelError as error:
        return await _form(request, connection, version=version, problem=error.problem)
    async with current.sessions.write(asking.merchant_id) as session:
        await public_keys.keep(session, current.vault, connection.id, key, now=current.clock())
        detail = {"version": key[public_keys.VERSION]}
        actor(request, asking).did(session, "connection.key_kept", subject=str(connection.id), detail=detail)
    return await done(request, to=f"/channels/{connection.id}", text=_("The key works and is in use"))


async def _connection(request: PortalRequest, connection_id: str) -> Connection:
    """Raises NotFound also where there is no such key to give."""
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        connection = await service.one(session, id_from(connection_id))
    if not public_keys.wanted(connection) or connection.state is ConnectionState.DISCONNECTED:
        raise NotFound
    return connection


async def _form(
    request: PortalRequest,
    connection: Connection,
    *,
    version: str = "",
    errors: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response[Any]:
    """`problem` is why the channel did not take the key that was tried."""
    current = runtime(request)
    can = current.connectors[connection.channel].capabilities
    said = dict(errors or {})
    if problem is not None:
        unheard = problem.problem_class in _UNHEARD
        said[public_keys.KEY] = (
            _("%(channel)s could not be asked just now. Nothing was changed; try again.")
            if unheard
            else _("%(channel)s did not accept this. Nothing was changed.")
        ) % {"channel": can.name}
    return await page(
        request,
        "connections/public_key.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if said else HTTPStatus.OK,
        connection=connection,
        capabilities=can,
        held=public_keys.held(current.vault, connection),
        version=version,
        errors=said,
        problem=problem,
    )


ROUTES = [form, keep]
