"""Our rows as the records a connector takes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from uuid import UUID

from connectors.records import Aspect, ImageRecord, Money, ProductRecord, VariantRecord
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant


def product_record(
    product: Product,
    variants: Sequence[Variant],
    images: Sequence[ProductImage],
    *,
    currency: str,
    handle: str = "",
    to_sell: Mapping[UUID, int | None] = MappingProxyType({}),
) -> ProductRecord:
    """The product as it is now; `handle` is the listing's own where it differs.

    `to_sell` says how many of each variant a channel may sell; where it does not, the record tells what is on hand.
    """
    return ProductRecord(
        key=str(product.id),
        handle=handle or product.handle,
        title=product.title,
        description_html=product.description_html,
        vendor=product.vendor,
        product_type=product.product_type,
        tags=tuple(product.tags),
        active=product.status is ProductStatus.ACTIVE,
        seo_title=product.seo_title,
        seo_description=product.seo_description,
        option_names=tuple(product.option_names),
        variants=tuple(
            variant_record(variant, currency, to_sell.get(variant.id, _on_hand(variant))) for variant in variants
        ),
        images=tuple(ImageRecord(image.url, image.alt) for image in images),
        details=dict(product.details),
    )


def variant_record(variant: Variant, currency: str, quantity: int | None) -> VariantRecord:
    return VariantRecord(
        key=str(variant.id),
        option_values=tuple(variant.option_values),
        sku=variant.sku,
        barcode=variant.barcode,
        price=Money(variant.price_minor, currency),
        compare_at=None if variant.compare_at_minor is None else Money(variant.compare_at_minor, currency),
        cost=None if variant.cost_minor is None else Money(variant.cost_minor, currency),
        quantity=quantity,
        sell_when_out=variant.sell_when_out,
        requires_shipping=variant.requires_shipping,
        taxable=variant.taxable,
        weight_grams=variant.grams,
        image_url=variant.image_url,
    )


_OF_PRODUCT = ("title", "description_html", "vendor", "product_type", "tags", "active", "seo_title", "seo_description")
_OF_VARIANT = (
    "key", "sku", "barcode", "price", "compare_at", "cost", "sell_when_out", "requires_shipping", "taxable",
    "weight_grams",
)  # fmt: skip


def aspects(record: ProductRecord) -> dict[str, str]:
    """A digest of each aspect, by which a later record tells what it changed."""
    said = asdict(record)
    variants = said["variants"]
    told = {
        # Without details there is nothing to tell apart, and what was sent before there were any is not sent again.
        Aspect.FIELDS: [said[name] for name in _OF_PRODUCT] + [said["details"]] * bool(said["details"]),
        Aspect.VARIANTS: [[variant["quantity"] is None, *(variant[n] for n in _OF_VARIANT)] for variant in variants],
        Aspect.SHAPE: [
            said["option_names"],
            [[variant["key"], variant["option_values"], variant["image_url"]] for variant in variants],
            said["images"],
        ],
    }
    return {aspect.value: hashlib.sha256(repr(value).encode()).hexdigest()[:16] for aspect, value in told.items()}


def changed(digests: Mapping[str, str], *, since: Mapping[str, str]) -> frozenset[Aspect]:
    """The aspects whose digests differ."""
    return frozenset(Aspect(name) for name, digest in digests.items() if since.get(name) != digest)


def _on_hand(variant: Variant) -> int | None:
    return variant.on_hand if variant.tracked else None
