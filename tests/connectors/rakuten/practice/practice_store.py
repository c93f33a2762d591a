"""A running practice Rakuten and one store in it, as the tests talk to them: over HTTP on loopback."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from connectors.rakuten.practice.app import PracticeSettings, create_app
from connectors.records import Credentials
from tests.connectors.paced import Clock, PacedAccount
from tests.serving import a_practice, serving

NAME = "demo-shop"
SECRET, KEY = "SP000000_abc", "SL000000_xyz"


@dataclass
class Shop:
    """The store as a caller of its API sees it, and the levers of its control API."""

    url: str
    client: httpx.AsyncClient
    clock: Clock
    key: str = KEY

    def account(self) -> PacedAccount:
        held = Credentials(access_token=self.key, others={"service_secret": SECRET})
        return PacedAccount(domain=NAME, base_url=self.url, settings={}, currency="JPY", held=held, clock=self.clock)

    async def call(self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str) -> httpx.Response:
        """One call a second after the last one."""
        self.clock.now += 1
        named = {"Authorization": esa(SECRET, key or self.key)} | headers
        return await self.client.request(method, path, json=body, headers=named)

    async def put(self, number: str, body: Any) -> httpx.Response:
        return await self.call("PUT", f"/es/2.0/items/manage-numbers/{number}", body)

    async def codes(self, number: str, body: Any) -> list[str]:
        """The error codes of a refused upsert."""
        answer = await self.put(number, body)
        assert answer.status_code == 400, answer.text
        return [error["code"] for error in answer.json()["errors"]]

    async def lever(self, action: str, body: Any = None, /, **given: Any) -> Any:
        answer = await self.client.post(f"/practice/api/stores/{NAME}/{action}", json=given if body is None else body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def mend(self) -> None:
        """Nothing goes wrong any more."""
        assert (await self.client.delete(f"/practice/api/stores/{NAME}/faults")).status_code == 204

    async def read(self, table: str) -> Any:
        return (await self.client.get(f"/practice/api/stores/{NAME}/{table}")).json()


def esa(secret: str, key: str) -> str:
    return "ESA " + base64.b64encode(f"{secret}:{key}".encode()).decode()


def an_item(**given: Any) -> dict[str, Any]:
    """An upsert body that is taken."""
    variants = {"MUG-1": {"standardPrice": "1200", "articleNumber": {"exemptionReason": 5}, "attributes": []}}
    usual = {"title": "Mug", "itemType": "NORMAL", "genreId": "403885", "variants": variants}
    return usual | given


def a_variant(**given: Any) -> dict[str, Any]:
    """The only SKU of an upsert body."""
    usual = {"standardPrice": "1200", "articleNumber": {"exemptionReason": 5}, "attributes": []}
    return {"MUG-1": usual | given}


@asynccontextmanager
async def practice_store(data_file: Path, **settings: Any) -> AsyncIterator[Shop]:
    clock = Clock()
    wanted = PracticeSettings(data_file=data_file, **settings)
    async with AsyncExitStack() as stack:
        app = stack.enter_context(a_practice(create_app, wanted, clock))
        url = await stack.enter_async_context(serving(app))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, verify=False))
        made = await client.post(
            "/practice/api/stores", json={"name": NAME, "service_secret": SECRET, "license_key": KEY}
        )
        assert made.status_code == 201, made.text
        yield Shop(url, client, clock)
