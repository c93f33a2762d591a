"""Which addresses products show, and what is known of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.catalog import Product, ProductImage, ProductStatus, Variant
from portal.models.images import ImageCheck, KeptPicture, digest
from portal.models.listings import Intent, Listing

RECENTLY = timedelta(days=7)
# A statement takes so many thousand values; products of a hundred variants show as many pictures.
AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Shown:
    """One place of a product that shows an address: its pointer into the product record, and the words beside it."""

    field: str
    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Due:
    """Products with an address nobody has looked at, and products whose addresses are looked at again."""

    first: list[UUID]
    again: list[UUID]


async def places(session: AsyncSession, product_ids: Sequence[UUID]) -> dict[UUID, list[Shown]]:
    """Where each product shows a picture, in the order of its record."""
    found: dict[UUID, list[Shown]] = {product_id: [] for product_id in product_ids}
    images = select(ProductImage.product_id, ProductImage.url, ProductImage.alt)
    images = images.where(ProductImage.product_id.in_(product_ids)).order_by(ProductImage.position)
    for product_id, url, alt in await session.execute(images):
        found[product_id].append(Shown(f"/images/{len(found[product_id])}", url, alt))
    variants = select(Variant.product_id, Variant.image_url)
    variants = variants.where(Variant.product_id.in_(product_ids)).order_by(Variant.position)
    counted: dict[UUID, int] = {}
    for product_id, url in await session.execute(variants):
        index = counted[product_id] = counted.get(product_id, -1) + 1
        if url:
            found[product_id].append(Shown(f"/variants/{index}/image_url", url, ""))
    return found


async def addresses(session: AsyncSession, product_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    """The addresses each product shows."""
    found = await places(session, product_ids)
    return {product_id: {shown.url for shown in places if shown.url} for product_id, places in found.items()}


async def users(session: AsyncSession, urls: Collection[str]) -> dict[str, set[UUID]]:
    """The products that show each address; an address nobody shows is left out."""
    found: dict[str, set[UUID]] = {}
    for query in (
        select(ProductImage.url, ProductImage.product_id).where(ProductImage.url.in_(urls)),
        select(Variant.image_url, Variant.product_id).where(Variant.image_url.in_(urls)),
    ):
        for url, product_id in await session.execute(query):
            found.setdefault(url, set()).add(product_id)
    return found


async def checks(session: AsyncSession, urls: Collection[str]) -> list[ImageCheck]:
    """What is known of these addresses."""
    wanted = [digest(url) for url in urls]
    found: list[ImageCheck] = []
    for start in range(0, len(wanted), AT_ONCE):
        some = ImageCheck.url_digest.in_(wanted[start : start + AT_ONCE])
        found += await session.scalars(select(ImageCheck).where(some))
    return found


async def due(session: AsyncSession, now: datetime, *, ordered: Collection[UUID] = ()) -> Due:
    """What a night looks at: never looked at; changed in the last seven days; `ordered` and for sale somewhere.

    `ordered` are the products of the orders of as many days as the merchant chose.
    """
    shown = select(Product.id, ProductImage.url).join(ProductImage, ProductImage.product_id == Product.id)
    shown = shown.where(Product.status != ProductStatus.ARCHIVED)
    of_variants = select(Product.id, Variant.image_url).join(Variant, Variant.product_id == Product.id)
    of_variants = of_variants.where(Product.status != ProductStatus.ARCHIVED, Variant.image_url != "")
    looked = set(await session.scalars(select(ImageCheck.url).where(ImageCheck.checked_at.is_not(None))))
    first = {
        product_id
        for query in (shown, of_variants)
        for product_id, url in await session.execute(query)
        if url not in looked
    }
    changed = select(Product.id).where(Product.status != ProductStatus.ARCHIVED, Product.updated_at >= now - RECENTLY)
    again = set(await session.scalars(changed))
    listed = select(Listing.product_id).where(Listing.product_id.in_(ordered), Listing.intent == Intent.PUBLISH)
    again |= set(await session.scalars(listed)) if ordered else set()
    return Due(first=sorted(first - again), again=sorted(again))


async def kept(session: AsyncSession, token: str) -> bytes | None:
    """The picture served under the token, whoever's it is."""
    found: bytes | None = await session.scalar(select(KeptPicture.content).where(KeptPicture.token == token))
    return found
