"""Who is asking: reads the session cookie of every request, and lets a page's message be said once."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal import i18n
from portal.accounts import sessions as signed_in
from portal.accounts.cookies import session_cookie
from portal.runtime import Runtime
from portal.web import Visitor


class SignIn:
    """ASGI middleware: `user` of the scope is the Visitor or None, `auth` the token of the cookie or None.

    From here on everything is said in the language of whoever asks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        connection = ASGIConnection[object, object, object, State](scope)
        runtime = cast(Runtime, connection.app.state.runtime)
        token = connection.cookies.get(session_cookie(runtime.settings))
        who = await signed_in.authenticate(runtime.sessions, token, runtime.clock()) if token else None
        scope["user"], scope["auth"] = who, token
        if who is not None:
            i18n.use(who.language, who.time_zone)
        else:
            i18n.use(i18n.preferred(connection.headers.get("accept-language", "")), "UTC")
        if who is None or not who.flash or connection.headers.get("hx-request") == "true":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _saying(send, runtime, who))


def _saying(send: Send, runtime: Runtime, who: Visitor) -> Send:
    """A whole page that goes out has said the messages; a file, a stream or a redirect has not."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] not in _REDIRECTS:
            kind = dict(message["headers"]).get(b"content-type", b"")
            if kind.startswith(b"text/html"):
                await signed_in.forget_flash(runtime.sessions, who.session_id, len(who.flash))
        await send(message)

    return wrapped


_REDIRECTS = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
