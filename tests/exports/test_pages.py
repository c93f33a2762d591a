"""The page that offers the files says what each cannot carry, and the download is the file."""

from __future__ import annotations

from bs4 import BeautifulSoup

from portal.catalog import service as catalog
from portal.catalog.records import NewProduct, NewVariant
from portal.models.accounts import Merchant, Role
from tests.listings.site import Site


async def test_an_empty_catalog_says_how_to_fill_it(site: Site, merchant: Merchant) -> None:
    browser = await site.sign_in(merchant, "alice")
    async with browser.http:
        page = (await browser.http.get("/exports")).text
    assert "There is nothing to export yet" in page


async def test_each_file_is_offered_with_what_it_lacks_and_downloads_under_its_name(
    site: Site, merchant: Merchant
) -> None:
    product = NewProduct(handle="mug", title="Mug", variants=(NewVariant(sku="1", price_minor=100),))
    async with site.sessions.write(merchant.id) as session:
        await catalog.save_imported(session, merchant.id, [product], source="test", now=site.now)
    browser = await site.sign_in(merchant, "victor", Role.VIEWER)
    async with browser.http:
        page = (await browser.http.get("/exports")).text
        answer = await browser.http.get("/exports/rakuten")
        missing = await browser.http.get("/exports/etsy")
    assert "normal-item.csv" in page
    here = BeautifulSoup(page, "html.parser").select_one(".nav__link[aria-current=page]")
    assert here is not None
    assert here.get_text(strip=True) == "Products"
    assert "This file has no place for: web addresses" in page
    assert answer.headers["content-disposition"].startswith('attachment; filename="normal-item.csv"')
    assert "Mug" in answer.content.decode("cp932")
    assert missing.status_code == 404
