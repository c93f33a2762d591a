"""The real application in this process, with a browser for each signed-in person, and shops that need no channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from bs4 import BeautifulSoup, Tag
from redis.asyncio import Redis
from sqlalchemy import select

from connectors.fetching import Fetch
from jobs.boot import Process
from portal.accounts.cookies import session_cookie
from portal.accounts.links import new_token, token_hash
from portal.clock import Clock, new_id
from portal.config import Settings
from portal.db import Sessions
from portal.live import Hub
from portal.models.accounts import Merchant, Role, SignInSession
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Listing
from portal.models.tasks import Task
from portal.tenancy import SYSTEM
from tests.apps import an_app
from tests.people import a_member


@dataclass(slots=True)
class Browser:
    """A person's browser: pages as parsed HTML, forms posted with the page's token."""

    http: httpx.AsyncClient
    token: str = ""
    history: list[httpx.Response] = field(default_factory=list)

    async def get(self, path: str, *, status: int = 200, headers: dict[str, str] | None = None) -> BeautifulSoup:
        answer = await self.http.get(path, headers=headers)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        page = BeautifulSoup(answer.text, "html.parser")
        meta = page.find("meta", attrs={"name": "csrf-token"})
        if isinstance(meta, Tag):
            self.token = str(meta["content"])
        self.history.append(answer)
        return page

    async def post(self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False) -> httpx.Response:
        if not self.token:
            await self.get("/inbox")
        headers = {"HX-Request": "true"} if htmx else {}
        form = {**(data or {}), "_csrf_token": self.token}
        answer = await self.http.post(path, data=form, headers=headers, follow_redirects=False)
        self.history.append(answer)
        return answer

    async def press(self, page: BeautifulSoup | Tag, selector: str, *, htmx: bool = False) -> httpx.Response:
        """The form that `selector` finds, sent as it stands, with what belongs to it elsewhere on the page."""
        form = page.select_one(selector)
        assert form is not None, f"no {selector} on the page"
        fields: dict[str, list[str]] = {}
        controls = form.select("input") + (page.select(f'input[form="{form["id"]}"]') if form.get("id") else [])
        for control in controls:
            off = control.get("type") == "checkbox" and not control.has_attr("checked")
            if control.get("name") and not off and not control.has_attr("disabled"):
                fields.setdefault(str(control["name"]), []).append(str(control.get("value", "")))
        fields.pop("_csrf_token", None)
        return await self.post(str(form["action"]), fields, htmx=htmx)


@dataclass(frozen=True, slots=True)
class Site:
    """`sessions` is the application's own; `sign_in` opens a new person's browser."""

    process: Process
    app: Any

    @property
    def sessions(self) -> Sessions:
        return self.process.runtime.sessions

    @property
    def now(self) -> Any:
        return self.process.runtime.clock()

    async def sign_in(self, merchant: Merchant, username: str, role: Role = Role.OWNER) -> Browser:
        user = await a_member(self.sessions, merchant, username, role)
        token = new_token()
        row = SignInSession(
            token_hash=token_hash(token),
            user_id=user.id,
            merchant_id=merchant.id,
            last_seen_at=self.now,
            expires_at=self.now + timedelta(days=1),
        )
        async with self.sessions.write(SYSTEM) as session:
            session.add(row)
        settings = self.process.runtime.settings
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=settings.public_url,
            cookies={session_cookie(settings): token},
        )
        return Browser(http)

    async def connection(
        self, merchant: Merchant, name: str = "Demo", state: ConnectionState = ConnectionState.ACTIVE
    ) -> Connection:
        domain = f"{name.lower()}.myshopify.com"
        row = Connection(
            merchant_id=merchant.id,
            channel="shopify",
            practice=True,
            state=state,
            external_id=f"gid://shopify/Shop/{name}",
            external_name=name,
            domain=domain,
            currency=merchant.currency,
        )
        async with self.sessions.write(merchant.id) as session:
            session.add(row)
        return row

    async def product(
        self, merchant: Merchant, title: str, *, price_minor: int = 1000, skus: Sequence[str] = ("SKU-1",)
    ) -> Product:
        """A product with one variant for each SKU."""
        product_id = new_id()
        options = ["Size"] if len(skus) > 1 else []
        product = Product(
            id=product_id,
            merchant_id=merchant.id,
            handle=f"{title.lower().replace(' ', '-')[:200]}-{product_id.hex[-6:]}",
            title=title,
            option_names=options,
            status=ProductStatus.ACTIVE,
            search_text=f"{title} {' '.join(skus)}".casefold(),
            updated_at=self.now,
        )
        async with self.sessions.write(merchant.id) as session:
            session.add(product)
            await session.flush()
            for position, sku in enumerate(skus):
                session.add(
                    Variant(
                        merchant_id=merchant.id,
                        product_id=product_id,
                        position=position,
                        sku=sku,
                        price_minor=price_minor,
                        on_hand=5,
                        option_values=[f"S{position}"] if options else [],
                    )
                )
            url = "https://example.com/a.jpg"
            session.add(ProductImage(merchant_id=merchant.id, product_id=product_id, position=0, url=url))
        return product

    async def listing(
        self, merchant: Merchant, product: Product | UUID, connection: Connection, **columns: Any
    ) -> Listing:
        product_id = product if isinstance(product, UUID) else product.id
        row = Listing(merchant_id=merchant.id, product_id=product_id, connection_id=connection.id, **columns)
        async with self.sessions.write(merchant.id) as session:
            session.add(row)
        return row

    async def rows(self, merchant: Merchant, model: Any, **where: Any) -> list[Any]:
        async with self.sessions.read(merchant.id) as session:
            return list(await session.scalars(select(model).filter_by(**where).order_by(model.id)))

    async def waiting(self, merchant: Merchant) -> list[tuple[str, str]]:
        """(kind, subject) of what waits to be sent."""
        return [(task.kind, task.subject) for task in await self.rows(merchant, Task, state="waiting")]


@asynccontextmanager
async def a_site(settings: Settings, clock: Clock, fetch: Fetch | None = None) -> AsyncIterator[Site]:
    settings.practice_url = "http://127.0.0.1:9"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    process = Process.start(settings, clock, clock.pause, fetch)
    redis = Redis.from_url(settings.redis_url)
    try:
        with an_app(process.runtime, Hub(settings.redis_url), redis) as app:
            yield Site(process, app)
    finally:
        await redis.aclose()
        await process.stop()


DATA_PROBLEM = {
    "problem_class": "data",
    "code": "TOO_LONG",
    "original": "Title is too long (maximum is 255 characters)\n  <b>&amp;</b> 長すぎます",
    "original_lang": "en",
    "field": "/title",
    "recommended": "",
    "channel_request_id": "req-77",
    "message": "",
}
