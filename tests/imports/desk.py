"""Bringing files through the pages, and working on them as a worker would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.imports import Import, ImportProblem
from portal.models.stock import Movement
from tests.listings.site import Browser, Site
from tests.stage import Stage

HEADER = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Option1 Name,Option1 Value,Vendor"
TABLE = f"""{HEADER}
mug,Mug,MUG-B,24.00,5,Colour,Blue,Harbour
mug,,MUG-S,25.00,3,,Sand,
pan,Pan,PAN,about 40,2,,,Harbour
lid,Lid,LID,9.50,7,,,=1+1
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """One merchant's import pages."""

    site: Site
    browser: Browser
    merchant: Merchant

    async def send(self, content: bytes | str, filename: str = "products.csv") -> httpx.Response:
        if not self.browser.token:
            await self.browser.get("/imports")
        data = content.encode() if isinstance(content, str) else content
        files = {"file": (filename, data, "text/csv")}
        return await self.browser.http.post("/imports", files=files, data={"_csrf_token": self.browser.token})

    async def bring(self, content: bytes | str, filename: str = "products.csv") -> str:
        """The file is uploaded; the path of its page."""
        answer = await self.send(content, filename)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def commit(self, path: str) -> httpx.Response:
        return await self.browser.post(f"{path}/commit")

    async def import_whole(self, content: bytes | str) -> str:
        """Brought, committed and worked off; the path of its report."""
        path = await self.bring(content)
        assert (await self.commit(path)).status_code == 303
        await self.work()
        return path

    async def work(self) -> None:
        async with httpx.AsyncClient(verify=False) as http:
            await Stage(self.site.process, "", http).work()

    async def record(self, path: str) -> Import:
        async with self.site.sessions.read(self.merchant.id) as session:
            row = await session.get_one(Import, UUID(path.rsplit("/", 1)[-1]))
        assert isinstance(row, Import)
        return row

    async def report(self, path: str) -> list[tuple[int, str, str]]:
        """(row, code, severity) of each problem, in the file's order."""
        rows = await self.site.rows(self.merchant, ImportProblem, import_id=(await self.record(path)).id)
        return sorted((row.row, row.code, row.severity) for row in rows)

    async def stock(self) -> dict[str, int]:
        """What is on hand by SKU; each number is the sum of its movements."""
        async with self.site.sessions.read(self.merchant.id) as session:
            sums = select(Movement.variant_id, func.sum(Movement.quantity)).group_by(Movement.variant_id)
            moved: Mapping[UUID, Any] = {row[0]: row[1] for row in await session.execute(sums)}
            variants = list(await session.scalars(select(Variant)))
        assert all(variant.on_hand == int(moved.get(variant.id, 0)) for variant in variants)
        return {variant.sku: variant.on_hand for variant in variants}

    async def catalog(self) -> list[tuple[str, str, int]]:
        """(handle, title, number of variants) of every product."""
        async with self.site.sessions.read(self.merchant.id) as session:
            count = select(func.count(Variant.id)).where(Variant.product_id == Product.id).scalar_subquery()
            rows = await session.execute(select(Product.handle, Product.title, count).order_by(Product.handle))
            return [(handle, title, number) for handle, title, number in rows]


def tiles(page: BeautifulSoup) -> dict[str, str]:
    """The numbers on an import's page."""
    found = {}
    for name in ("products", "variants", "images", "quantity", "refused"):
        tile = page.select_one(f"#count-{name}")
        assert tile is not None, name
        found[name] = tile.get_text(" ", strip=True).rsplit(" ", 1)[-1]
    return found


def many_products(count: int) -> str:
    rows = "".join(f"item-{n},Item {n},SKU-{n},1.00,{n % 7 + 1},,,\n" for n in range(count))
    return f"{HEADER}\n{rows}"
