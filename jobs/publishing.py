"""Listing products: look, then create or update. Kinds publish and update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import PRODUCT_GONE, Problem, ProblemClass
from connectors.protocol import Capabilities
from connectors.records import (
    Aspect,
    Done,
    Found,
    LinkedItem,
    Observed,
    Outcome,
    ProductRecord,
    Published,
    PublishItem,
)
from jobs.channel import connection_of, look, reach, result_of, results_of
from jobs.handlers import Batch, Prepared
from jobs.listed import (
    announce,
    currency_of,
    forget_problem,
    listings_of,
    note_failure,
    products_of,
    read_soon,
    record_of,
    stop_listings,
)
from jobs.meeting import Handles, meet, tried_before
from jobs.results import Ended, Result, refused
from portal.listings.readiness import missing
from portal.listings.records import aspects, changed
from portal.listings.service import catch_up
from portal.models.catalog import Product, Variant
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.models.tasks import OPEN, Attempt
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks

ALREADY_THERE = "already_on_channel"
NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One listing about to be sent: the record as read in the claiming transaction, and what of it is news there.

    `beside` says the merchant met another product there and chose a handle of its own for this one; `tried_as` are
    the handles under which an earlier try may have made it.
    """

    record: ProductRecord
    channel_id: str
    ours: bool
    links: tuple[LinkedItem, ...]
    version: int
    aspects: Mapping[str, str]
    changed: frozenset[Aspect]
    beside: bool
    tried_as: Handles


