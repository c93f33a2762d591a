"""One variant's stock, as the page and every later refresh of it show it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.clock import new_id
from portal.models.accounts import Role
from portal.stock import causes, queries
from portal.web import Fragment, Visitor


def variant_part(
    stock: queries.VariantStock, visitor: Visitor, *, errors: dict[str, str] | None = None, **typed: str
) -> Fragment:
    """`typed` is what stood in the form when it was refused. Each making of the form has a mark of its own:
    the same form sent twice changes stock once.
    """
    context = {
        "stock": stock,
        "may_edit": visitor.may(Role.MANAGER),
        "reasons": causes.reasons(),
        "cause_words": causes.words,
        "mark": new_id(),
        "errors": {"quantity": "", "reason": ""} | (errors or {}),
        "typed": {"quantity": "", "reason": ""} | typed,
    }
    return Fragment(f"stock-variant-{stock.id}", "stock/_variant.html", context)


async def variants(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> list[Fragment]:
    return [variant_part(stock, visitor) for stock in await queries.variant_stocks(session, ids)]


FRAGMENTS = {"stock-variant": variants}
