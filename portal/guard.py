"""The outermost layer: a request id, the one host we answer to, and the headers every reply carries."""

from __future__ import annotations

import time

import structlog
from litestar._parsers import parse_url_encoded_form_data
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal.clock import new_id
from portal.config import Settings
from portal.metrics import REQUESTS

# A platform's health checks come by internal address; they learn nothing there.
ANY_HOST = {"/healthz", "/readyz"}
SAFE = {"GET", "HEAD", "OPTIONS"}
# Links that let in whoever holds them: what follows the first part of the path is the key.
KEYED = ("/start/", "/sign-up/", "/reset-password/", "/verify-email/", "/restore-email/", "/invitations/")
YEAR_SECONDS = 31_536_000

log = structlog.get_logger("access")


def content_security_policy() -> str:
    """Nothing inline, nothing evaluated, nothing framed; images may come from the merchant's own https addresses."""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )


class Guard:
    """ASGI middleware around everything, so that an error page is as well dressed as any other."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._host = settings.public_host
        self._https = settings.is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 500

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(message, scope, request_id)
            await send(message)

        try:
            if scope["path"] not in ANY_HOST and _hosts(scope) != [self._host]:
                await _refuse(dressed)
            else:
                await self._app(scope, receive, dressed)
        finally:
            seconds = time.perf_counter() - started
            REQUESTS.labels(scope["method"], int(status)).observe(seconds)
            path, milliseconds = _loggable(scope["path"]), round(seconds * 1000, 1)
            log.info("request", method=scope["method"], path=path, status=int(status), ms=milliseconds)
            if scope["method"] not in SAFE:
                # Litestar keeps the last thousand form bodies, passwords among them, to save itself the parsing.
                parse_url_encoded_form_data.cache_clear()

    def _dress(self, message: Message, scope: Scope, request_id: str) -> None:
        headers = MutableScopeHeaders.from_message(message)
        headers["X-Request-Id"] = request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        headers.setdefault("Content-Security-Policy", content_security_policy())
        headers.setdefault("Cache-Control", "no-store")
        if self._https:
            headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}; includeSubDomains"


def same_origin(headers: dict[str, str], public_url: str) -> bool:
    """Whether the browser says this request came from our own pages; one that says nothing is left to the token."""
    origin = headers.get("origin")
    if origin is not None:
        return origin == public_url
    referer = headers.get("referer")
    return not referer or f"{referer}/".startswith(f"{public_url}/")


def _loggable(path: str) -> str:
    return next((f"{start}●●●" for start in KEYED if path.startswith(start)), path)


def _hosts(scope: Scope) -> list[str]:
    """Every Host header: with two of them, what stands before us may have gone by the other."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]


async def _refuse(send: Send) -> None:
    body = b"This address is not served here."
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
