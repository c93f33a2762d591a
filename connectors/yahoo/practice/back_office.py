"""What the merchant does by hand in Store Creator Pro: no rate, no ledger, no rules."""

from __future__ import annotations

import json
from typing import Any

from connectors.practice.store import Row, Store
from connectors.yahoo.practice import images, items, stock

Json = dict[str, Any]


def items_of(store: Store, seller_id: str) -> list[Json]:
    return [
        {
            "item_code": row["item_code"],
            "fields": json.loads(row["fields"]),
            "live": json.loads(row["live"]) if row["live"] else None,
            "pictures": _pictures_of(store, seller_id, row),
            "stock": _stock_of(store, seller_id, row["item_code"]),
        }
        for row in store.rows("SELECT * FROM item WHERE shop = ? ORDER BY id", seller_id)
    ]


def _pictures_of(store: Store, seller_id: str, row: Row) -> list[str | None]:
    if row["live"] is None:
        return []
    return images.shown(store, seller_id, row["item_code"], json.loads(row["live"]).get("item_image_urls", ""))


def _stock_of(store: Store, seller_id: str, code: str) -> dict[str, int]:
    query = "SELECT subcode, quantity FROM stock WHERE shop = ? AND item_code = ? ORDER BY subcode"
    return {row["subcode"]: row["quantity"] for row in store.rows(query, seller_id, code)}


def make(store: Store, seller_id: str, given: Json) -> None:
    """An item as the merchant made it, published."""
    fields = {name: str(value) for name, value in given.items() if name != "stock"}
    items.write(store, seller_id, {"display": "1", **fields})
    store.run("UPDATE item SET live = fields WHERE shop = ? AND item_code = ?", seller_id, fields["item_code"])
    for subcode, quantity in (given.get("stock") or {}).items():
        stock.put(store, seller_id, fields["item_code"], subcode, int(quantity))


def change(store: Store, seller_id: str, given: Json) -> None:
    """Stock of an item or subcode, and as wanted its fields. Raises KeyError for an item that is not there."""
    code = given["item_code"]
    found = items.find(store, seller_id, code)
    if found is None:
        raise KeyError(code)
    if "quantity" in given:
        stock.put(store, seller_id, code, given.get("subcode", ""), int(given["quantity"]))
    if given.get("fields"):
        items.write(store, seller_id, {**json.loads(found["fields"]), **given["fields"]})
        store.run("UPDATE item SET live = fields WHERE id = ?", found["id"])


def delete(store: Store, seller_id: str, code: str) -> None:
    """Its stock stays behind, as at Yahoo!."""
    if not store.run("DELETE FROM item WHERE shop = ? AND item_code = ?", seller_id, code):
        raise KeyError(code)


def add_image(store: Store, seller_id: str, url: str) -> None:
    store.run("INSERT OR IGNORE INTO image (shop, url) VALUES (?, ?)", seller_id, url)
