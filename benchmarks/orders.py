"""Orders taken in against raw inserts, their list and search against their SQL, a webhook against a bare handler."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from time import perf_counter
from typing import Any

import httpx
import uvicorn
from litestar import Litestar, Request, post
from sqlalchemy import select

from benchmarks.figures import Figure, middle, milliseconds, worst_of_twenty
from benchmarks.raw import Before
from benchmarks.setting import Bench, bench, products
from connectors.orders import Address, Buyer, OrderLine, OrderRecord, OrderState
from connectors.records import Money
from jobs.boot import practice_secret
from portal.catalog import search
from portal.clock import new_id, utc_now
from portal.listings.paging import PAGE as ROWS
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order
from portal.orders.intake import take_in
from portal.orders.queries import Filters
from portal.stock import service as stock
from portal.stock.service import Move
from tests.servers import free_port

INGESTED = 10_000
LISTED = 100_000
# A page of a poll.
PAGE = 100
VARIANTS = 1_000
PAGES = 30
KNOCKS, AT_ONCE = 1_000, 8
SHOP = "bench.myshopify.com"


async def measure(show: Callable[[Figure], None]) -> None:
    async with bench() as made:
        await made.save(products(VARIANTS))
        await _fill(made)
        market = await _connection(made, "amazon")
        await _connection(made, "shopify")
        before = await Before.of(made.database)
        began = perf_counter()
        await _take_in(made, market, _orders(INGESTED))
        ours = perf_counter() - began
        plain = await before.insert_what_came()
        show(Figure("10,000 orders polled", INGESTED / ours, INGESTED / plain, "a second", "a second, raw executemany"))
        await _knocks(made, show)
        await _copies(made, LISTED - INGESTED)
        await _pages(made, show)


async def _fill(made: Bench) -> None:
    """Plenty of everything, so that each sale finds its stock."""
    async with made.sessions.read(made.merchant.id) as session:
        ids = list(await session.scalars(select(Variant.id)))
    moves = [Move(variant_id=one, quantity=1000, cause="start", cause_id="start") for one in ids]
    async with made.sessions.write(made.merchant.id) as session:
        await stock.move(session, merchant_id=made.merchant.id, moves=moves, made_by="bench", now=utc_now())


async def _connection(made: Bench, channel: str) -> Connection:
    row = Connection(
        id=new_id(),
        merchant_id=made.merchant.id,
        channel=channel,
        practice=True,
        state=ConnectionState.ACTIVE,
        external_id=f"bench-{channel}",
        external_name=channel,
        domain=SHOP if channel == "shopify" else "amazon.com",
        currency="USD",
        created_at=utc_now() - timedelta(days=30),
    )
    async with made.sessions.write(made.merchant.id) as session:
        session.add(row)
    return row


def _orders(number: int) -> Iterator[OrderRecord]:
    """Orders of two lines each, with a buyer."""
    now = utc_now() - timedelta(hours=1)
    place = Address(name="Practice Buyer", line1="1 Nowhere Street", city="Springfield", country="US")
    buyer = Buyer(name="Practice Buyer", email="buyer@example.com", ship_to=place)
    for n in range(number):
        lines = tuple(
            OrderLine(
                channel_id=f"{n}-{at}",
                sku=f"MUG-{(n + at * 7) % VARIANTS}",
                title=f"Stoneware mug {(n + at * 7) % VARIANTS}",
                quantity=1,
                unit_price=Money(2400, "USD"),
            )
            for at in (1, 2)
        )
        yield OrderRecord(
            channel_id=f"250-{n:07d}",
            number=f"250-{n:07d}",
            placed_at=now,
            changed_at=now,
            state=OrderState.OPEN,
            currency="USD",
            lines=lines,
            total=Money(4800, "USD"),
            buyer=buyer,
        )


async def _take_in(made: Bench, market: Connection, records: Iterator[OrderRecord]) -> None:
    left = list(records)
    vault = made.process.runtime.vault
    for start in range(0, len(left), PAGE):
        async with made.sessions.write(made.merchant.id) as session:
            await take_in(session, vault, market, left[start : start + PAGE], now=utc_now())


async def _copies(made: Bench, number: int) -> None:
    """As many orders more, each with the lines of one that is there: a list's speed asks for rows, not for a life."""
    await asyncio.to_thread(_copy, str(made.database), number)


def _copy(database: str, number: int) -> None:
    with closing(sqlite3.connect(database)) as write:
        for table, owner in (("sale", "id"), ("sale_line", "order_id")):
            names = [row[1] for row in write.execute(f"PRAGMA table_info({table})")]
            rows = write.execute(f"SELECT * FROM {table} ORDER BY {owner}").fetchall()
            times = number // INGESTED
            at = {name: names.index(name) for name in names}
            copies = (_renamed(row, at, owner, time) for time in range(1, times + 1) for row in rows)
            write.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(names))})", copies)
        write.execute("ANALYZE")
        write.commit()


