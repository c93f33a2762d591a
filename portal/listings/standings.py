"""How one product stands on each of the merchant's connections: listed or not, and what it lacks there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.listings.badge import Badge, unlisted
from portal.listings.badges import badges_of
from portal.listings.eligible import known_of, lacking, names_together, products_of, sellable
from portal.listings.fixes import edit_url
from portal.listings.readiness import Missing
from portal.models.accounts import Merchant
from portal.models.listings import Intent, Listing
from portal.proof import queries as proof
from portal.proof.queries import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`lacks` are said with the address of their field, where the product is or could be for sale. `numbers` is what is
    known of its stock there, where it is counted.
    """

    name: str
    practice: bool
    badge: Badge
    listing: Listing | None
    lacks: Sequence[tuple[Missing, str]]
    numbers: Numbers | None


async def standings(session: AsyncSession, merchant_id: UUID, product_id: UUID, *, now: datetime) -> list[Standing]:
    """One for each connection that takes work; none for a product that is not the merchant's."""
    products = await products_of(session, [product_id])
    connections = await sellable(session)
    if not products or not connections:
        return []
    [product] = products
    currency = (await session.get_one(Merchant, merchant_id)).currency
    rows = await session.scalars(select(Listing).where(Listing.product_id == product_id))
    listings = {listing.connection_id: listing for listing in rows}
    badges = await badges_of(session, list(listings.values()), now=now)
    numbers = await proof.numbers(session, [listing.id for listing in listings.values()])
    names, variants = names_together(connections), [variant.id for variant in product.variants]
    known = await known_of(session, products, connections)
    found = []
    for connection in connections:
        listing = listings.get(connection.id)
        wanted = not listing or listing.intent is Intent.PUBLISH
        lacks = lacking(product, connection, currency, known) if wanted else []
        found.append(
            Standing(
                name=names[connection.id],
                practice=connection.practice,
                badge=badges[listing.id] if listing else unlisted(len(lacks)),
                listing=listing,
                numbers=numbers.get(listing.id) if listing else None,
                lacks=[(one, edit_url(product_id, one.field, variants)) for one in lacks],
            )
        )
    return found
