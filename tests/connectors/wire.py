"""The other end of the wire for connector tests: says literal bytes, remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.errors import Busy
from connectors.limits import Rate
from connectors.records import Credentials, Exchange

LOCATION = "gid://shopify/Location/68817551382"
ONLINE_STORE = "gid://shopify/Publication/129876543210"


class Wire:
    """Answers each request with the next of its replies: bytes of a 200, a whole response, or an exception to raise."""

    def __init__(self, *replies: bytes | httpx.Response | Exception) -> None:
        self._replies = list(replies)
        self.requests: list[httpx.Request] = []

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, httpx.Response):
            return reply
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Request-Id": f"req-{len(self.requests)}"}
        return httpx.Response(200, headers=headers, content=reply)

    @property
    def unused(self) -> int:
        """Replies nobody asked for."""
        return len(self._replies)

    def sent(self, number: int = -1) -> dict[str, Any]:
        """The JSON body of one request, the last one unless said otherwise."""
        body: dict[str, Any] = json.loads(self.requests[number].content)
        return body

    def variables(self, number: int = -1) -> dict[str, Any]:
        variables: dict[str, Any] = self.sent(number)["variables"]
        return variables


def refused(status: int, body: bytes, **headers: str) -> httpx.Response:
    """An answer with an error status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers={"content-type": "application/json", **named}, content=body)


@dataclass
class FakeAccount:
    """Implements connectors.protocol.Account and remembers what was paid, corrected and kept."""

    domain: str = "demo.myshopify.com"
    base_url: str = "https://demo.myshopify.com"
    settings: Mapping[str, str] = field(
        default_factory=lambda: {"location_id": LOCATION, "publication_id": ONLINE_STORE}
    )
    currency: str = "EUR"
    held: Credentials = field(
        default_factory=lambda: Credentials(access_token="shpat_planted", refresh_token="shprt_planted")
    )
    wait_seconds: float = 0.0
    paid: list[tuple[str, float]] = field(default_factory=list)
    corrected: list[tuple[float, float, float]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    async def credentials(self) -> Credentials:
        return self.held

    async def take_slot(self, bucket: str, cost: float, *, published: Rate | None = None) -> None:
        if self.wait_seconds:
            raise Busy("rate_limit", retry_after_seconds=self.wait_seconds)
        self.paid.append((bucket, cost))

    async def keep_exchange(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if reading := exchange.reading:
            self.corrected.append((reading.available, reading.maximum, reading.restore_per_second))
