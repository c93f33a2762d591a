"""What Yahoo! refuses of an item, with its own code where one is known.

Codes that begin with it-99 are ours: Yahoo!'s page has a code for each of these cases, but which one is unsure.
https://developer.yahoo.co.jp/webapi/shopping/editItem.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from connectors import measures
from connectors.yahoo.practice.answers import Refusal

NO_SUCH_ITEM = Refusal("item_code", "it-99001", "指定された商品コードは存在しません。")
NO_ITEMS = Refusal("", "it-02001", "商品が指定されていません")

_CODE = re.compile(r"[A-Za-z0-9-]{1,99}", re.ASCII)
_CATEGORY = re.compile(r"[0-9]{1,10}", re.ASCII)
HIGHEST_PRICE = 99_999_999
NAME_WIDTHS = 75
PATH_LEVELS, LEVEL_WIDTHS = 8, 20
TEXT_WIDTHS = {
    "headline": 30,
    "explanation": 500,
    "abstract": 500,
    "caption": 5000,
    "additional1": 5000,
    "additional2": 5000,
    "additional3": 5000,
    "sp_additional": 5000,
    "meta_desc": 80,
}
MOST_SUBCODES = 100
MOST_IMAGES = 21

Fields = Mapping[str, str]


def broken(fields: Fields, *, images: frozenset[str]) -> list[Refusal]:
    """Every rule the item breaks. `images` are the addresses of the pictures the store has."""
    return [
        *_missing(fields),
        *_of_codes(fields),
        *_of_texts(fields),
        *_of_prices(fields),
        *_of_barcode(fields),
        *_of_images(fields, images),
        *_of_variations(fields),
    ]


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def _missing(fields: Fields) -> Iterator[Refusal]:
    codes = {"item_code": "it-01013", "path": "it-01011", "name": "it-01012", "price": "it-01015"}
    for name, code in codes.items():
        if not fields.get(name):
            yield Refusal(name, code, "")


def _of_codes(fields: Fields) -> Iterator[Refusal]:
    code = fields.get("item_code", "")
    if code and not is_code(code):
        yield Refusal("item_code", "it-01004", "商品コードは半角英数字とハイフンで99文字以内で指定してください。")
    if not _CATEGORY.fullmatch(fields.get("product_category", "")):
        yield Refusal("product_category", "it-01089", "プロダクトカテゴリが正しくありません。")
    if fields.get("display", "1") not in ("0", "1"):
        yield Refusal("display", "it-99002", "公開設定が正しくありません。")


def _of_texts(fields: Fields) -> Iterator[Refusal]:
    if _widths(fields.get("name", "")) > NAME_WIDTHS:
        yield Refusal("name", "it-99003", f"商品名は全角{NAME_WIDTHS}文字以内で入力してください。")
    levels = fields.get("path", "").split(":")
    if len(levels) > PATH_LEVELS or any(_widths(level) > LEVEL_WIDTHS for level in levels):
        yield Refusal("path", "it-99004", "ストアカテゴリのパスが正しくありません。")
    for name, limit in TEXT_WIDTHS.items():
        if _widths(fields.get(name, "")) > limit:
            yield Refusal(name, "it-99005", f"全角{limit}文字以内で入力してください。")


def _widths(text: str) -> int:
    return measures.size(text, "full_widths")


def _of_prices(fields: Fields) -> Iterator[Refusal]:
    price, sale = fields.get("price", ""), fields.get("sale_price", "")
    if price and not _is_price(price):
        yield Refusal("price", "it-01023", f"通常販売価格は1から{HIGHEST_PRICE}の整数で入力してください。")
    if sale and not (_is_price(sale) and _is_price(price) and int(sale) < int(price)):
        yield Refusal("sale_price", "it-99006", "セール価格が正しくありません。")


def _is_price(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 1 <= int(text) <= HIGHEST_PRICE


def _of_barcode(fields: Fields) -> Iterator[Refusal]:
    jan = fields.get("jan", "")
    if jan and not _is_jan(jan):
        yield Refusal("jan", "it-99007", "JANコードが正しくありません。")


def _is_jan(text: str) -> bool:
    """Eight or thirteen digits whose last one checks the others (JIS X 0507)."""
    if not (text.isascii() and text.isdecimal() and len(text) in (8, 13)):
        return False
    digits = [int(sign) for sign in reversed(text)]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def _of_images(fields: Fields, images: frozenset[str]) -> Iterator[Refusal]:
    urls = [url for url in fields.get("item_image_urls", "").split(";") if url]
    if len(urls) > MOST_IMAGES:
        yield Refusal("item_image_urls", "it-99008", f"商品画像は{MOST_IMAGES}枚までです。")
    if any(url not in images for url in urls):
        yield Refusal("item_image_urls", "it-14091", "指定された画像が存在しません。")


# ---- variations ----


def _of_variations(fields: Fields) -> Iterator[Refusal]:
    options, chosen = options_of(fields), subcodes_of(fields)
    if options is None:
        yield Refusal("options", "it-99009", "オプションの書式が正しくありません。")
        return
    if chosen is None or len(chosen) > MOST_SUBCODES or not all(map(is_code, chosen)):
        yield Refusal("subcodes", "it-99010", "個別商品コードが正しくありません。")
        return
    if any(value not in options.get(name, ()) for axes in chosen.values() for name, value in axes.items()):
        yield Refusal("subcodes", "it-99010", "オプションにない選択肢が指定されています。")
    prices = subcode_prices(fields)
    if prices is None or not set(prices) <= set(chosen):
        yield Refusal("subcode_param", "it-99011", "個別商品の設定が正しくありません。")
    elif not all(map(_is_price, prices.values())):
        yield Refusal("subcode_param", "it-01023", f"価格は1から{HIGHEST_PRICE}の整数で入力してください。")


def options_of(fields: Fields) -> dict[str, list[str]] | None:
    """Option name to values of "Colour#Blue,Sand|Size#M"; None for what is written otherwise."""
    found: dict[str, list[str]] = {}
    for axis in filter(None, fields.get("options", "").split("|")):
        name, joint, values = axis.partition("#")
        split = values.split(",")
        if not (name and joint and all(split)) or name in found or len(set(split)) != len(split):
            return None
        if any(sign in text for text in (name, *split) for sign in "#:="):
            return None
        found[name] = split
    return found


def subcodes_of(fields: Fields) -> dict[str, dict[str, str]] | None:
    """Subcode to its chosen values of "Colour:Blue#Size:M=sku1|…"; None for what is written otherwise."""
    found: dict[str, dict[str, str]] = {}
    for row in filter(None, fields.get("subcodes", "").split("|")):
        choice, joint, code = row.rpartition("=")
        axes = dict(_pair(one) for one in choice.split("#"))
        if not joint or not code or code in found or not all(axes) or not all(axes.values()):
            return None
        found[code] = axes
    same = sorted(sorted(axes.items()) for axes in found.values())
    return None if any(one == other for one, other in pairwise(same)) else found


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name, value


def subcode_prices(fields: Fields) -> dict[str, str] | None:
    """Subcode to price of "sku1=price:1980|sku2=price:2980"; None for what is written otherwise."""
    found: dict[str, str] = {}
    for row in filter(None, fields.get("subcode_param", "").split("|")):
        code, _, setting = row.partition("=")
        name, _, value = setting.partition(":")
        if not code or name != "price":
            return None
        found[code] = value
    return found
