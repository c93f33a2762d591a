"""The two cookies of an account: the session's, and the one that says this browser is known."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from portal.accounts.devices import LIFETIME
from portal.accounts.sessions import ABSOLUTE
from portal.config import Settings


def session_cookie(settings: Settings) -> str:
    return "__Host-session" if settings.is_https else "session"


def device_cookie(settings: Settings) -> str:
    return "__Host-device" if settings.is_https else "device"


def remember(response: Response[Any], settings: Settings, *, token: str, device: str = "") -> Response[Any]:
    """The browser holds the session's token and, where one was issued, the sign of being known."""
    response.set_cookie(_cookie(settings, session_cookie(settings), token, int(ABSOLUTE.total_seconds())))
    if device:
        response.set_cookie(_cookie(settings, device_cookie(settings), device, int(LIFETIME.total_seconds())))
    return response


def forget(response: Response[Any], settings: Settings) -> Response[Any]:
    """The browser drops the session's token; it stays a known one."""
    response.set_cookie(_cookie(settings, session_cookie(settings), "", 0))
    return response


def _cookie(settings: Settings, name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=name, value=value, max_age=seconds, path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )
