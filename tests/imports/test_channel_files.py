"""The files that channels give or take beside their main ones, with the columns of real ones, in the real encodings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from portal.catalog.records import NewProduct
from portal.imports import refusals
from portal.imports.convert import new_product
from portal.imports.formats import Format, name_of, recognise
from portal.imports.layouts.opening import mapping_of, open_file
from portal.imports.products import read_products
from portal.imports.records import RowProblem, Severity
from portal.models.catalog import ProductStatus

# https://sellercentral.amazon.com, "Inventory Loader": the columns in its order.
LOADER = (
    "sku\tproduct-id\tproduct-id-type\tprice\titem-condition\tquantity\tadd-delete\twill-ship-internationally\t"
    "item-note\tmerchant-shipping-group-name\n"
    "0012\tB07N4M94X4\t1\t1200\t11\t3\ta\tn\t①㈱髙～\t送料込み\n"
    "00123\t0036000291452\t4\t980\t11\t0\ta\tn\t\t\n"
    "OLD-1\t4901234567894\t4\t500\t11\t1\td\tn\t\t\n"
    "OLD-2\t4901234567894\t4\t500\t11\t1\tX\tn\t\t\n"
    "R-1\t4.90123E+12\t4\t500\t11\t1\ta\tn\t\t\n"
)
HERE = "[marketplace_id=A1VC38T7YXB528]"
KEYS = (
    "contribution_sku#1.value",
    "product_type#1.value",
    "::record_action",
    f"parentage_level{HERE}#1.value",
    f"child_parent_sku_relationship{HERE}#1.parent_sku",
    "variation_theme#1.name",
    f"item_name{HERE}[language_tag=ja_JP]#1.value",
    f"item_name{HERE}[language_tag=en_US]#1.value",
    f"brand{HERE}[language_tag=ja_JP]#1.value",
    "amzn1.volt.ca.product_id_type",
    "amzn1.volt.ca.product_id_value",
    f"product_description{HERE}[language_tag=ja_JP]#1.value",
    *(f"bullet_point{HERE}[language_tag=ja_JP]#{n}.value" for n in (1, 2)),
    f"color{HERE}[language_tag=ja_JP]#1.value",
    f"apparel_size{HERE}#1.size",
    "fulfillment_availability#1.quantity",
    f"purchasable_offer{HERE}[audience=ALL]#1.our_price#1.schedule#1.value_with_tax",
    f"purchasable_offer{HERE}[audience=B2B]#1.our_price#1.schedule#1.value_with_tax",
    f"list_price{HERE}#1.value_with_tax",
    f"item_weight{HERE}#1.value",
    f"item_weight{HERE}#1.unit",
    f"main_product_image_locator{HERE}#1.media_location",
    f"other_product_image_locator_1{HERE}#1.media_location",
)
EXAMPLE = ("ABC123", "SHIRT", "作成または置換", "親", "", "", "例の商品")
GOODS = (
    (
        "SHIRT", "SHIRT", "", "親", "", "SIZE/COLOR", "麻シャツ髙①", "Linen shirt", "Loom", "", "", "涼しい",
        "軽い", "乾く|早い", "", "", "", "", "", "", "", "", "https://cdn.example.com/p.jpg",
    ),
    (
        "0012", "SHIRT", "", "子", "SHIRT", "", "麻シャツ 藍 S", "", "Loom", "EAN", "0036000291452", "", "", "",
        "藍", "S", "3", "3000", "2700", "3500", "0.2", "キログラム", "https://cdn.example.com/a.jpg", "https://cdn.example.com/b.jpg",
    ),
    (
        "0013", "SHIRT", "", "子", "SHIRT", "", "麻シャツ 白 S", "", "Loom", "EAN", "4.90123E+12", "", "", "", "白",
        "S", "0", "3100", "", "", "", "", "",
    ),
    (
        "HAT-1", "HAT", "", "", "", "", "帽子～", "", "Loom", "ASIN", "B07N4M94X4", "", "", "", "赤", "", "5", "2000",
    ),
    ("GONE", "HAT", "削除"),
)  # fmt: skip
# コントロールカラム,商品管理番号（商品URL）,… as RMS wrote it before 2023.
ITEM = (
    "コントロールカラム,商品管理番号（商品URL）,商品番号,全商品ディレクトリID,タグID,PC用キャッチコピー,商品名,販売価格,表示価格,"
    "消費税,送料,倉庫指定,PC用商品説明文,商品画像URL,商品画像名（ALT）,在庫タイプ,在庫数,カタログID\n"
    "n,mug,0012,403885,5000001,一番,マグ髙①㈱～,1200,1500,1,1,0,<p>器</p>,"
    "https://image.rakuten.co.jp/s/a.jpg https://image.rakuten.co.jp/s/b.jpg,表 裏,1,3,0036000291452\n"
    "u,tea,,403886,,,緑茶,500,,1,0,1,,,,1,9,4.90123E+12\n"
    "u,shirt,S-1,110729,,,シャツ,3000,,1,0,0,,,,2,,\n"
    "d,old,,,,,,,,,,,,,,,,\n"
)
SELECT = (
    "項目選択肢用コントロールカラム,商品管理番号（商品URL）,選択肢タイプ,項目選択肢項目名,項目選択肢,項目選択肢別在庫用横軸選択肢,"
    "項目選択肢別在庫用横軸選択肢子番号,項目選択肢別在庫用縦軸選択肢,項目選択肢別在庫用縦軸選択肢子番号,項目選択肢別在庫用在庫数\n"
    "n,shirt,i,,,藍,-a,S,-s,3\n"
)
CATEGORIES = (
    "コントロールカラム,商品管理番号（商品URL）,商品名,表示先カテゴリ,優先度,URL,1ページ複数形式\n"
    "n,mug,マグ,食器\\マグ,,,\n"
)


def template(*, names: int, data: int, delimiter: str = "\t", goods: Sequence[Sequence[str]] = GOODS) -> str:
    """An Amazon template whose first cell says in which rows its keys and its goods are."""
    settings = (
        f"settings=attributeRow={names}&contentLanguageTag=ja_JP&dataRow={data}&feedType=256&headerLanguageTag=ja_JP"
        f"&labelRow={names - 1}&primaryMarketplaceId=amzn1.mp.o.A1VC38T7YXB528&templateIdentifier=5dd18c07"
    )
    rows: list[Sequence[str]] = [("",)] * (data - 1)
    rows[0], rows[names - 2], rows[names - 1] = (settings, "ここは変えない"), ("SKU", "商品タイプ"), KEYS
    for place in range(names, data - 1):
        rows[place] = EXAMPLE
    widest = [[*row, *[""] * (len(KEYS) - len(row))] for row in (*rows, *goods)]
    return "".join(delimiter.join(row) + "\r\n" for row in widest)


def read(tmp_path: Path, text: str, encoding: str) -> tuple[Format, list[NewProduct], list[RowProblem]]:
    path = tmp_path / "file"
    path.write_bytes(text.encode(encoding))
    table = open_file(path)
    assert table.encoding == encoding
    mapping = mapping_of(table)
    outcomes = list(read_products(path, table, mapping, "JPY"))
    said = [problem for _product, problems in outcomes for problem in problems]
    return mapping.format, [new_product(one, mapping) for one, _problems in outcomes if one is not None], said


def refused(said: Sequence[RowProblem]) -> dict[int, str]:
    return {problem.row: problem.code for problem in said if problem.severity is Severity.ROW}


def test_an_inventory_loader_file_brings_offers_by_asin_and_by_code_and_deletes_nothing(tmp_path: Path) -> None:
    found, products, said = read(tmp_path, LOADER, "cp932")

    assert found is Format.AMAZON_LOADER
    variants = [one.variants[0] for one in products]
    assert [(one.sku, one.barcode, one.price_minor, one.quantity) for one in variants] == [
        ("0012", "", 1200, 3),
        ("00123", "0036000291452", 980, 0),
        ("R-1", "", 500, 1),
    ]
    assert [dict(one.details) for one in products] == [{"amazon_asin": "B07N4M94X4"}, {}, {}]
    assert products[0].extra["item-note"] == "①㈱髙～"
    assert refused(said) == {4: "deletes", 5: "deletes"}
    [rounded] = [problem for problem in said if problem.code == "rounded_code"]
    assert (rounded.row, rounded.found) == (6, "4.90123E+12")


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-16"])
@pytest.mark.parametrize(("names", "data"), [(3, 4), (5, 7), (5, 8), (4, 17)])
def test_amazons_template_is_read_from_the_rows_that_its_first_cell_names(
    names: int, data: int, encoding: str, tmp_path: Path
) -> None:
    found, (shirt, hat), said = read(tmp_path, template(names=names, data=data), encoding)

    assert found is Format.AMAZON_TEMPLATE
    assert (shirt.handle, shirt.title, shirt.vendor) == ("SHIRT", "麻シャツ髙①", "Loom")
    assert (shirt.description_html, shirt.option_names) == ("涼しい", ("Size", "Color"))
    assert [
        (one.sku, one.option_values, one.price_minor, one.compare_at_minor, one.quantity, one.barcode, one.grams)
        for one in shirt.variants
    ] == [
        ("0012", ("S", "藍"), 3000, 3500, 3, "0036000291452", 200),
        ("0013", ("S", "白"), 3100, None, 0, "", None),
    ]
    assert dict(shirt.details) == {
        "amazon_product_type": "SHIRT",
        "amazon_attributes": "bullet_point: 軽い | 乾く/早い",
    }
    assert [image.url for image in shirt.images] == [f"https://cdn.example.com/{n}.jpg" for n in "pab"]
    assert shirt.variants[0].image_url == "https://cdn.example.com/a.jpg"
    assert (hat.title, hat.option_names, hat.variants[0].sku, hat.variants[0].barcode) == ("帽子～", (), "HAT-1", "")
    assert dict(hat.details) == {"amazon_product_type": "HAT", "amazon_attributes": "color: 赤"}
    assert refused(said) == {data + 4: "deletes"}
    assert [problem.row for problem in said if problem.code == "rounded_code"] == [data + 2]


def test_another_language_or_audience_of_a_template_is_kept_as_a_note(tmp_path: Path) -> None:
    _found, (shirt, _hat), _said = read(tmp_path, template(names=5, data=7), "utf-8")

    assert shirt.extra[f"item_name{HERE}[language_tag=en_US]#1.value"] == "Linen shirt"
    [business] = [key for key in KEYS if "audience=B2B" in key]
    assert business in str([one.extra for one in shirt.variants])


def test_a_template_saved_with_commas_is_read_all_the_same(tmp_path: Path) -> None:
    found, products, _said = read(tmp_path, template(names=5, data=7, delimiter=","), "utf-8")
    assert (found, [one.title for one in products]) == (Format.AMAZON_TEMPLATE, ["麻シャツ髙①", "帽子～"])


@pytest.mark.parametrize("settings", ["settings=dataRow=7", "settings=attributeRow=9&dataRow=7", "settings="])
def test_a_template_that_does_not_say_where_its_rows_are_is_refused(settings: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(f"{settings}\t\n\n\n\ncontribution_sku#1.value\tproduct_type#1.value\nA\tHAT\n")
    with pytest.raises(refusals.NoHeader):
        open_file(path)


def test_an_older_template_follows_its_settings_too(tmp_path: Path) -> None:
    path = tmp_path / "file"
    names = "item_sku\titem_name\tstandard_price\n"
    path.write_text(
        f"TemplateType=fptcustom\tVersion=2022\tsettings=attributeRow=2&dataRow=4\n{names}x\ty\t1\nA\tHat\t5\n"
    )
    table = open_file(path)
    assert (recognise(table.headers), [row.number for row in table.sample]) == (Format.AMAZON_CATEGORY, [4])


def test_rakutens_old_item_file_brings_what_stands_whole_in_a_row(tmp_path: Path) -> None:
    found, (mug, tea), said = read(tmp_path, ITEM, "cp932")

    assert found is Format.RAKUTEN_OLD
    [variant] = mug.variants
    assert (mug.handle, mug.title, mug.status) == ("mug", "マグ髙①㈱～", ProductStatus.ACTIVE)
    assert (variant.sku, variant.barcode, variant.price_minor, variant.compare_at_minor, variant.quantity) == (
        *("0012", "0036000291452"),
        *(1200, 1500, 3),
    )
    assert dict(mug.details) == {"genre_id": "403885"}
    assert [image.url[-5:] for image in mug.images] == ["a.jpg", "b.jpg"]
    assert mug.extra["PC用キャッチコピー"] == "一番"
    assert (tea.variants[0].sku, tea.variants[0].barcode, tea.status) == ("tea", "", ProductStatus.DRAFT)
    assert refused(said) == {4: "options_elsewhere", 5: "deletes"}
    assert [problem.row for problem in said if problem.code == "rounded_code"] == [3]


def test_columns_that_a_file_of_changes_lacks_stay_as_they_are(tmp_path: Path) -> None:
    changes = "コントロールカラム,商品管理番号（商品URL）,在庫数\nu,mug,7\n"
    _found, [mug], _said = read(tmp_path, changes, "cp932")
    assert mug.variants[0].given is not None
    assert not mug.variants[0].given & {"price_minor", "barcode", "sku", "compare_at_minor"}
    assert mug.given is not None
    assert not mug.given & {"tags", "title", "status", "description_html"}


def test_only_columns_that_the_file_has_are_shown_as_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(LOADER.encode("cp932"))
    own = {*LOADER.partition("\n")[0].split("\t"), "item-name"}
    assert set(open_file(path).headers) <= own


@pytest.mark.parametrize(
    ("text", "name"),
    [(SELECT, "Rakuten option file (select)"), (CATEGORIES, "Rakuten category file (item-cat)")],
)
def test_a_part_of_rakutens_items_is_named_and_not_imported_as_products(text: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(text.encode("cp932"))
    with pytest.raises(refusals.NoProducts) as caught:
        open_file(path)
    assert name in caught.value.title
    assert "normal-item.csv" in caught.value.detail


def test_every_format_has_a_name() -> None:
    assert len({name_of(found) for found in Format}) == len(Format)


def test_a_list_of_products_is_no_stock_file_for_having_its_columns() -> None:
    assert recognise(["code", "sub-code", "quantity", "mode"]) is Format.YAHOO_STOCK
    assert recognise(["code", "sub-code", "quantity", "title"]) is Format.UNKNOWN
