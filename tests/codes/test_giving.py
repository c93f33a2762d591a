"""Free codes on variants that have none: each gets one of its own, and the channels hear of it."""

from __future__ import annotations

import asyncio

import pytest

from connectors import gtin
from portal.codes import service
from portal.codes.forms import Wanted
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.codes import IssuedCode
from tests.listings.site import Site

PREFIX = "4512345678"


async def make(site: Site, merchant: Merchant, count: int) -> None:
    async with site.sessions.write(merchant.id) as session:
        await service.generate(session, merchant.id, Wanted(PREFIX, None, count), now=site.now)


async def barcodes(site: Site, merchant: Merchant, product: Product | None = None) -> list[str]:
    rows = await site.rows(merchant, Variant)
    return [row.barcode for row in rows if product is None or row.product_id == product.id]


async def test_the_page_says_how_many_get_a_code_and_then_they_have_it(site: Site, merchant: Merchant) -> None:
    mug = await site.product(merchant, "Mug", skus=("A", "B"))
    await site.product(merchant, "Bowl", skus=("C",))
    archived = await site.product(merchant, "Gone", skus=("D",))
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Product, archived.id)).status = ProductStatus.ARCHIVED
    await make(site, merchant, 5)
    alice = await site.sign_in(merchant, "alice")
    async with alice.http:
        page = await alice.get("/codes/giving")
        assert page.h1 is not None
        assert page.h1.get_text() == "Give codes to 3 variants?"
        answer = await alice.press(page, "main form")
        assert answer.headers["location"] == "/codes"
        assert "Gave 3 codes" in (await alice.get("/codes")).get_text(" ")

    given = sorted(code for code in await barcodes(site, merchant) if code)
    assert len(set(given)) == 3
    assert all(gtin.is_valid(code) and code.startswith(PREFIX) for code in given)
    assert await barcodes(site, merchant, archived) == [""]
    [after] = await site.rows(merchant, Product, id=mug.id)
    assert (after.version, after.updated_by) == (mug.version + 1, "Alice")
    assert given[0] in after.search_text or given[1] in after.search_text
    assert ("product_changed", str(mug.id)) in await site.waiting(merchant)
    assert sum(1 for row in await site.rows(merchant, IssuedCode) if row.given_to) == 3


async def test_where_there_are_too_few_the_first_get_one_and_the_rest_are_counted(
    site: Site, merchant: Merchant
) -> None:
    for title in ("First", "Second", "Third"):
        await site.product(merchant, title)
    await make(site, merchant, 2)
    alice = await site.sign_in(merchant, "alice")
    async with alice.http:
        page = await alice.get("/codes/giving")
        assert "1 variant stays without for now." in page.get_text(" ")
        await alice.press(page, "main form")
        assert "Gave 2 codes; 1 variant has none yet" in (await alice.get("/codes")).get_text(" ")
        await alice.post("/codes/giving")
        assert "No free code" in (await alice.get("/codes")).get_text(" ")
    assert [bool(code) for code in await barcodes(site, merchant)] == [True, True, False]


async def test_a_code_that_was_given_is_never_given_again(site: Site, merchant: Merchant) -> None:
    mug = await site.product(merchant, "Mug")
    await make(site, merchant, 1)
    async with site.sessions.write(merchant.id) as session:
        assert (await service.give_to_all(session, merchant.id, made_by="x", now=site.now)).variants == 1
    [variant] = await site.rows(merchant, Variant, product_id=mug.id)
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Variant, variant.id)).barcode = ""
    async with site.sessions.write(merchant.id) as session:
        assert (await service.give_to_all(session, merchant.id, made_by="x", now=site.now)).variants == 0


async def test_a_free_code_somebody_typed_on_a_product_is_used(site: Site, merchant: Merchant) -> None:
    await make(site, merchant, 1)
    [code] = await site.rows(merchant, IssuedCode)
    await site.product(merchant, "Mug")
    await site.product(merchant, "Bowl")
    [mug, _bowl] = await site.rows(merchant, Variant)
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Variant, mug.id)).barcode = code.code
    async with site.sessions.write(merchant.id) as session:
        assert (await service.give_to_all(session, merchant.id, made_by="x", now=site.now)).variants == 0


async def test_two_who_give_at_once_give_no_code_twice(site: Site, merchant: Merchant) -> None:
    for number in range(10):
        await site.product(merchant, f"Product {number}")
    await make(site, merchant, 8)
    browsers = [await site.sign_in(merchant, name) for name in ("alice", "bob")]
    for one in browsers:
        await one.get("/codes")
    await asyncio.gather(*(one.post("/codes/giving") for one in browsers))
    for one in browsers:
        await one.http.aclose()
    given = [code for code in await barcodes(site, merchant) if code]
    assert (len(given), len(set(given))) == (8, 8)


@pytest.mark.parametrize("enough", [True, False])
async def test_one_products_variants_get_theirs_from_its_page_all_or_none(
    site: Site, merchant: Merchant, enough: bool
) -> None:
    mug = await site.product(merchant, "Mug", skus=("A", "B"))
    await make(site, merchant, 2 if enough else 1)
    alice = await site.sign_in(merchant, "alice")
    async with alice.http:
        page = await alice.get(f"/products/{mug.id}")
        form = page.select_one(f'form[action="/products/{mug.id}/codes"]')
        assert (form is not None) is enough
        answer = await alice.post(f"/products/{mug.id}/codes")
        assert answer.status_code == (303 if enough else 409)
        if enough:
            assert (await alice.get(f"/products/{mug.id}")).select_one(f"#product-codes-{mug.id} form") is None
    assert all(bool(code) is enough for code in await barcodes(site, merchant, mug))


async def test_another_merchants_product_gets_nothing(site: Site, merchant: Merchant, other_merchant: Merchant) -> None:
    theirs = await site.product(other_merchant, "Theirs")
    await make(site, merchant, 2)
    alice = await site.sign_in(merchant, "alice")
    async with alice.http:
        assert (await alice.post(f"/products/{theirs.id}/codes")).status_code == 404
        await alice.post("/codes/giving")
    assert await barcodes(site, other_merchant) == [""]
