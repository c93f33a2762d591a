"""Saving a catalog in bulk against inserting the same rows raw, and the product list against its SQL alone."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from benchmarks.figures import Figure, middle, milliseconds, worst_of_twenty
from benchmarks.raw import Before
from benchmarks.setting import Bench, bench, products
from portal.catalog import queries
from portal.catalog.queries import Filters

NUMBER = 10_240
PAGES = 40


async def measure(show: Callable[[Figure], None]) -> None:
    async with bench() as made:
        before = await Before.of(made.database)
        began = perf_counter()
        await made.save(products(NUMBER))
        ours = perf_counter() - began
        plain = await before.insert_what_came()
        name = f"save {NUMBER:,} products"
        show(Figure(name, NUMBER / ours, NUMBER / plain, "a second", "a second, raw executemany"))
        await _pages(made, show)


async def _pages(made: Bench, show: Callable[[Figure], None]) -> None:
    async def page() -> None:
        answer = await made.http.get("/products")
        assert "Stoneware mug" in answer.text

    async def sql() -> None:
        async with made.sessions.read(made.merchant.id) as session:
            await queries.product_page(session, Filters())

    whole, alone = await milliseconds(page, PAGES), await milliseconds(sql, PAGES)
    show(Figure("product list, middle", middle(whole), middle(alone), "ms", "ms its SQL alone"))
    show(Figure("product list, 95 in 100", worst_of_twenty(whole), worst_of_twenty(alone), "ms", "ms its SQL alone"))
