"""Health as it is: alive, ready, and numbers for whoever watches."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Any

from litestar import MediaType, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.errors import NotFound
from portal.migrations.run import pending
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, runtime


@get("/healthz", media_type=MediaType.JSON)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", media_type=MediaType.JSON)
async def readyz(request: PortalRequest) -> Response[dict[str, Any]]:
    """503 without a database or with migrations to run; without Redis still 200, and "degraded"."""
    database = await _database(request)
    redis = await _redis(request.app.state.redis)
    status = "unavailable" if database != "ok" else "ok" if redis == "ok" else "degraded"
    code = HTTPStatus.SERVICE_UNAVAILABLE if database != "ok" else HTTPStatus.OK
    return Response({"status": status, "database": database, "redis": redis}, status_code=code)


@get("/metrics", media_type=MediaType.TEXT)
async def metrics(request: PortalRequest) -> Response[bytes]:
    """Prometheus text, for whoever brings the METRICS_TOKEN; on loopback without one, for anybody."""
    settings = runtime(request).settings
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if settings.metrics_token and not hmac.compare_digest(given.encode(), settings.metrics_token.encode()):
        raise NotFound
    if settings.is_https and not settings.metrics_token:
        raise NotFound
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _database(request: PortalRequest) -> str:
    current = runtime(request)
    try:
        async with current.sessions.read(SYSTEM) as session:
            await session.execute(text("SELECT 1"))
        return "ok" if await _up_to_date(request) else "migrations pending"
    except (SQLAlchemyError, OSError):
        return "down"


async def _up_to_date(request: PortalRequest) -> bool:
    """Whether the database has every step this code needs. Looked up until it has: a database never goes back."""
    state = request.app.state
    if not state.get("up_to_date"):
        state.up_to_date = not await pending(runtime(request).settings.database_url)
    return bool(state.up_to_date)


async def _redis(redis: Redis) -> str:
    try:
        await redis.ping()
    except (RedisError, OSError):
        return "down"
    return "ok"


ROUTES = [healthz, readyz, metrics]
