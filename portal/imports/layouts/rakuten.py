"""Rakuten's normal-item.csv since its SKU project: an item's row, then a row for each of its SKUs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from portal.imports.layouts.layout import Cells, Layout, Told, each_needs_its_own, text

NUMBER: Final = "商品管理番号（商品URL）"
SKU_NUMBER: Final = "SKU管理番号"
OWN_SKU: Final = "システム連携用SKU番号"
AXIS_KEYS, AXIS_NAMES = "バリエーション項目キー定義", "バリエーション項目名定義"
HIDDEN: Final = "倉庫指定"
MOST_IMAGES: Final = 20
MOST_ATTRIBUTES: Final = 100
MOST_OPTIONS: Final = 3
# The SKU number we give to a variant that has no SKU (connectors.rakuten.names).
_MADE_BY_US = re.compile(r"[0-9a-f]{32}")

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


def read(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    """SKU rows repeat what their item's row says of options; further images come as rows of their own."""
    names: dict[str, str] = {}
    for number, row in rows:
        # An item that is sold in one form may have both in one row.
        is_item, is_sku = bool(row.get(FIELDS["title"]) or not row.get(SKU_NUMBER)), bool(row.get(SKU_NUMBER))
        if is_item:
            names = dict(zip(_split(row, AXIS_KEYS), _split(row, AXIS_NAMES), strict=False))
        handle = row.get(NUMBER, "")
        yield number, {"handle": handle} | (_of_item(row) if is_item else {}) | (_of_sku(row, names) if is_sku else {})
        for place in range(2, MOST_IMAGES + 1) if is_item else ():
            if url := row.get(f"商品画像パス{place}"):
                alt = row.get(f"商品画像名（ALT）{place}", "")
                yield number, {"handle": handle, "image_url": url, "image_alt": alt}


def _split(row: Cells, column: str) -> list[str]:
    return row[column].split("|") if row.get(column) else []


def _of_item(row: Cells) -> dict[str, str]:
    told = {field: text(row, FIELDS[field]) for field in ("title", "description_html", "vendor", "genre_id")}
    status = {"1": "draft", "0": "active"}.get(row.get(HIDDEN, ""), "")
    image = {"image_url": row.get("商品画像パス1", ""), "image_alt": row.get("商品画像名（ALT）1", "")}
    return told | {"status": status} | image


def _of_sku(row: Cells, names: Mapping[str, str]) -> dict[str, str]:
    """Its options in the order of the item's; a row may name them in another."""
    told = {field: text(row, FIELDS[field]) for field in ("price", "compare_at", "quantity", "barcode")}
    number = "" if _MADE_BY_US.fullmatch(row.get(SKU_NUMBER, "")) else row.get(SKU_NUMBER, "")
    told |= {"sku": row.get(OWN_SKU) or number, "genre_attributes": _attributes(row)}
    chosen = {
        row.get(f"バリエーション項目キー{place}", ""): row.get(f"バリエーション項目選択肢{place}", "")
        for place in range(1, len(names) + 1)
    }
    for place, (key, name) in enumerate(list(names.items())[:MOST_OPTIONS], start=1):
        told |= {f"option{place}_name": name, f"option{place}_value": chosen.get(key, "")}
    return told


def _attributes(row: Cells) -> str:
    lines = []
    for place in range(1, MOST_ATTRIBUTES + 1):
        name, value = row.get(f"商品属性（項目）{place}", ""), row.get(f"商品属性（値）{place}", "")
        unit = row.get(f"商品属性（単位）{place}", "")
        if name and value:
            lines.append(f"{name}: {value}" + (f" [{unit}]" if unit else ""))
    return "\n".join(lines)


def full_width(name: str) -> str:
    """A column's name with the brackets that RMS writes; spreadsheets and people narrow them."""
    return name.replace("(", "（").replace(")", "）")


LAYOUT: Final = Layout(
    fields=FIELDS,
    used=lambda name: name in {*FIELDS.values(), SKU_NUMBER} or bool(_USED.fullmatch(name)),
    read=read,
    spelled=full_width,
    references=True,
    needs=each_needs_its_own(FIELDS) | {"sku": (OWN_SKU, SKU_NUMBER)},
)
