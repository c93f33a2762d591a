"""Several practice channels behind one address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from litestar import Litestar, Request, get

from connectors.practice.street import Street
from tests.serving import serving


def channel(name: str, lived: list[str]) -> Litestar:
    @get("/where/{thing:str}")
    async def where(request: Request[Any, Any, Any]) -> dict[str, str]:
        return {"channel": name, "url": str(request.url), "thing": request.path_params["thing"]}

    @asynccontextmanager
    async def living(_app: Litestar) -> AsyncIterator[None]:
        lived.append(f"{name} opens")
        yield
        lived.append(f"{name} closes")

    return Litestar([where], lifespan=[living], openapi_config=None, logging_config=None)


async def test_each_channel_sees_its_own_paths_and_knows_its_own_address() -> None:
    lived: list[str] = []
    street = Street({"shopify": channel("shopify", lived), "rakuten": channel("rakuten", lived)}, root="shopify")

    async with serving(street) as url, httpx.AsyncClient() as http:
        below = (await http.get(f"{url}/rakuten/where/b%C3%A9")).json()
        root = (await http.get(f"{url}/where/x")).json()
        missing = await http.get(f"{url}/rakuten/nowhere")

    assert (below["channel"], below["thing"]) == ("rakuten", "bé")
    assert below["url"].startswith(f"{url}/rakuten/where/")
    assert root["channel"] == "shopify"
    assert missing.status_code == 404
    assert lived == ["shopify opens", "rakuten opens", "rakuten closes", "shopify closes"]
