"""The product editor over its real routes: made, changed, refused, in two tabs, by the wrong person."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.tenancy import SYSTEM
from tests.catalog.site import Site


async def make(site: Site, **typed: str) -> str:
    """A product made through the form; its path."""
    page = await site.get("/products/new")
    fields = {"title": "Linen tote", "variant-new1-price": "24.00", **typed}
    answer = await site.post("/products", page.form("#product-form", **fields))
    assert answer.status == 303, answer.response.text
    return str(answer.response.headers["location"])


async def test_a_product_made_by_hand_is_there_with_its_words_price_and_task(
    site: Site, sessions: Sessions, merchant: Merchant
) -> None:
    path = await make(site, **{"variant-new1-sku": "TOTE-1", "variant-new1-barcode": "４９０１ ２３４５６７８９４"})
    page = await site.get(path)
    assert page.status == 200, page.response.text
    async with sessions.read(SYSTEM) as session:
        product = (await session.scalars(select(Product))).one()
    assert (product.title, product.handle, product.source, product.version) == ("Linen tote", "linen-tote", "manual", 1)
    assert product.id == UUID(path.rsplit("/", 1)[-1])
    assert page.one("h1").text == "Linen tote"
    listing = await site.get("/products")
    assert listing.status == 200, listing.response.text
