"""Writing to catalog rows: which fields really changed, and what that sets in motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.catalog import search
from portal.models.catalog import Product, Variant
from portal.tasks import service as tasks
from portal.tasks.kinds import PRODUCT_CHANGED

# No channel sees these. A price is seen, but travels by its own push, which compares prices and not versions.
_WITHOUT_A_VERSION: Final = frozenset({"category", "extra", "price_minor"})
# Beyond this, naming every product costs an open page more than looking at everything it shows.
_MOST_NAMED: Final = 50


def write(row: Any, values: Mapping[str, Any]) -> set[str]:
    """The row holds `values`; returns the names of those that differed."""
    differing = {name for name, value in values.items() if getattr(row, name) != value}
    for name in differing:
        setattr(row, name, values[name])
    return differing


def stamp(product: Product, variants: Sequence[Variant], changed: set[str], *, made_by: str, now: datetime) -> None:
    """The product says who changed it and when, is found by its new words; its version rises if a channel sees it."""
    product.search_text = search_text(product, variants)
    product.updated_at = now
    product.updated_by = made_by[:200]
    if a_channel_sees(changed):
        product.version += 1


def search_text(product: Product, variants: Sequence[Variant]) -> str:
    codes = [code for variant in variants for code in (variant.sku, variant.barcode)]
    return search.search_text(product.title, product.vendor, product.product_type, codes)


def a_channel_sees(changed: set[str]) -> bool:
    """Whether a change of these fields reaches a product's page on a channel."""
    return bool(changed - _WITHOUT_A_VERSION)


async def announce(session: AsyncSession, merchant_id: UUID, product_ids: Sequence[UUID], *, now: datetime) -> None:
    """A job will look at what these products' listings need, and open pages show them as they are."""
    await announce_at(session, merchant_id, product_ids, now=now, due=now)


async def announce_at(
    session: AsyncSession, merchant_id: UUID, product_ids: Sequence[UUID], *, now: datetime, due: datetime
) -> None:
    """The same, with the job not before `due`: until then the change can be undone unseen."""
    if not product_ids:
        return
    subjects = [str(product_id) for product_id in product_ids]
    await tasks.enqueue(session, PRODUCT_CHANGED, subjects, merchant_id=merchant_id, now=now, not_before=due)
    keys = [f"product:{subject}" for subject in subjects] if len(subjects) <= _MOST_NAMED else ["*"]
    db.changed(session, merchant_id, *keys)
