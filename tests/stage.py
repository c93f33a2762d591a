"""A whole installation for a test: database, queue, practice Shopify over loopback, and workers run by hand.

Truth about the channel is what the practice shop recorded, never what our database says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from sqlalchemy import select

from connectors.fetching import Fetch
from jobs.boot import Process
from jobs.due import lanes_to_ring
from jobs.lanes import Worker, work_lane
from jobs.registry import HANDLERS
from portal.catalog import service as catalog
from portal.catalog.records import NewProduct
from portal.clock import Clock, sleep
from portal.config import Settings
from portal.connections import service as connections
from portal.connections.account import NewcomerAccount
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.models.listings import Listing, ListingItem
from portal.models.tasks import Task
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tenancy import SYSTEM
from tests.apps import a_street
from tests.conformance import conforming
from tests.serving import serving
from tests.settable_clock import SettableClock

SHOP = "demo.myshopify.com"


@dataclass(frozen=True, slots=True)
class PracticeShop:
    """One shop of the practice server, as its own back office sees it."""

    http: httpx.AsyncClient
    url: str
    domain: str

    async def ask(self, path: str) -> Any:
        answer = await self.http.get(f"{self.url}/practice/api/shops/{self.domain}/{path}")
        answer.raise_for_status()
        return answer.json()

    async def do(self, action: str, **data: Any) -> Any:
        answer = await self.http.post(
            f"{self.url}/practice/api/shops/{self.domain}/{action}", json=data, headers={"Origin": self.url}
        )
        answer.raise_for_status()
        return answer.json()

    async def fault(self, kind: str, **details: Any) -> None:
        await self.do("faults", kind=kind, **details)

    async def opens(self, currency: str) -> None:
        """The shop is there, and sells in this currency."""
        made = {"domain": self.domain, "currency": currency}
        answer = await self.http.post(f"{self.url}/practice/api/shops", json=made, headers={"Origin": self.url})
        answer.raise_for_status()

    async def heal(self, kind: str) -> None:
        """The fault happens no more."""
        url = f"{self.url}/practice/api/shops/{self.domain}/faults"
        answer = await self.http.delete(url, params={"kind": kind}, headers={"Origin": self.url})
        answer.raise_for_status()

    async def seed(self, products: Sequence[Mapping[str, Any]]) -> None:
        """The merchant has typed these in, in the shop's own admin."""
        url = f"{self.url}/practice/api/shops/{self.domain}/products"
        answer = await self.http.post(url, json=products, headers={"Origin": self.url})
        answer.raise_for_status()

    async def products(self) -> list[dict[str, Any]]:
        return list(await self.ask("products"))

    async def ledger(self, operation: str) -> list[dict[str, Any]]:
        """What the shop accepted of one operation, oldest first."""
        return [row for row in await self.ask("ledger") if row["operation"] == operation]


@dataclass(frozen=True, slots=True)
class Stage:
    process: Process
    practice_url: str
    http: httpx.AsyncClient

    @property
    def sessions(self) -> Any:
        return self.process.runtime.sessions

    @property
    def now(self) -> Any:
        return self.process.runtime.clock()

    def shop(self, domain: str = SHOP) -> PracticeShop:
        return PracticeShop(self.http, self.practice_url, domain)

    async def consent(self, url: str, *, shop: str = SHOP) -> list[tuple[str, str]]:
        """The merchant presses Install; the parameters they come back with."""
        form = {"shop": shop, "decision": "install", "currency": "USD"}
        answer = await self.http.post(url, data=form, headers={"Origin": self.practice_url})
        assert answer.status_code == 302, answer.text
        return parse_qsl(urlsplit(answer.headers["location"]).query)

    async def connect(self, merchant: Merchant, *, shop: str = SHOP, again: Connection | None = None) -> Connection:
        """The merchant's connection to a practice shop, through the consent page."""
        runtime = self.process.runtime
        consent = runtime.consent("shopify", practice=True)
        base_url = runtime.base_url("shopify", shop, practice=True)
        callback = f"{runtime.settings.public_url}/connect/shopify/callback"
        state = connections.new_visit()
        answer = consent.read_return(
            await self.consent(consent.authorize_url(base_url, redirect_uri=callback, state=state), shop=shop),
            now=self.now,
            expected_state=state,
        )
        credentials = await consent.exchange(base_url, code=answer.code, now=self.now)
        identity = await runtime.connectors["shopify"].identify(NewcomerAccount(shop, base_url, credentials))
        async with self.sessions.write(merchant.id) as session:
            return await connections.connect(
                session,
                runtime.vault,
                identity,
                credentials,
                merchant_id=merchant.id,
                channel="shopify",
                practice=True,
                auth_method="oauth",
                connection_id=again.id if again else None,
                now=self.now,
            )

    async def add(self, merchant: Merchant, *products: NewProduct) -> list[Any]:
        """The products are in the catalog, with the stock they say."""
        async with self.sessions.write(merchant.id) as session:
            saved = await catalog.save_imported(session, merchant.id, products, source="test", now=self.now)
            await session.flush()
            moves = [
                Move(variant_id=v.id, quantity=v.wanted, cause="test", cause_id="start")
                for product in saved
                for v in product.variants
                if v.wanted
            ]
            if moves:
                await stock.move(session, merchant_id=merchant.id, moves=moves, made_by="test", now=self.now)
            return saved

    async def work(self, *, name: str = "worker-1", handlers: Any = HANDLERS, rounds: int = 50) -> None:
        """Everything that is due now is done, as a worker would whom the sweep tells."""
        worker = Worker(self.process.runtime, name, handlers)
        for _ in range(rounds):
            async with self.sessions.read(SYSTEM) as session:
                lanes: Sequence[Any] = await lanes_to_ring(session, self.now)
            if not lanes:
                return
            for lane_id in lanes:
                await work_lane(worker, lane_id)
        raise AssertionError("work that is due never ends")

    async def tasks(self, **where: Any) -> list[Task]:
        async with self.sessions.read(SYSTEM) as session:
            rows = await session.scalars(select(Task).filter_by(**where).order_by(Task.id))
            return list(rows)

    async def listing(self, merchant: Merchant, product_id: Any) -> Listing:
        async with self.sessions.read(merchant.id) as session:
            return (await session.scalars(select(Listing).where(Listing.product_id == product_id))).one()

    async def items(self, merchant: Merchant, listing: Listing) -> list[ListingItem]:
        async with self.sessions.read(merchant.id) as session:
            return list(await session.scalars(select(ListingItem).where(ListingItem.listing_id == listing.id)))


@asynccontextmanager
async def practice_server(settings: Settings, clock: Clock) -> AsyncIterator[str]:
    """The practice channels on a free port of loopback, in this event loop; their address."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with a_street(settings, lambda: clock().timestamp()) as practice:
        async with conforming(practice) as app, serving(app) as url:
            yield url


@asynccontextmanager
async def a_stage(settings: Settings, clock: Clock, fetch: Fetch | None = None) -> AsyncIterator[Stage]:
    pause = clock.pause if isinstance(clock, SettableClock) else sleep
    async with practice_server(settings, clock) as url:
        settings.practice_url = url
        process = Process.start(settings, clock, pause, fetch)
        async with httpx.AsyncClient(verify=False, trust_env=False) as http:
            try:
                yield Stage(process, url, http)
            finally:
                await process.stop()
