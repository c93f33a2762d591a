"""Product records for the Shopify tests: the mug of the wire samples, and one without options."""

from __future__ import annotations

from dataclasses import replace

from connectors.records import ImageRecord, LinkedItem, Money, ProductRecord, VariantRecord

PRODUCT = "gid://shopify/Product/8801234567890"
BLUE = "gid://shopify/ProductVariant/47012345678901"
SAND = "gid://shopify/ProductVariant/47012345678902"
BLUE_STOCK = "gid://shopify/InventoryItem/49012345678901"
SAND_STOCK = "gid://shopify/InventoryItem/49012345678902"
LINKS = (
    LinkedItem(key="v-blue", channel_id=BLUE, stock_id=BLUE_STOCK),
    LinkedItem(key="v-sand", channel_id=SAND, stock_id=SAND_STOCK),
)


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def mug(**changes: object) -> ProductRecord:
    product = ProductRecord(
        key="p-mug",
        handle="stoneware-mug",
        title="Stoneware mug",
        description_html="<p>Hand thrown.</p>",
        vendor="Nordlicht",
        product_type="Mugs",
        tags=("hub", "mug"),
        seo_title="Stoneware mug",
        seo_description="Hand thrown mug",
        option_names=("Colour",),
        variants=(
            VariantRecord(
                key="v-blue",
                option_values=("Blue",),
                sku="MUG-BLU",
                barcode="4006381333931",
                price=euros(2400),
                compare_at=euros(2900),
                cost=euros(850),
                quantity=12,
                weight_grams=400,
                image_url="https://cdn.example.com/mug-blue.jpg",
            ),
            VariantRecord(key="v-sand", option_values=("Sand",), sku="MUG-SND", price=euros(2400), quantity=3),
        ),
        images=(ImageRecord("https://cdn.example.com/mug-blue.jpg", "Blue mug"),),
    )
    return replace(product, **changes)  # type: ignore[arg-type]  # tests name real fields


def plain(key: str = "p-plain", handle: str = "plain") -> ProductRecord:
    """A product without options and without stock keeping."""
    variant = VariantRecord(key=f"v-{key}", option_values=(), price=euros(500))
    return ProductRecord(key=key, handle=handle, title="Plain", variants=(variant,))
