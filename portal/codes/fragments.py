"""What a product's page says of its codes, as a part that is fetched again by itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.codes import queries
from portal.models.accounts import Role
from portal.models.catalog import Product
from portal.web import Fragment, Visitor


async def part(session: AsyncSession, visitor: Visitor, product_id: UUID) -> Fragment:
    lacking = (await queries.lacking(session, product_id)).variants
    context = {
        "product_id": product_id,
        "lacking": lacking,
        "free": (await queries.counts(session)).free if lacking else 0,
        "may_edit": visitor.may(Role.MANAGER),
    }
    return Fragment(f"product-codes-{product_id}", "codes/_product.html", context)


async def parts(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    known = await session.scalars(select(Product.id).where(Product.id.in_(ids)))
    return [await part(session, visitor, product_id) for product_id in known.all()]


FRAGMENTS = {"product-codes": parts}
