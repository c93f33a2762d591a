"""What the pages of listings show, read from the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import ProblemClass
from portal.catalog import search
from portal.errors import NotFound
from portal.listings import causes
from portal.listings.badge import Badge
from portal.listings.badges import badges_of, open_tasks
from portal.listings.eligible import channel_name, connection_name, known_of, lacking, products_of
from portal.listings.fixes import admin_url, edit_url
from portal.listings.paging import Keys, keys
from portal.listings.prices import Priced, prices_of
from portal.listings.readiness import Missing
from portal.listings.relisting import may_relist
from portal.listings.reported import Reported, reported
from portal.listings.retrying import may_retry
from portal.listings.words import Explained, explain
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductImage, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import LastAttempt, Listing
from portal.models.tasks import Attempt, AttemptItem, Task, TaskState
from portal.proof import queries as proof
from portal.proof.queries import Numbers, Proof

ATTEMPTS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """A view of the list as its query string says it; empty means everything."""

    q: str = ""
    channel: str = ""
    state: str = ""
    cause: str = ""
    product: str = ""

    def query(self, **change: str) -> str:
        """The view's address with `change` in it; an empty value leaves a filter out."""
        names = {
            "q": self.q,
            "channel": self.channel,
            "state": self.state,
            "cause": self.cause,
            "product": self.product,
        }
        kept = {name: value for name, value in (names | change).items() if value}
        return "/listings" + (f"?{urlencode(kept)}" if kept else "")

    @property
    def any(self) -> bool:
        return bool(self.q or self.channel or self.state or self.cause or self.product)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """`channel` is the channel's name, `account` that of the merchant's account there."""

    listing: Listing
    product_title: str
    sku: str
    image_url: str
    channel: str
    account: str
    practice: bool
    badge: Badge


@dataclass(frozen=True, slots=True)
class Cause:
    """Listings that need the merchant for one reason. `retry_helps` is whether trying all of them again can help."""

    key: str
    title: str
    body: str
    channel: str
    count: int
    retry_helps: bool


@dataclass(frozen=True, slots=True)
class ListingPage:
    rows: Sequence[ListingRow]
    total: int
    keys: Keys


async def listing_page(
    session: AsyncSession, filters: Filters, *, now: datetime, before: UUID | None = None, after: UUID | None = None
) -> ListingPage:
    """Up to 50 listings of the view, the newest first."""
    total = await session.scalar(_matching(select(func.count(Listing.id)), filters)) or 0
    found = await keys(session, _matching(select(Listing.id), filters), Listing.id, before=before, after=after)
    return ListingPage(await rows(session, found.ids, now=now), total, found)


def _matching(query: Select[Any], filters: Filters) -> Select[Any]:
    query = query.join(Connection, Connection.id == Listing.connection_id)
    query = query.join(Product, Product.id == Listing.product_id)
    if filters.q:
        query = query.where(search.matches(filters.q))
    if filters.channel:
        query = query.where(Listing.connection_id == _id_or_none(filters.channel))
    if filters.product:
        query = query.where(Listing.product_id == _id_or_none(filters.product))
    if filters.state in causes.STATES:
        query = query.where(causes.STATES[filters.state])
    if filters.cause:
        query = query.where(causes.with_cause(filters.cause))
    return query


def _id_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def rows(session: AsyncSession, ids: Sequence[UUID], *, now: datetime) -> list[ListingRow]:
    """The lines of these listings, in the order asked; ids nobody has are left out."""
    found = await session.execute(
        select(Listing, Product.title, Connection)
        .join(Product, Product.id == Listing.product_id)
        .join(Connection, Connection.id == Listing.connection_id)
        .where(Listing.id.in_(ids))
    )
    by_id = {listing.id: (listing, title, connection) for listing, title, connection in found.all()}
    listings = [by_id[one][0] for one in ids if one in by_id]
    badges = await badges_of(session, listings, now=now)
    skus, images = await _skus_and_images(session, [listing.product_id for listing in listings])
    return [
        ListingRow(
            listing=listing,
            product_title=by_id[listing.id][1],
            sku=skus.get(listing.product_id, ""),
            image_url=images.get(listing.product_id, ""),
            channel=channel_name(by_id[listing.id][2].channel),
            account=by_id[listing.id][2].external_name,
            practice=by_id[listing.id][2].practice,
            badge=badges[listing.id],
        )
        for listing in listings
    ]


