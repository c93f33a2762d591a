"""Product records for the Yahoo! tests: a mug in two colours, and one without options."""

from __future__ import annotations

from dataclasses import replace

from connectors.records import ImageRecord, Money, ProductRecord, VariantRecord

DETAILS = {"product_category": "1447", "path": "食器:マグ"}
MUG_IMAGE = "https://cdn.example.com/mug.jpg"
# The mug's picture was uploaded long ago.
LIBRARY = {"stoneware-mug.jpg": (MUG_IMAGE, -60.0)}
IN_LIBRARY = "https://item-shopping.c.yimg.jp/i/n/demo-store_stoneware-mug"


def yen(amount: int) -> Money:
    return Money(amount, "JPY")


def mug(**changes: object) -> ProductRecord:
    product = ProductRecord(
        key="p-mug",
        handle="stoneware-mug",
        title="マグカップ",
        description_html="<p>手びねり。</p>",
        seo_description="手びねりのマグ",
        option_names=("色",),
        variants=(
            VariantRecord(key="v-blue", option_values=("青",), sku="MUG-BLU", price=yen(2400), quantity=12),
            VariantRecord(key="v-sand", option_values=("砂",), sku="MUG-SND", price=yen(2600), quantity=3),
        ),
        images=(ImageRecord(MUG_IMAGE),),
        details=DETAILS,
    )
    return replace(product, **changes)  # type: ignore[arg-type]  # tests name real fields


def plain(key: str = "p-tea", handle: str = "tea", **changes: object) -> ProductRecord:
    """A product without options."""
    variant = VariantRecord(
        key=f"v-{key}", option_values=(), sku=f"SKU-{handle}"[:20], barcode="4901234567894", price=yen(980), quantity=5
    )
    product = ProductRecord(key=key, handle=handle, title="煎茶", variants=(variant,), details=DETAILS)
    return replace(product, **changes)  # type: ignore[arg-type]
