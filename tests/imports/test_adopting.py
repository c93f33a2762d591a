"""A file that knows articles by SKU alone changes price and stock of what is there, and makes no second product."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from portal.catalog import service as catalog
from portal.catalog.records import NewProduct, NewVariant
from portal.config import Settings
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from tests.imports.desk import Desk
from tests.listings.site import a_site
from tests.settable_clock import SettableClock

TEE = NewProduct(
    handle="tee",
    title="Tee",
    vendor="Loom",
    tags=("summer",),
    option_names=("Colour",),
    variants=(
        NewVariant(sku="T-1", barcode="4901234567894", price_minor=3000, option_values=("Blue",)),
        NewVariant(sku="T-2", barcode="4901234567801", price_minor=3100, option_values=("White",)),
    ),
)
TWINS = tuple(
    NewProduct(handle=f"twin-{n}", title="Twin", variants=(NewVariant(sku="TWIN", price_minor=1),)) for n in "ab"
)
LOADER = (
    "sku\tproduct-id\tproduct-id-type\tprice\tquantity\tadd-delete\n"
    "T-2\tB07N4M94X4\t1\t29.50\t4\ta\n"
    "NEW-1\t0036000291452\t3\t5.00\t2\ta\n"
    "T-1\t\t\t\t9\ta\n"
    "TWIN\t\t\t7.00\t1\ta\n"
)
REPORT = (
    "item-name\tlisting-id\tseller-sku\tprice\tquantity\tproduct-id-type\tasin1\tproduct-id\tstatus\n"
    "Tee, Blue, by Loom\t0101A\tT-1\t28.00\t\t1\tB0X\tB0X\tInactive\n"
    "Cup\t0101B\tC-1\t4.00\t1\t1\tB0Y\tB0Y\tActive\n"
    "Cup\t0101C\tC-2\t4.50\t1\t1\tB0Z\tB0Z\tActive\n"
)


@pytest.fixture
async def desk(settings: Settings, clock: SettableClock, merchant: Merchant) -> AsyncIterator[Desk]:
    async with a_site(settings, clock) as site:
        browser = await site.sign_in(merchant, "alice")
        async with browser.http:
            desk = Desk(site, browser, merchant)
            async with site.sessions.write(merchant.id) as session:
                await catalog.save_imported(session, merchant.id, [TEE, *TWINS], source="test", now=site.now)
            yield desk


async def variants(desk: Desk) -> list[tuple[str, str, int, str, list[str], int]]:
    columns = (
        Product.handle,
        Variant.sku,
        Variant.price_minor,
        Variant.barcode,
        Variant.option_values,
        Variant.on_hand,
    )
    async with desk.site.sessions.read(desk.merchant.id) as session:
        rows = await session.execute(select(*columns).join(Product).order_by(Product.handle, Variant.position))
        return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


async def test_a_loader_file_is_about_the_variants_that_have_its_skus(desk: Desk) -> None:
    path = await desk.import_whole(LOADER)

    assert await variants(desk) == [
        ("new-1", "NEW-1", 500, "0036000291452", [], 2),
        ("tee", "T-1", 3000, "4901234567894", ["Blue"], 9),
        ("tee", "T-2", 2950, "4901234567801", ["White"], 4),
        ("twin-a", "TWIN", 1, "", [], 0),
        ("twin-b", "TWIN", 1, "", [], 0),
    ]
    [tee] = await desk.site.rows(desk.merchant, Product, handle="tee")
    assert (tee.title, tee.vendor, tee.tags, tee.option_names, tee.details) == (
        "Tee",
        "Loom",
        ["summer"],
        ["Colour"],
        {},
    )
    assert [(row, code) for row, code, severity in await desk.report(path) if severity == "row"] == [
        (5, "several_known")
    ]
    assert (await desk.record(path)).counted == (await desk.record(path)).expected


async def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    await desk.import_whole(LOADER)
    before = await variants(desk)
    await desk.import_whole(LOADER)
    assert await variants(desk) == before


async def test_a_report_keeps_a_known_products_title_and_status_and_tells_two_of_one_name_apart(desk: Desk) -> None:
    await desk.import_whole(REPORT)

    [tee] = await desk.site.rows(desk.merchant, Product, handle="tee")
    assert (tee.title, tee.status.value) == ("Tee", "active")
    assert [row[:3] for row in await variants(desk)][:4] == [
        ("c-1", "C-1", 400),
        ("c-2", "C-2", 450),
        ("tee", "T-1", 2800),
        ("tee", "T-2", 3100),
    ]