class Publish:
    """The product is on the channel as it is in the catalog, or the listing says why not.

    Doing it twice is harmless: a listing without a channel id is looked for by our mark first,
    and a first publish never overwrites. What the channel still works on is only looked at: it cannot be
    held back any more.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        listings = await listings_of(session, batch)
        currency = await currency_of(session, batch)
        products = await products_of(session, [listing.product_id for listing in listings.values()])
        links = await _links(session, [listing.id for listing in listings.values()])
        sent = (await session.get_one(Attempt, batch.attempt_id)).sent
        tried = await tried_before(session, batch, listings.values())
        for task in batch.tasks:
            listing = listings.get(task.subject)
            if listing is None or (listing.intent is not Intent.PUBLISH and task.id not in batch.sent):
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            tried_as = tried.get(task.subject, Handles())
            work = _work(listing, products[listing.product_id], links.get(listing.id, ()), currency, tried_as)
            if task.id in batch.sent:
                work = _as_sent(work, sent[task.subject])
            else:
                listing.attempt, listing.attempted_at = LastAttempt.SENDING, now
                prepared.sent[task.subject] = _said(work)
                announce(session, listing)
            prepared.work[task.id] = work
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if batch.sent:
            return await look(
                connector, account, batch, {task: _item(work, None) for task, work in prepared.work.items()}
            )
        results, ready = _not_ready(prepared.work, connector.capabilities, account.currency)
        unknown = {task: (item.record, item.tried_as) for task, item in ready.items() if not item.channel_id}
        met = await meet(connector, account, unknown)
        lists: dict[UUID, PublishItem] = {}
        updates: dict[UUID, PublishItem] = {}
        for task, item in ready.items():
            outcome = met.get(task, Done(None))
            stopped = _stopped_by(outcome, item)
            if stopped is not None:
                results[task] = stopped
            elif item.channel_id and batch.tasks[0].kind == kinds.UPDATE.name:
                updates[task] = _item(item, None)
            else:
                lists[task] = _item(item, _ours_there(outcome, item))
        for send, items in ((connector.publish, lists), (connector.update, updates)):
            outcomes = await send(account, list(items.values())) if items else []
            results |= results_of(items, outcomes)
        return results

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        listings = await listings_of(session, batch)
        items = await _items(session, [listing.id for listing in listings.values()])
        touched: list[Listing] = []
        through: dict[UUID, Work] = {}
        for task in batch.tasks:
            listing, result = listings.get(task.subject), results[task.id]
            if listing is None:
                continue
            if task.state not in OPEN and task.id in prepared.work:
                through[listing.id] = prepared.work[task.id]
            if result.ended is Ended.DONE:
                work: Work = prepared.work[task.id]
                created = not work.channel_id and not work.tried_as
                _accept(session, listing, items.get(listing.id, {}), work, result.value, now, created=created)
                if task.kind == kinds.PUBLISH.name or _shows_elsewhere(listing, work):
                    touched.append(listing)
            elif listing.channel_id and task.kind == kinds.PUBLISH.name and _is_gone(result):
                await _start_anew(session, batch, listing, now)
            else:
                note_failure(listing, result, now)
            announce(session, listing)
        await _follow_up(session, batch, touched, now)
        stale = await _changed_since(session, through)
        await catch_up(session, batch.merchant_id, [one for one in listings.values() if one.id in stale], now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        stop_listings(session, (await listings_of(session, batch)).values(), problem, now)


def _work(listing: Listing, product: Product, links: Sequence[LinkedItem], currency: str, tried_as: Handles) -> Work:
    record = record_of(listing, product, currency)
    digests = aspects(record)
    return Work(
        record=record,
        channel_id=listing.channel_id,
        ours=listing.ours,
        links=tuple(links),
        version=product.version,
        aspects=digests,
        changed=changed(digests, since=listing.sent_aspects),
        beside=bool(listing.handle) and not listing.channel_id,
        tried_as=tried_as,
    )


def _said(work: Work) -> dict[str, Any]:
    """What the attempt keeps of a listing that is sent: enough to know later what went out."""
    record = work.record
    numbers = {variant.key: [variant.price.minor, variant.quantity] for variant in record.variants}
    said = {"title": record.title, "handle": record.handle, "version": work.version}
    return said | {"numbers": numbers, "aspects": dict(work.aspects)}


def _as_sent(work: Work, said: Mapping[str, Any]) -> Work:
    """The work with the version and the numbers it was sent with; the catalog may have moved on since."""
    variants = []
    for variant in work.record.variants:
        minor, quantity = said["numbers"].get(variant.key, (variant.price.minor, variant.quantity))
        variants.append(replace(variant, price=replace(variant.price, minor=minor), quantity=quantity))
    record = replace(work.record, variants=tuple(variants))
    return replace(work, record=record, version=said["version"], aspects=said["aspects"])


async def _links(session: AsyncSession, listing_ids: Sequence[UUID]) -> dict[UUID, list[LinkedItem]]:
    rows = await session.execute(select(ListingItem).where(ListingItem.listing_id.in_(listing_ids)))
    links: dict[UUID, list[LinkedItem]] = {}
    for item in rows.scalars():
        linked = LinkedItem(key=str(item.variant_id), channel_id=item.channel_id, stock_id=item.stock_id)
        links.setdefault(item.listing_id, []).append(linked)
    return links


def _not_ready(
    work: Mapping[UUID, Work], capabilities: Capabilities, currency: str
) -> tuple[dict[UUID, Result], dict[UUID, Work]]:
    """The channel's own rules run before the call; what breaks one is refused here, with the field."""
    results: dict[UUID, Result] = {}
    ready: dict[UUID, Work] = {}
    for task, item in work.items():
        lacking = missing(item.record, capabilities, currency=currency)
        if lacking:
            first = lacking[0]
            problem = Problem(
                problem_class=ProblemClass.DATA,
                code=NOT_READY,
                field=first.field,
                message=first.title,
                recommended=first.fix,
            )
            results[task] = refused(problem)
        else:
            ready[task] = item
    return results, ready


def _item(work: Work, there: Found | None) -> PublishItem:
    """An update of what is linked; of what carries our mark but was never recorded; or a create."""
    if there is None:
        return PublishItem(
            product=work.record, channel_id=work.channel_id, ours=work.ours, links=work.links, changed=work.changed
        )
    by_values = {item.option_values: item for item in there.items}
    links = tuple(
        LinkedItem(key=v.key, channel_id=twin.channel_id, stock_id=twin.stock_id)
        for v in work.record.variants
        if (twin := by_values.get(v.option_values)) is not None
    )
    return PublishItem(product=work.record, channel_id=there.channel_id, ours=True, links=links)


def _stopped_by(outcome: Outcome[Found | None], work: Work) -> Result | None:
    """The result of a product that is not sent: nobody could say what is there, or it is another's."""
    if not isinstance(outcome, Done):
        return result_of(outcome)
    seen = outcome.value
    if seen is None or seen.mark == work.record.key or (work.beside and seen.handle != work.record.handle):
        return None
    return refused(_already_there(seen), value=seen)


def _ours_there(outcome: Outcome[Found | None], work: Work) -> Found | None:
    seen = outcome.value if isinstance(outcome, Done) else None
    return seen if seen is not None and seen.mark == work.record.key else None


