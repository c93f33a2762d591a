"""What an item could be published to: each connection with its box, and why it is not ready there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.errors import NotFound
from portal.listings.eligible import known_of, lacking, products_of, sellable
from portal.listings.readiness import Missing
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.models.connections import Connection
from portal.models.inbox import InboxItem
from portal.models.listings import Intent, Listing


async def items_of(
    session: AsyncSession, item_ids: Sequence[UUID], *, all_or_nothing: bool = True
) -> Sequence[InboxItem]:
    """The merchant's items, to be changed. Raises NotFound when one of them is not theirs."""
    wanted = list(dict.fromkeys(item_ids))
    rows = await session.scalars(
        select(InboxItem).where(InboxItem.id.in_(wanted)).order_by(InboxItem.id).with_for_update()
    )
    found = rows.all()
    if all_or_nothing and len(found) < len(wanted):
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Offer:
    """One box. `listing` is set where the product is being sold already; then there is nothing to choose."""

    connection: Connection
    lacks: Sequence[Missing]
    listing: Listing | None
    touched: bool | None

    @property
    def open(self) -> bool:
        return not self.lacks and self.listing is None

    @property
    def checked(self) -> bool:
        """Ticked as the merchant left it, and ticked where untouched; never where it cannot be published."""
        return self.open and self.touched is not False


@dataclass(frozen=True, slots=True)
class Offers:
    product: Product
    channels: Sequence[Offer]


async def offers_of(session: AsyncSession, merchant_id: UUID, items: Sequence[InboxItem]) -> dict[UUID, Offers]:
    """For each item its product and its boxes, in the order the connections were made."""
    currency = (await session.get_one(Merchant, merchant_id)).currency
    connections = await sellable(session)
    products = {product.id: product for product in await products_of(session, [item.product_id for item in items])}
    known = await known_of(session, products.values(), connections)
    rows = await session.scalars(
        select(Listing).where(Listing.product_id.in_(list(products)), Listing.intent == Intent.PUBLISH)
    )
    listed = {(listing.product_id, listing.connection_id): listing for listing in rows}
    offers: dict[UUID, Offers] = {}
    for item in items:
        product = products[item.product_id]
        boxes = [
            Offer(
                connection,
                lacking(product, connection, currency, known),
                listed.get((product.id, connection.id)),
                item.choices.get(str(connection.id)),
            )
            for connection in connections
        ]
        offers[item.id] = Offers(product, boxes)
    return offers
