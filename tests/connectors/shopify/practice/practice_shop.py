"""A running practice Shopify and one shop in it, as the tests talk to them: over HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from connectors.shopify.practice.app import PracticeSettings, create_app
from tests.conformance import conforming
from tests.connectors.paced import Clock
from tests.serving import a_practice, serving

DOMAIN = "demo.myshopify.com"
CLIENT_ID, CLIENT_SECRET = "practice-app", "practice-secret"
SCOPES = "write_products,write_inventory,read_locations,write_publications,write_files"
SET = """mutation Set($input: ProductSetInput!, $identifier: ProductSetIdentifiers, $synchronous: Boolean) {
  productSet(input: $input, identifier: $identifier, synchronous: $synchronous) {
    product { id handle title variants(first: 100) { nodes { id sku price inventoryItem { id } } } }
    productSetOperation { id status }
    userErrors { code field message }
  }
}"""


@dataclass
class Shop:
    """The shop as the hub's app sees it, and the levers of its control page."""

    url: str
    client: httpx.AsyncClient
    clock: Clock
    token: str = ""
    location: str = ""

    async def post(self, query: str, variables: dict[str, Any] | None = None, *, token: str = "") -> httpx.Response:
        path = f"/shops/{DOMAIN}/admin/api/2026-07/graphql.json"
        headers = {"X-Shopify-Access-Token": token or self.token}
        return await self.client.post(path, json={"query": query, "variables": variables or {}}, headers=headers)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = await self.post(query, variables)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]
        return found

    async def set(self, identifier: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
        """productSet of these fields: its payload."""
        found: dict[str, Any] = (await self.data(SET, input=given, identifier=identifier))["productSet"]
        return found

    async def lever(self, action: str, **given: Any) -> Any:
        answer = await self.client.post(f"/practice/api/shops/{DOMAIN}/{action}", json=given)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def mend(self) -> None:
        """Nothing goes wrong any more."""
        assert (await self.client.delete(f"/practice/api/shops/{DOMAIN}/faults")).status_code == 204

    async def read(self, table: str) -> Any:
        return (await self.client.get(f"/practice/api/shops/{DOMAIN}/{table}")).json()

    async def install(self, scopes: str = SCOPES) -> None:
        self.token = (await self.lever("tokens", scopes=scopes))["access_token"]


def a_variant(**given: Any) -> dict[str, Any]:
    return {"optionValues": [{"optionName": "Title", "name": "Default Title"}], "sku": "MUG", "price": "24.00"} | given


def a_product(**given: Any) -> dict[str, Any]:
    """productSet fields of a product without options."""
    options = [{"name": "Title", "values": [{"name": "Default Title"}]}]
    usual = {"title": "Mug", "handle": "mug", "productOptions": options, "variants": [a_variant()]}
    return usual | given


@asynccontextmanager
async def practice_shop(data_file: Path, **settings: Any) -> AsyncIterator[Shop]:
    clock = Clock()
    wanted = PracticeSettings(data_file=data_file, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, **settings)
    async with AsyncExitStack() as stack:
        app = stack.enter_context(a_practice(create_app, wanted, clock))
        url = await stack.enter_async_context(serving(await stack.enter_async_context(conforming(app))))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, verify=False))
        made = (await client.post("/practice/api/shops", json={"domain": DOMAIN})).json()
        shop = Shop(url, client, clock, location=f"gid://shopify/Location/{made['locations'][0]['id']}")
        await shop.install()
        yield shop
