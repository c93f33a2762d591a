"""What the account routes share: the request as the services see it, forms shown again, and being signed in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Response

from portal.accounts import devices
from portal.accounts.audit import Actor, Visit
from portal.accounts.cookies import device_cookie, remember, session_cookie
from portal.accounts.entering import Entered
from portal.accounts.throttle import Throttled
from portal.errors import FormInvalid
from portal.mail import Post
from portal.web import PortalRequest, Visitor, page, redirect, runtime


def visit(request: PortalRequest) -> Visit:
    """The request as a visit; its address is the connection's, which no header of the browser can change."""
    settings = runtime(request).settings
    return Visit(
        now=runtime(request).clock(),
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        request_id=request.scope["state"].get("request_id", ""),
        device=request.cookies.get(device_cookie(settings), ""),
        token=request.cookies.get(session_cookie(settings), ""),
    )


def actor(request: PortalRequest, who: Visitor) -> Actor:
    """The signed-in member as the services see them."""
    return Actor(who.merchant_id, who.user_id, visit(request))


def post_of(request: PortalRequest) -> Post:
    """What writing a letter needs here. Links start with the configured address, whatever host the request named."""
    return Post(runtime(request).vault, runtime(request).settings.public_url)


async def fields(request: PortalRequest) -> dict[str, Any]:
    """What was typed: the first value of each name."""
    form = await request.form()
    return {name: form[name] for name in form}


async def form_page(
    request: PortalRequest, template: str, error: FormInvalid | Throttled | None = None, **context: Any
) -> Response[str]:
    """The form, and with an error what to do about it: at the top, and for what was typed at each field."""
    errors = error.errors if isinstance(error, FormInvalid) else {}
    return await page(
        request,
        template,
        status=error.status if error else HTTPStatus.OK,
        headers={"Retry-After": f"{error.until:%a, %d %b %Y %H:%M:%S} GMT"} if isinstance(error, Throttled) else None,
        failed=error is not None,
        errors=errors,
        summary=[{"field": name, "message": message} for name, message in errors.items()],
        throttled=error if isinstance(error, Throttled) else None,
        **context,
    )


def signed_in_at(request: PortalRequest, entered: Entered, path: str) -> Response[Any]:
    """On to `path`, signed in under the new session, in a browser that is known from now on."""
    return signed_in(request, entered, redirect(path))


def signed_in(request: PortalRequest, entered: Entered, answer: Response[Any]) -> Response[Any]:
    """The answer, which signs in under the new session, in a browser that is known from now on."""
    current = runtime(request)
    device = devices.issue(current.settings.secret_key, entered.user_id, current.clock())
    return remember(answer, current.settings, token=entered.token, device=device)
