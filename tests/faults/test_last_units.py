"""R17: what three channels sell at the same moment is never less than none here, and the sale too many is said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic
from uuid import UUID

import pytest
from sqlalchemy import func, select

from connectors.amazon.marketplaces import named
from portal.catalog.records import NewProduct, NewVariant
from portal.models.catalog import Product, Variant
from portal.models.stock import Shortfall
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.letters import percentile
from tests.faults.market import Market

pytestmark = pytest.mark.faults

UNITS = 2
# What Amazon and Rakuten ask of a mug.
DETAILS = {
    "amazon_product_type": "HOME",
    "amazon_attributes": "country of origin: JP",
    "amazon_code_exemption": "yes",
    "genre_id": "403885",
}
Figure = Callable[[str, object], None]


# On PostgreSQL one run of three had a unit on hand beside the one missing, for a moment at least: not understood yet.
@pytest.mark.skipif(TRIALS == 1, reason="runs with make faults only until what it saw on PostgreSQL is understood")
async def test_of_three_sales_of_two_units_one_is_flagged_and_every_channel_is_told(
    installation: Installation, record_property: Figure
) -> None:
    mugs = [f"last-{number}" for number in range(max(3, 2 * TRIALS))]
    for _ in range(3):
        installation.worker()
    trader = await installation.trader(currency="JPY")
    amazon, rakuten = await market.amazon(trader), await market.rakuten(trader)
    await _sells_everywhere(installation, trader, [amazon, rakuten], mugs)
    flagged, told = [], []
    for sku in mugs:
        variant_id = trader.variants[sku]
        _, [at_amazon], [at_rakuten] = await asyncio.gather(
            trader.shop.do("orders", sku=sku), amazon.sells(sku), rakuten.sells(sku)
        )
        began = monotonic()
        await asyncio.gather(
            market.is_read(trader, trader.connection), amazon.is_read(at_amazon), rakuten.is_read(at_rakuten)
        )
        await installation.eventually(partial(_is_short, trader, variant_id), 60)
        flagged.append(monotonic() - began)
        await installation.eventually(partial(_offers_nowhere, trader, amazon, rakuten, sku), 60)
        told.append(monotonic() - began)
    await installation.idle()
    for variant_id in trader.variants.values():
        assert await _is_short(trader, variant_id)
        assert await _on_hand(trader, variant_id) == 0
    await trader.has_kept_every_promise()
    await installation.sound()
    slowest = max(flagged), percentile(told, 95)
    record_property("R17", f"{len(mugs)} mugs: flagged within {slowest[0]:.1f} s, told (p95) within {slowest[1]:.1f} s")


async def _sells_everywhere(installation: Installation, trader: Trader, markets: list[Market], skus: list[str]) -> None:
    """Two units of each SKU are for sale in the shop and at both marketplaces."""
    mugs = [
        NewProduct(
            handle=sku,
            title="マグカップ",
            description_html="<p>石のマグカップ。</p>",
            vendor="窯",
            variants=(NewVariant(sku=sku, price_minor=1200, quantity=UNITS),),
        )
        for sku in skus
    ]
    saved = await trader.stage.add(trader.merchant, *mugs)
    async with trader.stage.sessions.write(trader.merchant.id) as session:
        for product in saved:
            (await session.get_one(Product, product.id)).details = DETAILS
    trader.products = [product.id for product in saved]
    trader.variants = {sku: product.variants[0].id for sku, product in zip(skus, saved, strict=True)}
    await trader.publishes(trader.connection, *(one.connection for one in markets))
    await installation.eventually(partial(_offers, trader, *markets, skus[-1], UNITS), 120)
    await installation.idle(120)
    for sku in skus:
        assert await _offers(trader, *markets, sku, UNITS), "it should be for sale everywhere"


async def _offers(trader: Trader, amazon: Market, rakuten: Market, sku: str, units: int) -> bool:
    """Whether so many of the SKU can be bought at each of the three channels."""
    place = named("amazon.co.jp")
    assert place is not None
    at_amazon = [
        level.get("quantity")
        for item in (await trader.stage.http.get(f"{amazon.book}/products")).json()
        if item["sku"] == sku and item["marketplace"] == place.id
        for level in item["attributes"].get("fulfillment_availability", [])
    ]
    at_rakuten = [
        item["stock"][sku]
        for item in (await trader.stage.http.get(f"{rakuten.book}/products")).json()
        if sku in item["stock"]
    ]
    return [at_amazon, at_rakuten, (await trader.offered()).get(sku)] == [[units], [units], units]


async def _offers_nowhere(trader: Trader, amazon: Market, rakuten: Market, sku: str) -> bool:
    return await _offers(trader, amazon, rakuten, sku, 0)


async def _is_short(trader: Trader, variant_id: UUID) -> bool:
    """The one unit too many stands in the oversell ledger; at no moment are there fewer than none."""
    assert await _on_hand(trader, variant_id) >= 0
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        query = select(func.sum(Shortfall.quantity - Shortfall.cleared)).where(Shortfall.variant_id == variant_id)
        return await session.scalar(query) == 1


async def _on_hand(trader: Trader, variant_id: UUID) -> int:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        return int(await session.scalar(select(Variant.on_hand).where(Variant.id == variant_id)) or 0)
