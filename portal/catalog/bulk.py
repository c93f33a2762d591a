"""Products in bulk: matched with what is there, compared field by field, written a table at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from portal import db
from portal.catalog import changes, descriptions, handles, search
from portal.catalog.records import NewImage, NewProduct, NewVariant, Outcome, SavedProduct, SavedVariant
from portal.clock import new_id
from portal.models.catalog import Product, ProductImage, Variant

_AT_ONCE: Final = 1000
_PRODUCT_WORDS: Final = ("title", "vendor", "product_type", "category", "status", "seo_title", "seo_description")
_VARIANT_FIELDS: Final = (
    "sku", "barcode", "price_minor", "compare_at_minor", "cost_minor", "tracked", "sell_when_out", "requires_shipping",
    "taxable", "grams", "image_url",
)  # fmt: skip


@dataclass(slots=True)
class _Draft:
    """A product as this batch leaves it. `variants` and `images` are all of it, `new_…` those to insert."""

    product: Product
    is_new: bool
    variants: list[Variant] = field(default_factory=list)
    images: list[ProductImage] = field(default_factory=list)
    new_variants: list[Variant] = field(default_factory=list)
    new_images: list[ProductImage] = field(default_factory=list)


async def save(
    session: AsyncSession,
    merchant_id: UUID,
    records: Sequence[NewProduct],
    *,
    source: str,
    made_by: str,
    now: datetime,
) -> list[SavedProduct]:
    """What service.save_imported promises, without the announcement."""
    keys = [(record.handle or handles.slug(record.title))[: handles.LONGEST] for record in records]
    drafts = await _known(session, keys)
    saved = []
    for key, record in zip(keys, records, strict=True):
        draft = drafts.get(key)
        if draft is None:
            draft = drafts[key] = _new_draft(merchant_id, key, record, source=source, now=now)
            changed, outcome = _take(draft, record, everything=True), Outcome.CREATED
        else:
            changed = _take(draft, record, everything=False)
            outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED
        variants, touched = _take_variants(draft, record, merchant_id)
        changed |= touched | _take_images(draft, record.images, merchant_id)
        if changed:
            outcome = Outcome.CREATED if outcome is Outcome.CREATED else Outcome.CHANGED
            _stamp(draft, changed, made_by=made_by, now=now)
        saved.append(SavedProduct(draft.product.id, outcome, variants))
    await _write(session, drafts.values())
    return saved


async def _known(session: AsyncSession, keys: Iterable[str]) -> dict[str, _Draft]:
    query = (
        select(Product)
        .where(Product.handle.in_(set(keys)))
        .options(selectinload(Product.variants), selectinload(Product.images))
        .execution_options(populate_existing=True)
        .order_by(Product.id)
        .with_for_update()
    )
    return {
        product.handle: _Draft(product, is_new=False, variants=list(product.variants), images=list(product.images))
        for product in await session.scalars(query)
    }


def _new_draft(merchant_id: UUID, key: str, record: NewProduct, *, source: str, now: datetime) -> _Draft:
    product = Product(
        id=new_id(),
        merchant_id=merchant_id,
        handle=key,
        title=record.title,
        tags=[],
        option_names=[],
        extra={},
        source=source[:64],
        version=0,
        created_at=now,
    )
    return _Draft(product, is_new=True)


def _take(draft: _Draft, record: NewProduct, *, everything: bool) -> set[str]:
    """The product's own fields, as far as the record gives them."""
    values: dict[str, Any] = {name: getattr(record, name) for name in _PRODUCT_WORDS}
    values["description_html"] = descriptions.clean(record.description_html)
    values["tags"] = list(record.tags)
    values["extra"] = {**draft.product.extra, **record.extra}
    given = None if everything else record.given
    changed = changes.write(
        draft.product, {name: value for name, value in values.items() if given is None or name in given}
    )
    if record.option_names is not None:
        longest = max((len(variant.option_values) for variant in draft.variants), default=0)
        names = list(record.option_names)
        # Variants that the record does not name stay, with the options they have.
        names += draft.product.option_names[len(names) : longest]
        changed |= changes.write(draft.product, {"option_names": names})
    return changed


