"""Linking an offer that holds its own stock to the product it is: from then on there is one number.

The listing at the channel stays what it is, under its own SKU there, so nothing is sold twice while it moves: it
becomes the product's listing, whose price and stock are sent next. What was the offer's own product is archived, empty.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Offers
from portal.catalog import queries, service, sources
from portal.errors import Conflict
from portal.i18n import _
from portal.listings import sending
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, Listing, ListingItem
from portal.models.tasks import UNDER_WAY, Task
from portal.offers.service import check_linkable, name_item
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds

CAUSE = "offer_linked"


async def listing_of(session: AsyncSession, product_id: UUID, *, lock: bool = False) -> Listing:
    """The one listing of an offer that holds its own stock. Raises Conflict where it cannot be linked."""
    product = await queries.product(session, product_id)
    if product.source != sources.OFFER or product.status is ProductStatus.ARCHIVED:
        raise Conflict(_("This offer is linked already"), _("Its stock is its product's."))
    query = select(Listing).where(Listing.product_id == product_id).execution_options(populate_existing=True)
    found = (await session.scalars(query.with_for_update() if lock else query)).all()
    if len(found) != 1 or found[0].intent is not Intent.PUBLISH or found[0].found:
        raise Conflict(_("Only an offer that is for sale can be linked"), _("Publish it again first, or offer anew."))
    return found[0]


async def link(
    session: AsyncSession,
    connection: Connection,
    offers: Offers,
    listing: Listing,
    target_id: UUID,
    *,
    add_units: bool,
    made_by: str,
    now: datetime,
) -> None:
    """The listing is the target's; the offer's units are added to its stock, or were counted there already.

    `listing` comes locked from `listing_of`. Raises Conflict while it is on its way, FormInvalid (`product`) for a
    product that cannot be offered.
    """
    offer_id = listing.product_id
    locked = {one: await queries.product(session, one, lock=True) for one in sorted({offer_id, target_id})}
    offer, target = locked[offer_id], locked[target_id]
    items = list(await session.scalars(select(ListingItem).where(ListingItem.listing_id == listing.id)))
    await _check_still(session, listing, items)
    ref = str(offer.details[offers.detail])
    await check_linkable(session, connection, offers, ref, target)
    _move(listing, items, target)
    await session.flush()
    await name_item(session, connection, offers, ref, target, made_by=made_by, now=now)
    await service.archive(session, offer_id, made_by=made_by, now=now)
    await _one_number(session, listing, offer.variants[0], target.variants[0], add=add_units, made_by=made_by, now=now)
    await sending.send_again(session, listing, kinds.UPDATE if listing.channel_id else kinds.PUBLISH, now=now)
    sends = [(listing.connection_id, item.id, kinds.STOCK) for item in items]
    await sending.enqueue(session, listing.merchant_id, sends, now=now)


def _move(listing: Listing, items: list[ListingItem], target: Product) -> None:
    variant = target.variants[0]
    listing.product_id = target.id
    # Under a SKU that is not the product's own it is told single attributes, by the name it has there.
    listing.ours = listing.ours and listing.channel_id in {"", variant.sku}
    # Nothing of the product has been sent yet.
    listing.sent_version, listing.sent_aspects = 0, {}
    for item in items:
        item.variant_id = variant.id


async def _check_still(session: AsyncSession, listing: Listing, items: list[ListingItem]) -> None:
    """Work that has left would be recorded for the variant it left with."""
    subjects = [str(listing.id), *(str(item.id) for item in items)]
    leaving = select(Task.id).where(Task.subject.in_(subjects), Task.state.in_(UNDER_WAY)).limit(1)
    if listing.attempt in sending.UNDER_WAY or await session.scalar(leaving) is not None:
        raise Conflict(
            _("This offer is being sent just now"), _("Link it once the channel has answered: its badge says when.")
        )


async def _one_number(
    session: AsyncSession,
    listing: Listing,
    before: Variant,
    after: Variant,
    *,
    add: bool,
    made_by: str,
    now: datetime,
) -> None:
    """The offer's own stock goes to none, with its cause; what it held is the product's where it is added."""
    units, cause_id = before.on_hand, str(listing.id)
    moves = [Move(variant_id=before.id, quantity=-units, cause=CAUSE, cause_id=cause_id)]
    if add:
        moves.append(Move(variant_id=after.id, quantity=units, cause=CAUSE, cause_id=cause_id))
    if units:
        await stock.move(session, merchant_id=listing.merchant_id, moves=moves, made_by=made_by, now=now)
