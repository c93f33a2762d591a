"""Amazon's category file: a parent's row above its variants', options as colour and size."""

from __future__ import annotations

from collections.abc import Iterator

from portal.exports.sheet import Cells, Lack, Sheet, amount, count
from portal.imports.layouts.amazon import OTHER_IMAGES
from portal.models.catalog import Product, Variant

COLUMNS = (
    "feed_product_type", "item_sku", "item_name", "external_product_id", "external_product_id_type", "brand_name",
    "product_description", "generic_keywords", "standard_price", "list_price", "quantity", "main_image_url",
    *OTHER_IMAGES, "swatch_image_url", "parent_child", "parent_sku", "relationship_type", "variation_theme",
    "color_name", "size_name",
)  # fmt: skip
_CODE_TYPES = {8: "EAN", 12: "UPC", 13: "EAN", 14: "GTIN"}
_SIZES = ("size", "sizes", "サイズ", "尺码")
_COLORS = ("color", "colour", "colors", "カラー", "色", "颜色")


def rows(product: Product, currency: str) -> Iterator[Cells]:
    if not product.option_names:
        for variant in product.variants:
            yield _of_product(product) | _of_variant(variant, currency)
        return
    theme = {"relationship_type": "Variation", "variation_theme": "ColorSize"}
    yield _of_product(product) | theme | {"item_sku": product.handle, "parent_child": "parent"}
    for variant in product.variants:
        child = {"parent_child": "child", "parent_sku": product.handle, "item_name": product.title}
        yield child | theme | _of_variant(variant, currency) | _options(product.option_names, variant.option_values)


def _of_product(product: Product) -> Cells:
    urls = [image.url for image in product.images]
    return {
        "feed_product_type": product.details.get("amazon_product_type", ""),
        "item_name": product.title,
        "brand_name": product.vendor,
        "product_description": product.description_html,
        "generic_keywords": ", ".join(product.tags),
        "main_image_url": urls[0] if urls else "",
        **dict(zip(OTHER_IMAGES, urls[1:], strict=False)),
    }


def _of_variant(variant: Variant, currency: str) -> Cells:
    return {
        "item_sku": variant.sku,
        "external_product_id": variant.barcode,
        "external_product_id_type": _CODE_TYPES.get(len(variant.barcode), "") if variant.barcode else "",
        "standard_price": amount(variant.price_minor, currency),
        "list_price": amount(variant.compare_at_minor, currency),
        "quantity": count(variant.on_hand),
        "swatch_image_url": variant.image_url,
    }


def _options(names: list[str], values: list[str]) -> Cells:
    """A size in its column and a colour in its; whatever else there is goes where there is room."""
    columns = ["color_name", "size_name"]
    told: Cells = {}
    for name, value in zip(names, values, strict=False):
        bare = name.casefold()
        wanted = "size_name" if bare in _SIZES else "color_name" if bare in _COLORS else ""
        column = wanted if wanted in columns else next(iter(columns), "")
        if column:
            columns.remove(column)
            told[column] = value
        else:
            told["size_name"] = f"{told['size_name']} / {value}"
    return told


SHEET = Sheet(
    key="amazon",
    name="Amazon",
    file_name="amazon-listings.txt",
    encoding="utf-8",
    delimiter="\t",
    columns=COLUMNS,
    rows=rows,
    lacks=frozenset(
        {
            Lack.HANDLES,
            Lack.ALTS,
            Lack.COSTS,
            Lack.WEIGHTS,
            Lack.TYPES,
            Lack.SEO,
            Lack.OPTION_NAMES,
            Lack.THIRD_OPTION,
            Lack.DETAILS,
            Lack.FLAGS,
            Lack.STATUS,
            Lack.MORE_IMAGES,
            Lack.NOTES,
        }
    ),
    above=(("TemplateType=Crossdock", "Version=1"), COLUMNS),
)
