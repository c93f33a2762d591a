"""Somebody signed in at web processes of their own, who clicks faster than anybody could."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from bs4 import BeautifulSoup
from redis.asyncio import Redis

from portal.app import create_app
from portal.live import Hub
from tests.faults.installation import Installation, Trader
from tests.faults.processes import Web
from tests.listings.site import Site


@dataclass(frozen=True, slots=True)
class Clicks:
    http: httpx.AsyncClient
    webs: Sequence[Web]
    token: str

    async def press(self, path: str, **fields: Any) -> int:
        """A form is sent to one of the web processes; the status of the answer."""
        url = random.choice(self.webs).url
        answer = await self.http.post(url + path, data=fields | {"_csrf_token": self.token})
        return answer.status_code


@asynccontextmanager
async def signed_in(installation: Installation, trader: Trader, webs: Sequence[Web]) -> AsyncIterator[Clicks]:
    """The trader's owner, whose session every web process knows."""
    settings = installation.stage.process.runtime.settings
    redis = Redis.from_url(settings.redis_url)
    site = Site(
        installation.stage.process, create_app(installation.stage.process.runtime, Hub(settings.redis_url), redis)
    )
    browser = await site.sign_in(trader.merchant, f"owner-{trader.merchant.id.hex[-12:]}")
    cookies = dict(browser.http.cookies)
    await browser.http.aclose()
    await redis.aclose()
    host = {"host": settings.public_host}
    async with httpx.AsyncClient(trust_env=False, cookies=cookies, headers=host, timeout=30) as http:
        page = BeautifulSoup((await http.get(f"{webs[0].url}/orders")).text, "html.parser")
        token = page.select_one('meta[name="csrf-token"]')
        assert token is not None, page.get_text()[:500]
        yield Clicks(http, webs, str(token["content"]))
