"""One listing about to be sent: what is sent, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import Aspect, Found, LinkedItem, ProductRecord, PublishItem
from jobs.meeting import Tried
from portal.listings.readiness import Around
from portal.listings.records import aspects, changed
from portal.models.connections import KindRules
from portal.models.listings import Listing, ListingItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One listing about to be sent: the record as read in the claiming transaction, and what of it is news there.

    `beside` says the merchant met another product there and chose a handle of its own for this one; `tried`
    how an earlier try may have made it. `rules` is what the channel publishes about its kind, `around` what else is
    known beside the record.
    """

    record: ProductRecord
    channel_id: str
    ours: bool
    links: tuple[LinkedItem, ...]
    version: int
    aspects: Mapping[str, str]
    changed: frozenset[Aspect]
    beside: bool
    tried: Tried
    rules: KindRules | None
    around: Around


def work_of(
    record: ProductRecord,
    listing: Listing,
    *,
    version: int,
    links: Sequence[LinkedItem],
    tried: Tried,
    rules: KindRules | None,
    around: Around,
) -> Work:
    """The listing's work with the record as it is now, `version` its product's."""
    digests = aspects(record)
    return Work(
        record=record,
        channel_id=listing.channel_id,
        ours=listing.ours,
        links=tuple(links),
        version=version,
        aspects=digests,
        changed=changed(digests, since=listing.sent_aspects),
        beside=bool(listing.handle) and not listing.channel_id,
        tried=tried,
        rules=rules,
        around=around,
    )


def said_of(work: Work) -> dict[str, Any]:
    """What the attempt keeps of a listing that is sent: enough to know later what went out."""
    record = work.record
    numbers = {variant.key: [variant.price.minor, variant.quantity] for variant in record.variants}
    said = {"title": record.title, "handle": record.handle, "version": work.version}
    return said | {"numbers": numbers, "aspects": dict(work.aspects)}


def as_sent(work: Work, said: Mapping[str, Any]) -> Work:
    """The work with the version and the numbers it was sent with; the catalog may have moved on since."""
    variants = []
    for variant in work.record.variants:
        minor, quantity = said["numbers"].get(variant.key, (variant.price.minor, variant.quantity))
        variants.append(replace(variant, price=replace(variant.price, minor=minor), quantity=quantity))
    record = replace(work.record, variants=tuple(variants))
    return replace(work, record=record, version=said["version"], aspects=said["aspects"])


async def links_of(session: AsyncSession, listing_ids: Sequence[UUID]) -> dict[UUID, list[LinkedItem]]:
    """The variants known on the channel, by listing."""
    rows = await session.execute(select(ListingItem).where(ListingItem.listing_id.in_(listing_ids)))
    links: dict[UUID, list[LinkedItem]] = {}
    for item in rows.scalars():
        linked = LinkedItem(key=str(item.variant_id), channel_id=item.channel_id, stock_id=item.stock_id)
        links.setdefault(item.listing_id, []).append(linked)
    return links


def item_of(work: Work, there: Found | None) -> PublishItem:
    """An update of what is linked; of what carries our mark but was never recorded; or a create."""
    if there is None:
        return PublishItem(
            product=work.record,
            channel_id=work.channel_id,
            ours=work.ours,
            links=work.links,
            changed=work.changed,
            requirements=_document(work),
        )
    by_values = {item.option_values: item for item in there.items}
    links = tuple(
        LinkedItem(key=v.key, channel_id=twin.channel_id, stock_id=twin.stock_id)
        for v in work.record.variants
        if (twin := by_values.get(v.option_values)) is not None
    )
    return PublishItem(
        product=work.record, channel_id=there.channel_id, ours=True, links=links, requirements=_document(work)
    )


def _document(work: Work) -> Mapping[str, Any] | None:
    return work.rules.document if work.rules else None
