"""Product records for the Rakuten tests: a mug in two colours, and one thing without options."""

from __future__ import annotations

from dataclasses import replace

from connectors.rakuten import names
from connectors.records import ImageRecord, LinkedItem, Money, ProductRecord, VariantRecord

MUG_KEY = "0192f0c1-1111-7aaa-8bbb-000000000001"
MUG_MARK = MUG_KEY.replace("-", "")
PLAIN_KEY = "0192f0c1-2222-7aaa-8bbb-000000000002"
SAND_IMAGE = "https://cdn.example.com/mug-sand.jpg"
# The mug's picture was put into the R-Cabinet long ago.
LIBRARY = {names.picture_place(SAND_IMAGE): (SAND_IMAGE, -60.0)}
LINKS = (
    LinkedItem(key="v-blue", channel_id="stoneware-mug/MUG-BLU", stock_id="stoneware-mug/MUG-BLU"),
    LinkedItem(key="v-sand", channel_id="stoneware-mug/MUG-SND", stock_id="stoneware-mug/MUG-SND"),
)


def yen(amount: int) -> Money:
    return Money(amount, "JPY")


def mug(**changes: object) -> ProductRecord:
    product = ProductRecord(
        key=MUG_KEY,
        handle="stoneware-mug",
        title="Stoneware mug",
        description_html="<p>Hand thrown.</p>",
        option_names=("Colour",),
        variants=(
            VariantRecord(
                key="v-blue",
                option_values=("Blue",),
                sku="MUG-BLU",
                barcode="4006381333931",
                price=yen(2400),
                quantity=12,
                image_url="https://image.rakuten.co.jp/demo-shop/cabinet/mugs/blue.jpg",
            ),
            VariantRecord(key="v-sand", option_values=("Sand",), sku="MUG-SND", price=yen(2500), quantity=3),
        ),
        images=(
            ImageRecord("https://image.rakuten.co.jp/demo-shop/cabinet/mugs/blue.jpg", "Blue mug"),
            ImageRecord(SAND_IMAGE),
        ),
        details={"genre_id": "403885"},
    )
    return replace(product, **changes)  # type: ignore[arg-type]  # tests name real fields


def plain(**changes: object) -> ProductRecord:
    """A product without options and without stock keeping."""
    variant = VariantRecord(key="0192f0c1-3333-7aaa-8bbb-000000000003", option_values=(), price=yen(500))
    product = ProductRecord(
        key=PLAIN_KEY,
        handle="plain",
        title="Plain",
        variants=(variant,),
        details={"genre_id": "403885"},
    )
    return replace(product, **changes)  # type: ignore[arg-type]  # tests name real fields
