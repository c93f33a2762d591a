"""A running practice Amazon and one seller there, as the tests talk to them: over HTTP, judged by Amazon's models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from connectors.amazon import marketplaces
from connectors.amazon.practice.app import PracticeSettings, create_app
from connectors.records import Credentials
from tests.connectors.amazon.official import OfficialTransport
from tests.connectors.paced import Clock, PacedAccount
from tests.serving import a_practice, serving

NAME = "Demo seller"
APPLICATION, CLIENT_ID, CLIENT_SECRET = "amzn1.sellerapps.app.practice", "practice-app", "practice-secret"
US = marketplaces.by_host("amazon.com")


@dataclass
class Seller:
    """The seller as the hub's application sees it, and the levers of its control page."""

    url: str
    client: httpx.AsyncClient
    clock: Clock
    official: OfficialTransport
    id: str = ""
    token: str = ""
    refresh_token: str = ""

    async def call(self, method: str, path: str, *, body: Any = None, **query: str) -> httpx.Response:
        """A call of the seller's; a second passes, so that no rate is in the way."""
        self.clock.now += 1
        headers = {"x-amz-access-token": self.token, "user-agent": "Test/1.0"}
        given = {"marketplaceIds": US.id, **query} if "/listings/" in path or "/definitions/" in path else query
        return await self.client.request(method, path, params=given, json=body, headers=headers)

    async def item(self, method: str, sku: str, *, body: Any = None, **query: str) -> httpx.Response:
        return await self.call(method, f"/listings/2021-08-01/items/{self.id}/{sku}", body=body, **query)

    async def lever(self, action: str, **given: Any) -> Any:
        answer = await self.client.post(f"/practice/api/sellers/{self.id}/{action}", json=given)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def mend(self) -> None:
        """Nothing goes wrong any more."""
        assert (await self.client.delete(f"/practice/api/sellers/{self.id}/faults")).status_code == 204

    async def read(self, table: str) -> Any:
        return (await self.client.get(f"/practice/api/sellers/{self.id}/{table}")).json()

    async def operations(self) -> list[str]:
        """What was asked, in order."""
        return [row["operation"] for row in await self.read("requests")]

    async def made(self, name: str) -> dict[str, Any]:
        """A seller of this name who has consented."""
        found: dict[str, Any] = (await self.client.post("/practice/api/sellers", json={"name": name})).json()
        return found

    def account(self) -> PacedAccount:
        held = Credentials(access_token=self.token, refresh_token=self.refresh_token, others={"seller_id": self.id})
        return PacedAccount(domain=US.host, base_url=self.url, settings={}, currency="USD", held=held, clock=self.clock)

    async def account_of(self, name: str) -> PacedAccount:
        made = await self.made(name)
        held = Credentials(access_token=made["access_token"], others={"seller_id": made["seller_id"]})
        return replace(self.account(), held=held, buckets={})


@asynccontextmanager
async def practice_seller(data_file: Path, **settings: Any) -> AsyncIterator[Seller]:
    clock = Clock()
    wanted = PracticeSettings(
        data_file=data_file,
        application_id=APPLICATION,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        **settings,
    )
    official = OfficialTransport()
    async with AsyncExitStack() as stack:
        app = stack.enter_context(a_practice(create_app, wanted, clock))
        url = await stack.enter_async_context(serving(app))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, transport=official))
        seller = Seller(url, client, clock, official)
        made = await seller.made(NAME)
        seller.id, seller.token, seller.refresh_token = made["seller_id"], made["access_token"], made["refresh_token"]
        yield seller
