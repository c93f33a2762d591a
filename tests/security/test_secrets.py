"""A channel's token is in clear in memory only: in no row, file, queue, log line or page, whatever failed."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from redis.asyncio import Redis
from sqlalchemy import select, update

from jobs.boot import practice_secret, set_up_logging
from portal.connections import secrets
from portal.db import Sessions
from portal.models.connections import Connection, ExchangeEntry
from portal.tenancy import SYSTEM
from portal.vault import VaultError
from tests import servers
from tests.conftest import PAIR
from tests.security.house import House
from tests.security.pages import pages_of
from tests.security.test_consent import CALLBACK, come_back
from tests.stage import SHOP, Stage


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process would print, at its most talkative."""
    printed, root = io.StringIO(), logging.getLogger()
    handlers, level, before = root.handlers, root.level, structlog.get_config()
    monkeypatch.setattr(sys, "stdout", printed)
    set_up_logging("DEBUG")
    structlog.configure(cache_logger_on_first_use=False)
    yield printed
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**before)


async def connect(stage: Stage, house: House) -> Connection:
    """A real connection to the practice shop, made through the pages, looked after and refused once."""
    query = await come_back(stage, house)
    answer = await house.ours.owner.get(f"{CALLBACK}?{urlencode(query)}")
    assert answer.status_code == 303, answer.text
    await stage.work()
    async with house.sessions.read(SYSTEM) as session:
        return (await session.scalars(select(Connection).where(Connection.domain == SHOP))).one()


def variants(secret: str) -> list[bytes]:
    plain = secret.encode()
    return [plain, base64.b64encode(plain)[:-4], plain.hex().encode(), plain[6:]]


async def everything(house: House, redis_url: str, database_url: str) -> dict[str, bytes]:
    """All that stays behind outside the process: the database with its log, the queue, the data folder."""
    found: dict[str, bytes] = {"rows": str(await house.dump()).encode()}
    if PAIR == "sqlite":
        path = Path(database_url.partition("///")[2])
        files = [path, path.with_name(f"{path.name}-wal")]
        assert all(file.stat().st_size for file in files)
        found |= {str(file): file.read_bytes() for file in files}
    else:
        # Row-level security hides the rows from the portal's own role, whoever holds its password.
        plain = database_url.replace("+asyncpg", "").replace(f"//{servers.Postgres.role}@", "//postgres@")
        command = ["pg_dump", "--data-only", "--inserts", plain]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
        assert house.ours.mark.encode() in done.stdout
        found["dump"] = done.stdout
    async with Redis.from_url(redis_url) as redis:
        for key in await redis.keys("*"):
            found[f"queue {key!r}"] = key + (await redis.dump(key) or b"")
    for file in house.runtime.settings.data_dir.rglob("*"):
        if file.is_file() and "practice" not in file.name:
            found[str(file)] = file.read_bytes()
    return found


async def test_no_secret_of_a_connection_stays_anywhere(
    staged: House, stage: Stage, redis_url: str, database_url: str, log: io.StringIO
) -> None:
    connection = await connect(stage, staged)
    assert connection.secrets is not None
    held = secrets.open_sealed(staged.runtime.vault, connection, connection.secrets)
    pasted = "shpat_PLANTED7f3a0123456789abcdef"
    form = {"shop": "demo", "token": pasted, "practice": "true"}
    refused = await staged.ours.owner.post("/connect/shopify/token", form)
    assert refused.status_code == 422
    planted = [held.access_token, held.refresh_token, pasted, practice_secret(staged.runtime.settings)]
    assert all(len(one) > 20 for one in planted)
    staged.ours.ids["connection_id"].append(connection.id)

    found = await everything(staged, redis_url, database_url)
    async for path, answer in pages_of(staged, staged.ours):
        found[path] = answer.content + str(dict(answer.headers)).encode()
    found["the refused form"] = refused.content
    assert '"event": "request"' in log.getvalue(), "the log was not listened to"
    found["log"] = log.getvalue().encode()
    assert len(found) > 20
    for secret in planted:
        for form_of_it in variants(secret):
            assert not [place for place, text in found.items() if form_of_it in text], secret[:10]


async def test_the_kept_exchanges_are_masked_and_still_tell_what_happened(staged: House, stage: Stage) -> None:
    connection = await connect(stage, staged)
    assert connection.secrets is not None
    held = secrets.open_sealed(staged.runtime.vault, connection, connection.secrets)
    async with staged.sessions.read(SYSTEM) as session:
        kept = list(await session.scalars(select(ExchangeEntry).where(ExchangeEntry.connection_id == connection.id)))
    assert len(kept) > 1
    for entry in kept:
        said = f"{entry.url} {entry.request_body} {entry.response_body}"
        for secret in (held.access_token, held.refresh_token, practice_secret(staged.runtime.settings)):
            assert secret not in said
        assert entry.operation
        assert entry.status == 200
    assert "query" in "".join(entry.request_body for entry in kept)


async def test_a_sealed_token_opens_in_its_own_row_only(house: House) -> None:
    async def row(session: Any, shop: Any) -> Connection:
        return await session.get_one(Connection, shop.ids["connection_id"][0])  # type: ignore[no-any-return]  # a Connection

    async with house.sessions.read(SYSTEM) as session:
        ours, theirs = await row(session, house.ours), await row(session, house.theirs)
        sealed = ours.secrets, theirs.secrets
    assert sealed[0]
    assert sealed[1]
    assert secrets.open_sealed(house.runtime.vault, ours, sealed[0]).access_token == "shpat_OURS7f3aplanted"
    for connection, other in ((ours, sealed[1]), (theirs, sealed[0])):
        with pytest.raises(VaultError):
            secrets.open_sealed(house.runtime.vault, connection, other)


async def test_a_page_of_a_connection_shows_no_sealed_bytes(house: House, sessions: Sessions) -> None:
    async with sessions.write(SYSTEM) as session:
        await session.execute(update(Connection).values(secrets=b"SEALED-BYTES-4d2"))
    async for path, answer in pages_of(house, house.ours):
        assert b"SEALED-BYTES-4d2" not in answer.content, path
