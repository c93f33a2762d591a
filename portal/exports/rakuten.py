"""Rakuten's normal-item.csv: an item's row, then a row for each of its SKUs."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.rakuten import attributes, names
from portal.exports.sheet import Cells, Lack, Sheet, amount, count
from portal.imports.layouts import rakuten
from portal.imports.layouts.rakuten import FIELDS, MOST_IMAGES
from portal.listings.records import product_record
from portal.models.catalog import Product, ProductStatus, Variant

_ATTRIBUTES = 20
COLUMNS = (
    rakuten.NUMBER, "商品名", "ジャンルID", rakuten.HIDDEN, "PC用商品説明文", "ブランド名",
    *(f"商品画像{part}{n}" for n in range(1, MOST_IMAGES + 1) for part in ("タイプ", "パス", "名（ALT）")),
    rakuten.AXIS_KEYS, rakuten.AXIS_NAMES, *(f"バリエーション{n}選択肢定義" for n in (1, 2, 3)),
    rakuten.SKU_NUMBER, rakuten.OWN_SKU,
    *(f"バリエーション項目{part}{n}" for n in (1, 2, 3) for part in ("キー", "選択肢")),
    "販売価格", "表示価格", "在庫数", "カタログID",
    *(f"商品属性（{part}）{n}" for n in range(1, _ATTRIBUTES + 1) for part in ("項目", "値", "単位")),
)  # fmt: skip


def rows(product: Product, currency: str) -> Iterator[Cells]:
    number = {rakuten.NUMBER: names.manage_number(product_record(product, product.variants, (), currency=currency))}
    yield number | _of_item(product)
    codes = names.variant_ids(product_record(product, product.variants, (), currency=currency).variants)
    for variant in product.variants:
        yield number | {rakuten.SKU_NUMBER: codes[str(variant.id)]} | _of_sku(product, variant, currency)


def _of_item(product: Product) -> Cells:
    told = {
        "商品名": product.title,
        "ジャンルID": product.details.get("genre_id", ""),
        rakuten.HIDDEN: "0" if product.status is ProductStatus.ACTIVE else "1",
        "PC用商品説明文": product.description_html,
        "ブランド名": product.vendor,
        rakuten.AXIS_KEYS: "|".join(f"k{n}" for n, _ in enumerate(product.option_names, start=1)),
        rakuten.AXIS_NAMES: "|".join(product.option_names),
    }
    for place in range(len(product.option_names)):
        values = dict.fromkeys(variant.option_values[place] for variant in product.variants)
        told[f"バリエーション{place + 1}選択肢定義"] = "|".join(values)
    for place, image in enumerate(product.images[:MOST_IMAGES], start=1):
        told |= {
            f"商品画像タイプ{place}": "CABINET",
            f"商品画像パス{place}": image.url,
            f"商品画像名（ALT）{place}": image.alt,
        }
    return told


def _of_sku(product: Product, variant: Variant, currency: str) -> Cells:
    told = {
        rakuten.OWN_SKU: variant.sku,
        FIELDS["price"]: amount(variant.price_minor, currency),
        FIELDS["compare_at"]: amount(variant.compare_at_minor, currency),
        FIELDS["quantity"]: count(variant.on_hand),
        FIELDS["barcode"]: variant.barcode,
    }
    for place, value in enumerate(variant.option_values, start=1):
        told |= {f"バリエーション項目キー{place}": f"k{place}", f"バリエーション項目選択肢{place}": value}
    return told | _attributes(product)


def _attributes(product: Product) -> Cells:
    """The lines of attributes, one a column; a line that is none stays here."""
    try:
        listed = attributes.read(product.details.get("genre_attributes", ""))
    except ValueError:
        return {}
    told: Cells = {}
    pairs = [(one, value) for one in listed for value in one["values"]]
    for place, (one, value) in enumerate(pairs[:_ATTRIBUTES], start=1):
        told |= {f"商品属性（項目）{place}": one["name"], f"商品属性（値）{place}": value}
        told |= {f"商品属性（単位）{place}": one.get("unit", "")}
    return told


SHEET = Sheet(
    key="rakuten",
    name="Rakuten Ichiba",
    file_name="normal-item.csv",
    encoding="cp932",
    delimiter=",",
    columns=COLUMNS,
    rows=rows,
    lacks=frozenset(
        {
            Lack.HANDLES,
            Lack.COSTS,
            Lack.WEIGHTS,
            Lack.TAGS,
            Lack.TYPES,
            Lack.SEO,
            Lack.FLAGS,
            Lack.ARCHIVED,
            Lack.MORE_IMAGES,
            Lack.NOTES,
            Lack.VARIANT_IMAGES,
            Lack.DETAILS,
        }
    ),
)
