"""Browsers on the account screens of the whole application, over ASGI."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from bs4 import BeautifulSoup
from redis.asyncio import Redis
from sqlalchemy import select

from connectors.fetching import fetch_nothing
from portal import mail
from portal.config import Settings
from portal.db import Sessions
from portal.live import Hub
from portal.models.accounts import MailMessage
from portal.runtime import Runtime
from portal.tenancy import SYSTEM
from portal.vault import Vault
from tests.apps import an_app
from tests.settable_clock import SettableClock

PASSWORD = "three quiet herons"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Browser:
    """A person's browser: keeps cookies, sends forms with their token, follows nothing by itself."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        if "csrf" not in self.client.cookies:
            await self.client.get("/forgotten-password")
        return await self.client.post(path, data=fields | {"_csrf_token": self.client.cookies["csrf"]})

    async def sign_in(self, identifier: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/sign-in", identifier=identifier, password=password)

    async def who(self) -> dict[str, str] | None:
        """Whom the pages take this browser for. Asked as htmx does, so that a waiting message stays unsaid."""
        answer = await self.client.get("/settings/sessions", headers={"hx-request": "true"})
        if answer.status_code != 200:
            return None
        page = soup(answer)
        places = {"name": ".menu__note strong", "role": ".menu__note .small", "shop": ".brand__merchant"}
        return {what: page.select(place)[0].text for what, place in places.items()}


class Town:
    """An installation: its app, its clock, its letters."""

    def __init__(self, app: Any, runtime: Runtime, clock: SettableClock) -> None:
        self.app = app
        self.runtime = runtime
        self.clock = clock
        self._clients: list[httpx.AsyncClient] = []

    @property
    def sessions(self) -> Sessions:
        return self.runtime.sessions

    def browser(self, address: str = "192.0.2.1", user_agent: str = FIREFOX) -> Browser:
        transport = httpx.ASGITransport(app=cast(Any, self.app), client=(address, 40000))
        headers = {"user-agent": user_agent}
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers)
        self._clients.append(client)
        return Browser(client)

    async def letters(self, to: str) -> list[tuple[str, str]]:
        """Subject and text of each letter to the address, the oldest first."""
        async with self.sessions.read(SYSTEM) as session:
            rows = (
                await session.scalars(select(MailMessage).where(MailMessage.to == to).order_by(MailMessage.id))
            ).all()
        return [(row.subject, mail.read(self.runtime.vault, row)) for row in rows]

    async def link(self, to: str, part: str = "") -> str:
        """The path of the newest link that a letter to the address has."""
        found = [path for _, body in await self.letters(to) for path in paths(body) if part in path]
        return found[-1]

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


def paths(text: str) -> list[str]:
    return [match.removeprefix("http://127.0.0.1:8000") for match in re.findall(r"http://127\.0\.0\.1:8000\S+", text)]


def soup(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def problems(answer: httpx.Response) -> dict[str, str]:
    """What the error summary says, by the field each line leads to; each must stand at its field as well."""
    page = soup(answer)
    found = {str(link["href"]).removeprefix("#field-"): link.text for link in page.select(".error-summary a")}
    for name, words in found.items():
        assert page.select_one(f"#field-{name}") is not None, name
        assert words in page.select_one(f"#field-{name}-error").text  # type: ignore[union-attr]  # None fails the test
    return found


def _nothing_outside(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"accounts called {request.url}")


@asynccontextmanager
async def a_town(settings: Settings, sessions: Sessions, clock: SettableClock) -> AsyncIterator[Town]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(_nothing_outside)) as http:
        nothing: dict[str, Any] = {}
        vault = Vault.from_setting(settings.vault_keys)
        runtime = Runtime(
            settings=settings,
            sessions=sessions,
            vault=vault,
            clock=clock,
            pause=clock.pause,
            connectors=nothing,
            consents=nothing,
            practice_consents=nothing,
            practice_urls=nothing,
            http=http,
            fetch=fetch_nothing,
        )
        # Neither is called upon: the hub is never started, and nothing here rings or listens.
        nowhere = "redis://127.0.0.1:1"
        with an_app(runtime, Hub(nowhere), Redis.from_url(nowhere)) as app:
            town = Town(app, runtime, clock)
            yield town
            await town.close()
