"""A shop's own export, imported and published back to that very shop, changes nothing there (DESIGN 5).

What the shop has is read from the files with nothing but the csv module, and typed into a practice shop by hand.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.listings import publishing, service
from portal.listings.badges import badges_of
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Product
from portal.models.listings import Listing
from portal.models.tasks import TaskState
from portal.tasks import kinds
from tests.connections.premises import Premises, the_premises
from tests.depth import THOROUGH
from tests.imports.desk import Desk
from tests.material import DATA
from tests.settable_clock import SettableClock
from tests.stage import PracticeShop

FILES = sorted(DATA.glob("*.csv"))
READING = {"webhookSubscriptionCreate"}
FIELD_UPDATES = {"productUpdate", "productVariantsBulkUpdate", "inventorySetQuantities", "inventoryItemUpdate"}

pytestmark = [pytest.mark.once, pytest.mark.skipif(not FILES, reason=f"the real files are not here: {DATA}")]


def test_all_real_files_are_tried() -> None:
    assert len(FILES) == 4


def beginning_of(path: Path) -> bytes:
    """The export of the shop's first products: the others are more of the same."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        names, rows = next(reader), list(reader)
    handle = names.index("Handle")
    first = set(list(dict.fromkeys(row[handle] for row in rows))[: 100 if THOROUGH else 30])
    text = StringIO(newline="")
    csv.writer(text).writerows([names, *(row for row in rows if row[handle] in first)])
    return text.getvalue().encode()


def shop_of(content: bytes) -> list[dict[str, Any]]:
    """The products of the shop that this is the export of, as its back office takes them."""
    rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in csv.DictReader(StringIO(content.decode(), newline="")):
        if row["Handle"]:
            rows[row["Handle"]].append(row)
    return [_product(handle, found) for handle, found in rows.items()]


def _product(handle: str, rows: list[Mapping[str, str]]) -> dict[str, Any]:
    first = rows[0]
    options = [first[f"Option{n} Name"] for n in (1, 2, 3) if first[f"Option{n} Name"]]
    return {
        "handle": handle,
        "title": first["Title"],
        "vendor": first["Vendor"],
        "productType": first["Type"],
        "tags": [tag.strip() for tag in first["Tags"].split(",") if tag.strip()],
        "descriptionHtml": first["Body (HTML)"],
        "options": options,
        "images": list(dict.fromkeys(row["Image Src"] for row in rows if row["Image Src"])),
        "variants": [
            {
                "sku": row["Variant SKU"].lstrip("'"),
                "barcode": row["Variant Barcode"].lstrip("'"),
                "price": row["Variant Price"],
                "compareAtPrice": row["Variant Compare At Price"] or None,
                "quantity": int(row["Variant Inventory Qty"] or 0),
                "tracked": row["Variant Inventory Tracker"] == "shopify",
                "options": [row[f"Option{n} Value"] for n in (1, 2, 3)][: len(options)],
            }
            for row in rows
            if row["Variant Price"]
        ],
    }


@pytest.fixture
async def premises(settings: Settings, clock: SettableClock) -> AsyncIterator[Premises]:
    async with the_premises(settings, clock) as made:
        yield made


async def kept(shop: PracticeShop) -> list[dict[str, Any]]:
    """Everything a merchant could lose: products, variants, images, quantities, and what buyers see of them."""
    fields = ("number", "handle", "title", "status", "tags", "vendor", "publishedOn", "descriptionHtml", "variants")
    return [
        {name: one[name] for name in fields} | {"images": [file["source"] for file in one["files"]]}
        for one in await shop.products()
    ]


async def written(shop: PracticeShop) -> set[str]:
    """What apps have written there, apart from the subscriptions every connection makes."""
    return {row["operation"] for row in await shop.ask("ledger")} - READING


async def publish_everything(premises: Premises, merchant: Merchant, clock: SettableClock) -> list[Listing]:
    stage, connection = premises.stage, await premises.connection(merchant)
    async with stage.sessions.write(merchant.id) as session:
        products = list(await session.scalars(select(Product.id)))
        pairs = [(product_id, connection.id) for product_id in products]
        await publishing.publish(session, merchant_id=merchant.id, pairs=pairs, now=stage.now)
    await settle(premises, clock)
    rows: list[Listing] = await premises.site.rows(merchant, Listing)
    return rows


async def settle(premises: Premises, clock: SettableClock) -> None:
    """All that is due is done, also what had to wait for the shop's points to come back. Images may wait."""
    for _ in range(40):
        await premises.stage.work(rounds=200)
        clock.advance(20)
        open_tasks = [t for t in await premises.stage.tasks() if t.state in {TaskState.WAITING, TaskState.IN_DOUBT}]
        if all(task.kind == kinds.IMAGE_CHECK.name for task in open_tasks):
            return
    raise AssertionError("work that never ends")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_a_shops_own_export_changes_nothing_there_until_the_merchant_links(
    premises: Premises, merchant: Merchant, clock: SettableClock, path: Path
) -> None:
    content = beginning_of(path)
    products = shop_of(content)
    alice = await premises.site.sign_in(merchant, "alice", Role.OWNER)
    await premises.connect(alice)
    await premises.stage.work()
    shop, headers = premises.stage.shop(), {"Origin": premises.stage.practice_url}
    url = f"{premises.stage.practice_url}/practice/api/shops/{shop.domain}/products"
    (await premises.stage.http.post(url, json=products, headers=headers)).raise_for_status()
    before = await kept(shop)
    assert len(before) > 10
    await Desk(premises.site, alice, merchant).import_whole(content)

    listings = await publish_everything(premises, merchant, clock)

    assert len(listings) == len(before)
    assert await written(shop) == set()
    assert await kept(shop) == before
    async with premises.stage.sessions.read(merchant.id) as session:
        states = {badge.state for badge in (await badges_of(session, listings, now=premises.stage.now)).values()}
    assert states == {"already_there"}, "each was met, and nothing counts as listed that nobody linked"

    for listing in listings:
        async with premises.stage.sessions.write(merchant.id) as session:
            await service.link(session, await service.get(session, listing.id), now=premises.stage.now)
    await settle(premises, clock)

    after = await kept(shop)
    assert await written(shop) <= FIELD_UPDATES
    assert len(after) == len(before)
    for was, now in zip(before, after, strict=True):
        assert now["number"] == was["number"]
        assert now["images"] == was["images"], was["handle"]
        assert now["variants"] == was["variants"], was["handle"]
        # The description is the one field that looks different: imported HTML is cleaned.
        assert now | {"descriptionHtml": ""} == was | {"descriptionHtml": ""}, was["handle"]
