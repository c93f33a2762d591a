"""From a commit to the changed fragment on an open page, against fetching the same fragment at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import perf_counter
from uuid import UUID

import httpx
from sqlalchemy import select

from benchmarks.figures import Figure, middle, worst_of_twenty
from benchmarks.setting import Bench, bench, products
from portal import db
from portal.models.catalog import Product

TIMES = 60


async def measure(show: Callable[[Figure], None]) -> None:
    async with bench() as made:
        await made.save(products(100))
        async with made.sessions.read(made.merchant.id) as session:
            product_id = (await session.scalars(select(Product.id).limit(1))).one()
        async with made.http.stream("GET", "/live") as stream:
            events = _events(stream)
            both = [await _once(made, events, product_id) for _ in range(TIMES)]
    whole, alone = [one[0] for one in both], [one[1] for one in both]
    show(Figure("commit to fragment, middle", middle(whole), middle(alone), "ms", "ms the fragment alone"))
    name = "commit to fragment, 95 in 100"
    show(Figure(name, worst_of_twenty(whole), worst_of_twenty(alone), "ms", "ms the fragment alone"))


async def _events(stream: httpx.Response) -> AsyncIterator[str]:
    """The data of each `changed`; the page's own pause before it asks is the browser's and not measured."""
    async for line in stream.aiter_lines():
        if line.startswith("data:") and "keys" in line:
            yield line


async def _once(made: Bench, events: AsyncIterator[str], product_id: UUID) -> tuple[float, float]:
    began = perf_counter()
    async with made.sessions.write(made.merchant.id) as session:
        product = await session.get_one(Product, product_id)
        product.version += 1
        db.changed(session, made.merchant.id, f"product:{product_id}")
    await asyncio.wait_for(anext(events), 10)
    heard = perf_counter()
    answer = await made.http.get("/live/fragments", params={"id": f"product-row-{product_id}"})
    assert str(product_id) in answer.text, answer.text
    ended = perf_counter()
    return (ended - began) * 1000, (ended - heard) * 1000
