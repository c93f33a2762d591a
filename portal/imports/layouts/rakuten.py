"""Rakuten's normal-item.csv since its SKU project: an item's row, then a row for each of its SKUs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from portal.imports.layouts.layout import Cells, Layout, text

NUMBER: Final = "商品管理番号（商品URL）"
SKU_NUMBER: Final = "SKU管理番号"
OWN_SKU: Final = "システム連携用SKU番号"
AXIS_KEYS, AXIS_NAMES = "バリエーション項目キー定義", "バリエーション項目名定義"
HIDDEN: Final = "倉庫指定"
MOST_IMAGES: Final = 20
MOST_AXES: Final = 6
MOST_ATTRIBUTES: Final = 100

FIELDS: Final = {
    "handle": NUMBER,
    "title": "商品名",
    "description_html": "PC用商品説明文",
    "vendor": "ブランド名",
    "genre_id": "ジャンルID",
    "genre_attributes": "商品属性（項目）1",
    "status": HIDDEN,
    "sku": OWN_SKU,
    "price": "販売価格",
    "compare_at": "表示価格",
    "quantity": "在庫数",
    "barcode": "カタログID",
    "image_url": "商品画像パス1",
    "image_alt": "商品画像名（ALT）1",
    "option1_name": AXIS_NAMES,
    "option1_value": "バリエーション項目選択肢1",
    "option2_name": AXIS_KEYS,
    "option2_value": "バリエーション項目選択肢2",
    "option3_name": "バリエーション項目キー3",
    "option3_value": "バリエーション項目選択肢3",
}
_USED = re.compile(
    r"(商品画像(タイプ|パス|名（ALT）)|バリエーション(項目キー|項目選択肢|\d+選択肢定義)|商品属性（(項目|値|単位）?)).*|SKU画像パス"
)


def read(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, dict[str, str]]]:
    """SKU rows repeat what their item's row says of options; further images come as rows of their own."""
    names: list[str] = []
    for number, row in rows:
        handle, is_item = row.get(NUMBER, ""), bool(row.get(FIELDS["title"]))
        if is_item:
            names = row[AXIS_NAMES].split("|") if row.get(AXIS_NAMES) else []
        told = {"handle": handle} | (_of_item(row) if is_item else {})
        # An item that is sold in one form may have both in one row.
        yield number, told | (_of_sku(row, names) if row.get(SKU_NUMBER) else {})
        for place in range(2, MOST_IMAGES + 1) if is_item else ():
            if url := row.get(f"商品画像パス{place}"):
                alt = row.get(f"商品画像名（ALT）{place}", "")
                yield number, {"handle": handle, "image_url": url, "image_alt": alt}


def _of_item(row: Cells) -> dict[str, str]:
    told = {field: text(row, FIELDS[field]) for field in ("title", "description_html", "vendor", "genre_id")}
    status = {"1": "draft", "0": "active"}.get(row.get(HIDDEN, ""), "")
    image = {"image_url": row.get("商品画像パス1", ""), "image_alt": row.get("商品画像名（ALT）1", "")}
    return told | {"status": status} | image


def _of_sku(row: Cells, names: list[str]) -> dict[str, str]:
    told = {field: text(row, FIELDS[field]) for field in ("price", "compare_at", "quantity", "barcode")}
    told |= {"sku": text(row, OWN_SKU, SKU_NUMBER), "genre_attributes": _attributes(row)}
    for place, name in enumerate(names[:3], start=1):
        told |= {f"option{place}_name": name, f"option{place}_value": row.get(f"バリエーション項目選択肢{place}", "")}
    return told


def _attributes(row: Cells) -> str:
    lines = []
    for place in range(1, MOST_ATTRIBUTES + 1):
        name, value = row.get(f"商品属性（項目）{place}", ""), row.get(f"商品属性（値）{place}", "")
        unit = row.get(f"商品属性（単位）{place}", "")
        if name and value:
            lines.append(f"{name}: {value}" + (f" [{unit}]" if unit else ""))
    return "\n".join(lines)


LAYOUT: Final = Layout(
    fields=FIELDS,
    used=lambda name: name in {*FIELDS.values(), SKU_NUMBER} or bool(_USED.fullmatch(name)),
    read=read,
)
