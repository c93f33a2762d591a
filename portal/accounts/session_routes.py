"""The browsers a person is signed in with, and ending them."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts import sessions as signed_in
from portal.accounts.cookies import forget
from portal.accounts.user_agents import described
from portal.accounts.visits import actor
from portal.errors import NotFound
from portal.i18n import _
from portal.models.accounts import SignInSession
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, done, id_from, page, redirect, runtime, visitor


@get("/settings/sessions")
async def index(request: PortalRequest) -> Response[str]:
    who = visitor(request)
    async with runtime(request).sessions.read(SYSTEM) as session:
        rows = await signed_in.listed(session, who.user_id, runtime(request).clock())
    listed = [{"row": row, "browser": described(row.user_agent), "here": row.id == who.session_id} for row in rows]
    return await page(request, "accounts/sessions.html", sessions=listed)


@post("/settings/sessions/{session_id:str}/revocation")
async def revoke(request: PortalRequest, session_id: FromPath[str]) -> Response[Any]:
    who = visitor(request)
    by, wanted = actor(request, who), id_from(session_id)
    async with runtime(request).sessions.write(SYSTEM) as session:
        ended = await signed_in.end(session, by.now, SignInSession.id == wanted, SignInSession.user_id == who.user_id)
        if not ended:
            raise NotFound
        by.did(session, "session.revoked", subject=str(wanted))
    if wanted == who.session_id:
        return forget(redirect("/sign-in?left"), runtime(request).settings)
    return await done(request, to="/settings/sessions", text=_("Browser signed out"))


@post("/settings/sessions/revocation")
async def revoke_others(request: PortalRequest) -> Response[Any]:
    who = visitor(request)
    by = actor(request, who)
    others = (SignInSession.user_id == who.user_id, SignInSession.id != who.session_id)
    async with runtime(request).sessions.write(SYSTEM) as session:
        ended = await signed_in.end(session, by.now, *others)
        by.did(session, "session.revoked", subject="others", detail={"count": ended})
    return await done(request, to="/settings/sessions", text=_("Other browsers signed out"))


ROUTES = [index, revoke, revoke_others]
