"""A product, a connection and a listing, committed, with as little said as a test needs."""

from __future__ import annotations

from portal.clock import new_id
from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Listing, ListingItem
from portal.tenancy import SYSTEM


async def a_product(sessions: Sessions, merchant: Merchant, *, variants: int = 1, title: str = "Mug") -> Product:
    """A product whose variants have nothing on hand."""
    product = Product(id=new_id(), merchant_id=merchant.id, handle=f"{title}-{new_id().hex}", title=title)
    rows = [
        Variant(
            id=new_id(),
            merchant_id=merchant.id,
            product_id=product.id,
            position=at,
            option_values=[f"Size {at}"] if variants > 1 else [],
            price_minor=1000,
        )
        for at in range(1, variants + 1)
    ]
    product.option_names = ["Size"] if variants > 1 else []
    async with sessions.write(SYSTEM) as session:
        session.add(product)
        await session.flush()
        session.add_all(rows)
    return product


async def a_listing(
    sessions: Sessions, product: Product, variants: list[Variant], state: ConnectionState = ConnectionState.ACTIVE
) -> Connection:
    """The variants are on a connection of their own."""
    connection = Connection(
        id=new_id(), merchant_id=product.merchant_id, channel="shopify", state=state, external_id=new_id().hex
    )
    listing = Listing(id=new_id(), merchant_id=product.merchant_id, connection_id=connection.id, product_id=product.id)
    items = [
        ListingItem(
            merchant_id=product.merchant_id,
            listing_id=listing.id,
            connection_id=connection.id,
            variant_id=variant.id,
            channel_id=new_id().hex,
        )
        for variant in variants
    ]
    async with sessions.write(SYSTEM) as session:
        session.add(connection)
        await session.flush()
        session.add(listing)
        await session.flush()
        session.add_all(items)
    return connection
