"""Open pages hear what changed: over a real queue server, their own merchant's and nobody else's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import update

from jobs import queue
from portal import db, live
from portal.clock import new_id
from portal.config import Settings
from portal.live import Announcer, Hub
from portal.models.accounts import Merchant, SignInSession
from portal.tenancy import SYSTEM
from tests.connections.premises import serving
from tests.listings.site import Browser, Site, a_site
from tests.servers import free_port
from tests.settable_clock import SettableClock

SECONDS = 60


class Listening:
    """An open stream: what it said, line by line."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def changed(self) -> list[str]:
        """The keys of the next `changed`."""
        async with asyncio.timeout(SECONDS):
            async for line in self._lines:
                if line.startswith("data:") and "keys" in line:
                    return list(json.loads(line.removeprefix("data:"))["keys"])
        raise AssertionError("the stream ended")

    async def said(self, words: str) -> None:
        async with asyncio.timeout(SECONDS):
            async for line in self._lines:
                if words in line:
                    return
        raise AssertionError("the stream ended")

    async def ended(self) -> None:
        async with asyncio.timeout(SECONDS):
            async for _line in self._lines:
                pass


@pytest.fixture
async def site(settings: Settings, clock: SettableClock) -> AsyncIterator[Site]:
    """A portal that is really served, its hub listening."""
    port = free_port()
    settings.public_url = f"http://127.0.0.1:{port}"
    async with a_site(settings, clock) as site:
        hub: Hub = site.app._app.state.hub
        hub.start()
        try:
            async with serving(site.app, port):
                await the_hub_hears(hub, settings.redis_url)
                yield site
                hub.close_streams()
        finally:
            await hub.close()


async def the_hub_hears(hub: Hub, redis_url: str) -> None:
    """The subscription is up: something announced has arrived."""
    merchant_id, announcer = uuid4(), Announcer(redis_url)
    async with aclosing(hub.stream(merchant_id)) as stream:
        waiting = asyncio.ensure_future(anext(stream))
        async with asyncio.timeout(SECONDS):
            while not waiting.done():
                await announcer.announce({merchant_id: ["hello"]})
                await asyncio.wait([waiting], timeout=0.05)
    await announcer.close()


