"""A running practice Yahoo! Shopping and one store in it, as the tests talk to them: over HTTP on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
import uvicorn

from connectors import limits
from connectors.errors import Busy
from connectors.limits import Bucket, Rate
from connectors.records import Credentials, Exchange
from connectors.yahoo.practice.app import PracticeSettings, create_app

SELLER = "demo-store"
CLIENT_ID, CLIENT_SECRET = "practice-app", "practice-secret"
PATH = "/ShoppingWebService/V1"
ITEM = {
    "item_code": "mug",
    "path": "食器:マグ",
    "name": "マグカップ",
    "product_category": "1447",
    "price": "2400",
    "display": "1",
}


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Store:
    """The store as the hub's application sees it, and the levers of its control page. A second passes a call."""

    url: str
    client: httpx.AsyncClient
    clock: Clock
    token: str = ""
    refresh_token: str = ""

    async def get(self, operation: str, **given: str) -> httpx.Response:
        self.clock.now += 1
        query = {"seller_id": SELLER, **given}
        return await self.client.get(f"{PATH}/{operation}", params=query, headers=self._bearer())

    async def post(self, operation: str, **given: str) -> httpx.Response:
        self.clock.now += 1
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self._bearer()}
        content = urlencode({"seller_id": SELLER, **given})
        return await self.client.post(f"{PATH}/{operation}", content=content, headers=headers)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def lever(self, action: str, **given: Any) -> Any:
        answer = await self.client.post(f"/practice/api/stores/{SELLER}/{action}", json=given)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def seed(self, *items: dict[str, Any]) -> None:
        answer = await self.client.post(f"/practice/api/stores/{SELLER}/products", json=items)
        assert answer.status_code == 201, answer.text

    async def read(self, table: str) -> Any:
        return (await self.client.get(f"/practice/api/stores/{SELLER}/{table}")).json()

    async def operations(self) -> list[str]:
        """What was asked, in order."""
        return [row["operation"] for row in await self.read("requests")]


def codes(answer: httpx.Response) -> list[tuple[str, str]]:
    """Target and code of every error in the answer."""
    root = ET.fromstring(answer.content)
    found = [root] if root.tag == "Error" else list(root.iter("Error"))
    return [(one.findtext("Target") or "", one.findtext("Code") or "") for one in found]


@dataclass
class PacedAccount:
    """Implements connectors.protocol.Account over the practice store: waiting for a slot moves the test's clock."""

    clock: Clock
    base_url: str
    held: Credentials
    domain: str = SELLER
    settings: Mapping[str, str] = field(default_factory=dict)
    currency: str = "JPY"
    longest_wait: float = 10.0
    buckets: dict[str, Bucket] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    async def credentials(self) -> Credentials:
        return self.held

    async def take_slot(self, bucket: str, cost: float, *, published: Rate | None = None) -> None:
        assert published is not None, bucket
        now = datetime.fromtimestamp(self.clock.now, UTC)
        full = Bucket(
            available=published.maximum,
            maximum=published.maximum,
            restore_per_second=published.restore_per_second,
            at=now,
        )
        held = self.buckets.get(bucket, full)
        wait = limits.seconds_until(held, cost, now)
        if wait > self.longest_wait:
            raise Busy("rate_limit", retry_after_seconds=wait)
        if wait:
            self.clock.now += wait + 0.001
            now = datetime.fromtimestamp(self.clock.now, UTC)
        paid = limits.take(held, cost, now)
        assert paid is not None
        self.buckets[bucket] = paid

    async def keep_exchange(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


def account_of(store: Store) -> PacedAccount:
    """The store as it was connected: a consent of today."""
    consented = datetime.fromtimestamp(store.clock.now, UTC)
    held = Credentials(
        access_token=store.token,
        refresh_token=store.refresh_token,
        expires_at=consented + timedelta(hours=1),
        refresh_expires_at=consented + timedelta(days=28),
    )
    return PacedAccount(store.clock, store.url, held)


@asynccontextmanager
async def practice_store(data_file: Path, **settings: Any) -> AsyncIterator[Store]:
    clock = Clock()
    wanted = PracticeSettings(data_file=data_file, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, **settings)
    app = create_app(wanted, clock=clock)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, verify=False) as client:
        await client.post("/practice/api/stores", json={"seller_id": SELLER})
        store = Store(url, client, clock)
        tokens = await store.lever("tokens")
        store.token, store.refresh_token = tokens["access_token"], tokens["refresh_token"]
        yield store


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The application answers on a port of its own; the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", access_log=False))
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # signals are pytest's
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
