from __future__ import annotations

import csv
from pathlib import Path

import pytest

from portal.imports import formats, mapping, refusals
from portal.imports.formats import Format
from portal.imports.mapping import IGNORE, KEEP


def headers_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def suggested(*headers: str) -> mapping.Mapping:
    return mapping.suggest(headers, formats.recognise(headers))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shopify-new-template.csv", Format.SHOPIFY_NEW),
        ("shopify-repeated-skus.csv", Format.SHOPIFY_CLASSIC),
        ("japanese-utf8-bom.csv", Format.UNKNOWN),
    ],
)
def test_a_file_is_known_by_its_column_names(fixtures: Path, name: str, expected: Format) -> None:
    found = formats.recognise(headers_of(fixtures / name))

    assert found is expected
    assert formats.name_of(found)


@pytest.mark.parametrize("headers", [("URL handle", "Title"), ("Handle", "Title", "Price"), ("Variant SKU", "Title")])
def test_one_telling_column_is_not_enough_to_name_a_file(headers: tuple[str, ...]) -> None:
    assert formats.recognise(headers) is Format.UNKNOWN


@pytest.mark.parametrize(
    "header", ["Variant SKU", "variant_sku", " VARIANT  SKU ", "Ｖａｒｉａｎｔ　ＳＫＵ", "\ufeffVariant-SKU"]
)
def test_the_writing_of_a_column_name_does_not_matter(header: str) -> None:
    assert formats.normalised(header) == "variantsku"


@pytest.mark.parametrize("name", ["shopify-new-template.csv", "shopify-repeated-skus.csv"])
def test_every_shopify_column_we_have_a_place_for_maps_by_itself(fixtures: Path, name: str) -> None:
    headers = headers_of(fixtures / name)
    made = suggested(*headers)

    assert {"handle", "title", "price", "quantity", "image_url", "option3_value"} <= made.fields.keys()
    for column in made.kept:
        assert column.header.startswith(("Google Shopping", "Color (product", "Unit price")), column


def test_no_column_is_dropped_without_being_listed(fixtures: Path) -> None:
    headers = headers_of(fixtures / "shopify-new-template.csv")
    made = suggested(*headers)

    assert [column.header for column in made.columns] == headers
    assert len(made.fields) + len(made.kept) + len(made.ignored) == len(headers)


@pytest.mark.parametrize(
    "headers",
    [
        ("Product name", "Part No", "Retail", "Qty", "JAN", "Maker", "RRP", "Photo"),
        ("商品名", "品番", "販売価格（税込）", "在庫数", "JANコード", "メーカー", "定価", "商品画像URL"),
        ("商品名称", "货号", "售价", "库存", "条码", "品牌", "划线价", "图片"),
    ],
)
def test_a_merchants_own_words_are_understood(headers: tuple[str, ...]) -> None:
    uses = [column.use for column in suggested(*headers).columns]

    assert uses == ["title", "sku", "price", "quantity", "barcode", "vendor", "compare_at", "image_url"]


def test_colour_and_size_become_options_in_their_order() -> None:
    made = suggested("商品名", "カラー", "サイズ", "Colour", "Size")

    assert [column.use for column in made.columns] == ["title", "option1_value", "option2_value", "option3_value", KEEP]


def test_the_first_of_two_columns_fills_the_field_and_the_other_is_kept() -> None:
    assert [column.use for column in suggested("Title", "Name", "Price").columns] == ["title", KEEP, "price"]


def test_the_merchants_choice_wins_and_the_loser_is_kept() -> None:
    made = mapping.overridden(suggested("Title", "Name", "Price", "Shelf"), {"Name": "title", "Shelf": IGNORE})

    assert [column.use for column in made.columns] == [KEEP, "title", "price", IGNORE]


def test_two_columns_can_change_places() -> None:
    made = mapping.overridden(suggested("Price", "RRP"), {"Price": "compare_at", "RRP": "price"})

    assert [column.use for column in made.columns] == ["compare_at", "price"]


def test_a_stored_mapping_is_restored_from_its_uses() -> None:
    headers = ("Title", "Name", "Price", "Shelf")
    chosen = mapping.overridden(suggested(*headers), {"Name": "title", "Shelf": IGNORE, "Price": "cost"})

    assert mapping.overridden(suggested(*headers), chosen.uses()) == chosen


@pytest.mark.parametrize(
    "changes", [{"Colour": "title"}, {"Title": "color_of_the_sea"}, {"Title": "price", "Name": "price"}]
)
def test_a_choice_that_makes_no_sense_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(refusals.MappingRefused):
        mapping.overridden(suggested("Title", "Name"), changes)


def test_products_without_title_and_handle_can_not_be_told_apart() -> None:
    with pytest.raises(refusals.MappingRefused):
        mapping.refuse_unusable(suggested("SKU", "Price"))
    mapping.refuse_unusable(suggested("Handle", "Price"))


def test_every_field_has_a_name_on_screen() -> None:
    labels = [mapping.label(field) for field in mapping.FIELDS]

    assert len(set(labels)) == len(mapping.FIELDS)
