"""Listing products: look, then create or update. Kinds publish and update."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import PRODUCT_GONE, Problem, ProblemClass
from connectors.protocol import Account, Connector
from connectors.records import (
    Aspect,
    Done,
    Found,
    Observed,
    Outcome,
    ProductRecord,
    Published,
    PublishItem,
)
from connectors.registry import CHANNELS
from jobs import codes, outgoing
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
    start_anew,
    stop_listings,
)
from jobs.meeting import NOT_TRIED, meet, tried_before
from jobs.outgoing import Work
from jobs.results import Ended, Result, refused
from jobs.rules import read_now
from portal.catalog import uploads
from portal.catalog.uploads import Upload
from portal.connections import kind_rules
from portal.listings.eligible import around, unmet_by
from portal.listings.readiness import missing
from portal.listings.service import catch_up
from portal.listings.words_common import ALREADY_ON_CHANNEL, NOT_READY
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.models.tasks import OPEN, Attempt
from portal.runtime import Runtime
from portal.stock import sellable
from portal.tasks import kinds
from portal.tasks import service as tasks


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
        links = await outgoing.links_of(session, [listing.id for listing in listings.values()])
        sent = (await session.get_one(Attempt, batch.attempt_id)).sent
        tried = await tried_before(session, batch, listings.values())
        connection = connection_of(batch)
        names = {kind_rules.kind_of(product.details, connection) for product in products.values()}
        rules = await kind_rules.rules_of(session, [connection], names)
        known = await around(session, products.values())
        variants = [variant for product in products.values() for variant in product.variants]
        numbers = await sellable.numbers(session, connection, variants)
        to_sell = {key: number.to_sell for key, number in numbers.items()}
        for task in batch.tasks:
            listing = listings.get(task.subject)
            if listing is None or (listing.intent is not Intent.PUBLISH and task.id not in batch.sent):
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            product = products[listing.product_id]
            work = outgoing.work_of(
                record_of(listing, product, currency, to_sell),
                listing,
                version=product.version,
                links=links.get(listing.id, ()),
                tried=tried.get(task.subject, NOT_TRIED),
                rules=rules.get((connection.id, kind_rules.kind_of(product.details, connection))),
                around=known,
            )
            if task.id in batch.sent:
                work = outgoing.as_sent(work, sent[task.subject])
            else:
                listing.attempt, listing.attempted_at = LastAttempt.SENDING, now
                prepared.sent[task.subject] = outgoing.said_of(work)
                announce(session, listing)
            prepared.work[task.id] = work
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if batch.sent:
            return await look(
                connector, account, batch, {task: outgoing.item_of(work, None) for task, work in prepared.work.items()}
            )
        work = await _with_rules(runtime, connection_of(batch), connector, account, prepared.work)
        # Rules of hundreds of variants take a while, and other lanes' transactions are open meanwhile.
        results, ready = await asyncio.to_thread(_not_ready, work, connection_of(batch), account.currency)
        unknown = {task: (item.record, item.tried) for task, item in ready.items() if not item.channel_id}
        met = await meet(connector, account, unknown)
        results |= {task: stopped for task, item in ready.items() if (stopped := _stopped_by(met.get(task), item))}
        results |= await codes.conflicts(connector, account, _firsts(ready, met, results))
        lists: dict[UUID, PublishItem] = {}
        updates: dict[UUID, PublishItem] = {}
        for task, item in ready.items():
            if task in results:
                continue
            if item.channel_id and batch.tasks[0].kind == kinds.UPDATE.name:
                updates[task] = outgoing.item_of(item, None)
            else:
                lists[task] = outgoing.item_of(item, _ours_there(met.get(task), item))
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
                created = not work.channel_id and work.tried == NOT_TRIED
                _accept(session, listing, items.get(listing.id, {}), work, result.value, now, created=created)
                await _note_uploads(session, listing, work, result.value, now)
                if task.kind == kinds.PUBLISH.name or _shows_elsewhere(listing, work):
                    touched.append(listing)
            elif listing.channel_id and task.kind == kinds.PUBLISH.name and _is_gone(result):
                # An update of such a listing stays refused: nobody asked for the product to come back.
                await start_anew(session, listing, now)
            else:
                note_failure(listing, result, now)
            announce(session, listing)
        await _follow_up(session, batch, touched, now)
        stale = await _changed_since(session, through)
        await catch_up(session, batch.merchant_id, [one for one in listings.values() if one.id in stale], now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        stop_listings(session, (await listings_of(session, batch)).values(), problem, now)


async def _with_rules(
    runtime: Runtime, connection: Connection, connector: Connector, account: Account, work: Mapping[UUID, Work]
) -> dict[UUID, Work]:
    """The work with the rules of its kind; those nobody has read yet are read now."""
    names = {task: kind_rules.kind_of(item.record.details, connection) for task, item in work.items()}
    unread = {name for task, name in names.items() if name and work[task].rules is None}
    read = await read_now(runtime, connection, connector, account, unread) if unread else {}
    return {task: replace(item, rules=item.rules or read.get(names[task])) for task, item in work.items()}


def _not_ready(
    work: Mapping[UUID, Work], connection: Connection, currency: str
) -> tuple[dict[UUID, Result], dict[UUID, Work]]:
    """The channel's own rules run before the call; what breaks one is refused here, with the field."""
    results: dict[UUID, Result] = {}
    ready: dict[UUID, Work] = {}
    for task, item in work.items():
        unmet = unmet_by(item.record, connection, item.rules)
        can = CHANNELS[connection.channel]
        lacking = missing(item.record, can, currency=currency, unmet=unmet, around=item.around)
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


