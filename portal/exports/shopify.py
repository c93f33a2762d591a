"""Shopify's product CSV: a row a variant, further images in rows of their own.

https://help.shopify.com/en/manual/products/import-export/using-csv
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from portal.exports.sheet import YES_NO, Cells, Lack, Sheet, amount, count
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant

_OPTIONS = (1, 2, 3)
COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published",
    *(f"Option{n} {part}" for n in _OPTIONS for part in ("Name", "Value")),
    "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode",
    "Image Src", "Image Position", "Image Alt Text", "SEO Title", "SEO Description", "Variant Image", "Cost per item",
    "Status",
)  # fmt: skip


def rows(product: Product, currency: str) -> Iterator[Cells]:
    for place, (variant, image) in enumerate(zip_longest(product.variants, product.images)):
        told = {"Handle": product.handle} | (_of_product(product) if place == 0 else {})
        yield told | _of_variant(variant, currency) | _of_image(image, place)


def _of_product(product: Product) -> Cells:
    return {
        "Title": product.title,
        "Body (HTML)": product.description_html,
        "Vendor": product.vendor,
        "Product Category": product.category,
        "Type": product.product_type,
        "Tags": ", ".join(product.tags),
        "Published": YES_NO[product.status is ProductStatus.ACTIVE],
        "SEO Title": product.seo_title,
        "SEO Description": product.seo_description,
        "Status": product.status.value,
        **{f"Option{n} Name": name for n, name in zip(_OPTIONS, product.option_names or ["Title"], strict=False)},
    }


def _of_variant(variant: Variant | None, currency: str) -> Cells:
    if variant is None:
        return {}
    values = variant.option_values or ["Default Title"]
    return {
        **{f"Option{n} Value": value for n, value in zip(_OPTIONS, values, strict=False)},
        "Variant SKU": variant.sku,
        "Variant Grams": count(variant.grams),
        "Variant Inventory Tracker": "shopify" if variant.tracked else "",
        "Variant Inventory Qty": count(variant.on_hand),
        "Variant Inventory Policy": "continue" if variant.sell_when_out else "deny",
        "Variant Price": amount(variant.price_minor, currency),
        "Variant Compare At Price": amount(variant.compare_at_minor, currency),
        "Variant Requires Shipping": YES_NO[variant.requires_shipping],
        "Variant Taxable": YES_NO[variant.taxable],
        "Variant Barcode": variant.barcode,
        "Variant Image": variant.image_url,
        "Cost per item": amount(variant.cost_minor, currency),
    }


def _of_image(image: ProductImage | None, place: int) -> Cells:
    if image is None:
        return {}
    return {"Image Src": image.url, "Image Position": str(place + 1), "Image Alt Text": image.alt}


SHEET = Sheet(
    key="shopify",
    name="Shopify",
    file_name="shopify-products.csv",
    encoding="utf-8",
    delimiter=",",
    columns=COLUMNS,
    rows=rows,
    lacks=frozenset({Lack.DETAILS, Lack.NOTES}),
)