def _renamed(row: tuple[Any, ...], at: dict[str, int], owner: str, time: int) -> tuple[Any, ...]:
    """The row with ids of its own: the copy's number in the first digits, before what is the order's own."""
    values = list(row)
    for name in {"id", owner}:
        values[at[name]] = f"{16 + time:02x}{values[at[name]][2:]}"
    values[at["channel_id"]] += f"-{time}"
    if "number" in at:
        values[at["number"]] += f"-{time}"
        values[at["search_text"]] = values[at["search_text"]].replace("250-", f"25{time}-")
    return tuple(values)


async def _pages(made: Bench, show: Callable[[Figure], None]) -> None:
    for name, filters in (
        ("orders of 100,000", Filters(tab="all")),
        ("search by number", Filters(tab="all", q="253-0004711")),
        ("search by title", Filters(tab="all", q="mug 77")),
    ):

        async def page(filters: Filters = filters) -> None:
            answer = await made.http.get(filters.query())
            assert "order-row-" in answer.text, answer.text[:500]

        async def sql(filters: Filters = filters) -> None:
            async with made.sessions.read(made.merchant.id) as session:
                query = (
                    select(Order).where(search.matches(filters.q, Order.search_text)) if filters.q else select(Order)
                )
                assert (await session.scalars(query.order_by(Order.id.desc()).limit(ROWS))).all()

        whole, alone = await milliseconds(page, PAGES), await milliseconds(sql, PAGES)
        show(Figure(f"{name}, middle", middle(whole), middle(alone), "ms", "ms the rows' SQL alone"))
        show(
            Figure(f"{name}, 95 in 100", worst_of_twenty(whole), worst_of_twenty(alone), "ms", "ms the rows' SQL alone")
        )


async def _knocks(made: Bench, show: Callable[[Figure], None]) -> None:
    """The same deliveries to our door and to a handler that inserts the body as one row."""
    settings = made.process.runtime.settings
    secret = practice_secret(settings)
    async with _bare(made) as bare:
        ours = await _deliver(f"{settings.public_url}/webhooks/shopify", secret, "ours")
        plain = await _deliver(f"{bare}/knock", secret, "plain")
    for name, at in (("middle", 0.5), ("99 in 100", 0.99)):
        mine, theirs = (sorted(taken)[int(len(taken) * at)] for taken, _seconds in (ours, plain))
        show(Figure(f"webhook, {name}", mine, theirs, "ms", "ms a bare handler, one row"))
    rates = [KNOCKS / seconds for _taken, seconds in (ours, plain)]
    show(Figure("webhooks", rates[0], rates[1], "a second", "a second, the bare handler"))


async def _deliver(url: str, secret: str, mark: str) -> tuple[list[float], float]:
    """Milliseconds of each delivery, eight at a time, and the seconds they took in all."""
    taken: list[float] = []
    numbers = iter(range(KNOCKS))

    async def knock(http: httpx.AsyncClient) -> None:
        for n in numbers:
            body = json.dumps(
                {"id": n, "admin_graphql_api_id": f"gid://shopify/Order/{n}", "note": "x" * 2000}
            ).encode()
            digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
            headers = {
                "Content-Type": "application/json",
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
                "X-Shopify-Shop-Domain": SHOP,
                "X-Shopify-Webhook-Id": f"{mark}-{n}",
                "X-Shopify-Event-Id": f"{mark}-{n}",
            }
            began = perf_counter()
            (await http.post(url, content=body, headers=headers)).raise_for_status()
            taken.append((perf_counter() - began) * 1000)

    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        began = perf_counter()
        await asyncio.gather(*(knock(http) for _ in range(AT_ONCE)))
        return taken, perf_counter() - began


@asynccontextmanager
async def _bare(made: Bench) -> AsyncIterator[str]:
    """A Litestar application that inserts each body as a row, as durably, and does nothing else."""
    path = made.folder / "bare.db"
    with closing(sqlite3.connect(path, check_same_thread=False)) as book:
        book.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE knock (id INTEGER PRIMARY KEY, body BLOB)"
        )
        writing = asyncio.Lock()

        @post("/knock", status_code=200)
        async def knock(request: Request[Any, Any, Any]) -> dict[str, bool]:
            body = await request.body()
            async with writing:
                await asyncio.to_thread(_insert, book, body)
            return {"received": True}

        port = free_port()
        server = uvicorn.Server(uvicorn.Config(Litestar([knock]), port=port, log_config=None, access_log=False))
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # Ctrl-C is the script's
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells its start by a flag only
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


def _insert(book: sqlite3.Connection, body: bytes) -> None:
    with book:
        book.execute("INSERT INTO knock (body) VALUES (?)", (body,))
