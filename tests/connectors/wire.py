"""The other end of the wire for connector tests: says literal bytes, remembers what it was asked."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

from connectors.addresses import FetchRefused
from connectors.errors import Busy
from connectors.limits import Rate
from connectors.pictures import Limits, as_rgb_jpeg
from connectors.records import Credentials, Exchange, Uploaded

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
    refusals: dict[str, FetchRefused] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    library: dict[str, tuple[str, float]] = field(default_factory=dict)

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

    @property
    def seconds(self) -> float:
        """Time goes on only where an account has a clock."""
        return 0.0

    async def picture(self, url: str, limits: Limits) -> bytes:
        self.fetched.append(url)
        if url in self.refusals:
            raise self.refusals[url]
        return as_rgb_jpeg(picture_at(url), limits)

    async def uploaded(self, places: Sequence[str]) -> Mapping[str, Uploaded]:
        held = {place: self.library[place] for place in places if place in self.library}
        return {place: Uploaded(url=url, seconds_ago=self.seconds - at) for place, (url, at) in held.items()}

    async def keep_uploaded(self, place: str, url: str) -> None:
        self.library[place] = (url, self.seconds)


def picture_at(url: str) -> bytes:
    """A picture that no other address has."""
    target = io.BytesIO()
    Image.new("RGB", (600, 500), f"#{hashlib.sha256(url.encode()).hexdigest()[:6]}").save(target, "PNG")
    return target.getvalue()


def digest_of(url: str, limits: Limits) -> str:
    """Of the file that a channel gets for the picture at the address."""
    return hashlib.sha256(as_rgb_jpeg(picture_at(url), limits)).hexdigest()
