"""What the inbox shows, read from the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.catalog import search
from portal.i18n import _, listed
from portal.inbox.choosing import Offer, Offers, offers_of
from portal.inbox.fields import field_word
from portal.inbox.filling import Gap, gap_of
from portal.inbox.service import APPROVE
from portal.listings.badge import Badge, Held
from portal.listings.badges import badges_of, held_by
from portal.listings.eligible import channel_name, connection_name, names_together
from portal.listings.fixes import edit_url
from portal.listings.paging import Keys, keys
from portal.listings.publishing import SELLABLE
from portal.models.accounts import ListingMode, Merchant
from portal.models.catalog import Product, ProductStatus
from portal.models.connections import Connection
from portal.models.inbox import Decision, InboxItem, InboxState

READY_AT_ONCE = 500
NAMED_ON_A_BUTTON = 2

_OPEN = InboxItem.state != InboxState.DONE
VIEWS: Mapping[str, ColumnElement[bool]] = {
    "": _OPEN,
    "new": InboxItem.state == InboxState.NEW,
    "changed": InboxItem.state == InboxState.CHANGED,
    "done": InboxItem.state == InboxState.DONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """A view of the inbox as its query string says it; an empty state is everything to review."""

    state: str = ""
    q: str = ""

    def query(self, **change: str) -> str:
        names = {"state": self.state, "q": self.q} | change
        kept = {name: value for name, value in names.items() if value}
        return "/inbox" + (f"?{urlencode(kept)}" if kept else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One channel of a row. `reasons` say why it is not ready, each with the address of its fix."""

    connection_id: UUID
    name: str
    offer: Offer
    reasons: Sequence[tuple[str, str]]
    held: Held
    badge: Badge | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One product. `publish_to` names the ticked channels; `sent` is how many listings its decision set going.

    `gap` is a field that can be filled in right here.
    """

    item: InboxItem
    product: Product
    sku: str
    lowest_minor: int
    highest_minor: int
    units: int | None
    image_url: str
    boxes: Sequence[Box]
    publish_to: str
    changed: str
    sent: int
    undoable: bool
    gap: Gap | None

    @property
    def open(self) -> bool:
        return self.item.state is not InboxState.DONE


@dataclass(frozen=True, slots=True)
class InboxPage:
    rows: Sequence[Row]
    total: int
    keys: Keys


def matching(query: Select[Any], filters: Filters) -> Select[Any]:
    """The view's items. What was archived since it came is no longer to review."""
    query = query.join(Product, Product.id == InboxItem.product_id).where(VIEWS.get(filters.state, _OPEN))
    if filters.state != "done":
        query = query.where(Product.status != ProductStatus.ARCHIVED)
    return query.where(search.matches(filters.q)) if filters.q else query


