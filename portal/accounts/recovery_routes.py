"""A forgotten password."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts import forms, recovery
from portal.accounts.entry_routes import mail_is_read_here
from portal.accounts.throttle import Throttled
from portal.accounts.visits import fields, form_page, post_of, signed_in_at, visit
from portal.errors import FormInvalid
from portal.web import PortalRequest, page, redirect, runtime


@get("/forgotten-password")
async def ask_form(request: PortalRequest) -> Response[str]:
    return await form_page(request, "accounts/forgotten.html", values={"email": ""})


@post("/forgotten-password")
async def ask(request: PortalRequest) -> Response[Any]:
    typed = await fields(request)
    try:
        email = forms.address(typed, "email")
        await recovery.ask(runtime(request).sessions, post_of(request), email, visit(request))
    except (FormInvalid, Throttled) as error:
        return await form_page(request, "accounts/forgotten.html", error, values={"email": forms.text(typed, "email")})
    return redirect("/forgotten-password/sent")


@get("/forgotten-password/sent")
async def asked(request: PortalRequest) -> Response[str]:
    return await page(request, "accounts/sent.html", mail_here=mail_is_read_here(request))


@get("/reset-password/{token:str}")
async def choose_form(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    if not await recovery.works(runtime(request).sessions, token, runtime(request).clock()):
        raise recovery.ResetLinkOver
    return await form_page(request, "accounts/reset.html", action=f"/reset-password/{token}")


@post("/reset-password/{token:str}")
async def choose(request: PortalRequest, token: FromPath[str]) -> Response[Any]:
    password = forms.text(await fields(request), "password")
    sessions = runtime(request).sessions
    try:
        entered = await recovery.choose(
            sessions, post_of(request), token=token, password=password, visit=visit(request)
        )
    except FormInvalid as error:
        return await form_page(request, "accounts/reset.html", error, action=f"/reset-password/{token}")
    return signed_in_at(request, entered, "/")


ROUTES = [ask_form, ask, asked, choose_form, choose]