def _take_variants(draft: _Draft, record: NewProduct, merchant_id: UUID) -> tuple[tuple[SavedVariant, ...], set[str]]:
    width = len(draft.product.option_names)
    changed: set[str] = set()
    for variant in draft.variants:
        changed |= changes.write(variant, {"option_values": _fit(variant.option_values, width)})
    wanted = [new for new in record.variants if not (new.implied and draft.variants)]
    pairs = _pairs(wanted, draft.variants, width)
    saved = []
    for new, known in zip(wanted, pairs, strict=True):
        variant = known or _new_variant(draft, merchant_id)
        values: dict[str, Any] = {name: getattr(new, name) for name in _VARIANT_FIELDS}
        values["extra"] = {**variant.extra, **new.extra}
        given = None if known is None else new.given
        values = {name: value for name, value in values.items() if given is None or name in given}
        changed |= changes.write(variant, values | {"option_values": _fit(new.option_values, width)})
        previous = None if known is None or known in draft.new_variants else known.on_hand
        saved.append(SavedVariant(variant.id, previous, new.quantity))
        if known is None:
            changed.add("variants")
    return tuple(saved), changed


def _pairs(wanted: Sequence[NewVariant], known: Sequence[Variant], width: int) -> list[Variant | None]:
    """For each wanted variant the known one it is: of the same options, else of the same SKU where only one has it."""
    by_options = {tuple(variant.option_values): variant for variant in known}
    pairs = [by_options.get(tuple(_fit(new.option_values, width))) for new in wanted]
    taken = {variant.id for variant in pairs if variant is not None}
    by_sku: dict[str, list[Variant]] = {}
    for variant in known:
        if variant.sku and variant.id not in taken:
            by_sku.setdefault(variant.sku, []).append(variant)
    asked = [new.sku for new, found in zip(wanted, pairs, strict=True) if found is None]
    for at, new in enumerate(wanted):
        found = by_sku.get(new.sku, [])
        if pairs[at] is None and len(found) == 1 and asked.count(new.sku) == 1:
            pairs[at] = found[0]
    return pairs


def _new_variant(draft: _Draft, merchant_id: UUID) -> Variant:
    position = max((variant.position for variant in draft.variants), default=0) + 1
    variant = Variant(
        id=new_id(),
        merchant_id=merchant_id,
        product_id=draft.product.id,
        position=position,
        option_values=[],
        on_hand=0,
        extra={},
    )
    draft.variants.append(variant)
    draft.new_variants.append(variant)
    return variant


def _take_images(draft: _Draft, images: Sequence[NewImage], merchant_id: UUID) -> set[str]:
    """The record's images come first, in its order; others the product has follow."""
    if not images:
        return set()
    before = [(image.url, image.alt) for image in draft.images]
    known = {image.url: image for image in reversed(draft.images)}
    first: dict[str, ProductImage] = {}
    for new in images:
        image = first.get(new.url) or known.get(new.url)
        if image is None:
            image = ProductImage(id=new_id(), merchant_id=merchant_id, product_id=draft.product.id, url=new.url)
            draft.new_images.append(image)
        changes.write(image, {"alt": new.alt})
        first[new.url] = image
    named = {image.id for image in first.values()}
    draft.images = [*first.values(), *(image for image in draft.images if image.id not in named)]
    for position, image in enumerate(draft.images, start=1):
        changes.write(image, {"position": position})
    return {"images"} if [(image.url, image.alt) for image in draft.images] != before else set()


def _stamp(draft: _Draft, changed: set[str], *, made_by: str, now: datetime) -> None:
    if not draft.is_new:
        changes.stamp(draft.product, draft.variants, changed, made_by=made_by, now=now)
        return
    draft.product.version = 1
    draft.product.updated_at, draft.product.updated_by = now, made_by[:200]
    draft.product.search_text = search.search_text(draft.product, draft.variants)


async def _write(session: AsyncSession, drafts: Iterable[_Draft]) -> None:
    """New rows a table at a time, parents first; the unit of work writes the changed ones."""
    every = list(drafts)
    await _insert(session, Product, [draft.product for draft in every if draft.is_new])
    await _insert(session, Variant, [variant for draft in every for variant in draft.new_variants])
    await _insert(session, ProductImage, [image for draft in every for image in draft.new_images])
    await session.flush()


async def _insert(session: AsyncSession, model: type[Any], made: Sequence[Any]) -> None:
    """The objects were never in the session: they only carried values, which go in as plain rows."""
    columns = model.__table__.columns
    rows = [
        {
            column.key: value
            for column in columns
            if (value := getattr(row, column.key)) is not None or column.default is None
        }
        for row in made
    ]
    for start in range(0, len(rows), _AT_ONCE):
        await session.execute(db.insert(session, model), rows[start : start + _AT_ONCE])


def _fit(values: Sequence[str], width: int) -> list[str]:
    return [*values, *[""] * width][:width]
