"""Signing in, out and up, and the first owner's link."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts import entering, keeping, registration
from portal.accounts.cookies import forget
from portal.accounts.forms import CURRENCIES, SignUp, text
from portal.accounts.keeping import Kept
from portal.accounts.throttle import Throttled
from portal.accounts.visits import actor, fields, form_page, post_of, signed_in, signed_in_at, visit
from portal.errors import FormInvalid
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, local_path, page, redirect, runtime


@get("/sign-in")
async def sign_in_form(request: PortalRequest) -> Response[Any]:
    onward = local_path(request.query_params.get("next", "/"))
    if request.user is not None:
        return redirect(onward)
    if not await registration.is_open(runtime(request).sessions):
        return await _closed(request)
    return await _sign_in_page(request, onward)


@post("/sign-in")
async def sign_in(request: PortalRequest) -> Response[Any]:
    """A form whose sender turned out to be signed out comes here by itself (see portal/replies.py)."""
    typed = await fields(request)
    if "identifier" not in typed:
        sent = (await request.form()).multi_items()
        kept = keeping.interrupted(request.query_params.get("form", ""), sent)
        return await _sign_in_page(request, local_path(request.query_params.get("next", "/")), kept=kept)
    onward, kept = local_path(text(typed, "next") or "/"), keeping.reopened(text(typed, "kept"))
    try:
        entered = await entering.sign_in(
            runtime(request).sessions,
            post_of(request),
            secret=runtime(request).settings.secret_key,
            identifier=text(typed, "identifier"),
            password=text(typed, "password"),
            visit=visit(request),
        )
    except (FormInvalid, Throttled) as error:
        return await _sign_in_page(request, onward, error, kept=kept, identifier=text(typed, "identifier"))
    if kept is None:
        return signed_in_at(request, entered, onward)
    return signed_in(request, entered, await page(request, "accounts/kept.html", kept=kept, onward=onward))


@post("/sign-out")
async def sign_out(request: PortalRequest) -> Response[Any]:
    if request.user is not None:
        async with runtime(request).sessions.write(SYSTEM) as session:
            await entering.sign_out(session, request.user.session_id, actor(request, request.user))
    return forget(redirect("/sign-in?left"), runtime(request).settings)


@get("/sign-up")
async def sign_up_form(request: PortalRequest) -> Response[Any]:
    if request.user is not None:
        return redirect("/")
    if not await registration.is_open(runtime(request).sessions):
        return await _closed(request)
    return await _sign_up_page(request, {"currency": "USD"})


@post("/sign-up")
async def sign_up(request: PortalRequest) -> Response[Any]:
    typed = await fields(request)
    try:
        form = SignUp.read(typed)
        entered = await registration.sign_up(runtime(request).sessions, post_of(request), form, visit(request))
    except (FormInvalid, Throttled) as error:
        return await _sign_up_page(request, typed, error)
    if entered is None:
        return redirect("/sign-up/sent")
    return signed_in_at(request, entered, "/")


@get("/sign-up/sent")
async def sign_up_sent(request: PortalRequest) -> Response[str]:
    return await page(request, "accounts/sent.html", mail_here=mail_is_read_here(request))


@get("/sign-up/{token:str}")
async def finish_form(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    shop = await registration.asked_shop(runtime(request).sessions, token, runtime(request).clock())
    return await page(request, "accounts/finish.html", shop=shop, action=f"/sign-up/{token}")


@post("/sign-up/{token:str}")
async def finish(request: PortalRequest, token: FromPath[str]) -> Response[Any]:
    return signed_in_at(request, await registration.finish(runtime(request).sessions, token, visit(request)), "/")


@get("/start/{token:str}")
async def start_form(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    if not await registration.start_works(runtime(request).sessions, token, runtime(request).clock()):
        raise registration.LinkOver
    return await _sign_up_page(request, {"currency": "USD"}, action=f"/start/{token}", first=True)


@post("/start/{token:str}")
async def start(request: PortalRequest, token: FromPath[str]) -> Response[Any]:
    typed = await fields(request)
    sessions = runtime(request).sessions
    try:
        form = SignUp.read(typed)
        entered = await registration.start(sessions, post_of(request), token=token, form=form, visit=visit(request))
    except FormInvalid as error:
        return await _sign_up_page(request, typed, error, action=f"/start/{token}", first=True)
    return signed_in_at(request, entered, "/")


def mail_is_read_here(request: PortalRequest) -> bool:
    """In development nothing is sent, and letters are read on a page."""
    settings = runtime(request).settings
    return not settings.is_https and not settings.smtp_url


async def _closed(request: PortalRequest) -> Response[str]:
    return await page(request, "accounts/closed.html", status=HTTPStatus.FORBIDDEN)


async def _sign_in_page(
    request: PortalRequest,
    onward: str,
    error: FormInvalid | Throttled | None = None,
    *,
    kept: Kept | None = None,
    identifier: str = "",
) -> Response[str]:
    return await form_page(
        request,
        "accounts/sign_in.html",
        error,
        values={"identifier": identifier},
        onward=onward,
        kept=kept,
        left="left" in request.query_params,
        ended="ended" in request.query_params,
    )


async def _sign_up_page(
    request: PortalRequest,
    typed: dict[str, Any],
    error: FormInvalid | Throttled | None = None,
    *,
    action: str = "/sign-up",
    first: bool = False,
) -> Response[str]:
    values = _kept(typed, "shop", "identifier", "currency")
    currencies = [(code, code) for code in CURRENCIES]
    return await form_page(
        request, "accounts/sign_up.html", error, values=values, currencies=currencies, action=action, first=first
    )


def _kept(typed: dict[str, Any], *names: str) -> dict[str, str]:
    """What is shown again. Passwords are not."""
    return {name: text(typed, name) for name in names}


ROUTES = [sign_in_form, sign_in, sign_out, sign_up_form, sign_up, sign_up_sent, finish_form, finish, start_form, start]
