"""Taking a listing off the item it was joined to by its code, and listing the product again under another code.

The listing is withdrawn; once the channel's own reading says that it is gone, it is published again by itself.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import Observed
from connectors.registry import CHANNELS
from portal.catalog import changes
from portal.catalog import queries as catalog
from portal.codes import service as codes
from portal.errors import Conflict, FormInvalid
from portal.i18n import _
from portal.listings.eligible import known_of, lacking
from portal.listings.sending import announce, cancel_sends, enqueue
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.models.connections import Connection
from portal.models.listings import Intent, LastAttempt, Listing
from portal.tasks import kinds

# What an exemption is written as; the channel is told only that there is one.
EXEMPTED: Final = "yes"


class Way(StrEnum):
    """What the product is listed under instead."""

    OWN = "own"
    EXEMPT = "exempt"
    TYPED = "typed"


def may_relist(listing: Listing, product: Product, connection: Connection) -> bool:
    """Whether the listing is joined to an item there by a code of the product, and is ours to take off it."""
    can = CHANNELS[connection.channel]
    return (
        can.codes == "matched"
        and listing.ours
        and bool(listing.channel_id)
        and not listing.relisting
        and not product.details.get(can.item_detail)
    )


async def relist(session: AsyncSession, listing: Listing, way: Way, *, made_by: str, now: datetime) -> None:
    """The product has other codes, or none, and its listing is on its way off the channel and back.

    Raises FormInvalid where it could not be listed again so: then it is better left where it is. Raises Conflict for a
    listing that cannot be relisted.
    """
    connection = await session.get_one(Connection, listing.connection_id)
    product = await catalog.product(session, listing.product_id, lock=True)
    if not may_relist(listing, product, connection):
        raise Conflict(_("This listing can't be relisted"), _("It isn't there any more, or is relisted already."))
    await _note_exemption(session, product, connection, exempt=way is Way.EXEMPT, made_by=made_by, now=now)
    if way is Way.OWN:
        given = await codes.give_to_product(
            session, listing.merchant_id, product.id, instead=True, made_by=made_by, now=now
        )
        if not given:
            raise FormInvalid({"way": _("There are not enough free codes. Make more under Product codes.")})
    product = await catalog.product(session, product.id)
    currency = (await session.get_one(Merchant, listing.merchant_id)).currency
    if lacks := lacking(product, connection, currency, await known_of(session, [product], [connection])):
        raise FormInvalid({"way": f"{lacks[0].title}. {lacks[0].fix}"})
    await cancel_sends(session, listing, now=now)
    listing.intent, listing.relisting, listing.attempt = Intent.WITHDRAW, True, LastAttempt.QUEUED
    listing.observed, listing.found, listing.updated_at = Observed.UNKNOWN, None, now
    await session.flush()
    await enqueue(session, listing.merchant_id, [(listing.connection_id, listing.id, kinds.END)], now=now)
    announce(session, listing.merchant_id, listing.id, listing.product_id)


async def _note_exemption(
    session: AsyncSession, product: Product, connection: Connection, *, exempt: bool, made_by: str, now: datetime
) -> None:
    """The product says that it is exempted there, or no longer says so: then its code would not be sent."""
    name = CHANNELS[connection.channel].exemption_detail
    if bool(product.details.get(name)) is exempt:
        return
    others = {key: value for key, value in product.details.items() if key != name}
    changed = changes.write(product, {"details": others | ({name: EXEMPTED} if exempt else {})})
    changes.stamp(product, product.variants, changed, made_by=made_by, now=now)
    await session.flush()
    await changes.announce(session, product.merchant_id, [product.id], now=now)
