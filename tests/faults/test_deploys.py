"""R10: a deployment restarts every process, one after the other, and nobody notices."""

from __future__ import annotations

import asyncio
import random
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import monotonic
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from portal.models.catalog import Variant
from portal.models.tasks import TaskState
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.letters import percentile
from tests.faults.people import Clicks, signed_in
from tests.faults.processes import ROOT, Web, Worker, until

pytestmark = pytest.mark.faults

RESTARTS = max(4, 5 * TRIALS // 2)
# What the platform waits before it kills.
KILLED_AFTER = float(tomllib.loads((ROOT / "fly.toml").read_text())["kill_timeout"].removesuffix("s"))
VISITORS, REQUEST_EVERY = 6, 0.05
IDLE_REQUESTS = 40
PAGES = ["/", "/products", "/listings", "/orders", "/channels", "/inbox"]
NAMES = [f"mug-{number}" for number in range(5)]
Figure = Callable[[str, object], None]


@dataclass
class Visitors:
    """Many people behind a proxy, which turns to the next web process where one lets nobody in, and never repeats."""

    webs: list[Web]
    http: httpx.AsyncClient
    token: str
    answers: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    reopened: int = 0

    async def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> None:
        began = monotonic()
        try:
            answer = await self._let_in(method, path, fields)
        except httpx.HTTPError as error:
            self.failed.append(f"{method} {path}: {error!r}")
            return
        self.answers[answer.status_code] += 1
        if answer.status_code not in {200, 303}:
            self.failed.append(f"{method} {path}: {answer.status_code}")
        self.took.append(monotonic() - began)

    async def _let_in(self, method: str, path: str, fields: dict[str, str] | None) -> httpx.Response:
        data = None if fields is None else fields | {"_csrf_token": self.token}
        first, second = random.sample(self.webs, 2)
        try:
            return await self.http.request(method, first.url + path, data=data)
        except httpx.ConnectError:
            return await self.http.request(method, second.url + path, data=data)

    async def keep_a_tab_open(self) -> None:
        """As a browser does: where the stream ends, it asks for it again a moment later."""
        while True:
            with suppress(httpx.TransportError):
                async with self.http.stream("GET", f"{random.choice(self.webs).url}/live") as stream:
                    assert stream.status_code == 200
                    async for _line in stream.aiter_lines():
                        pass
            self.reopened += 1
            await asyncio.sleep(0.5)


async def test_restarts_under_load_fail_no_request_lose_no_work_and_repeat_none(
    installation: Installation, record_property: Figure
) -> None:
    # With the leases the product has: a worker that is slow only, and not dead, keeps its lane.
    workers = [installation.worker(hurried=False), installation.worker(hurried=False)]
    trader = await installation.trader()
    await trader.stocks(NAMES)
    await trader.publishes()
    await installation.idle()
    # Some batch is under way whenever a worker is asked to end.
    await trader.shop.fault("slow", operation="inventorySetQuantities", when="after", seconds=0.3)
    webs = [await installation.web(), await installation.web()]
    async with signed_in(installation, trader, webs) as people, _visitors(people, webs) as visitors:
        async with _load(trader, visitors):
            await until(lambda: len(visitors.took) >= IDLE_REQUESTS, 120, "nobody is answered")
            idle = percentile(visitors.took, 95)
            visitors.took.clear()
            ended = [await _restart(installation, trader, workers, webs, number) for number in range(RESTARTS)]
        busy = percentile(visitors.took, 95)
    await installation.idle()

    assert visitors.failed == []
    assert visitors.reopened, "no tab was cut off: the trial would prove nothing"
    await trader.sells_each_product_once()
    assert {task.lost_starts for task in await installation.stage.tasks()} == {0}
    await trader.has_kept_every_promise()
    await installation.sound()
    done = Counter(task.kind for task in await installation.stage.tasks(state=TaskState.DONE))
    record_property(
        "R10",
        f"{RESTARTS} restarts, the slowest in {max(ended):.1f} s; {visitors.answers.total()} requests, 0 failed,"
        f" p95 {busy:.2f} s ({busy / idle:.1f} x idle); {done['stock']} stock pushes, {done['publish']} publishes done",
    )


async def test_the_one_process_records_the_batch_under_way_before_it_ends(installation: Installation) -> None:
    whole = await installation.whole()
    trader = await installation.trader()
    await trader.stocks(NAMES)
    await trader.shop.fault("slow", count=1, operation="productSet", when="after", seconds=2)
    await trader.publishes()
    await installation.eventually(partial(_has_accepted, trader, "productSet"), 30)
    await whole.ends(KILLED_AFTER)
    assert await trader.was_recorded("publish")
    installation.worker()
    await installation.idle()
    await trader.sells_each_product_once()
    assert {task.lost_starts for task in await installation.stage.tasks()} == {0}


async def test_processes_end_in_time_though_a_channel_hangs_and_tabs_are_open(
    installation: Installation, record_property: Figure
) -> None:
    """The product as shipped: a call may take 15 s, and whoever is being answered gets the answer."""
    worker, web = installation.worker(hurried=False), await installation.web()
    trader = await installation.trader()
    await trader.stocks(NAMES)
    for fault in ("slow", "drop"):
        await trader.shop.fault(fault, operation="productSet", when="before", seconds=60)
    async with signed_in(installation, trader, [web]) as people:
        await trader.publishes()
        await installation.eventually(partial(_is_running, trader), 30)
        async with people.http.stream("GET", f"{web.url}/live") as tab:
            assert tab.status_code == 200
            slow = asyncio.create_task(_edits_slowly(people, web, trader))
            await asyncio.sleep(0.5)
            took = await asyncio.gather(worker.ends(KILLED_AFTER), web.ends(KILLED_AFTER))
        assert (await slow).status_code == 303
    assert await trader.was_recorded("publish")
    assert {task.state for task in await installation.stage.tasks(kind="publish")} == {TaskState.IN_DOUBT}
    assert {task.lost_starts for task in await installation.stage.tasks()} == {0}
    assert (await trader.on_hand())["mug-0-0"] == trader.expected["mug-0-0"] + 1
    record_property(
        "R10", f"with a channel that hangs: worker {took[0]:.1f} s, web {took[1]:.1f} s of {KILLED_AFTER:.0f}"
    )


async def _restart(
    installation: Installation, trader: Trader, workers: list[Worker], webs: list[Web], number: int
) -> float:
    """One process is asked to end, and another takes its place; how many seconds the old one took."""
    await trader.stocks([f"new-{number}"])
    await trader.publishes(only=trader.products[-1:])
    kind, place = number % 2, number // 2 % 2
    if kind:
        took = await workers[place].ends(KILLED_AFTER)
        workers[place] = installation.worker(hurried=False)
        return took
    old = webs[place]
    took = await old.ends(KILLED_AFTER)
    webs[place] = await installation.web(int(old.url.rpartition(":")[2]))
    return took


@asynccontextmanager
async def _visitors(people: Clicks, webs: list[Web]) -> AsyncIterator[Visitors]:
    """A proxy of its own: each request has a connection of its own."""
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        trust_env=False, cookies=people.http.cookies, headers=people.http.headers, timeout=30, limits=limits
    ) as http:
        yield Visitors(webs, http, people.token)


