"""Products in bulk: matched with what is there, compared field by field, written a table at a time.

Everything here is plain rows: making objects of them would be most of the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.catalog import changes, descriptions, handles, search, uploads
from portal.catalog.records import NewImage, NewProduct, NewVariant, Outcome, SavedProduct, SavedVariant
from portal.clock import new_id
from portal.models.catalog import Product, ProductImage, Variant

Row = dict[str, Any]

_AT_ONCE: Final = 1000
_PRODUCT_WORDS: Final = ("title", "vendor", "product_type", "category", "status", "seo_title", "seo_description")
_VARIANT_FIELDS: Final = (
    "sku", "barcode", "price_minor", "compare_at_minor", "cost_minor", "tracked", "sell_when_out", "requires_shipping",
    "taxable", "grams", "image_url",
)  # fmt: skip
_product_words = attrgetter(*_PRODUCT_WORDS)
_variant_fields = attrgetter(*_VARIANT_FIELDS)


@dataclass(slots=True)
class _Draft:
    """A product's rows as this batch leaves them, all its variants and images with it."""

    product: Row
    variants: list[Row] = field(default_factory=list)
    images: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class _Batch:
    """`drafts` by handle; `known` are the rows that were there, by id, as they were."""

    merchant_id: UUID
    now: datetime
    drafts: dict[str, _Draft]
    known: dict[UUID, Row]

    def new_row(self, **values: Any) -> Row:
        return {"id": new_id(), "merchant_id": self.merchant_id, "created_at": self.now, **values}

    def on_hand(self, variant: Row) -> int | None:
        """None for a variant of this batch's own."""
        return self.known[variant["id"]]["on_hand"] if variant["id"] in self.known else None


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
    batch = await _open(session, merchant_id, keys, now)
    saved = []
    for key, record in zip(keys, records, strict=True):
        draft = batch.drafts.get(key)
        is_new = draft is None
        if draft is None:
            draft = batch.drafts[key] = _Draft(_new_product(batch, key, source))
        changed = _take(draft, record, everything=is_new)
        variants, touched = _take_variants(batch, draft, record)
        changed |= touched | _take_images(batch, draft, record.images)
        if changed:
            _stamp(batch, draft, changed, made_by=made_by)
        outcome = Outcome.CREATED if is_new else Outcome.CHANGED if changed else Outcome.UNCHANGED
        saved.append(SavedProduct(draft.product["id"], outcome, variants))
    await _write(session, batch)
    return saved


async def _open(session: AsyncSession, merchant_id: UUID, keys: Sequence[str], now: datetime) -> _Batch:
    """The known products of these handles, locked, with what is theirs."""
    query = select(*db.columns(Product)).where(Product.handle.in_(set(keys))).order_by(Product.id).with_for_update()
    drafts = {row["id"]: _Draft(row) for row in await _rows(session, query)}
    variants = select(*db.columns(Variant)).where(Variant.product_id.in_(drafts)).order_by(Variant.position)
    for row in await _rows(session, variants):
        drafts[row["product_id"]].variants.append(row)
    images = (
        select(*db.columns(ProductImage)).where(ProductImage.product_id.in_(drafts)).order_by(ProductImage.position)
    )
    for row in await _rows(session, images):
        drafts[row["product_id"]].images.append(row)
    known = {
        row["id"]: dict(row) for draft in drafts.values() for row in (draft.product, *draft.variants, *draft.images)
    }
    return _Batch(merchant_id, now, {draft.product["handle"]: draft for draft in drafts.values()}, known)


async def _rows(session: AsyncSession, query: Select[Any]) -> list[Row]:
    found = await session.execute(query)
    names = list(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found]


def _new_product(batch: _Batch, key: str, source: str) -> Row:
    return batch.new_row(handle=key, source=source[:64], tags=[], option_names=[], extra={}, details={}, version=0)


def _take(draft: _Draft, record: NewProduct, *, everything: bool) -> set[str]:
    """The product's own fields, as far as the record gives them."""
    product = draft.product
    values: Row = dict(zip(_PRODUCT_WORDS, _product_words(record), strict=True))
    values["description_html"] = descriptions.clean(record.description_html)
    values["tags"] = list(record.tags)
    values["extra"] = {**product["extra"], **record.extra}
    values["details"] = {**product["details"], **record.details}
    changed = _put(product, values, None if everything else record.given)
    if record.option_names is not None:
        longest = max((len(variant["option_values"]) for variant in draft.variants), default=0)
        names = list(record.option_names)
        # Variants that the record does not name stay, with the options they have.
        names += product["option_names"][len(names) : longest]
        changed |= _put(product, {"option_names": names})
    return changed


def _put(row: Row, values: Mapping[str, Any], given: frozenset[str] | None = None) -> set[str]:
    """The row holds the values, of `given` names only if there are such; returns the names of those that differed."""
    taken = values if given is None else {name: value for name, value in values.items() if name in given}
    differing = {name for name, value in taken.items() if name not in row or row[name] != value}
    row.update(taken)
    return differing


