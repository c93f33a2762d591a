"""A catalog taken out as a channel's own file and brought in again is the same catalog, but for what the file lacks."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.exports import service
from portal.exports.sheet import Lack
from portal.imports.convert import new_product
from portal.imports.guards import guarded, unguarded
from portal.imports.layouts.opening import mapping_of, open_file
from portal.imports.products import read_products
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductStatus
from portal.tenancy import SYSTEM
from tests.material import DATA
from tests.stage import Stage

FORMATS = sorted(service.SHEETS)
DETAILS = {
    "shopify": {},
    "amazon": {"amazon_product_type": "DRINKING_CUP"},
    "rakuten": {"genre_id": "403885", "genre_attributes": "素材: 磁器\n容量: 560 [ml]"},
    "yahoo": {"path": "食器:マグ", "product_category": "1447"},
}
MUG = NewProduct(
    handle="mug",
    title='Mug, "large" 器',
    description_html="<p>石の器。</p>\n<p>Line two</p>",
    vendor="Kiln & Co",
    product_type="Mugs",
    tags=("kitchen", "gift"),
    status=ProductStatus.ACTIVE,
    seo_title="Mug of stone",
    seo_description="A mug",
    variants=(
        NewVariant(
            sku="0012", barcode="0036000291452", price_minor=1200, compare_at_minor=1500, quantity=5, grams=350,
            cost_minor=400,
        ),
    ),
    images=(NewImage(url="https://cdn.example.com/a.jpg", alt="Front"), NewImage(url="https://cdn.example.com/b.jpg")),
)  # fmt: skip
SHIRT = NewProduct(
    handle="shirt",
    title="シャツ 🎉",
    description_html="<p>綿</p>",
    vendor="Loom",
    tags=(),
    status=ProductStatus.DRAFT,
    option_names=("Color", "Size"),
    variants=tuple(
        NewVariant(
            sku=f"S-{n}-{size}",
            barcode=code,
            price_minor=3000 + n * 100,
            quantity=n,
            option_values=(color, size),
        )
        for n, (color, size, code) in enumerate(
            [("Blue", "S", "4901234567894"), ("Blue", "M", ""), ("藍", "S", "012345678905")]
        )
    ),
)
HARD = NewProduct(
    handle="hard",
    title="&#8217; &#55357; A &amp; B £",
    option_names=("Color", "Size"),
    variants=(
        NewVariant(price_minor=100, quantity=1, option_values=("Blue", "L")),
        NewVariant(price_minor=100, quantity=2, option_values=("Red", "L")),
    ),
    images=(NewImage(url="https://cdn.example.com/1.jpg"), NewImage(url="https://cdn.example.com/2.jpg")),
)
PLAIN = NewProduct(
    handle="plain",
    title="Plain",
    variants=(NewVariant(price_minor=100, quantity=1),),
    images=(NewImage(url="https://cdn.example.com/3.jpg"), NewImage(url="https://cdn.example.com/4.jpg")),
)
FORMULA = NewProduct(handle="sum", title="=1+1", variants=(NewVariant(sku="-5", price_minor=100, quantity=1),))
CATALOG = (MUG, SHIRT, HARD, PLAIN, FORMULA)
# What each word of `lacks` means for the records that are compared.
LOST: Mapping[Lack, Sequence[str]] = {
    Lack.HANDLES: ("handle",),
    Lack.ALTS: ("alts",),
    Lack.COSTS: ("cost",),
    Lack.WEIGHTS: ("grams",),
    Lack.TAGS: ("tags",),
    Lack.TYPES: ("product_type", "category"),
    Lack.SEO: ("seo_title", "seo_description"),
    Lack.SEO_TITLES: ("seo_title",),
    Lack.VARIANT_PRICES: ("price", "compare_at"),
    Lack.STOCK: ("quantity", "tracked"),
    Lack.IMAGES: ("images", "alts"),
    Lack.VARIANT_IMAGES: ("image",),
    Lack.OPTION_NAMES: ("option_names",),
    Lack.VENDOR: ("vendor",),
    Lack.FLAGS: ("tracked", "sell_when_out", "requires_shipping", "taxable"),
    Lack.STATUS: ("status",),
    Lack.ARCHIVED: (),
    Lack.OPTION_SIGNS: (),
    Lack.MORE_IMAGES: (),
    Lack.NOTES: (),
    Lack.BARCODES: ("barcode",),
    Lack.DETAILS: (),
    Lack.SINGLE_SKUS: ("single_sku",),
    Lack.THIRD_OPTION: (),
}


async def exported(stage: Stage, merchant: Merchant, key: str, folder: Path) -> Path:
    path = folder / service.SHEETS[key].file_name
    with path.open("wb") as file:
        async for piece in service.write(stage.process.runtime, merchant.id, service.SHEETS[key]):
            file.write(piece)
    return path


def imported(path: Path, currency: str) -> list[NewProduct]:
    table = open_file(path)
    mapping = mapping_of(table)
    found = [one for one, problems in read_products(path, table, mapping, currency) if one is not None]
    return [new_product(one, mapping) for one in found]


def told(product: NewProduct, lost: set[str]) -> dict[str, Any]:
    """The record as compared: everything that the file carries."""
    whole = {
        "handle": product.handle,
        "title": product.title,
        "description_html": product.description_html,
        "vendor": product.vendor,
        "product_type": product.product_type,
        "category": product.category,
        "tags": product.tags,
        "status": product.status,
        "option_names": product.option_names or (),
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
        "images": [image.url for image in product.images],
        "alts": [image.alt for image in product.images],
        "variants": [_variant(one, lost) for one in product.variants],
    }
    return {name: value for name, value in whole.items() if name not in lost}


def _variant(one: NewVariant, lost: set[str]) -> dict[str, Any]:
    whole = {
        "sku" if one.option_values else "single_sku": one.sku,
        "options": one.option_values,
        "barcode": one.barcode,
        "price": one.price_minor,
        "compare_at": one.compare_at_minor,
        "cost": one.cost_minor,
        "quantity": one.quantity,
        "tracked": one.tracked,
        "sell_when_out": one.sell_when_out,
        "requires_shipping": one.requires_shipping,
        "taxable": one.taxable,
        "grams": one.grams,
        "image": one.image_url,
    }
    return {name: value for name, value in whole.items() if name not in lost}


def lost_in(key: str) -> set[str]:
    return {name for word in service.SHEETS[key].lacks for name in LOST[word]}


@pytest.mark.parametrize("key", FORMATS)
async def test_a_catalog_taken_out_and_brought_in_again_is_the_same(
    key: str, stage: Stage, merchant: Merchant, tmp_path: Path
) -> None:
    await stage.add(merchant, *(replace(one, details=DETAILS[key]) for one in CATALOG))

    back = imported(await exported(stage, merchant, key, tmp_path), "EUR")

    lost = lost_in(key)
    assert [told(one, lost) for one in back] == [told(one, lost) for one in CATALOG]
    assert [dict(one.details) for one in back] == [DETAILS[key]] * len(CATALOG)


@pytest.mark.parametrize("key", FORMATS)
@pytest.mark.parametrize("name", [path.name for path in sorted(DATA.glob("*.csv"))] or ["none"])
async def test_a_real_shops_catalog_comes_back_from_every_channels_file(
    key: str, name: str, stage: Stage, merchant: Merchant, tmp_path: Path
) -> None:
    if name == "none":
        pytest.skip(f"the real files are not here: {DATA}")
    await stage.add(merchant, *imported(DATA / name, "EUR"))
    async with stage.sessions.read(merchant.id) as session:
        query = select(Product).options(selectinload(Product.variants)).order_by(Product.id)
        products = (await session.scalars(query)).all()

    back = imported(await exported(stage, merchant, key, tmp_path), "EUR")

    titles = [one.title for one in back]
    if key != "amazon":
        # A single listing of Amazon's is known by its SKU, which some of these have not.
        assert titles == [one.title for one in products]
        assert [len(one.variants) for one in back] == [max(1, len(one.variants)) for one in products]
        if "single_sku" not in lost_in(key):
            skus = [variant.sku for one in products for variant in one.variants]
            assert [variant.sku for one in back for variant in one.variants] == skus
    assert {one.title for one in products} == set(titles)


@given(st.text(max_size=40))
def test_a_cell_that_a_spreadsheet_would_run_is_marked_and_comes_back_as_it_was(text: str) -> None:
    marked = guarded(text)
    assert unguarded(marked) == text
    assert not marked.startswith(("=", "+", "@", "\t="))


async def test_options_with_signs_that_yahoo_cannot_hold_stay_apart(
    stage: Stage, merchant: Merchant, tmp_path: Path
) -> None:
    values = ("Black & White", "#1", "#2", "A=B:C")
    variants = tuple(NewVariant(sku=f"V{n}", price_minor=100, option_values=(v,)) for n, v in enumerate(values))
    await stage.add(merchant, NewProduct(handle="signs", title="Signs", option_names=("Kind",), variants=variants))

    [back] = imported(await exported(stage, merchant, "yahoo", tmp_path), "EUR")

    assert [(one.sku, one.option_values) for one in back.variants] == [
        ("V0", ("Black ＆ White",)),
        ("V1", ("＃1",)),
        ("V2", ("＃2",)),
        ("V3", ("A＝B：C",)),
    ]


async def test_no_cell_of_any_file_begins_like_a_formula(stage: Stage, merchant: Merchant, tmp_path: Path) -> None:
    await stage.add(merchant, FORMULA)
    for key, one in service.SHEETS.items():
        path = await exported(stage, merchant, key, tmp_path)
        with path.open(encoding=one.encoding, newline="") as file:
            cells = [cell for row in csv.reader(file, delimiter=one.delimiter) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))], key


@pytest.mark.parametrize("key", FORMATS)
async def test_one_merchants_file_holds_nothing_of_anothers(
    key: str, stage: Stage, merchant: Merchant, tmp_path: Path
) -> None:
    async with stage.sessions.write(SYSTEM) as session:
        other = Merchant(name="Other", currency="EUR")
        session.add(other)
    await stage.add(other, MUG)
    assert imported(await exported(stage, merchant, key, tmp_path), "EUR") == []