def _firsts(
    ready: Mapping[UUID, Work], met: Mapping[UUID, Outcome[Found | None]], results: Mapping[UUID, Result]
) -> dict[UUID, ProductRecord]:
    """What would come to be at the channel only now."""
    return {
        task: item.record
        for task, item in ready.items()
        if task not in results and not item.channel_id and _ours_there(met.get(task), item) is None
    }


def _stopped_by(outcome: Outcome[Found | None] | None, work: Work) -> Result | None:
    """The result of a product that is not sent: nobody could say what is there, or it is another's.

    None looked for what is listed already.
    """
    if outcome is None:
        return None
    if not isinstance(outcome, Done):
        return result_of(outcome)
    seen = outcome.value
    if seen is None or seen.mark == work.record.key or (work.beside and seen.handle != work.record.handle):
        return None
    return refused(_already_there(seen), value=seen)


def _ours_there(outcome: Outcome[Found | None] | None, work: Work) -> Found | None:
    seen = outcome.value if isinstance(outcome, Done) else None
    return seen if seen is not None and seen.mark == work.record.key else None


def _already_there(there: Found) -> Problem:
    return Problem(problem_class=ProblemClass.DATA, code=ALREADY_ON_CHANNEL, field="/handle", message=there.matched_by)


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
            item.accounted_quantity = item.sent_quantity
        item.channel_id, item.stock_id = link.channel_id, link.stock_id
        if work.changed != {Aspect.FIELDS}:
            minor = variants[link.key].price.minor
            item.sent_price_minor, item.sent_price_at = minor, now
            item.approved_price_minor, item.approved_price_at = minor, now


async def _note_uploads(
    session: AsyncSession, listing: Listing, work: Work, published: Published, now: datetime
) -> None:
    """The channel knows what we made by the SKUs of now; what was linked keeps those it was met with."""
    if not listing.ours:
        return
    skus = {variant.key: variant.sku for variant in work.record.variants}
    title = work.record.title
    sent = [Upload(UUID(link.key), listing.product_id, skus[link.key], title) for link in published.links]
    await uploads.note_sent(session, listing.merchant_id, listing.connection_id, sent, now)


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


async def _follow_up(session: AsyncSession, batch: Batch, done: Sequence[Listing], now: datetime) -> None:
    """Recording a publish always writes a stock task, and a read that will say what buyers see."""
    if not done:
        return
    await session.flush()
    ids = [listing.id for listing in done]
    items = await session.execute(select(ListingItem.id).where(ListingItem.listing_id.in_(ids)))
    subjects = [str(item_id) for item_id in items.scalars()]
    await tasks.ask(session, connection_of(batch), kinds.STOCK, subjects, now=now)
    await read_soon(session, connection_of(batch), done, now)