async def _skus_and_images(session: AsyncSession, ids: Sequence[UUID]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """The first SKU and the first picture of each product."""
    skus = await session.execute(
        select(Variant.product_id, Variant.sku).where(Variant.product_id.in_(ids)).order_by(Variant.position.desc())
    )
    images = await session.execute(
        select(ProductImage.product_id, ProductImage.url)
        .where(ProductImage.product_id.in_(ids))
        .order_by(ProductImage.position.desc())
    )
    return dict(skus.all()), dict(images.all())


async def cause_groups(session: AsyncSession) -> list[Cause]:
    """Why listings need the merchant, the commonest first."""
    # Grouped here and not in SQL: PostgreSQL takes two bound paths into a JSON column for two different expressions.
    found = await session.execute(
        select(Connection.channel, Listing.attempt, Listing.problem, causes.DISPUTED)
        .join(Connection, Connection.id == Listing.connection_id)
        .where(causes.PROBLEM)
    )
    tally: Counter[tuple[str, str, str]] = Counter()
    for channel, attempt, problem, disputed in found.all():
        refused = problem is not None and attempt in {LastAttempt.REJECTED, LastAttempt.QUEUED}
        of_account = causes.STOCK_DISPUTED if disputed else causes.SUPPRESSED
        code, kind = (problem["code"], problem["problem_class"]) if refused else (of_account, ProblemClass.ACCOUNT)
        tally[channel, code, kind] += 1
    groups = [_cause(channel, code, kind, count) for (channel, code, kind), count in tally.items()]
    return sorted(groups, key=lambda group: (-group.count, group.key))


def _cause(channel: str, code: str, kind: str, count: int) -> Cause:
    problem = {"code": code, "problem_class": kind}
    said = explain(problem, channel=channel, channel_name=channel_name(channel))
    return Cause(causes.cause_of(channel, code), said.title, said.body, channel_name(channel), count, said.retry_helps)


async def count(session: AsyncSession, filters: Filters) -> int:
    """How many listings the view has."""
    return await session.scalar(_matching(select(func.count(Listing.id)), filters)) or 0


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt at this listing, for the timeline."""

    item: AttemptItem
    kind: str
    explained: Explained | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Everything the page of one listing says. `request_id` is ours: the attempt that brought the problem.

    `delay` is the channel's last answer about what is still to be sent, as connectors.errors.Problem is kept. `stock`
    is what is known of each number there, with its variant's name, and `numbers` all of it at once.
    """

    row: ListingRow
    connection: Connection
    explained: Explained | None
    request_id: str
    tries: Sequence[Try]
    warnings: Sequence[tuple[Mapping[str, Any], Explained]]
    next_task: Task | None
    delay: Mapping[str, Any] | None
    ahead: int
    may_retry: bool
    may_relist: bool
    product_handle: str
    edit_url: str
    admin_url: str
    lacks: Sequence[tuple[Missing, str]]
    prices: Sequence[Priced]
    numbers: Numbers | None
    stock: Sequence[tuple[str, Proof]]
    reported: Sequence[Reported]


async def panel(session: AsyncSession, listing_id: UUID, *, now: datetime) -> Panel:
    """Raises NotFound for a listing that is not the merchant's."""
    found = await rows(session, [listing_id], now=now)
    if not found:
        raise NotFound
    listing = found[0].listing
    connection = await session.get_one(Connection, listing.connection_id)
    name = channel_name(connection.channel)
    tries = await _tries(session, listing, connection.channel, name)
    task = (await open_tasks(session, [listing_id])).get(listing_id)
    (product,) = await products_of(session, [listing.product_id])
    variants = [variant.id for variant in product.variants]
    currency = (await session.get_one(Merchant, listing.merchant_id)).currency
    lacks = lacking(product, connection, currency, await known_of(session, [product], [connection]))
    explained = explain(listing.problem, channel=connection.channel, channel_name=name) if listing.problem else None
    return Panel(
        row=found[0],
        connection=connection,
        explained=explained,
        request_id=next((str(one.item.attempt_id) for one in tries if one.explained), ""),
        tries=tries,
        warnings=[(one, explain(one, channel=connection.channel, channel_name=name)) for one in listing.warnings],
        next_task=task,
        delay=_delay(listing, connection, tries) if task else None,
        ahead=await _ahead(session, task),
        may_retry=await may_retry(session, listing),
        may_relist=may_relist(listing, product, connection),
        product_handle=product.handle,
        edit_url=edit_url(product.id, explained.field if explained else "", variants),
        admin_url=admin_url(connection),
        lacks=[(one, edit_url(product.id, one.field, variants)) for one in lacks],
        prices=await prices_of(session, listing_id, currency=currency, now=now),
        numbers=(await proof.numbers(session, [listing_id])).get(listing_id),
        stock=await proof.of_listing(session, listing_id),
        reported=await reported(session, listing),
    )


def _delay(listing: Listing, connection: Connection, tries: Sequence[Try]) -> Mapping[str, Any] | None:
    """A lost permission stops all work of the connection, also what was never tried. A refusal is no delay."""
    if listing.problem:
        return None
    if connection.state is ConnectionState.NEEDS_REAUTH:
        return connection.problem
    return tries[0].item.problem if tries else None


async def panels(session: AsyncSession, ids: Sequence[UUID], *, now: datetime) -> list[Panel]:
    """The panels of those of `ids` that are the merchant's."""
    known = await session.scalars(select(Listing.id).where(Listing.id.in_(ids)))
    return [await panel(session, listing_id, now=now) for listing_id in known.all()]


async def _tries(session: AsyncSession, listing: Listing, channel: str, name: str) -> list[Try]:
    found = await session.execute(
        select(AttemptItem, Attempt.kind)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(AttemptItem.subject == str(listing.id))
        .order_by(AttemptItem.id.desc())
        .limit(ATTEMPTS_SHOWN)
    )
    return [
        Try(item, kind, explain(item.problem, channel=channel, channel_name=name) if item.problem else None)
        for item, kind in found.all()
    ]


async def _ahead(session: AsyncSession, task: Task | None) -> int:
    """How many wait in the same lane before this one."""
    if task is None or task.state is not TaskState.WAITING:
        return 0
    sooner = or_(
        Task.priority < task.priority,
        and_(Task.priority == task.priority, Task.not_before < task.not_before),
        and_(Task.priority == task.priority, Task.not_before == task.not_before, Task.id < task.id),
    )
    waiting = select(func.count(Task.id)).where(Task.lane_id == task.lane_id, Task.state == TaskState.WAITING, sooner)
    return await session.scalar(waiting) or 0


async def connections(session: AsyncSession) -> list[tuple[str, str]]:
    """(id, name) of the connections a list can be narrowed to."""
    found = await session.scalars(
        select(Connection).where(Connection.state != ConnectionState.SETUP).order_by(Connection.id)
    )
    return [(str(connection.id), connection_name(connection)) for connection in found]


async def product_title(session: AsyncSession, product_id: str) -> str:
    """The title of the product a list is narrowed to; empty when there is none."""
    wanted = _id_or_none(product_id)
    title = await session.scalar(select(Product.title).where(Product.id == wanted)) if wanted else None
    return title or ""
