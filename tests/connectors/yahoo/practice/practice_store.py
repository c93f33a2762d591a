"""A running practice Yahoo! Shopping and one store in it, as the tests talk to them: over HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx

from connectors.records import Credentials
from connectors.yahoo.practice.app import PracticeSettings, create_app
from tests.connectors.paced import Clock, PacedAccount
from tests.serving import a_practice, serving

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

    async def mend(self) -> None:
        """Nothing goes wrong any more."""
        assert (await self.client.delete(f"/practice/api/stores/{SELLER}/faults")).status_code == 204

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


def account_of(store: Store) -> PacedAccount:
    """The store as it was connected: a consent of today."""
    consented = store.clock.moment
    held = Credentials(
        access_token=store.token,
        refresh_token=store.refresh_token,
        expires_at=consented + timedelta(hours=1),
        refresh_expires_at=consented + timedelta(days=28),
    )
    return PacedAccount(domain=SELLER, base_url=store.url, settings={}, currency="JPY", held=held, clock=store.clock)


@asynccontextmanager
async def practice_store(data_file: Path, **settings: Any) -> AsyncIterator[Store]:
    clock = Clock()
    wanted = PracticeSettings(data_file=data_file, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, **settings)
    async with AsyncExitStack() as stack:
        app = stack.enter_context(a_practice(create_app, wanted, clock))
        url = await stack.enter_async_context(serving(app))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, verify=False))
        await client.post("/practice/api/stores", json={"seller_id": SELLER})
        store = Store(url, client, clock)
        tokens = await store.lever("tokens")
        store.token, store.refresh_token = tokens["access_token"], tokens["refresh_token"]
        yield store
