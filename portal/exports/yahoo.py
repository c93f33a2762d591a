"""Yahoo! Shopping's data.csv: an item a row, its variants in one cell. Stock and pictures have files of their own."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.yahoo import codes
from portal.exports.sheet import Cells, Lack, Sheet, amount, count
from portal.listings.records import product_record
from portal.models.catalog import Product, ProductStatus

COLUMNS = (
    "path", "name", "code", "sub-code", "original-price", "price", "sale-price", "options", "headline", "caption",
    "abstract", "explanation", "meta-key", "meta-desc", "jan", "product-category", "display", "ship-weight",
)  # fmt: skip
# Signs that hold the cell together; an option that has them gets their full-width forms.
_SIGNS = str.maketrans("#&:=", "＃＆：＝")


def rows(product: Product, currency: str) -> Iterator[Cells]:
    record = product_record(product, product.variants, (), currency=currency)
    first = product.variants[0] if product.variants else None
    yield {
        "path": product.details.get("path", ""),
        "name": product.title,
        "code": codes.item_code(record),
        "sub-code": "&".join(
            f"{_said(product.option_names, variant.option_values)}={code}"
            for variant, code in zip(product.variants, codes.subcodes(record), strict=False)
        ),
        "price": amount(first.price_minor if first else None, currency),
        "original-price": amount(first.compare_at_minor if first else None, currency),
        "options": "\n\n".join(
            " ".join([name, *dict.fromkeys(variant.option_values[place] for variant in product.variants)])
            for place, name in enumerate(product.option_names)
        ),
        "caption": product.description_html,
        "meta-key": ", ".join(product.tags),
        "meta-desc": product.seo_description,
        "jan": first.barcode if first and not product.option_names else "",
        "product-category": product.details.get("product_category", ""),
        "display": "1" if product.status is ProductStatus.ACTIVE else "0",
        "ship-weight": count(first.grams if first else None),
    }


def _said(names: list[str], values: list[str]) -> str:
    pairs = zip(names, values, strict=False)
    return "#".join(f"{name.translate(_SIGNS)}:{value.translate(_SIGNS)}" for name, value in pairs)


SHEET = Sheet(
    key="yahoo",
    name="Yahoo! Shopping",
    file_name="data.csv",
    encoding="cp932",
    delimiter=",",
    columns=COLUMNS,
    rows=rows,
    lacks=frozenset(
        {
            Lack.HANDLES,
            Lack.ALTS,
            Lack.COSTS,
            Lack.TYPES,
            Lack.SEO_TITLES,
            Lack.VENDOR,
            Lack.VARIANT_PRICES,
            Lack.STOCK,
            Lack.IMAGES,
            Lack.VARIANT_IMAGES,
            Lack.FLAGS,
            Lack.ARCHIVED,
            Lack.OPTION_SIGNS,
            Lack.WEIGHTS,
            Lack.NOTES,
            Lack.BARCODES,
            Lack.SINGLE_SKUS,
            Lack.DETAILS,
        }
    ),
)
