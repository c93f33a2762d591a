"""Amazon's Inventory Loader: a row an offer, on an item that Amazon's catalog has, so without the item's own words.

https://sellercentral.amazon.com, "Inventory Loader": product-id-type is 1 for an ASIN, 2 ISBN, 3 UPC, 4 EAN; add-delete
is a to add or change, d to delete the offer, x to delete it with all that Amazon knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from portal.i18n import _
from portal.imports.layouts.layout import Cells, Layout, Told, each_needs_its_own, text
from portal.imports.reading import Remark

ASIN: Final = frozenset({"1", "ASIN"})
DELETES: Final = frozenset({"d", "x"})
FIELDS: Final = {
    "sku": "sku",
    "title": "item-name",
    "description_html": "item-description",
    "vendor": "brand-name",
    "price": "price",
    "quantity": "quantity",
    "barcode": "product-id",
    "amazon_asin": "product-id-type",
    "image_url": "image-url",
}
_DIRECT: Final = ("sku", "title", "description_html", "vendor", "price", "quantity", "image_url")


def read(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    for number, row in rows:
        if row.get("add-delete", "").lower() in DELETES:
            yield number, deletes("Amazon")
            continue
        told: dict[str, str] = {field: text(row, FIELDS[field]) for field in _DIRECT}
        code = "amazon_asin" if text(row, "product-id-type").upper() in ASIN else "barcode"
        yield number, told | {code: text(row, "product-id")}


def deletes(channel: str) -> Remark:
    """A row that asks the channel to delete something; an import deletes nothing, here or there."""
    sentence = _("tells {channel} to delete this item, and an import deletes nothing.").format(channel=channel)
    return Remark("deletes", sentence, _("If you no longer sell it, archive the product here."))


LAYOUT: Final = Layout(
    fields=FIELDS,
    used=lambda name: name in {*FIELDS.values(), "add-delete"},
    read=read,
    needs=each_needs_its_own(FIELDS),
)
