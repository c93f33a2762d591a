"""How products come to the inbox, and come back to it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.catalog import sources
from portal.clock import new_id
from portal.inbox.fields import changed, digests
from portal.listings.eligible import products_of, sellable
from portal.models.catalog import Product, ProductStatus
from portal.models.inbox import Decision, InboxItem, InboxState
from portal.models.listings import Intent, Listing


async def create(session: AsyncSession, merchant_id: UUID, product_ids: Sequence[UUID]) -> int:
    """Every product that is for sale or may become so has an item; answers how many are new.

    What is only an offer on an item of one channel's catalog is not for any other channel.
    """
    known = set(await session.scalars(select(InboxItem.product_id).where(InboxItem.product_id.in_(product_ids))))
    wanted = await session.scalars(
        select(Product.id)
        .where(
            Product.id.in_(product_ids),
            Product.status != ProductStatus.ARCHIVED,
            Product.source != sources.OFFER,
            Product.id.not_in(known),
        )
        .order_by(Product.id)
    )
    rows = [
        {"id": new_id(), "merchant_id": merchant_id, "product_id": product_id, "state": InboxState.NEW}
        for product_id in wanted
    ]
    if rows:
        # Another transaction may have been first: one item a product, whoever makes it.
        await session.execute(db.insert(session, InboxItem).on_conflict_do_nothing(index_elements=["product_id"]), rows)
    return len(rows)


async def bring_back(session: AsyncSession, product_ids: Sequence[UUID]) -> list[UUID]:
    """Decided products of which a field that matters changed are up for review again; answers their items.

    A product that is published on every connection keeps itself up to date and does not come back.
    """
    rows = await session.scalars(
        select(InboxItem).where(
            InboxItem.product_id.in_(product_ids),
            InboxItem.state == InboxState.DONE,
            InboxItem.decision_id.is_not(None),
        )
    )
    done = {item.product_id: item for item in rows}
    everywhere = await _on_all_channels(session, list(done))
    candidates = [product_id for product_id in done if product_id not in everywhere]
    seen = await _seen(session, {done[product_id].decision_id for product_id in candidates})
    returned: list[UUID] = []
    for product in await products_of(session, candidates):
        item = done[product.id]
        names = changed(seen.get(item.id, {}), digests(product))
        if names:
            item.state, item.changed_fields, item.decided_at, item.decision_id = InboxState.CHANGED, names, None, None
            returned.append(item.id)
    await session.flush()
    return returned


async def _on_all_channels(session: AsyncSession, product_ids: Sequence[UUID]) -> set[UUID]:
    connections = {connection.id for connection in await sellable(session)}
    rows = await session.execute(
        select(Listing.product_id, Listing.connection_id).where(
            Listing.product_id.in_(product_ids), Listing.intent == Intent.PUBLISH
        )
    )
    listed: dict[UUID, set[UUID]] = {}
    for product_id, connection_id in rows.all():
        listed.setdefault(product_id, set()).add(connection_id)
    return {product_id for product_id, on in listed.items() if connections <= on}


async def _seen(session: AsyncSession, decision_ids: set[UUID | None]) -> dict[UUID, dict[str, str]]:
    """What each item's fields were when it was decided."""
    notes = await session.scalars(select(Decision.before).where(Decision.id.in_(decision_ids)))
    return {UUID(note["item"]): note["seen"] for before in notes for note in before}