def _take_variants(batch: _Batch, draft: _Draft, record: NewProduct) -> tuple[tuple[SavedVariant, ...], set[str]]:
    width = len(draft.product["option_names"])
    changed: set[str] = set()
    for variant in draft.variants:
        changed |= _put(variant, {"option_values": _fit(variant["option_values"], width)})
    wanted = [new for new in record.variants if not (new.implied and draft.variants)]
    saved = []
    for new, known in zip(wanted, _pairs(wanted, draft.variants, width), strict=True):
        variant = known or _new_variant(batch, draft)
        values: Row = dict(zip(_VARIANT_FIELDS, _variant_fields(new), strict=True))
        values["extra"] = {**variant["extra"], **new.extra}
        changed |= _put(variant, values, new.given if known else None)
        changed |= _put(variant, {"option_values": _fit(new.option_values, width)})
        saved.append(SavedVariant(variant["id"], batch.on_hand(variant), new.quantity))
        changed |= set() if known else {"variants"}
    return tuple(saved), changed


def _pairs(wanted: Sequence[NewVariant], known: Sequence[Row], width: int) -> list[Row | None]:
    """For each wanted variant the known one it is: of the same options, else of the same SKU where only one has it."""
    by_options = {tuple(variant["option_values"]): variant for variant in known}
    pairs = [by_options.get(tuple(_fit(new.option_values, width))) for new in wanted]
    taken = {variant["id"] for variant in pairs if variant}
    by_sku: dict[str, list[Row]] = {}
    for variant in known:
        if variant["sku"] and variant["id"] not in taken:
            by_sku.setdefault(variant["sku"], []).append(variant)
    asked = [new.sku for new, found in zip(wanted, pairs, strict=True) if found is None]
    for at, new in enumerate(wanted):
        found = by_sku.get(new.sku, [])
        if pairs[at] is None and len(found) == 1 and asked.count(new.sku) == 1:
            pairs[at] = found[0]
    return pairs


def _new_variant(batch: _Batch, draft: _Draft) -> Row:
    position = draft.variants[-1]["position"] + 1 if draft.variants else 1
    variant = batch.new_row(product_id=draft.product["id"], position=position, on_hand=0, extra={})
    draft.variants.append(variant)
    return variant


def _take_images(batch: _Batch, draft: _Draft, images: Sequence[NewImage]) -> set[str]:
    """The record's images come first, in its order; others the product has follow."""
    if not images:
        return set()
    before = [(image["url"], image["alt"]) for image in draft.images]
    known = {image["url"]: image for image in reversed(draft.images)}
    first: dict[str, Row] = {}
    for new in images:
        image = first.get(new.url) or known.get(new.url)
        if image is None:
            image = batch.new_row(product_id=draft.product["id"], url=new.url)
        image["alt"] = new.alt
        first[new.url] = image
    named = {image["id"] for image in first.values()}
    draft.images = [*first.values(), *(image for image in draft.images if image["id"] not in named)]
    for position, image in enumerate(draft.images, start=1):
        image["position"] = position
    return {"images"} if [(image["url"], image["alt"]) for image in draft.images] != before else set()


def _stamp(batch: _Batch, draft: _Draft, changed: set[str], *, made_by: str) -> None:
    product = draft.product
    is_new = product["id"] not in batch.known
    codes = [code for variant in draft.variants for code in (variant["sku"], variant["barcode"])]
    product["search_text"] = search.search_text(product["title"], product["vendor"], product["product_type"], codes)
    product["updated_at"], product["updated_by"] = batch.now, made_by[:200]
    if is_new:
        product["version"] = 1
    elif changes.a_channel_sees(changed):
        product["version"] += 1


async def _write(session: AsyncSession, batch: _Batch) -> None:
    """A table at a time, parents first."""
    every = list(batch.drafts.values())
    await _write_table(session, Product, [draft.product for draft in every], batch.known)
    variants = [row for draft in every for row in draft.variants]
    await _write_table(session, Variant, variants, batch.known)
    known = [(row, batch.known[row["id"]]) for row in variants if row["id"] in batch.known]
    renamed = [(row["id"], row["sku"]) for row, was in known if row["sku"] != was["sku"]]
    await uploads.note_renamed(session, renamed, batch.now)
    await _write_table(session, ProductImage, [row for draft in every for row in draft.images], batch.known)


async def _write_table(session: AsyncSession, model: type[Any], rows: Sequence[Row], known: Mapping[UUID, Row]) -> None:
    """New rows are in the table, and known ones that differ from what was there; of these only what differs."""
    new = [row for row in rows if row["id"] not in known]
    for start in range(0, len(new), _AT_ONCE):
        await session.execute(db.insert(session, model), new[start : start + _AT_ONCE])
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        was = known.get(row["id"], row)
        if was != row:
            names = tuple(name for name in row if row[name] != was[name])
            alike.setdefault(names, []).append({name: row[name] for name in ("id", *names)})
    for differing in alike.values():
        await db.update(session, model, differing)


def _fit(values: Sequence[str], width: int) -> list[str]:
    return [*values, *[""] * width][:width]
