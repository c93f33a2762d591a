"""What the merchant decides about a listing: hold, end, link, list as new; and what a change in the catalog sets off.

Each decision writes the intent and the task in the caller's transaction. Doing any of them twice is doing it once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import ProblemClass
from connectors.records import Observed
from portal.catalog import uploads
from portal.catalog.uploads import Upload
from portal.clock import new_id
from portal.errors import Conflict, FormInvalid, NotFound
from portal.i18n import _
from portal.listings import linking
from portal.listings.eligible import known_of, lacking, products_of, sellable
from portal.listings.publishing import Armed, Pair, publish
from portal.listings.sending import LEFT, UNDER_WAY, announce, cancel_sends, enqueue, send_again, stopped_by_our_fault
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.models.tasks import AttemptItem
from portal.tasks import kinds
from portal.tasks.kinds import Kind


async def get(session: AsyncSession, listing_id: UUID) -> Listing:
    """The merchant's listing, to be changed. Raises NotFound, for another merchant's as for a random id."""
    listing = await session.scalar(select(Listing).where(Listing.id == listing_id).with_for_update())
    if listing is None:
        raise NotFound
    return listing


async def end(session: AsyncSession, listing: Listing, *, now: datetime) -> None:
    """The product goes off sale there; what never left is simply not sent. Nothing is deleted at the channel."""
    if listing.intent is Intent.WITHDRAW:
        if listing.relisting:
            # On its way off, it stays off.
            listing.relisting, listing.updated_at = False, now
            announce(session, listing.merchant_id, listing.id, listing.product_id)
        return
    await cancel_sends(session, listing, now=now)
    never_sent = not listing.channel_id and listing.attempt not in LEFT and not await _may_be_there(session, listing)
    listing.intent, listing.updated_at, listing.found = Intent.WITHDRAW, now, None
    if never_sent:
        listing.attempt, listing.observed = LastAttempt.NONE, Observed.ENDED
        listing.problem, listing.problem_count = None, 0
    else:
        listing.attempt = LastAttempt.QUEUED
        await enqueue(session, listing.merchant_id, [(listing.connection_id, listing.id, kinds.END)], now=now)
    await session.flush()
    announce(session, listing.merchant_id, listing.id, listing.product_id)


async def _may_be_there(session: AsyncSession, listing: Listing) -> bool:
    """Whether a try whose end nobody knows for sure may have made the product at the channel."""
    unsure = AttemptItem.outcome.not_in(["refused", "cancelled"])
    tried = select(AttemptItem.id).where(AttemptItem.subject == str(listing.id), unsure).limit(1)
    return await session.scalar(tried) is not None


async def hold(session: AsyncSession, listing: Listing, *, now: datetime) -> None:
    """Nothing more is sent of the product until it is published again; what buyers see stays."""
    if listing.intent is Intent.HOLD:
        return
    await cancel_sends(session, listing, now=now)
    listing.intent, listing.relisting, listing.updated_at = Intent.HOLD, False, now
    if listing.attempt is LastAttempt.QUEUED:
        listing.attempt = LastAttempt.ACCEPTED if listing.sent_version else LastAttempt.NONE
    await session.flush()
    announce(session, listing.merchant_id, listing.id, listing.product_id)


async def link(session: AsyncSession, listing: Listing, *, now: datetime) -> linking.Linked:
    """The listing is the product met on the channel: variants are matched, then updated, read and stocked.

    Raises Conflict when there is nothing to link, or another of our products is linked to it already.
    """
    if not listing.found:
        raise Conflict(_("There is nothing to link"), _("It was linked or listed already."))
    found = listing.found
    taken = await session.scalar(
        select(Listing.id).where(
            Listing.connection_id == listing.connection_id,
            Listing.channel_id == found["channel_id"],
            Listing.id != listing.id,
        )
    )
    if taken:
        raise Conflict(
            _("Another of your products is linked to it"), _("End that listing first, or list this one as new.")
        )
    variants = (await session.scalars(select(Variant).where(Variant.product_id == listing.product_id))).all()
    linked = linking.match([linking.ours(variant) for variant in variants], found["items"])
    items = await _link_items(session, listing, linked, now)
    listing.channel_id, listing.url, listing.handle = found["channel_id"], found.get("url", ""), found["handle"]
    listing.ours, listing.found = False, None
    listing.observed, listing.observed_at = Observed.UNKNOWN, None
    await send_again(session, listing, kinds.UPDATE, now=now)
    merchant_id, connection_id = listing.merchant_id, listing.connection_id
    sends = [(connection_id, listing.id, kinds.READ), *((connection_id, item, kinds.STOCK) for item in items)]
    await enqueue(session, merchant_id, sends, now=now)
    return linked


async def _link_items(session: AsyncSession, listing: Listing, linked: linking.Linked, now: datetime) -> list[UUID]:
    """A listing item for each match; a channel's variant that another of ours holds stays with that one."""
    held = set(
        await session.scalars(
            select(ListingItem.channel_id).where(
                ListingItem.connection_id == listing.connection_id,
                ListingItem.channel_id.in_([twin["channel_id"] for _variant, twin in linked.pairs]),
            )
        )
    )
    items = [
        ListingItem(
            id=new_id(),
            merchant_id=listing.merchant_id,
            listing_id=listing.id,
            connection_id=listing.connection_id,
            variant_id=UUID(variant),
            channel_id=twin["channel_id"],
            stock_id=twin.get("stock_id", ""),
        )
        for variant, twin in linked.pairs
        if twin["channel_id"] not in held
    ]
    session.add_all(items)
    await session.flush()
    skus = {variant: twin.get("sku", "") for variant, twin in linked.pairs}
    title = (listing.found or {}).get("title", "")
    uploaded = [Upload(item.variant_id, listing.product_id, skus[str(item.variant_id)], title) for item in items]
    await uploads.note_sent(session, listing.merchant_id, listing.connection_id, uploaded, now)
    return [item.id for item in items]


