"""The whole portal as in production (https), with two merchants who own one thing of every kind, and their people.

Every word that belongs to a merchant carries that merchant's mark, so that a page can be searched for what is not
its reader's. Routes come from the application's own table: a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import httpx
from bs4 import BeautifulSoup
from litestar import Litestar
from litestar.routes import HTTPRoute
from redis.asyncio import Redis
from sqlalchemy import select, text

from jobs.boot import Process
from portal.accounts.cookies import session_cookie
from portal.accounts.links import new_token, token_hash
from portal.clock import new_id
from portal.db import Sessions
from portal.guard import Guard
from portal.live import Hub
from portal.models import Base
from portal.models.accounts import Merchant, Role, SignInSession, User
from portal.runtime import Runtime
from portal.tenancy import SYSTEM
from tests.apps import an_app
from tests.people import a_member, a_merchant
from tests.security.goods import goods_of
from tests.settable_clock import SettableClock

ORIGIN = "https://portal.test"
PARAMETER = re.compile(r"\{(\w+):\w+\}")
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
MOMENTS = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?|\b\d\d:\d\d UTC\b")

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
JSON = {"Accept": "application/json"}
# Asking these writes down that somebody asked: visits, trips to a consent page, masked calls.
MOVING = {"sign_in_session", "exchange", "connect_attempt"}


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.path)

    @property
    def is_safe(self) -> bool:
        return self.method == "GET"

    def at(self, values: Mapping[str, object]) -> str:
        """The path with its parameters given; the query that a route cannot do without comes along."""
        path = PARAMETER.sub(lambda found: str(values[found[1]]), self.path)
        return f"{path}?shop=demo&practice=true" if path.endswith("/authorize") else path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class Browser:
    """A browser over ASGI: keeps cookies, follows nothing, sends the form's token when asked to."""

    http: httpx.AsyncClient

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return await self.http.get(path, headers=dict(headers or {}))

    async def post(
        self,
        path: str,
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        files: Any = None,
    ) -> httpx.Response:
        sent = {**(headers or {}), "x-csrftoken": await self.token()}
        return await self.http.post(path, data=dict(form or {}), headers=sent, files=files)

    async def send(self, route: Route, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return await (self.get(path, headers) if route.is_safe else self.post(path, {}, headers))

    async def token(self) -> str:
        if "__Host-csrf" not in self.http.cookies:
            await self.http.get("/forgotten-password")
        return str(self.http.cookies["__Host-csrf"])


@dataclass(slots=True)
class Shop:
    """A merchant, its people by role, their browsers, and the ids of its things by the route parameter they fit."""

    merchant: Merchant
    mark: str
    people: dict[Role, User] = field(default_factory=dict)
    browsers: dict[Role, Browser] = field(default_factory=dict)
    ids: dict[str, list[UUID]] = field(default_factory=dict)

    @property
    def owner(self) -> Browser:
        return self.browsers[Role.OWNER]

    def first(self) -> dict[str, object]:
        """One thing of each kind, and no token that opens anything."""
        return {**{name: ids[0] for name, ids in self.ids.items()}, **NAMES}

    def traces(self) -> list[str]:
        """What only this merchant's pages may hold: its mark and its ids."""
        return [self.mark, *(str(one) for ids in self.ids.values() for one in ids)]


NAMES: dict[str, object] = {"channel": "shopify", "token": "nobodys-token", "letter_id": UUID(int=7), "key": "shopify"}


@dataclass(slots=True)
class House:
    process: Process
    app: Guard
    hub: Hub
    clock: SettableClock
    ours: Shop
    theirs: Shop
    clients: list[httpx.AsyncClient]

    @property
    def runtime(self) -> Runtime:
        return self.process.runtime

    @property
    def sessions(self) -> Sessions:
        return self.process.runtime.sessions

    def routes(self) -> Iterator[Route]:
        """Every route with every method it takes, files apart."""
        litestar = cast(Litestar, self.app._app)
        for route in litestar.routes:
            if isinstance(route, HTTPRoute) and not route.path.startswith("/static"):
                for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
                    yield Route(method, _typed(route))

    def browser(self, token: str = "") -> Browser:
        transport = httpx.ASGITransport(app=cast(Any, self.app), client=("192.0.2.1", 40000))
        cookies = {session_cookie(self.runtime.settings): token} if token else {}
        client = httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies)
        self.clients.append(client)
        return Browser(client)

    async def sign_in(self, shop: Shop, user: User) -> Browser:
        token = new_token()
        row = SignInSession(
            token_hash=token_hash(token),
            user_id=user.id,
            merchant_id=shop.merchant.id,
            user_agent=f"Browser of {shop.mark}",
            last_seen_at=self.clock(),
            expires_at=self.clock() + timedelta(days=1),
        )
        async with self.sessions.write(SYSTEM) as session:
            session.add(row)
        shop.ids.setdefault("session_id", []).append(row.id)
        return self.browser(token)

    async def dump(self, *, without: set[str] | frozenset[str] = frozenset()) -> dict[str, list[str]]:
        """Every row of every table, as text."""
        return await dump(self.sessions, without=without)


