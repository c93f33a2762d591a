"""Rakuten's item.csv of before its SKU project: a row an item, what to do with it in front (n new, u change, d delete).

The columns as that time's shops still have them in their files. An item with options has these and their stock in
another file, select.csv, so that its row alone would be one article of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from portal.i18n import _
from portal.imports.layouts.amazon_loader import deletes
from portal.imports.layouts.layout import Cells, Layout, Told, each_needs_its_own, text
from portal.imports.layouts.rakuten import HIDDEN, NUMBER, full_width
from portal.imports.reading import Remark

CONTROL: Final = "コントロールカラム"
STOCK_TYPE: Final = "在庫タイプ"
BY_OPTION: Final = "2"
FIELDS: Final = {
    "handle": NUMBER,
    "sku": "商品番号",
    "title": "商品名",
    "description_html": "PC用商品説明文",
    "genre_id": "全商品ディレクトリID",
    "status": HIDDEN,
    "price": "販売価格",
    "compare_at": "表示価格",
    "quantity": "在庫数",
    "barcode": "カタログID",
    "image_url": "商品画像URL",
}


def read(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    for number, row in rows:
        if row.get(CONTROL, "").lower() == "d":
            yield number, deletes("Rakuten")
        elif row.get(STOCK_TYPE) == BY_OPTION:
            yield number, _stands_elsewhere()
        else:
            status = {"1": "draft", "0": "active"}.get(row.get(HIDDEN, ""), "")
            told = {field: text(row, column) for field, column in FIELDS.items()}
            yield number, told | {"sku": text(row, FIELDS["sku"], NUMBER), "status": status}


def _stands_elsewhere() -> Remark:
    return Remark(
        "options_elsewhere",
        _("has options, and they and their stock stand in another file (select.csv)."),
        _("Download normal-item.csv in RMS: it has items and options together."),
    )


LAYOUT: Final = Layout(
    fields=FIELDS,
    used=lambda name: name in {*FIELDS.values(), CONTROL},
    read=read,
    spelled=full_width,
    references=True,
    # An item without a number of its own is known by the one in its address, and keeps that as its SKU.
    needs=each_needs_its_own(FIELDS) | {"sku": (FIELDS["sku"], FIELDS["title"])},
)