_HANDLE = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


async def list_as_new(session: AsyncSession, listing: Listing, *, handle: str, now: datetime) -> None:
    """The product is listed beside the one met there, under a handle of its own.

    Raises FormInvalid for a handle that cannot be one, or is the very one in use.
    """
    if not (listing.found or _handle_refused(listing)):
        raise Conflict(_("There is nothing to choose"), _("It was linked or listed already."))
    handle = handle.strip().lower()
    if not _HANDLE.fullmatch(handle) or len(handle) > 255:
        raise FormInvalid({"handle": _("Use letters, digits and single hyphens, for example blue-mug-2.")})
    if handle == (listing.found or {}).get("handle"):
        raise FormInvalid({"handle": _("%(handle)s is the one in use there. Choose another.") % {"handle": handle}})
    listing.handle, listing.found, listing.ours = handle, None, True
    await send_again(session, listing, kinds.PUBLISH, now=now)


def _handle_refused(listing: Listing) -> bool:
    if listing.problem is None or listing.attempt is not LastAttempt.REJECTED:
        return False
    return not listing.channel_id and listing.problem["field"] == "/handle"


# ---- what a change in the catalog sets off ----


async def product_changed(session: AsyncSession, merchant_id: UUID, product_ids: Sequence[UUID], now: datetime) -> None:
    """Every listing of the products that no longer shows what the catalog says has a task that will make it so.

    A refused listing starts again with its error count at zero, unless the refusal was about the account.
    An archived product goes off sale everywhere.
    """
    rows = await session.execute(
        select(Listing, Product.version, Product.status)
        .join(Product, Product.id == Listing.product_id)
        .where(Listing.product_id.in_(product_ids), Listing.intent == Intent.PUBLISH)
        .order_by(Listing.id)
    )
    found = []
    for listing, version, status in rows.all():
        if status is ProductStatus.ARCHIVED:
            await end(session, listing, now=now)
        else:
            found.append((listing, version))
    await _send_changes(session, merchant_id, found, now)


async def catch_up(session: AsyncSession, merchant_id: UUID, listings: Sequence[Listing], now: datetime) -> None:
    """These listings changed in the catalog while they were on their way, which is over: the changes are sent next."""
    rows = await session.execute(
        select(Product.id, Product.version).where(Product.id.in_([listing.product_id for listing in listings]))
    )
    versions = dict(rows.all())
    wanted = [(one, versions[one.product_id]) for one in listings if one.intent is Intent.PUBLISH]
    await _send_changes(session, merchant_id, wanted, now)


async def _send_changes(
    session: AsyncSession, merchant_id: UUID, found: Sequence[tuple[Listing, int]], now: datetime
) -> None:
    repriced = await _repriced(session, [listing.id for listing, _version in found])
    sends: list[tuple[UUID, UUID, Kind]] = []
    for listing, version in found:
        kind = _kind_for_change(listing, version, repriced=listing.id in repriced)
        if kind is None:
            continue
        if kind is not kinds.PRICE and listing.attempt not in UNDER_WAY:
            listing.attempt, listing.problem_count, listing.updated_at = LastAttempt.QUEUED, 0, now
        sends.append((listing.connection_id, listing.id, kind))
    await session.flush()
    await enqueue(session, merchant_id, sends, now=now)
    for listing, _version in found:
        announce(session, merchant_id, listing.id, listing.product_id)


def _kind_for_change(listing: Listing, version: int, *, repriced: bool) -> Kind | None:
    if listing.found:
        return None
    content = kinds.UPDATE if listing.channel_id else kinds.PUBLISH
    if listing.attempt is LastAttempt.REJECTED:
        blocked = listing.problem is not None and listing.problem["problem_class"] == ProblemClass.ACCOUNT
        return None if blocked else content
    if listing.attempt is LastAttempt.QUEUED and not stopped_by_our_fault(listing):
        return None
    if listing.attempt in {LastAttempt.SENDING, LastAttempt.SENT}:
        # The job that sends it looks again at the catalog when it is through.
        return None
    if listing.sent_version < version and listing.attempt is not LastAttempt.NONE:
        return content
    return kinds.PRICE if repriced and listing.channel_id else None


async def _repriced(session: AsyncSession, listing_ids: Sequence[UUID]) -> set[UUID]:
    rows = await session.scalars(
        select(ListingItem.listing_id)
        .join(Variant, Variant.id == ListingItem.variant_id)
        .where(
            ListingItem.listing_id.in_(listing_ids),
            ListingItem.approved_price_minor.is_not(None),
            ListingItem.approved_price_minor != Variant.price_minor,
        )
    )
    return set(rows)


@dataclass(frozen=True, slots=True)
class Synced:
    """`waiting` are the products that could not be published on every channel: not ready there."""

    armed: list[Armed]
    waiting: set[UUID]


async def auto_sync(session: AsyncSession, *, merchant_id: UUID, product_ids: Sequence[UUID], now: datetime) -> Synced:
    """Each product is published to every connected channel it is ready for."""
    currency = (await session.get_one(Merchant, merchant_id)).currency
    connections = await sellable(session)
    products = await products_of(session, product_ids)
    known = await known_of(session, products, connections)
    pairs: list[Pair] = []
    waiting: set[UUID] = set()
    for product in products:
        for connection in connections:
            if lacking(product, connection, currency, known):
                waiting.add(product.id)
            else:
                pairs.append((product.id, connection.id))
    armed = await publish(session, merchant_id=merchant_id, pairs=pairs, now=now) if pairs else []
    return Synced(armed, waiting if connections else {product.id for product in products})
