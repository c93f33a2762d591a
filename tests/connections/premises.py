"""The application in front of a practice shop: browsers press buttons here and there, workers run by hand."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from bs4 import BeautifulSoup, Tag
from redis.asyncio import Redis

from connectors.fetching import Fetch
from jobs.web import server
from portal.clock import Clock
from portal.config import Settings
from portal.connections.account import ConnectionAccount
from portal.live import Hub
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from tests.apps import an_app
from tests.listings.site import Browser, Site
from tests.servers import free_port
from tests.stage import SHOP, Stage, a_stage

CHANNELS = "/channels"


@dataclass(frozen=True, slots=True)
class Premises:
    """`stage` is the installation and the shops, `site` its pages."""

    stage: Stage
    site: Site

    async def at_the_shop(self, url: str, *, shop: str = SHOP, decision: str = "install") -> str:
        """The merchant answers on the consent page at `url`; where it sends them back to, as a path of ours."""
        form = {"shop": shop, "decision": decision, "currency": "USD"}
        answer = await self.stage.http.post(url, data=form, headers={"Origin": self.stage.practice_url})
        assert answer.status_code == 302, answer.text
        ours = self.stage.process.runtime.settings.public_url
        assert answer.headers["location"].startswith(f"{ours}/connect/")
        return str(answer.headers["location"]).removeprefix(ours)

    async def leave(self, browser: Browser, path: str, headers: dict[str, str] | None = None) -> str:
        """Our link at `path` leads to a consent page of the practice server; its address."""
        answer = await browser.http.get(path, headers=headers)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(f"{self.stage.practice_url}/shops/")
        return str(answer.headers["location"])

    async def connect(self, browser: Browser, shop: str = SHOP) -> httpx.Response:
        """The whole way in, from the hub to the answer of the callback."""
        consent = await self.leave(browser, f"/connect/shopify/authorize?practice=true&shop={shop}")
        return await browser.http.get(await self.at_the_shop(consent, shop=shop))

    async def connection(self, merchant: Merchant) -> Connection:
        """The merchant's one connection, as it is now."""
        [row] = await self.site.rows(merchant, Connection)
        assert isinstance(row, Connection)
        return row

    def account(self, connection: Connection) -> ConnectionAccount:
        return ConnectionAccount(self.stage.process.runtime, connection)

    async def token(self, scopes: str, *, shop: str = SHOP) -> str:
        """A token the merchant made in the shop's own admin; a shop that is not there is made."""
        http, headers = self.stage.http, {"Origin": self.stage.practice_url}
        made = await http.post(f"{self.stage.practice_url}/practice/api/shops", json={"domain": shop}, headers=headers)
        made.raise_for_status()
        answer = await self.stage.shop(shop).do("tokens", scopes=scopes)
        return str(answer["access_token"])

    def in_the_shops_book(self, query: str, *values: Any) -> list[Any]:
        """First column of what the practice server itself has written down."""
        path = self.stage.process.runtime.settings.data_dir / "practice-shopify.db"
        with closing(sqlite3.connect(path)) as book:
            return [row[0] for row in book.execute(query, values)]


@asynccontextmanager
async def the_premises(settings: Settings, clock: Clock, fetch: Fetch | None = None) -> AsyncIterator[Premises]:
    async with a_stage(settings, clock, fetch) as stage:
        redis = Redis.from_url(settings.redis_url)
        try:
            with an_app(stage.process.runtime, Hub(settings.redis_url), redis) as app:
                yield Premises(stage, Site(stage.process, app))
        finally:
            await redis.aclose()


@asynccontextmanager
async def served_premises(settings: Settings, clock: Clock, fetch: Fetch | None = None) -> AsyncIterator[Premises]:
    """The premises behind a real socket, where the practice shop's webhooks and streams reach them."""
    port = free_port()
    settings.public_url = f"http://127.0.0.1:{port}"
    async with the_premises(settings, clock, fetch) as premises, serving(premises.site.app, port):
        yield premises


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[None]:
    portal = server(app, "127.0.0.1", port)
    task = asyncio.create_task(portal.serve())
    while not portal.started:  # noqa: ASYNC110 - uvicorn tells its start by a flag only
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        portal.should_exit = True
        await task


def card_of(page: BeautifulSoup, connection_id: UUID) -> Tag:
    card = page.select_one(f"#connection-card-{connection_id}")
    assert card is not None
    return card


def words(element: Tag | BeautifulSoup) -> str:
    """What a person reads there."""
    return " ".join(element.get_text(" ").split())


def target(answer: httpx.Response) -> str:
    """Where a redirect leads, without the fragment."""
    assert answer.status_code == 303, answer.text
    return urlsplit(str(answer.headers["location"]))._replace(fragment="").geturl()
