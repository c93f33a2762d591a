"""The catalog's and stock's pages as a browser without JavaScript sees them, over the real routes and database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any, cast

import httpx
from bs4 import BeautifulSoup, Tag
from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from portal import fragments, replies
from portal.catalog import fragments as catalog_fragments
from portal.catalog.routes import ROUTES as CATALOG
from portal.clock import Clock, new_id
from portal.db import Sessions
from portal.errors import PortalError
from portal.models.accounts import Merchant, Role
from portal.stock import fragments as stock_fragments
from portal.stock.routes import ROUTES as STOCK
from portal.stock.setting_routes import ROUTES as STOCK_SETTINGS
from portal.web import Chrome, PortalRequest, Visitor

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass
class Site:
    """Somebody's browser. `said` are the messages left for the next page."""

    client: httpx.AsyncClient
    who: Visitor | None = None
    said: list[dict[str, str]] = field(default_factory=list)

    def sign_in(self, merchant: Merchant, role: Role = Role.OWNER, name: str = "Alice") -> None:
        self.who = Visitor(
            session_id=new_id(),
            user_id=new_id(),
            merchant_id=merchant.id,
            merchant_name=merchant.name,
            currency=merchant.currency,
            role=role,
            name=name,
        )

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer(await self.client.get(path, headers=dict(headers or {})))

    async def post(
        self, path: str, form: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> Answer:
        body = str(httpx.QueryParams(list(form)))
        sent = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return Answer(await self.client.post(path, content=body, headers=sent))


@dataclass
class Answer:
    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.response.text, "html.parser")

    def one(self, selector: str) -> Tag:
        found = self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} of {selector}"
        return found[0]

    def words(self, selector: str) -> str:
        return " ".join(self.one(selector).get_text(" ").split())

    def form(self, selector: str, **change: str) -> list[tuple[str, str]]:
        """What a browser would send for the form, with some controls typed into. Unknown names are refused."""
        fields: list[tuple[str, str]] = []
        names: set[str] = set()
        for control in self.one(selector).select("input[name], textarea[name], select[name]"):
            name, kind = str(control["name"]), control.get("type")
            names.add(name)
            if kind in {"checkbox", "radio"}:
                if name in change and kind == "checkbox":
                    fields += [(name, "1")] if change[name] else []
                elif (name in change and control["value"] == change[name]) or (
                    name not in change and control.has_attr("checked")
                ):
                    fields.append((name, str(control["value"])))
            elif name in change:
                fields.append((name, change[name]))
            elif control.name == "select":
                chosen = control.select_one("option[selected]") or control.select_one("option")
                assert chosen is not None
                fields.append((name, str(chosen["value"])))
            elif control.name == "textarea":
                fields.append((name, control.get_text().removeprefix("\n")))
            else:
                fields.append((name, str(control.get("value", ""))))
        assert change.keys() <= names, change.keys() - names
        return fields


class _Who:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["user"], scope["auth"] = scope["app"].state.site.who, None
        await self.app(scope, receive, send)


@cache
def _app() -> Litestar:
    """Its routes are made once for all tests; each gives it its own state."""
    return Litestar(
        route_handlers=[*CATALOG, *STOCK, *STOCK_SETTINGS, *fragments.ROUTES],
        middleware=[_Who],
        exception_handlers={PortalError: replies.on_portal_error, HTTPException: replies.on_http_error},
        openapi_config=None,
        state=State(),
        logging_config=None,
    )


@asynccontextmanager
async def open_site(sessions: Sessions, clock: Clock) -> AsyncIterator[Site]:
    """One at a time."""
    app = _app()
    site = Site(
        client=httpx.AsyncClient(transport=httpx.ASGITransport(app=cast(Any, app)), base_url="http://127.0.0.1:8000")
    )

    async def chrome(_session: Any) -> Chrome:
        return Chrome(nav_counts={"inbox": 0, "problems": 0})

    async def leave_flash(_request: PortalRequest, message: dict[str, str]) -> None:
        site.said.append(message)

    app.state.update(
        {
            "runtime": SimpleNamespace(
                sessions=sessions, clock=clock, settings=SimpleNamespace(public_url="http://127.0.0.1:8000")
            ),
            "site": site,
            "chrome": chrome,
            "leave_flash": leave_flash,
            "fragments": {**catalog_fragments.FRAGMENTS, **stock_fragments.FRAGMENTS},
        }
    )
    async with site.client:
        yield site