def _already_there(there: Found) -> Problem:
    return Problem(problem_class=ProblemClass.DATA, code=ALREADY_THERE, field="/handle", message=there.matched_by)


async def _items(session: AsyncSession, listing_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, ListingItem]]:
    """The listings' items by listing and variant."""
    found: dict[UUID, dict[UUID, ListingItem]] = {}
    for item in await session.scalars(select(ListingItem).where(ListingItem.listing_id.in_(listing_ids))):
        found.setdefault(item.listing_id, {})[item.variant_id] = item
    return found


def _accept(
    session: AsyncSession,
    listing: Listing,
    known: Mapping[UUID, ListingItem],
    work: Work,
    published: Published,
    now: datetime,
    *,
    created: bool,
) -> None:
    listing.attempt, listing.attempted_at = LastAttempt.ACCEPTED, now
    listing.channel_id, listing.handle = published.channel_id, published.handle
    listing.url = published.url or listing.url
    listing.sent_version, listing.sent_aspects = work.version, dict(work.aspects)
    listing.found = None
    forget_problem(listing)
    variants = {variant.key: variant for variant in work.record.variants}
    for link in published.links:
        item = known.get(UUID(link.key))
        if item is None:
            item = ListingItem(
                merchant_id=listing.merchant_id,
                listing_id=listing.id,
                connection_id=listing.connection_id,
                variant_id=UUID(link.key),
            )
            session.add(item)
            # Quantities travel with a create only; the stock task that follows compares with this one. Where
            # an earlier try may have created it, nobody knows its number: that task sets it without comparing.
            item.sent_quantity = variants[link.key].quantity if created else None
        item.channel_id, item.stock_id = link.channel_id, link.stock_id
        if work.changed != {Aspect.FIELDS}:
            minor = variants[link.key].price.minor
            item.sent_price_minor, item.sent_price_at = minor, now
            item.approved_price_minor, item.approved_price_at = minor, now


def _shows_elsewhere(listing: Listing, work: Work) -> bool:
    """Whether an update may have changed more than words: then stock is set again, and what buyers see is read."""
    only_words = work.changed <= {Aspect.FIELDS} and work.record.active
    return not (only_words and listing.observed is Observed.LIVE)


async def _changed_since(session: AsyncSession, through: Mapping[UUID, Work]) -> set[UUID]:
    """Those of the listings whose product is no longer what was sent."""
    products = {UUID(work.record.key) for work in through.values()}
    rows = await session.execute(select(Product.id, Product.version).where(Product.id.in_(products)))
    versions = {str(product_id): version for product_id, version in rows.all()}
    rows = await session.execute(select(Variant.id, Variant.price_minor).where(Variant.product_id.in_(products)))
    prices = {str(variant_id): minor for variant_id, minor in rows.all()}
    return {
        listing_id
        for listing_id, work in through.items()
        if versions.get(work.record.key, work.version) != work.version
        or any(prices.get(one.key, one.price.minor) != one.price.minor for one in work.record.variants)
    }


def _is_gone(result: Result) -> bool:
    return result.ended is Ended.REFUSED and result.problem is not None and result.problem.code == PRODUCT_GONE


async def _start_anew(session: AsyncSession, batch: Batch, listing: Listing, now: datetime) -> None:
    """What was deleted at the channel is forgotten here, and made there again: the merchant asked for it to be listed.

    An update of such a listing stays refused: nobody asked for the product to come back.
    """
    await session.execute(delete(ListingItem).where(ListingItem.listing_id == listing.id))
    listing.channel_id = listing.url = ""
    listing.ours, listing.attempt = True, LastAttempt.QUEUED
    await session.flush()
    await tasks.enqueue(
        session,
        kinds.PUBLISH,
        [str(listing.id)],
        merchant_id=batch.merchant_id,
        connection_id=connection_of(batch).id,
        now=now,
    )


async def _follow_up(session: AsyncSession, batch: Batch, done: Sequence[Listing], now: datetime) -> None:
    """Recording a publish always writes a stock task, and a read that will say what buyers see."""
    if not done:
        return
    await session.flush()
    ids = [listing.id for listing in done]
    items = await session.execute(select(ListingItem.id).where(ListingItem.listing_id.in_(ids)))
    subjects = [str(item_id) for item_id in items.scalars()]
    await tasks.enqueue(
        session, kinds.STOCK, subjects, merchant_id=batch.merchant_id, connection_id=connection_of(batch).id, now=now
    )
    await read_soon(session, connection_of(batch), done, now)
