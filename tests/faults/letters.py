"""The letters a practice shop signs and sends, caught on their way, and posted to us as often as a trial likes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

import httpx

from tests.faults.installation import Installation, Trader
from tests.faults.processes import until

Letter = tuple[dict[str, str], bytes]
# What a channel waits for an answer, and how long it gives us to come back.
ANSWER_SECONDS = 5.0
PATIENCE_SECONDS = 120.0
AGAIN_SECONDS = 0.2


@dataclass
class Letterbox:
    """Stands at our public address and keeps what comes there, answering 200."""

    came: list[Letter] = field(default_factory=list)

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # an ASGI application
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.came.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def of(self, topic: str) -> list[Letter]:
        return [letter for letter in self.came if letter[0]["x-shopify-topic"] == topic]

    async def sales(self, trader: Trader, sku: str, count: int) -> list[Letter]:
        """So many buyers buy one each; the letter that tells of each order."""
        before = len(self.of("orders/create"))
        for asked in range(0, count, 500):
            await trader.shop.do("orders", lines=[{"sku": sku, "quantity": 1}], count=min(500, count - asked))
        await until(lambda: len(self.of("orders/create")) >= before + count, 120, "the shop should have told of all")
        return self.of("orders/create")[before:]


@dataclass
class Post:
    """Brings letters to web processes that may die, as a channel does: until one of them has answered 2xx.

    `answers` are the seconds until each answer, ANSWER_SECONDS for one that came too late to be heard.
    """

    installation: Installation
    answers: list[float] = field(default_factory=list)
    refused: int = 0

    async def brings(self, letter: Letter, to: Callable[[], str]) -> None:
        """`to` names the process for each try."""
        deadline = monotonic() + PATIENCE_SECONDS
        while not await self._tries(letter, to()):
            assert monotonic() < deadline, f"nobody took the letter; see {self.installation.folder}"
            await asyncio.sleep(AGAIN_SECONDS)

    async def _tries(self, letter: Letter, url: str) -> bool:
        began = monotonic()
        try:
            answer = await self.installation.stage.http.post(
                f"{url}/webhooks/shopify", headers=self._headers(letter), content=letter[1], timeout=ANSWER_SECONDS
            )
        except httpx.TransportError as error:
            self.refused += 1
            if isinstance(error, httpx.ReadTimeout):
                self.answers.append(ANSWER_SECONDS)
            return False
        self.answers.append(monotonic() - began)
        self.refused += not answer.is_success
        return answer.is_success

    def _headers(self, letter: Letter) -> dict[str, str]:
        signed = {name: value for name, value in letter[0].items() if name.startswith(("x-shopify", "content-type"))}
        return signed | {"host": self.installation.stage.process.runtime.settings.public_host}

    @property
    def slowest_of_a_hundred(self) -> float:
        """Seconds: 99 of a hundred answers were faster."""
        return percentile(self.answers, 99)


def percentile(seconds: Sequence[float], part: int) -> float:
    return sorted(seconds)[min(len(seconds) - 1, len(seconds) * part // 100)]
