"""Health tells the truth about the process, its database and its queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from jobs.boot import Process
from portal import health
from portal.app import create_app
from portal.config import Settings
from portal.db import Sessions
from portal.live import Hub
from portal.migrations.run import pending, upgrade
from tests.servers import free_port


@asynccontextmanager
async def a_portal(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    process = Process.start(settings)
    redis = Redis.from_url(settings.redis_url, socket_connect_timeout=1)
    app: Any = create_app(process.runtime, Hub(settings.redis_url), redis)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http:
            yield http
    finally:
        await redis.aclose()
        await process.stop()


@pytest.fixture
async def migrated(settings: Settings, empty_database_url: str) -> Settings:
    """Settings of a database that migrations made, as an installation's."""
    settings.database_url = empty_database_url
    await upgrade(empty_database_url)
    return settings


async def ask(http: httpx.AsyncClient, path: str = "/readyz") -> tuple[int, dict[str, str]]:
    answer = await http.get(path)
    return answer.status_code, answer.json()


async def test_all_is_well(migrated: Settings) -> None:
    async with a_portal(migrated) as http:
        assert await ask(http, "/healthz") == (200, {"status": "ok"})
        assert await ask(http) == (200, {"status": "ok", "database": "ok", "redis": "ok"})


async def test_without_the_queue_it_is_ready_and_says_degraded(migrated: Settings) -> None:
    migrated.redis_url = f"redis://127.0.0.1:{free_port()}"
    async with a_portal(migrated) as http:
        assert await ask(http) == (200, {"status": "degraded", "database": "ok", "redis": "down"})


async def test_without_a_database_it_lives_and_is_not_ready(settings: Settings) -> None:
    nowhere = settings.data_dir / "nowhere" / "crossdock.db"
    settings.database_url = (
        f"sqlite+aiosqlite:///{nowhere}"
        if settings.is_sqlite
        else f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"
    )
    async with a_portal(settings) as http:
        assert await ask(http, "/healthz") == (200, {"status": "ok"})
        status, said = await ask(http)
    assert (status, said["status"], said["database"]) == (503, "unavailable", "down")


async def test_a_pending_migration_is_not_ready_until_it_has_run(settings: Settings, empty_database_url: str) -> None:
    settings.database_url = empty_database_url
    async with a_portal(settings) as http:
        before = await ask(http)
        await upgrade(empty_database_url)
        after = await ask(http)

    assert (before[0], before[1]["database"]) == (503, "migrations pending")
    assert (after[0], after[1]["database"]) == (200, "ok")


async def test_a_database_that_is_behind_this_code_is_not_ready(migrated: Settings) -> None:
    database = Sessions(migrated.database_url)
    async with database.writer.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    await database.close()

    async with a_portal(migrated) as http:
        assert (await ask(http))[0] == 503


async def test_being_up_to_date_is_looked_up_once(migrated: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    real = pending

    async def counting(url: str) -> bool:
        nonlocal looked
        looked += 1
        return await real(url)

    monkeypatch.setattr(health, "pending", counting)
    async with a_portal(migrated) as http:
        for _ in range(5):
            assert (await ask(http))[0] == 200

    assert looked == 1, "a check every few seconds must not open a database of its own each time"


async def test_a_database_that_goes_away_later_is_noticed(migrated: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_portal(migrated) as http:
        assert (await ask(http))[0] == 200
        monkeypatch.setattr(Sessions, "read", _gone)
        assert (await ask(http))[0] == 503


@asynccontextmanager
async def _gone(*_arguments: Any) -> AsyncIterator[None]:
    raise ConnectionRefusedError
    yield


async def test_a_health_check_by_internal_address_is_answered(migrated: Settings) -> None:
    async with a_portal(migrated) as http:
        answers = [await http.get(path, headers={"Host": "10.0.0.7:8000"}) for path in ("/healthz", "/readyz", "/")]

    assert [answer.status_code for answer in answers] == [200, 200, 400]


async def test_metrics_are_for_whoever_brings_the_token(migrated: Settings) -> None:
    migrated.metrics_token = "watcher"
    async with a_portal(migrated) as http:
        without = await http.get("/metrics")
        wrong = await http.get("/metrics", headers={"Authorization": "Bearer watche"})
        odd = await http.get("/metrics", headers=[(b"authorization", "Bearer w\u00e4tcher".encode("latin-1"))])
        right = await http.get("/metrics", headers={"Authorization": "Bearer watcher"})

    assert [answer.status_code for answer in (without, wrong, odd, right)] == [404, 404, 404, 200]
    assert right.headers["content-type"].startswith("text/plain")
    assert "python_info" in right.text


async def test_metrics_without_a_token_are_for_this_machine_only(migrated: Settings) -> None:
    async with a_portal(migrated) as http:
        assert (await http.get("/metrics")).status_code == 200
    migrated.public_url = "https://hub.example.com"
    async with a_portal(migrated) as http:
        assert (await http.get("/metrics")).status_code == 404


async def test_many_checks_at_once_are_answered(migrated: Settings) -> None:
    async with a_portal(migrated) as http:
        answers = await asyncio.gather(*(ask(http) for _ in range(20)))
    assert {status for status, _said in answers} == {200}
