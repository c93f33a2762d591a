"""Taking decisions back: while nothing has left as if they had not been made, afterwards by unpublishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.inbox.choosing import items_of
from portal.listings import publishing
from portal.listings import service as listings
from portal.listings.publishing import Armed
from portal.models.inbox import Decision, InboxItem, InboxState
from portal.models.listings import Listing


@dataclass(frozen=True, slots=True)
class Undone:
    """`restored` items are back in the inbox; of the `left` ones something has been sent already."""

    restored: list[UUID]
    left: list[UUID]


async def undo(session: AsyncSession, decision_id: UUID, *, now: datetime) -> Undone:
    """What has not left never leaves, and its items are what they were. A second undo changes nothing."""
    decision = await session.scalar(select(Decision).where(Decision.id == decision_id).with_for_update())
    if decision is None:
        raise NotFound
    if decision.undone_at is not None:
        return Undone([], [])
    notes = {UUID(note["item"]): note for note in decision.before}
    items = {item.id: item for item in await items_of(session, list(notes), all_or_nothing=False)}
    mine = {item_id: note for item_id, note in notes.items() if _still_decided_by(items.get(item_id), decision)}
    armed = {item_id: [_armed(text) for text in note["armed"]] for item_id, note in mine.items()}
    gone = await publishing.disarm(session, [one for ones in armed.values() for one in ones], now=now)
    left = [item_id for item_id, ones in armed.items() if any(one in gone for one in ones)]
    restored = [item_id for item_id in mine if item_id not in left]
    for item_id in restored:
        item = items[item_id]
        item.state, item.changed_fields = InboxState(mine[item_id]["state"]), mine[item_id]["changed_fields"]
        item.decided_at, item.decision_id = None, None
    for item_id in mine:
        db.changed(session, decision.merchant_id, f"inbox:{item_id}", "counts")
    if restored:
        decision.undone_at = now
    await session.flush()
    return Undone(restored, left)


def _still_decided_by(item: InboxItem | None, decision: Decision) -> bool:
    return item is not None and item.decision_id == decision.id


async def restore(session: AsyncSession, item_id: UUID) -> None:
    """A done item is up for review again; what was published stays published."""
    (item,) = await items_of(session, [item_id])
    if item.state is InboxState.DONE:
        item.state, item.decided_at, item.decision_id, item.changed_fields = InboxState.NEW, None, None, []
        db.changed(session, item.merchant_id, f"inbox:{item.id}", "counts")
        await session.flush()


async def unpublish(session: AsyncSession, item_id: UUID, *, now: datetime) -> int:
    """Every listing the item's decision set going is on its way off sale; answers how many."""
    (item,) = await items_of(session, [item_id])
    decision = await session.get(Decision, item.decision_id) if item.decision_id else None
    note = next((one for one in decision.before if one["item"] == str(item_id)), None) if decision else None
    if note is None:
        raise Conflict(_("Nothing was published from here"), _("See the product's listings."))
    ids = [UUID(text["listing_id"]) for text in note["armed"]]
    found = (await session.scalars(select(Listing).where(Listing.id.in_(ids)).order_by(Listing.id))).all()
    for listing in found:
        await listings.end(session, listing, now=now)
    db.changed(session, item.merchant_id, f"inbox:{item.id}", "counts")
    return len(found)


def _armed(text: Mapping[str, Any]) -> Armed:
    return Armed(
        listing_id=UUID(text["listing_id"]),
        product_id=UUID(text["product_id"]),
        connection_id=UUID(text["connection_id"]),
        before=text["before"],
    )
