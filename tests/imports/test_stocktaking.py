"""A file of stock alone sets the stock of what is there, and touches nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from portal.catalog import service as catalog
from portal.catalog.records import NewProduct, NewVariant
from portal.config import Settings
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.stock import Movement
from tests.imports.desk import Desk, tiles
from tests.listings.site import a_site
from tests.settable_clock import SettableClock

MUG = NewProduct(
    handle="mug", title="マグ", variants=(NewVariant(sku="0012", barcode="4901234567894", price_minor=1200),)
)
TEE = NewProduct(
    handle="tee",
    title="シャツ",
    option_names=("色",),
    variants=tuple(NewVariant(sku=f"tee-{n}", price_minor=3000, option_values=(c,)) for n, c in enumerate("藍白")),
)
TWINS = tuple(
    NewProduct(handle=f"twin-{n}", title="Twin", variants=(NewVariant(sku="TWIN", price_minor=1),)) for n in "ab"
)
FILE = "code,sub-code,quantity,mode\nmug,,7,\ntee,tee-0,3,\ntee,tee-1,0,\n"


@pytest.fixture
async def desk(settings: Settings, clock: SettableClock, merchant: Merchant) -> AsyncIterator[Desk]:
    async with a_site(settings, clock) as site:
        browser = await site.sign_in(merchant, "alice")
        async with browser.http:
            yield Desk(site, browser, merchant)


@pytest.fixture
async def shelf(desk: Desk) -> Desk:
    async with desk.site.sessions.write(desk.merchant.id) as session:
        await catalog.save_imported(session, desk.merchant.id, [MUG, TEE, *TWINS], source="test", now=desk.site.now)
    return desk


async def everything(desk: Desk) -> list[tuple[object, ...]]:
    """All of the catalog but what is on hand."""
    async with desk.site.sessions.read(desk.merchant.id) as session:
        products = (await session.execute(select(*Product.__table__.columns).order_by(Product.id))).all()
        columns = [column for column in Variant.__table__.columns if column.name != "on_hand"]
        variants = (await session.execute(select(*columns).order_by(Variant.id))).all()
    return [tuple(row) for row in (*products, *variants)]


async def test_yahoos_stock_file_sets_the_stock_of_items_and_variants_and_nothing_else(shelf: Desk) -> None:
    before = await everything(shelf)
    path = await shelf.bring(FILE.encode("cp932"), "quantity.csv")
    page = await shelf.browser.get(path)

    assert "Yahoo! Shopping stock file (quantity)" in page.get_text()
    assert "This file sets stock and nothing else" in page.get_text()
    assert tiles(page) == {"products": "2", "variants": "3", "images": "0", "quantity": "10", "refused": "0"}
    assert page.find("button", string=lambda text: bool(text and "Set the stock of 3 variants" in text))

    await shelf.commit(path)
    await shelf.work()

    assert await everything(shelf) == before
    assert await shelf.stock() == {"0012": 7, "tee-0": 3, "tee-1": 0, "TWIN": 0}
    assert (await shelf.record(path)).counted == (await shelf.record(path)).expected


async def test_a_row_that_names_nothing_or_several_or_no_number_is_left_out_with_its_reason(shelf: Desk) -> None:
    rows = ["ghost,,4", "TWIN,,4", "mug,,+5", "mug,,-1", "mug,,many", "mug,,", "tee,,9", ",,3", "0012,,6", "mug,,8"]
    path = await shelf.import_whole("code,sub-code,quantity\n" + "\n".join(rows) + "\n")

    assert [(row, code) for row, code, _severity in await shelf.report(path)] == [
        (2, "not_known"),
        (3, "several_known"),
        (4, "relative_stock"),
        (5, "relative_stock"),
        (6, "not_a_number"),
        (7, "not_a_number"),
        (8, "not_known"),
        (9, "not_known"),
        (11, "counted_twice"),
    ]
    assert (await shelf.stock())["0012"] == 6
    assert (await shelf.record(path)).counted == (await shelf.record(path)).expected
    answer = await shelf.browser.http.get(f"{path}/refused.csv")
    again = answer.text.lstrip("\ufeff").splitlines()
    assert again[0] == "code,sub-code,quantity,Crossdock: why"
    assert again[1].startswith("ghost,,4,")


async def test_the_same_stock_file_twice_moves_nothing_the_second_time(shelf: Desk) -> None:
    await shelf.import_whole(FILE)
    await shelf.import_whole(FILE)
    moved = [row.quantity for row in await shelf.site.rows(shelf.merchant, Movement)]
    assert sorted(moved) == [0, 0, 0, 0, 3, 7]


async def test_a_stock_file_for_an_empty_catalog_says_what_to_bring_first(desk: Desk) -> None:
    path = await desk.bring(FILE, "quantity.csv")
    page = (await desk.browser.get(path)).get_text()
    assert "Import the item file first (data.csv)" in page
    assert "No row would arrive" in page
    assert (await desk.commit(path)).status_code == 409
    assert await desk.catalog() == []