@asynccontextmanager
async def listening(browser: Browser) -> AsyncIterator[Listening]:
    cookies = dict(browser.http.cookies)
    async with (
        httpx.AsyncClient(base_url=browser.http.base_url, cookies=cookies, timeout=SECONDS) as http,
        http.stream("GET", "/live") as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        stream = Listening(answer.aiter_lines())
        await stream.said("retry")
        yield stream


async def change(site: Site, merchant: Merchant, *keys: str) -> None:
    async with site.sessions.write(merchant.id) as session:
        db.changed(session, merchant.id, *keys)


async def until_open(site: Site, merchant: Merchant, count: int = 1) -> None:
    """The hub knows the streams: the first line is out a moment before."""
    hub: Hub = site.app._app.state.hub
    async with asyncio.timeout(SECONDS):
        while len(hub._streams.get(merchant.id, ())) < count:  # noqa: ASYNC110 - the hub tells nobody who listens
            await asyncio.sleep(0.005)


async def test_a_commit_is_heard_in_every_tab_of_its_merchant_and_in_no_other(
    site: Site, merchant: Merchant, other_merchant: Merchant
) -> None:
    alice, charlie = await site.sign_in(merchant, "alice"), await site.sign_in(other_merchant, "charlie")
    async with listening(alice) as one, listening(alice) as two, listening(charlie) as theirs:
        await until_open(site, merchant, 2)
        await until_open(site, other_merchant)

        await change(site, merchant, "listing:1", "counts")
        await change(site, other_merchant, "product:9")

        assert await one.changed() == ["counts", "listing:1"]
        assert await two.changed() == ["counts", "listing:1"]
        assert await theirs.changed() == ["product:9"], "another merchant's change was heard"


async def test_what_is_rolled_back_is_not_announced(site: Site, merchant: Merchant) -> None:
    async with listening(await site.sign_in(merchant, "alice")) as stream:
        await until_open(site, merchant)
        with contextlib.suppress(ZeroDivisionError):
            async with site.sessions.write(merchant.id) as session:
                db.changed(session, merchant.id, "undone")
                raise ZeroDivisionError
        await change(site, merchant, "done")

        assert await stream.changed() == ["done"]


async def test_nobody_listens_without_signing_in(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.process.runtime.settings.public_url) as http:
        for path in ("/live", "/live/fragments?id=nav-counts"):
            answer = await http.get(path)
            assert answer.status_code in {303, 401}
            assert "text/event-stream" not in answer.headers.get("content-type", "")


async def test_a_stream_ends_with_its_session(site: Site, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.1)
    alice = await site.sign_in(merchant, "alice")
    async with listening(alice) as stream:
        await stream.said("ping")
        async with site.sessions.write(SYSTEM) as session:
            await session.execute(update(SignInSession).values(revoked_at=site.now))

        await stream.ended()


async def test_after_a_sign_out_not_one_more_change_is_told(site: Site, merchant: Merchant) -> None:
    async with listening(await site.sign_in(merchant, "alice")) as stream:
        await until_open(site, merchant)
        async with site.sessions.write(SYSTEM) as session:
            await session.execute(update(SignInSession).values(revoked_at=site.now))
        await change(site, merchant, "listing:secret")

        with pytest.raises(AssertionError, match="the stream ended"):
            await stream.changed()


async def test_streams_end_when_the_process_does(site: Site, merchant: Merchant) -> None:
    async with listening(await site.sign_in(merchant, "alice")) as stream:
        await until_open(site, merchant)

        site.app._app.state.hub.close_streams()

        await stream.ended()


async def test_a_closed_tab_leaves_nothing_behind(
    site: Site, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.1)
    async with listening(await site.sign_in(merchant, "alice")):
        await until_open(site, merchant)
    hub: Hub = site.app._app.state.hub
    async with asyncio.timeout(SECONDS):
        while hub._streams:  # noqa: ASYNC110 - the hub tells nobody who left
            await asyncio.sleep(0.02)


async def test_fragments_are_given_for_own_rows_only(site: Site, merchant: Merchant, other_merchant: Merchant) -> None:
    mine, theirs = await site.connection(merchant, "Mine"), await site.connection(other_merchant, "Theirs")
    alice = await site.sign_in(merchant, "alice")
    wanted = [
        f"connection-card-{mine.id}",
        f"connection-card-{theirs.id}",
        f"connection-card-{new_id()}",
        "connection-card-nonsense",
        "unknown",
        f"unknown-{mine.id}",
        "",
    ]

    async with alice.http:
        answer = await alice.http.get("/live/fragments", params=[("id", one) for one in wanted])
        nothing = await alice.http.get("/live/fragments")

    assert answer.status_code == 200
    assert f'hx-target="#connection-card-{mine.id}"' in answer.text
    assert answer.text.count("<hx-partial") == 1
    assert "Theirs" not in answer.text
    assert (nothing.status_code, nothing.text) == (200, "")


async def test_a_tab_asks_for_two_hundred_parts_at_most(site: Site, merchant: Merchant) -> None:
    row = await site.connection(merchant)
    alice = await site.sign_in(merchant, "alice")
    wanted = [f"connection-card-{new_id()}" for _ in range(200)] + [f"connection-card-{row.id}"]

    async with alice.http:
        answer = await alice.http.get("/live/fragments", params=[("id", one) for one in wanted])

    assert (answer.status_code, answer.text) == (200, "")


async def test_a_tab_that_falls_behind_is_told_to_fetch_everything() -> None:
    hub, merchant_id = Hub("redis://127.0.0.1:1"), uuid4()
    async with aclosing(hub.stream(merchant_id)) as stream:
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for number in range(live.QUEUE_LIMIT + 10):
            hub._deliver(f"{live.PREFIX}{merchant_id}", json.dumps([f"key:{number}"]))
        seen = [await waiting]
        while seen[-1] != [f"key:{live.QUEUE_LIMIT + 9}"]:
            seen.append(await anext(stream))

    assert ["*"] in seen
    assert len(seen) < live.QUEUE_LIMIT


async def test_a_tab_that_falls_behind_ends_all_the_same() -> None:
    hub, merchant_id = Hub("redis://127.0.0.1:1"), uuid4()
    async with aclosing(hub.stream(merchant_id)) as stream:
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for number in range(live.QUEUE_LIMIT + 1):
            hub._deliver(f"{live.PREFIX}{merchant_id}", json.dumps([f"key:{number}"]))
        hub.close_streams()

        await waiting
        left = [keys async for keys in stream]

    assert left == []


async def test_after_a_restart_of_the_queue_server_every_tab_fetches_everything(settings: Settings) -> None:
    async with queue.embedded(settings.data_dir) as url:
        hub, announcer, merchant_id = Hub(url), Announcer(url), uuid4()
        hub.start()
        await the_hub_hears(hub, url)
        async with aclosing(hub.stream(merchant_id)) as stream:
            first = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
            await kill_the_queue_server(url)

            async with asyncio.timeout(SECONDS):
                assert await first == ["*"]
                await announcer.announce({merchant_id: ["after"]})
                heard = [await anext(stream)]
                while heard[-1] == ["*"]:
                    heard.append(await anext(stream))
        await hub.close()
        await announcer.close()

    assert heard[-1] == ["after"]


async def test_while_the_queue_server_is_away_commits_go_on(
    settings: Settings, clock: SettableClock, merchant: Any
) -> None:
    settings.redis_url = f"redis://127.0.0.1:{free_port()}"
    async with a_site(settings, clock) as site:
        await change(site, merchant, "listing:1")
        row = await site.connection(merchant)
    assert isinstance(row.id, UUID)


async def kill_the_queue_server(url: str) -> None:
    """The server that this test's own `queue.embedded` started dies at once; its supervisor starts another."""
    async with Redis.from_url(url) as redis:
        number = int((await redis.info("server"))["process_id"])
    os.kill(number, signal.SIGKILL)
