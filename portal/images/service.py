"""Which addresses are looked at, what is written down of a look, and pictures put in the place of others."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.catalog import changes
from portal.clock import new_id
from portal.errors import NotFound
from portal.images import queries
from portal.images.looking import Finding, Made
from portal.models.catalog import Product, ProductImage
from portal.models.images import KEPT, ImageCheck, ImageState, KeptPicture, digest
from portal.tasks import kinds
from portal.tasks import service as tasks

# How long until an address that was not to be had is tried again, each time in a row; then daily.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 30, 120, 360, 1440))


async def ask(
    session: AsyncSession, merchant_id: UUID, product_ids: Sequence[UUID], now: datetime, *, again: bool = False
) -> int:
    """Every address these products show is looked at soon if it never was, or `again`; how many.

    A few hundred products a transaction. Pictures of ours need no look.
    """
    urls = await queries.addresses(session, product_ids)
    wanted = sorted({url for found in urls.values() for url in found})
    if not wanted:
        return 0
    rows = [
        {"id": new_id(), "merchant_id": merchant_id, "url": url, "url_digest": digest(url), "created_at": now}
        for url in wanted
    ]
    await session.execute(db.insert(session, ImageCheck).on_conflict_do_nothing(), rows)
    checks = [check for check in await queries.checks(session, wanted) if check.code != KEPT]
    due = [check for check in checks if again or check.checked_at is None]
    await tasks.enqueue(session, kinds.IMAGE_CHECK, [str(c.id) for c in due], merchant_id=merchant_id, now=now)
    return len(due)


def note(check: ImageCheck, finding: Finding, now: datetime) -> None:
    """The row says what a look found. A size known from before goes when the picture does."""
    picture = finding.picture
    check.state, check.code, check.checked_at = finding.state, finding.code, now
    check.tries = check.tries + 1 if finding.state is ImageState.UNSTABLE else 0
    check.next_check_at = now + wait(check.tries) if check.tries else None
    check.width, check.height = (picture.width, picture.height) if picture else (None, None)
    check.frames, check.bytes = (picture.frames, picture.bytes) if picture else (None, None)
    check.mode, check.format = (picture.mode, picture.format) if picture else ("", "")
    check.sha256 = finding.sha256


def wait(tries: int) -> timedelta:
    """How long after the last of so many looks in a row the next one comes; `tries` is 1 or more."""
    return WAITS[min(tries, len(WAITS)) - 1]


async def keep(session: AsyncSession, merchant_id: UUID, made: Made, now: datetime) -> str:
    """The picture is served from now on; the path it is served at, the same for the same picture."""
    row = {
        "id": new_id(),
        "merchant_id": merchant_id,
        "token": secrets.token_urlsafe(24),
        "sha256": made.finding.sha256,
        "width": made.picture.width,
        "height": made.picture.height,
        "content": made.content,
        "created_at": now,
    }
    await session.execute(db.insert(session, KeptPicture).on_conflict_do_nothing(), [row])
    token = await session.scalar(select(KeptPicture.token).where(KeptPicture.sha256 == made.finding.sha256))
    return f"/pictures/{token}.jpg"


async def put_in_place(
    session: AsyncSession, product: Product, url: str, new: str, made: Made, *, made_by: str, now: datetime
) -> None:
    """The product shows the picture of ours at `new` wherever it showed the one at `url`. Raises NotFound.

    `product` comes from the catalog's queries.product with its lock.
    """
    shown = [image for image in product.images if image.url == url]
    variants = [variant for variant in product.variants if variant.image_url == url]
    if not shown and not variants:
        raise NotFound
    for image in shown:
        image.url = new
    for variant in variants:
        variant.image_url = new
    row = {"id": new_id(), "merchant_id": product.merchant_id, "url": new, "url_digest": digest(new), "created_at": now}
    await session.execute(db.insert(session, ImageCheck).on_conflict_do_nothing(), [row])
    for check in await queries.checks(session, [new]):
        note(check, made.finding, now)
        check.code = KEPT
    await _changed(session, product, made_by=made_by, now=now)


async def take_away(session: AsyncSession, product: Product, url: str, *, made_by: str, now: datetime) -> None:
    """The product no longer shows what is at `url`. Raises NotFound where it did not.

    `product` comes from the catalog's queries.product with its lock.
    """
    shown = [image for image in product.images if image.url == url]
    variants = [variant for variant in product.variants if variant.image_url == url]
    if not shown and not variants:
        raise NotFound
    for variant in variants:
        variant.image_url = ""
    await session.execute(delete(ProductImage).where(ProductImage.id.in_([image.id for image in shown])))
    await _changed(session, product, made_by=made_by, now=now)


async def announce(session: AsyncSession, merchant_id: UUID, urls: Collection[str]) -> None:
    """Open pages of the products that show one of these addresses are made afresh."""
    users = await queries.users(session, urls)
    keys = {f"product:{product_id}" for found in users.values() for product_id in found}
    if keys:
        db.changed(session, merchant_id, *keys)


async def _changed(session: AsyncSession, product: Product, *, made_by: str, now: datetime) -> None:
    changes.stamp(product, product.variants, {"images"}, made_by=made_by, now=now)
    await session.flush()
    await changes.announce(session, product.merchant_id, [product.id], now=now)
