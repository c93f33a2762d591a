"""The team of a merchant, and the page an invitation leads to."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts import forms, letters, team
from portal.accounts.cookies import forget
from portal.accounts.forms import Invite, Joining
from portal.accounts.throttle import Throttled
from portal.accounts.visits import actor, fields, form_page, post_of, signed_in_at, visit
from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.accounts import Role
from portal.web import PortalRequest, Visitor, done, id_from, redirect, runtime, visitor


@get("/settings/team")
async def index(request: PortalRequest) -> Response[str]:
    return await _team_page(request, visitor(request))


@post("/settings/team/invitations")
async def invite(request: PortalRequest) -> Response[Any]:
    who = visitor(request, Role.OWNER)
    typed = await fields(request)
    try:
        form = Invite.read(typed)
        await team.invite(runtime(request).sessions, post_of(request), form, who.merchant_name, actor(request, who))
    except (FormInvalid, Throttled) as error:
        return await _team_page(request, who, error, typed)
    return await done(request, to="/settings/team", text=_("Invitation sent"))


@post("/settings/team/invitations/{invitation_id:str}/withdrawal")
async def withdraw(request: PortalRequest, invitation_id: FromPath[str]) -> Response[Any]:
    who = visitor(request, Role.OWNER)
    async with runtime(request).sessions.write(who.merchant_id) as session:
        await team.withdraw(session, id_from(invitation_id), actor(request, who))
    return await done(request, to="/settings/team", text=_("Invitation withdrawn"))


@post("/settings/team/{member_id:str}/role")
async def change_role(request: PortalRequest, member_id: FromPath[str]) -> Response[Any]:
    who = visitor(request, Role.OWNER)
    role = forms.role(await fields(request))
    async with runtime(request).sessions.write(who.merchant_id) as session:
        changed = await team.change_role(session, id_from(member_id), role, actor(request, who))
    return await done(request, to="/settings/team", text=_("Role changed") if changed else _("Role unchanged"))


@post("/settings/team/{member_id:str}/removal")
async def remove(request: PortalRequest, member_id: FromPath[str]) -> Response[Any]:
    who = visitor(request)
    async with runtime(request).sessions.write(who.merchant_id) as session:
        gone = await team.remove(session, id_from(member_id), actor(request, who), by=who.role)
    if gone == who.user_id:
        return forget(redirect("/sign-in?left"), runtime(request).settings)
    return await done(request, to="/settings/team", text=_("Member removed"))


@get("/invitations/{token:str}")
async def offer(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    return await _offer_page(request, token)


@post("/invitations/{token:str}/acceptance")
async def accept(request: PortalRequest, token: FromPath[str]) -> Response[Any]:
    who = visitor(request)
    entered = await team.accept(runtime(request).sessions, token, user_id=who.user_id, visit=visit(request))
    return signed_in_at(request, entered, "/")


@post("/invitations/{token:str}/account")
async def join(request: PortalRequest, token: FromPath[str]) -> Response[Any]:
    typed = await fields(request)
    sessions = runtime(request).sessions
    email = (await team.offer(sessions, token, runtime(request).clock())).email
    try:
        entered = await team.join(sessions, token, Joining.read(typed, email=email), visit=visit(request))
    except FormInvalid as error:
        return await _offer_page(request, token, error, name=forms.text(typed, "name"))
    return signed_in_at(request, entered, "/")


async def _team_page(
    request: PortalRequest,
    who: Visitor,
    error: FormInvalid | Throttled | None = None,
    typed: dict[str, Any] | None = None,
) -> Response[str]:
    async with runtime(request).sessions.read(who.merchant_id) as session:
        members = await team.members(session, who.merchant_id)
        invitations = await team.invitations(session, who.merchant_id)
    typed = typed or {"role": Role.MANAGER.value}
    return await form_page(
        request,
        "accounts/team.html",
        error,
        members=members,
        invitations=invitations,
        roles=[(role.value, letters.role_name(role)) for role in Role],
        role_name=letters.role_name,
        owner=who.may(Role.OWNER),
        me=who.user_id,
        moment=runtime(request).clock(),
        values={"email": forms.text(typed, "email"), "role": forms.text(typed, "role")},
    )


async def _offer_page(
    request: PortalRequest, token: str, error: FormInvalid | None = None, *, name: str = ""
) -> Response[str]:
    found = await team.offer(runtime(request).sessions, token, runtime(request).clock())
    return await form_page(
        request,
        "accounts/invitation.html",
        error,
        offer=found,
        role=letters.role_name(found.role),
        path=f"/invitations/{token}",
        name=name,
    )


ROUTES = [index, invite, withdraw, change_role, remove, offer, accept, join]