async def count(session: AsyncSession, filters: Filters) -> int:
    return await session.scalar(matching(select(func.count(InboxItem.id)), filters)) or 0


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many items each view has, without a search."""
    return {state: await count(session, Filters(state=state)) for state in VIEWS}


async def ids(session: AsyncSession, filters: Filters) -> list[UUID]:
    """Every item of the view, the newest first."""
    rows = await session.scalars(matching(select(InboxItem.id), filters).order_by(InboxItem.id.desc()))
    return list(rows)


async def page(
    session: AsyncSession,
    merchant_id: UUID,
    filters: Filters,
    *,
    now: datetime,
    before: UUID | None = None,
    after: UUID | None = None,
) -> InboxPage:
    """Up to 50 items of the view, the newest first."""
    found = await keys(session, matching(select(InboxItem.id), filters), InboxItem.id, before=before, after=after)
    shown = await rows(session, merchant_id, found.ids, now=now)
    return InboxPage(shown, await count(session, filters), found)


async def rows(session: AsyncSession, merchant_id: UUID, item_ids: Sequence[UUID], *, now: datetime) -> list[Row]:
    """The rows of these items, in the order asked; ids nobody has are left out."""
    found = await session.scalars(select(InboxItem).where(InboxItem.id.in_(item_ids)))
    items = {item.id: item for item in found}
    shown = [items[item_id] for item_id in item_ids if item_id in items]
    offers = await offers_of(session, merchant_id, shown)
    listings = [box.listing for one in offers.values() for box in one.channels if box.listing]
    badges = await badges_of(session, listings, now=now)
    notes = await _notes(session, shown)
    currency = (await session.get_one(Merchant, merchant_id)).currency
    return [_row(item, offers[item.id], badges, notes.get(item.id), currency, now) for item in shown]


async def _notes(session: AsyncSession, items: Sequence[InboxItem]) -> dict[UUID, tuple[Decision, dict[str, Any]]]:
    """What the decision on each done item wrote down of it."""
    wanted = {item.decision_id for item in items if item.decision_id}
    decisions = await session.scalars(select(Decision).where(Decision.id.in_(wanted)))
    return {UUID(note["item"]): (decision, note) for decision in decisions for note in decision.before}


def _row(
    item: InboxItem,
    offers: Offers,
    badges: Mapping[UUID, Badge],
    note: tuple[Decision, dict[str, Any]] | None,
    currency: str,
    now: datetime,
) -> Row:
    product = offers.product
    prices = [variant.price_minor for variant in product.variants] or [0]
    counted = [variant.on_hand for variant in product.variants if variant.tracked]
    single = product.variants[0].sku if len(product.variants) == 1 else ""
    ticked = [channel_name(offer.connection.channel) for offer in offers.channels if offer.checked]
    names = names_together(offer.connection for offer in offers.channels)
    return Row(
        item=item,
        product=product,
        sku=single,
        lowest_minor=min(prices),
        highest_minor=max(prices),
        units=sum(counted) if counted else None,
        image_url=product.images[0].url if product.images else "",
        boxes=[_box(product, offer, names[offer.connection.id], badges, now) for offer in offers.channels],
        publish_to=_together(list(dict.fromkeys(ticked))),
        changed=listed(field_word(name) for name in item.changed_fields),
        sent=len(note[1]["armed"]) if note else 0,
        undoable=note is not None and (note[0].verb != APPROVE or now < note[0].undo_until),
        gap=None if item.state is InboxState.DONE else gap_of(product, offers.channels, currency),
    )


def _together(channels: Sequence[str]) -> str:
    """What the button calls the ticked channels: by name while that is short."""
    if len(channels) > NAMED_ON_A_BUTTON:
        return _("%(num)s channels") % {"num": len(channels)}
    return listed(channels)


def _box(product: Product, offer: Offer, name: str, badges: Mapping[UUID, Badge], now: datetime) -> Box:
    variants = [variant.id for variant in product.variants]
    return Box(
        connection_id=offer.connection.id,
        name=name,
        offer=offer,
        reasons=[(lack.title, edit_url(product.id, lack.field, variants)) for lack in offer.lacks],
        held=held_by(offer.connection, now),
        badge=badges.get(offer.listing.id) if offer.listing else None,
    )


async def newest(session: AsyncSession) -> UUID | None:
    """The latest item to review."""
    query = matching(select(InboxItem.id), Filters()).order_by(InboxItem.id.desc()).limit(1)
    latest: UUID | None = await session.scalar(query)
    return latest


async def arrived_since(session: AsyncSession, newest: UUID) -> int:
    """How many items to review are newer than the newest one on the page."""
    query = matching(select(func.count(InboxItem.id)), Filters()).where(InboxItem.id > newest)
    return await session.scalar(query) or 0


async def published_since(session: AsyncSession, moment: datetime) -> int:
    """How many products were approved from `moment` on."""
    query = (
        select(func.count(InboxItem.id))
        .join(Decision, Decision.id == InboxItem.decision_id)
        .where(Decision.verb == APPROVE, InboxItem.decided_at >= moment)
    )
    return await session.scalar(query) or 0


async def mode(session: AsyncSession, merchant_id: UUID) -> ListingMode:
    return (await session.get_one(Merchant, merchant_id)).listing_mode


@dataclass(frozen=True, slots=True)
class Forecast:
    """What approving all of them would do: how many go somewhere, and how many stay because something is missing."""

    ready: int
    not_ready: int
    channels: str


async def forecast(session: AsyncSession, merchant_id: UUID, item_ids: Sequence[UUID]) -> Forecast:
    """Counted with the same rules that approving runs."""
    ready = 0
    names: dict[str, None] = {}
    for start in range(0, len(item_ids), READY_AT_ONCE):
        found = await session.scalars(
            select(InboxItem).where(InboxItem.id.in_(item_ids[start : start + READY_AT_ONCE]))
        )
        for one in (await offers_of(session, merchant_id, found.all())).values():
            going = [connection_name(offer.connection) for offer in one.channels if offer.checked]
            names.update(dict.fromkeys(going))
            ready += bool(going)
    return Forecast(ready, len(item_ids) - ready, listed(names))


async def any_channel(session: AsyncSession) -> bool:
    query = select(func.count(Connection.id)).where(Connection.state.in_(SELLABLE))
    return bool(await session.scalar(query))
