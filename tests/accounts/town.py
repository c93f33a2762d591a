"""Browsers on the account screens: the routes with everything around them that signs people in, over ASGI."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from bs4 import BeautifulSoup
from litestar import Litestar, get
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import mail, replies
from portal.accounts.middleware import SignIn
from portal.accounts.routes import ROUTES
from portal.accounts.sessions import leave_flash
from portal.config import Settings
from portal.db import Sessions
from portal.errors import PortalError
from portal.models.accounts import MailMessage
from portal.runtime import Runtime
from portal.tenancy import SYSTEM
from portal.vault import Vault
from portal.web import Chrome, PortalRequest, Visitor, visitor
from tests.settable_clock import SettableClock

PASSWORD = "three quiet herons"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@get("/whoami")
async def whoami(request: PortalRequest) -> dict[str, str]:
    """Stands in for the pages of other slices."""
    who = visitor(request)
    return {"name": who.name, "shop": who.merchant_name, "role": who.role.value, "id": str(who.user_id)}


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
        answer = await self.client.get("/whoami", headers={"accept": "application/json"})
        return dict(answer.json()) if answer.status_code == 200 else None


Open = Callable[..., Browser]


class Town:
    """An installation: its app, its clock, its letters."""

    def __init__(self, runtime: Runtime, clock: SettableClock) -> None:
        self.runtime = runtime
        self.clock = clock
        self.app = _app(runtime)
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


def _app(runtime: Runtime) -> Litestar:
    async def no_chrome(_session: AsyncSession, _who: Visitor) -> Chrome:
        return Chrome()

    return Litestar(
        route_handlers=[whoami, *ROUTES],
        middleware=[DefineMiddleware(SignIn)],
        exception_handlers={PortalError: replies.on_portal_error},
        csrf_config=CSRFConfig(secret="0" * 64, cookie_name="csrf"),
        state=State({"runtime": runtime, "chrome": no_chrome, "leave_flash": leave_flash}),
        openapi_config=None,
        logging_config=None,
        debug=True,
    )


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
            connectors=nothing,
            consents=nothing,
            practice_consents=nothing,
            practice_urls=nothing,
            http=http,
        )
        town = Town(runtime, clock)
        yield town
        await town.close()
