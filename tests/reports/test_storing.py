"""A large report is put away without keeping other writers waiting, and each of its pages is quick to show."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from connectors.records import Money, ReportRow
from connectors.registry import CHANNELS
from portal.catalog.records import NewProduct, NewVariant
from portal.catalog.service import save_imported
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.models.listings import Listing, ListingItem
from portal.models.reports import ChannelReport, ChannelReportRow, UploadRecord, Verdict
from portal.reports import queries, service
from portal.reports.queries import View
from portal.reports.storing import store
from tests.listings.site import Site

MANY = 10_000
# What another writer may wait at most, of the time that all of it takes: it is stored in a dozen pieces.
LONGEST_WAIT = 1 / 2


async def test_ten_thousand_rows_are_stored_while_others_write(site: Site, merchant: Merchant) -> None:
    connection = await site.connection(merchant)
    await _uploaded(site, merchant, connection)
    async with site.sessions.write(merchant.id) as session:
        await service.ask(session, connection, now=site.now)
    [report] = await site.rows(merchant, ChannelReport)
    rows = [ReportRow(sku=f"SKU-{n:05}", price=Money(1000, "USD"), quantity=3, on_sale=True) for n in range(MANY)]

    began = time.perf_counter()
    storing = asyncio.create_task(store(site.sessions, report, rows, CHANNELS["amazon"], now=site.now))
    waits = []
    while not storing.done():
        started = time.perf_counter()
        async with site.sessions.write(merchant.id) as session:
            (await session.get_one(Merchant, merchant.id)).name = "Still here"
        waits.append(time.perf_counter() - started)
        await asyncio.sleep(0.01)
    await storing

    assert max(waits) < LONGEST_WAIT * (time.perf_counter() - began)
    assert len(waits) > MANY / 1000, "others wrote between the pieces"
    assert Counter(row.verdict for row in await site.rows(merchant, ChannelReportRow)) == {
        Verdict.SAME: 999,
        Verdict.DIFFERS: 1,
        Verdict.HERE: 1,
        Verdict.THERE: MANY - 1000,
    }
    await _pages_are_whole(site, merchant, report, connection)


async def _pages_are_whole(site: Site, merchant: Merchant, report: ChannelReport, connection: Connection) -> None:
    """Walked from page to page, a tab shows each SKU once, in order."""
    seen: list[str] = []
    async with site.sessions.read(merchant.id) as session:
        while True:
            view = View(connection_id=connection.id, tab=Verdict.SAME, behind=len(seen))
            found = await queries.comparison(session, report, view)
            if not found.lines:
                break
            seen += [line.row.sku for line in found.lines]
    assert seen == sorted(set(seen))
    assert len(seen) == 999


async def _uploaded(site: Site, merchant: Merchant, connection: Connection) -> None:
    """A thousand and one products sent long ago, all but one as the report will have them; the last it will lack."""
    skus = [*(f"SKU-{n:05}" for n in range(1000)), "SKU-LOST"]
    products = [
        NewProduct(handle=sku.lower(), title=sku, variants=(NewVariant(sku=sku, price_minor=1000),)) for sku in skus
    ]
    async with site.sessions.write(merchant.id) as session:
        saved = await save_imported(session, merchant.id, products, source="test", now=site.now)
        owner = {"merchant_id": merchant.id, "connection_id": connection.id}
        long_ago = site.now.replace(year=site.now.year - 1)
        for product, sku in zip(saved, skus, strict=True):
            listing = Listing(**owner, product_id=product.id, channel_id=sku)
            session.add(listing)
            await session.flush()
            variant = {"variant_id": product.variants[0].id, **owner}
            sent = {"sent_price_minor": 1000, "sent_price_at": long_ago, "sent_quantity_at": long_ago}
            quantity = 4 if sku == "SKU-00007" else 3
            session.add(ListingItem(**variant, **sent, listing_id=listing.id, channel_id=sku, sent_quantity=quantity))
            record = UploadRecord(**variant, product_id=product.id, sku=sku, sent_at=long_ago, created_at=long_ago)
            session.add(record)