def _typed(route: HTTPRoute) -> str:
    parts = [part if isinstance(part, str) else f"{{{part.full}}}" for part in route.path_components]
    return "/" + "/".join(parts)


async def dump(sessions: Sessions, *, without: set[str] | frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    found = {}
    async with sessions.reader.connect() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT set_config('app.merchant', '*', true)"))
        for name, table in Base.metadata.tables.items():
            if name not in without:
                rows = await connection.execute(select(table).order_by(*table.primary_key.columns))
                found[name] = [repr(tuple(row)) for row in rows]
    assert sum(map(len, found.values())) > 40, "a house without rows proves nothing"
    return found


def changes(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """What differs, by table."""
    return {name: sorted(set(before[name]) ^ set(after[name])) for name in before if before[name] != after[name]}


def masked(answer: httpx.Response) -> str:
    """What an answer says to its reader, with ids and times taken out."""
    told = [answer.status_code, answer.headers.get("location", ""), answer.headers.get("hx-redirect", "")]
    told += [answer.headers.get("hx-trigger", ""), answer.headers.get("content-type", ""), answer.text]
    return MOMENTS.sub("MOMENT", UUIDS.sub("ID", "\n".join(map(str, told))))


def soup(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


async def _a_shop(house: House, mark: str) -> Shop:
    merchant = await a_merchant(house.sessions, f"Shop {mark}")
    shop = Shop(merchant, mark)
    shop.ids["merchant_id"] = [merchant.id]
    for role in Role:
        shop.people[role] = await a_member(house.sessions, merchant, f"{role.value}-{mark.lower()}", role)
    # The first session is a spare one: a walk over all routes ends it.
    await house.sign_in(shop, shop.people[Role.OWNER])
    shop.browsers = {role: await house.sign_in(shop, person) for role, person in shop.people.items()}
    shop.ids |= await goods_of(house.runtime, merchant, shop.people[Role.OWNER], mark)
    return shop


@asynccontextmanager
async def a_house(process: Process, clock: SettableClock) -> AsyncIterator[House]:
    """Nothing listens to the hub and its streams end at once, unless a test opens it."""
    redis = Redis.from_url(process.runtime.settings.redis_url)
    hub = Hub(process.runtime.settings.redis_url)
    hub.close_streams()
    nobody = Shop(Merchant(id=new_id(), name=""), "")
    with an_app(process.runtime, hub, redis) as app:
        house = House(process, cast(Guard, app), hub, clock, nobody, nobody, [])
        try:
            house.ours = await _a_shop(house, "OURS7f3a")
            house.theirs = await _a_shop(house, "THEIRS9c1e")
            yield house
        finally:
            for client in house.clients:
                await client.aclose()
            await redis.aclose()
