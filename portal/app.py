"""The web application, put together: slices' routes, who is asking, errors, headers, files."""

from __future__ import annotations

import mimetypes
from http import HTTPStatus
from typing import Any

from litestar import Litestar, Response, get
from litestar.config.csrf import CSRFConfig
from litestar.exceptions import ClientException, HTTPException
from litestar.middleware import DefineMiddleware
from litestar.params import FromPath
from redis.asyncio import Redis

from portal import design, fragments, health, replies
from portal.accounts import routes as accounts
from portal.accounts.middleware import SignIn
from portal.accounts.sessions import leave_flash
from portal.chrome import chrome_of
from portal.config import Settings
from portal.errors import Forbidden, NotFound, PortalError
from portal.guard import SAFE, Guard, same_origin
from portal.live import Hub
from portal.registry import ROUTES, fragments_of
from portal.runtime import Runtime
from portal.templating import STATIC, build_digest
from portal.web import PortalRequest, runtime

NO_FORMS = ["^/static/", "^/pictures/", "^/webhooks/", "^/metrics$", "^/healthz$", "^/readyz$", "^/live"]
BODY_BYTES = 2 * 1024 * 1024


@get("/static/{digest:str}/{name:path}", cache_control=None)
async def static(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A file of ours. Its address changes with the build, so it may be kept for ever."""
    if "\0" in name:
        raise NotFound
    path = (STATIC / name.lstrip("/")).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file():
        raise NotFound
    kept = "public, max-age=31536000, immutable" if digest == build_digest() else "no-cache"
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": kept})


def create_app(current: Runtime, hub: Hub, redis: Redis) -> Any:
    """The ASGI application. The hub is started and closed by whoever runs the process."""
    return put_to_work(routed(current.settings), current, hub, redis)


def routed(settings: Settings) -> Litestar:
    """All routes, for whatever runtime they are put to work with. Making them takes the better part of a second."""
    return Litestar(
        route_handlers=[static, *health.ROUTES, *fragments.ROUTES, *design.ROUTES, *accounts.ROUTES, *ROUTES],
        middleware=[DefineMiddleware(SignIn)],
        before_request=before,
        exception_handlers={
            PortalError: replies.on_portal_error,
            HTTPException: replies.on_http_error,
            HTTPStatus.INTERNAL_SERVER_ERROR: replies.on_any_error,
            Exception: replies.on_any_error,
        },
        csrf_config=CSRFConfig(
            secret=settings.secret_key,
            cookie_name="__Host-csrf" if settings.is_https else "csrf",
            cookie_secure=settings.is_https,
            cookie_samesite="lax",
            exclude=NO_FORMS,
        ),
        request_max_body_size=BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )


def put_to_work(app: Litestar, current: Runtime, hub: Hub, redis: Redis) -> Any:
    app.state.update(
        {
            "runtime": current,
            "hub": hub,
            "redis": redis,
            "fragments": fragments_of(current),
            "chrome": chrome_of,
            "leave_flash": leave_flash,
        }
    )
    return Guard(app, current.settings)


async def before(request: PortalRequest) -> None:
    """A second lock beside the form's token: the browser's own word for the origin."""
    # No text of ours holds a NUL, and PostgreSQL takes none: such an address was not made by any of our pages.
    if "%00" in request.url.query:
        raise ClientException
    unsafe = request.method not in SAFE and not request.url.path.startswith("/webhooks/")
    if unsafe and not same_origin(dict(request.headers), runtime(request).settings.public_url):
        raise Forbidden
