"""What a bundle is made of: other variants, so many of each. Its stock is what they make."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.catalog import typed
from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.catalog import Product, Variant
from portal.models.listings import ListingItem
from portal.models.stock import Component, Reservation
from portal.stock import service, shelf, telling
from portal.stock.service import Count

FIELD = "components"
CAUSE = "bundle"
MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One component: `in_one` of it in each bundle, and `free` of it on hand that no order holds."""

    variant_id: UUID
    product_id: UUID
    title: str
    sku: str
    in_one: int
    free: int


async def parts(session: AsyncSession, bundle_ids: Sequence[UUID]) -> dict[UUID, list[Part]]:
    """What each bundle among these variants is made of."""
    query = (
        select(Component, Variant, Product.title)
        .join(Variant, Variant.id == Component.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(Component.bundle_id.in_(bundle_ids))
        .order_by(Component.id)
    )
    found: dict[UUID, list[Part]] = {}
    for row, variant, title in (await session.execute(query)).all():
        free = variant.on_hand - variant.reserved
        part = Part(variant.id, variant.product_id, title, variant.sku, row.quantity, free)
        found.setdefault(row.bundle_id, []).append(part)
    return found


def parse(text: str) -> dict[str, int]:
    """How many of each SKU: one a line, the SKU and then the number, 1 where there is none. Raises FormInvalid."""
    wanted: dict[str, int] = {}
    for line in filter(None, (typed.half_width(line) for line in text.splitlines())):
        match = re.fullmatch(r"(.+?)(?:[\s,×]+(?:x\s*)?(\d{1,4}))?", line)
        sku, units = (match[1], int(match[2] or 1)) if match else (line, 0)
        if not units:
            raise FormInvalid({FIELD: _("Write how many of %(sku)s are in one: 1 or more.") % {"sku": sku}})
        if sku in wanted:
            raise FormInvalid({FIELD: _("%(sku)s is there twice. Write it once.") % {"sku": sku}})
        wanted[sku] = units
    if len(wanted) > MOST_PARTS:
        raise FormInvalid({FIELD: _("A bundle has at most %(count)s components.") % {"count": MOST_PARTS}})
    return wanted


async def compose(
    session: AsyncSession, merchant_id: UUID, bundle_id: UUID, wanted: Mapping[str, int], *, made_by: str, now: datetime
) -> None:
    """The variant is a bundle of these SKUs and has no stock of its own; of none, it is an ordinary variant again.

    Raises FormInvalid (`components`) for what cannot be so, and NotFound for a variant that is not the merchant's.
    """
    components = await _variants(session, bundle_id, wanted)
    shelves = await shelf.locked(session, {bundle_id, *components})
    await _check(session, bundle_id, components)
    before = shelves[bundle_id].parts
    if before == components:
        return
    if components and not before:
        emptied = Count(variant_id=bundle_id, quantity=0, cause=CAUSE, cause_id=now.isoformat())
        await service.move(session, merchant_id=merchant_id, moves=[emptied], made_by=made_by, now=now)
    await session.execute(delete(Component).where(Component.bundle_id == bundle_id))
    session.add_all(
        Component(merchant_id=merchant_id, bundle_id=bundle_id, variant_id=variant_id, quantity=in_one)
        for variant_id, in_one in components.items()
    )
    await session.flush()
    mine = ListingItem.variant_id == bundle_id
    await telling.again(session, merchant_id, mine, priority=telling.DOWN_FIRST, now=now)


async def _variants(session: AsyncSession, bundle_id: UUID, wanted: Mapping[str, int]) -> dict[UUID, int]:
    """The one variant each SKU means."""
    found: dict[str, list[UUID]] = {}
    query = select(Variant.sku, Variant.id).where(Variant.sku.in_(wanted))
    for sku, variant_id in await session.execute(query):
        found.setdefault(sku, []).append(variant_id)
    for sku in wanted:
        ids = found.get(sku, [])
        if not ids:
            raise FormInvalid({FIELD: _("No variant has the SKU %(sku)s.") % {"sku": sku}})
        if len(ids) > 1:
            raise FormInvalid(
                {FIELD: _("More than one variant has the SKU %(sku)s. Make it unique first.") % {"sku": sku}}
            )
        if ids == [bundle_id]:
            raise FormInvalid({FIELD: _("A bundle cannot contain itself. Take %(sku)s out.") % {"sku": sku}})
    return {found[sku][0]: in_one for sku, in_one in wanted.items()}


async def _check(session: AsyncSession, bundle_id: UUID, components: Mapping[UUID, int]) -> None:
    """No bundle in a bundle, and none changes while an order that is not taken yet holds some."""
    if not components:
        nested = None
    else:
        query = select(Variant.sku).join(Component, Component.bundle_id == Variant.id)
        nested = await session.scalar(query.where(Variant.id.in_(components)).limit(1))
    if nested is not None:
        raise FormInvalid({FIELD: _("%(sku)s is a bundle itself. Write what it is made of instead.") % {"sku": nested}})
    inside = select(Component.id).where(Component.variant_id == bundle_id)
    if components and await session.scalar(inside.limit(1)) is not None:
        raise FormInvalid({FIELD: _("This is part of another bundle, so it cannot be one. Take it out there first.")})
    held = select(Reservation.id).where(Reservation.variant_id == bundle_id, Reservation.ended_at.is_(None))
    if await session.scalar(held.limit(1)) is not None:
        raise FormInvalid({FIELD: _("Orders that are not paid yet hold some of these. Try again when they are.")})
