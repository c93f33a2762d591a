"""Changes to the catalog: by hand in the editor, or in bulk from a file or a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.catalog import bulk, changes, handles, queries, typed, uploads
from portal.catalog.forms import ImageEdit, ProductEdit, VariantEdit
from portal.catalog.records import NewProduct, Outcome, SavedProduct
from portal.clock import new_id
from portal.errors import Conflict
from portal.i18n import _
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant
from portal.models.listings import ListingItem
from portal.models.stock import Movement

UNDO_SECONDS: Final = 10
_FIELDS: Final = (
    "title", "description_html", "vendor", "product_type", "category", "status", "seo_title", "seo_description",
    "details",
)  # fmt: skip
_VARIANT_FIELDS: Final = (
    "barcode", "price_minor", "compare_at_minor", "cost_minor", "grams", "tracked", "sell_when_out",
)  # fmt: skip


async def create(
    session: AsyncSession,
    *,
    merchant_id: UUID,
    product_id: UUID,
    edit: ProductEdit,
    made_by: str,
    now: datetime,
    source: str = "manual",
) -> bool:
    """The product exists under `product_id`, which the form carried: sent a second time, it is made once.

    Returns whether this call made it.
    """
    if await session.scalar(select(Product.id).where(Product.id == product_id)) is not None:
        return False
    row: dict[str, Any] = {name: getattr(edit, name) for name in _FIELDS}
    row |= {"id": product_id, "merchant_id": merchant_id, "tags": list(edit.tags), "handle": ""}
    row |= {"source": source}
    row |= {"option_names": list(edit.option_names), "updated_at": now, "updated_by": made_by[:200], "created_at": now}
    await _insert_with_handle(session, row, edit.title)
    product = await queries.product(session, product_id)
    variants = [_new_variant(product, variant, at) for at, variant in enumerate(edit.variants, start=1)]
    session.add_all([*variants, *(_new_image(product, image, at) for at, image in enumerate(edit.images, start=1))])
    product.search_text = changes.search_text(product, variants)
    await session.flush()
    await changes.announce(session, merchant_id, [product_id], now=now)
    return True


async def save(session: AsyncSession, product: Product, edit: ProductEdit, *, made_by: str, now: datetime) -> set[str]:
    """The product is as the edit says; returns the names of the fields that changed, none when nothing did.

    `product` comes from queries.product with its lock, so that what the form was compared with is what is written to.
    """
    values: dict[str, Any] = {name: getattr(edit, name) for name in _FIELDS}
    values |= {"tags": list(edit.tags), "option_names": list(edit.option_names)}
    changed = changes.write(product, values)
    changed |= await _save_variants(session, product, edit.variants, now)
    changed |= await _save_images(session, product, edit.images)
    if changed:
        await session.flush()
        product = await queries.product(session, product.id)
        changes.stamp(product, product.variants, changed, made_by=made_by, now=now)
        await session.flush()
        await changes.announce(session, product.merchant_id, [product.id], now=now)
    return changed


async def archive(session: AsyncSession, product_id: UUID, *, made_by: str, now: datetime) -> ProductStatus:
    """The product is archived; its channels hear of it when undoing is over. Returns what it was."""
    due = now + timedelta(seconds=UNDO_SECONDS)
    return await _set_status(session, product_id, ProductStatus.ARCHIVED, made_by=made_by, now=now, due=due)


async def restore(
    session: AsyncSession, product_id: UUID, status: ProductStatus, *, made_by: str, now: datetime
) -> ProductStatus:
    """The product has `status` again. Returns what it was."""
    return await _set_status(session, product_id, status, made_by=made_by, now=now, due=now)


async def save_imported(
    session: AsyncSession,
    merchant_id: UUID,
    products: Sequence[NewProduct],
    *,
    source: str,
    now: datetime,
    made_by: str = "",
) -> list[SavedProduct]:
    """Each product is in the catalog: made under its handle, or the known one of that handle brought up to date.

    One result for each record, in order; the same handle may come more than once. Running it again
    with the same records changes nothing. About 1,000 products a transaction. Quantities are only
    handed on: whoever calls sets the stock, in this transaction.
    """
    saved = await bulk.save(session, merchant_id, products, source=source, made_by=made_by or source, now=now)
    touched = dict.fromkeys(product.id for product in saved if product.outcome is not Outcome.UNCHANGED)
    await changes.announce(session, merchant_id, list(touched), now=now)
    return saved


async def _set_status(
    session: AsyncSession, product_id: UUID, status: ProductStatus, *, made_by: str, now: datetime, due: datetime
) -> ProductStatus:
    product = await queries.product(session, product_id, lock=True)
    before = product.status
    if before is not status:
        changed = changes.write(product, {"status": status})
        changes.stamp(product, product.variants, changed, made_by=made_by, now=now)
        await session.flush()
        await changes.announce_at(session, product.merchant_id, [product_id], now=now, due=due)
    return before


async def _insert_with_handle(session: AsyncSession, row: dict[str, Any], title: str) -> None:
    """The row is in, under the first handle nobody has: two people may choose the same one at the same moment."""
    for handle in handles.candidates(title, row["id"]):
        insert = db.insert(session, Product).on_conflict_do_nothing().returning(Product.__table__.c.id)
        if (await session.execute(insert, row | {"handle": handle})).first() is not None:
            return
    raise Conflict(_("This product exists already"), _("Reload the page to start a new one."))


async def _save_variants(
    session: AsyncSession, product: Product, edits: Sequence[VariantEdit], now: datetime
) -> set[str]:
    known = {variant.id: variant for variant in product.variants}
    changed: set[str] = set()
    kept: set[UUID] = set()
    renamed: list[tuple[UUID, str]] = []
    for at, edit in enumerate(edits, start=1):
        variant = known.get(edit.id) if edit.id else None
        if variant is None:
            session.add(_new_variant(product, edit, at))
            changed.add("variants")
            continue
        kept.add(variant.id)
        values: dict[str, Any] = {name: getattr(edit, name) for name in _VARIANT_FIELDS}
        values["option_values"] = list(edit.option_values)
        # The form shows half-width; a SKU brought in another width stays the one its shop knows.
        values["sku"] = variant.sku if typed.half_width(variant.sku) == edit.sku else edit.sku
        differing = changes.write(variant, values)
        changed |= differing
        renamed += [(variant.id, variant.sku)] if "sku" in differing else []
        variant.position = at
    await uploads.note_renamed(session, renamed, now)
    removed = known.keys() - kept
    if removed:
        await _remove_variants(session, removed, now)
        changed.add("variants")
    return changed


async def _remove_variants(session: AsyncSession, ids: Iterable[UUID], now: datetime) -> None:
    """The variants are gone with their stock's history and their places on channels."""
    which = list(ids)
    await uploads.note_deleted(session, which, now)
    await session.execute(delete(ListingItem).where(ListingItem.variant_id.in_(which)))
    await session.execute(delete(Movement).where(Movement.variant_id.in_(which)))
    await session.execute(delete(Variant).where(Variant.id.in_(which)))


async def _save_images(session: AsyncSession, product: Product, edits: Sequence[ImageEdit]) -> set[str]:
    before = [(image.url, image.alt) for image in product.images]
    if before == [(edit.url, edit.alt) for edit in edits]:
        return set()
    await session.execute(delete(ProductImage).where(ProductImage.product_id == product.id))
    session.add_all([_new_image(product, edit, at) for at, edit in enumerate(edits, start=1)])
    return {"images"}


def _new_variant(product: Product, edit: VariantEdit, position: int) -> Variant:
    values = {name: getattr(edit, name) for name in _VARIANT_FIELDS}
    return Variant(
        id=new_id(),
        merchant_id=product.merchant_id,
        product_id=product.id,
        position=position,
        option_values=list(edit.option_values),
        sku=edit.sku,
        **values,
    )


def _new_image(product: Product, edit: ImageEdit, position: int) -> ProductImage:
    return ProductImage(
        merchant_id=product.merchant_id, product_id=product.id, position=position, url=edit.url, alt=edit.alt
    )
