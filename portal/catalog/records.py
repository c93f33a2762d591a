"""What a file or a store brings to the catalog, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.models.catalog import ProductStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVariant:
    """`given` names the fields that a known variant takes over; None is all of them. A new variant takes all.

    `quantity` is what the source says is on hand, None where it says nothing; the catalog
    hands it on and writes no stock. `implied` is the one plain variant of a source that
    names none: a new product gets it, a known product's variants are left alone.
    """

    option_values: tuple[str, ...] = ()
    sku: str = ""
    barcode: str = ""
    price_minor: int = 0
    compare_at_minor: int | None = None
    cost_minor: int | None = None
    quantity: int | None = None
    tracked: bool = True
    sell_when_out: bool = False
    requires_shipping: bool = True
    taxable: bool = True
    grams: int | None = None
    image_url: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    implied: bool = False
    given: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product, or a part of one. `given` names the fields that a known product takes over; None is all of them.

    Without a handle it is known by the one its title makes. Images are in their order; those
    the catalog has beyond them stay. `option_names` None leaves a known product's names as they are.
    """

    handle: str = ""
    title: str
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    status: ProductStatus = ProductStatus.ACTIVE
    option_names: tuple[str, ...] | None = None
    seo_title: str = ""
    seo_description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    variants: tuple[NewVariant, ...] = ()
    images: tuple[NewImage, ...] = ()
    given: frozenset[str] | None = None


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class SavedVariant:
    """`previous` is what was on hand, None for a new variant; `wanted` what the source says, None where nothing."""

    id: UUID
    previous: int | None
    wanted: int | None


@dataclass(frozen=True, slots=True)
class SavedProduct:
    """`variants` are those of the record in its order, without one that was only implied and not needed."""

    id: UUID
    outcome: Outcome
    variants: tuple[SavedVariant, ...]
