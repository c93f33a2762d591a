"""The master catalog: products, their variants and images. Prices are minor units of the merchant's currency."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clock import utc_now
from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class ProductStatus(StrEnum):
    ACTIVE = "active"
    DRAFT = "draft"
    ARCHIVED = "archived"


class Product(Row, MerchantOwned, Base):
    """`option_names` has up to three; empty means one plain variant. `extra` keeps columns we have no field for.

    `details` are what single channels ask for, by name (connectors.protocol.Detail); none of them is empty.
    `buffer` is how many of each variant no channel is told of; None where each connection's own counts.

    `version` rises with every change a channel could see; `search_text` is the normalised
    text that search looks in (title, vendor, type, SKUs, barcodes).
    """

    __tablename__ = "product"
    __table_args__ = (
        Index("uq_product_handle", "merchant_id", "handle", unique=True),
        Index("ix_product_page", "merchant_id", "status", "id"),
    )

    handle: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(Text)
    description_html: Mapped[str] = mapped_column(Text, default="")
    vendor: Mapped[str] = mapped_column(String(255), default="")
    product_type: Mapped[str] = mapped_column(String(255), default="")
    category: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    status: Mapped[ProductStatus] = mapped_column(Word(ProductStatus), default=ProductStatus.ACTIVE)
    option_names: Mapped[list[str]] = mapped_column(default=list)
    seo_title: Mapped[str] = mapped_column(Text, default="")
    seo_description: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    source: Mapped[str] = mapped_column(String(64), default="manual")
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    buffer: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    search_text: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_by: Mapped[str] = mapped_column(String(200), default="")

    variants: Mapped[list[Variant]] = relationship(lazy="raise", order_by="Variant.position", back_populates="product")
    images: Mapped[list[ProductImage]] = relationship(lazy="raise", order_by="ProductImage.position")


class Variant(Row, MerchantOwned, Base):
    """What is sold. `on_hand` is the sum of the variant's movements, `reserved` of its open reservations.

    `sku` and `barcode` may be empty or repeated: that is a channel's readiness problem.
    `tracked` False sells without counting.
    """

    __tablename__ = "variant"
    __table_args__ = (
        Index("ix_variant_sku", "merchant_id", "sku"),
        Index("ix_variant_barcode", "merchant_id", "barcode"),
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), index=True)
    position: Mapped[int]
    option_values: Mapped[list[str]] = mapped_column(default=list)
    sku: Mapped[str] = mapped_column(String(255), default="")
    barcode: Mapped[str] = mapped_column(String(255), default="")
    price_minor: Mapped[int] = mapped_column(BigInteger)
    compare_at_minor: Mapped[int | None] = mapped_column(BigInteger)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    tracked: Mapped[bool] = mapped_column(default=True)
    sell_when_out: Mapped[bool] = mapped_column(default=False)
    requires_shipping: Mapped[bool] = mapped_column(default=True)
    taxable: Mapped[bool] = mapped_column(default=True)
    grams: Mapped[int | None]
    image_url: Mapped[str] = mapped_column(Text, default="")
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)

    product: Mapped[Product] = relationship(lazy="raise", back_populates="variants")


class ProductImage(Row, MerchantOwned, Base):
    __tablename__ = "product_image"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), index=True)
    position: Mapped[int]
    url: Mapped[str] = mapped_column(Text)
    alt: Mapped[str] = mapped_column(Text, default="")
