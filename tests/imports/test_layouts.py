"""The channels' own files, as they write them: recognised by their columns, and read as the products they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalog.records import NewProduct
from portal.imports.convert import new_product
from portal.imports.formats import Format, recognise
from portal.imports.layouts.opening import mapping_of, open_file
from portal.imports.products import read_products
from portal.models.catalog import ProductStatus

RAKUTEN = (
    "商品管理番号（商品URL）,商品名,ジャンルID,倉庫指定,PC用商品説明文,商品画像タイプ1,商品画像パス1,商品画像パス2,"
    "バリエーション項目キー定義,バリエーション項目名定義,SKU管理番号,システム連携用SKU番号,バリエーション項目キー1,"
    "バリエーション項目選択肢1,販売価格,在庫数,カタログID,商品属性（項目）1,商品属性（値）1,商品属性（単位）1,送料\n"
    "mug,マグ髙①,403885,0,<p>器</p>,CABINET,/a.jpg,/b.jpg,k1,色,,,,,,,,,,,\n"
    "mug,,,,,,,,,,s1,0012,k1,藍,1200,3,0036000291452,容量,560,ml,0\n"
    "mug,,,,,,,,,,s2,,k1,白,1300,0,,,,,\n"
    "tea,緑茶,403886,1,,,,,,,t1,TEA-1,,,500,9,,,,,\n"
)
AMAZON_REPORT = (
    "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\timage-url\tproduct-id-type\t"
    "asin1\tproduct-id\tfulfillment-channel\tstatus\n"
    "マグ\t器\t0101A\t0012\t1200\t3\t2026-01-01\t\t4\tB0X\t0036000291452\tDEFAULT\tActive\n"
    "Tea\t\t0101B\tTEA\t500\t\t2026-01-01\t\t1\tB0Y\tB0Y\tAMAZON_JP\tInactive\n"
)
AMAZON_CATEGORY = (
    "TemplateType=Clothing\tVersion=2019.0101\n"
    "Product Type\tSeller SKU\tName\tPrice\tQuantity\tParentage\tParent SKU\tColor\tSize\tCode\n"
    "feed_product_type\titem_sku\titem_name\tstandard_price\tquantity\tparent_child\tparent_sku\tcolor_name\tsize_name\t"
    "external_product_id\n"
    "shirt\tSHIRT\tLinen shirt\t\t\tparent\t\t\t\t\n"
    "shirt\t001\tLinen shirt\t30.00\t4\tchild\tSHIRT\tBlue\tS\t036000291452\n"
    "shirt\t002\tLinen shirt\t31.00\t0\tchild\tSHIRT\tBlue\tM\t\n"
)
YAHOO = (
    "path,name,code,sub-code,original-price,price,options,caption,jan,product-category,display,headline\n"
    "食器:マグ,マグ,mug,色:藍#サイズ:大=mug-1&色:白#サイズ:小=mug-2,1500,1200,色 藍 白,<p>器</p>,,1447,1,お得\n"
    "お茶,緑茶,tea,,,500,,,4901777300446,1448,0,\n"
)


def read(tmp_path: Path, text: str, encoding: str, currency: str = "JPY") -> tuple[Format, list[NewProduct]]:
    path = tmp_path / "file"
    path.write_bytes(text.encode(encoding))
    table = open_file(path)
    assert table.encoding == encoding
    mapping = mapping_of(table)
    found = [one for one, _problems in read_products(path, table, mapping, currency) if one is not None]
    return mapping.format, [new_product(one, mapping) for one in found]


def test_a_rakuten_item_file_brings_items_with_their_skus(tmp_path: Path) -> None:
    found, (mug, tea) = read(tmp_path, RAKUTEN, "cp932")
    assert found is Format.RAKUTEN
    assert (mug.handle, mug.title, mug.status) == ("mug", "マグ髙①", ProductStatus.ACTIVE)
    assert mug.option_names == ("色",)
    assert [(one.sku, one.option_values, one.price_minor, one.quantity, one.barcode) for one in mug.variants] == [
        ("0012", ("藍",), 1200, 3, "0036000291452"),
        ("s2", ("白",), 1300, 0, ""),
    ]
    assert dict(mug.details) == {"genre_id": "403885", "genre_attributes": "容量: 560 [ml]"}
    assert [image.url for image in mug.images] == []
    assert (tea.title, tea.status, tea.option_names, tea.variants[0].sku) == ("緑茶", ProductStatus.DRAFT, (), "TEA-1")
    assert tea.variants[0].price_minor == 500


def test_amazons_listings_report_brings_a_product_a_row(tmp_path: Path) -> None:
    found, (mug, tea) = read(tmp_path, AMAZON_REPORT, "cp932")
    assert found is Format.AMAZON_REPORT
    [variant] = mug.variants
    assert (mug.title, variant.sku, variant.barcode, variant.quantity) == ("マグ", "0012", "0036000291452", 3)
    assert (tea.variants[0].barcode, tea.variants[0].quantity, tea.status) == ("", None, ProductStatus.DRAFT)


def test_amazons_category_file_has_its_names_in_the_third_row_and_brings_variations(tmp_path: Path) -> None:
    found, [shirt] = read(tmp_path, AMAZON_CATEGORY, "utf-8", "USD")
    assert found is Format.AMAZON_CATEGORY
    assert (shirt.handle, shirt.title, shirt.option_names) == ("SHIRT", "Linen shirt", ("Color", "Size"))
    assert [(one.sku, one.option_values, one.price_minor, one.barcode) for one in shirt.variants] == [
        ("001", ("Blue", "S"), 3000, "036000291452"),
        ("002", ("Blue", "M"), 3100, ""),
    ]
    assert dict(shirt.details) == {"amazon_product_type": "shirt"}


def test_a_yahoo_item_file_brings_items_with_the_variants_in_their_cell(tmp_path: Path) -> None:
    found, (mug, tea) = read(tmp_path, YAHOO, "cp932")
    assert found is Format.YAHOO
    assert mug.option_names == ("色", "サイズ")
    assert [(one.sku, one.option_values, one.price_minor) for one in mug.variants] == [
        ("mug-1", ("藍", "大"), 1200),
        ("mug-2", ("白", "小"), 1200),
    ]
    assert dict(mug.details) == {"path": "食器:マグ", "product_category": "1447"}
    assert mug.extra == {"headline": "お得"}
    assert (tea.variants[0].sku, tea.variants[0].barcode, tea.status) == ("tea", "4901777300446", ProductStatus.DRAFT)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (["seller-sku", "listing-id", "price"], Format.AMAZON_REPORT),
        (["path", "name", "code", "price"], Format.UNKNOWN),
        (["商品管理番号(商品URL)", "SKU管理番号"], Format.RAKUTEN),
        (["Handle", "Variant SKU", "code", "name", "path", "sub-code"], Format.SHOPIFY_CLASSIC),
    ],
)
def test_a_file_is_known_by_columns_that_no_other_has(headers: list[str], found: Format) -> None:
    assert recognise(headers) is found