@asynccontextmanager
async def _load(trader: Trader, visitors: Visitors) -> AsyncIterator[None]:
    """Twenty requests a second, as far as they are answered, every other of which counts goods, and open tabs."""
    tabs = [asyncio.create_task(visitors.keep_a_tab_open()) for _ in range(4)]
    stop = asyncio.Event()
    pages = {sku: await _page_of(trader, sku) for sku in trader.variants}
    visits = [asyncio.create_task(_requests(trader, visitors, pages, stop)) for _ in range(VISITORS)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*visits)
        for tab in tabs:
            tab.cancel()
        await asyncio.gather(*tabs, return_exceptions=True)


async def _requests(trader: Trader, visitors: Visitors, pages: Mapping[str, str], stop: asyncio.Event) -> None:
    """One visitor, who asks for the next thing once the last is answered, and not too soon."""
    for number in count():
        if stop.is_set():
            return
        due = monotonic() + VISITORS * REQUEST_EVERY
        if number % 2:
            await visitors.ask("GET", random.choice(PAGES))
        else:
            sku = random.choice(list(pages))
            trader.expected[sku] += 1
            await visitors.ask("POST", f"{pages[sku]}/stock", _one_more())
        await asyncio.sleep(due - monotonic())


async def _page_of(trader: Trader, sku: str) -> str:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        variant = await session.get_one(Variant, trader.variants[sku])
    return f"/products/{variant.product_id}/variants/{variant.id}"


def _one_more() -> dict[str, str]:
    return {"quantity": "+1", "reason": "received", "mark": str(uuid4()), "seen": "0"}


async def _edits_slowly(people: Clicks, web: Web, trader: Trader) -> httpx.Response:
    """A form that arrives in two parts, six seconds apart."""
    body = urlencode(_one_more() | {"_csrf_token": people.token}).encode()

    async def parts() -> AsyncIterator[bytes]:
        yield body[:20]
        await asyncio.sleep(6)
        yield body[20:]

    headers = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
    path = await _page_of(trader, "mug-0-0")
    return await people.http.post(f"{web.url}{path}/stock", content=parts(), headers=headers)


async def _has_accepted(trader: Trader, operation: str) -> bool:
    return bool(await trader.shop.ledger(operation))


async def _is_running(trader: Trader) -> bool:
    return bool(await trader.stage.tasks(kind="publish", state=TaskState.RUNNING))
