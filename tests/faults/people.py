"""Somebody signed in at web processes of their own, who clicks faster than anybody could."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
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
    took: list[float] = field(default_factory=list)

    async def press(self, path: str, **fields: Any) -> int:
        """A form is sent to one of the web processes; the status of the answer."""
        began = monotonic()
        answer = await self.http.post(random.choice(self.webs).url + path, data=fields | {"_csrf_token": self.token})
        self.took.append(monotonic() - began)
        return answer.status_code

    async def page(self, path: str) -> BeautifulSoup:
        """A page of one of the web processes, which shows it whatever else is wrong."""
        began = monotonic()
        answer = await self.http.get(random.choice(self.webs).url + path)
        self.took.append(monotonic() - began)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return BeautifulSoup(answer.text, "html.parser")


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
    async with httpx.AsyncClient(verify=False, trust_env=False, cookies=cookies, headers=host, timeout=30) as http:
        page = BeautifulSoup((await http.get(f"{webs[0].url}/orders")).text, "html.parser")
        token = page.select_one('meta[name="csrf-token"]')
        assert token is not None, page.get_text()[:500]
        yield Clicks(http, webs, str(token["content"]))
