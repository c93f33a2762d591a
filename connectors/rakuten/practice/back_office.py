"""What the merchant does in RMS by hand: nothing of it is checked as an API call is, or enters the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from connectors.practice.store import Row
from connectors.rakuten.practice import inventory
from connectors.rakuten.practice.state import Json, Practice


def catalog(practice: Practice, shop: str) -> list[Json]:
    """Every item with its stock: units by SKU code, and what else stands in each stock row.

    `pictures` are the digests of the files it shows, in order; None for one that is not in the R-Cabinet.
    """
    files = practice.store.rows("SELECT location, sha256 FROM cabinet_image WHERE shop = ?", shop)
    held = {row["location"]: row["sha256"] for row in files}
    rows = practice.store.rows("SELECT * FROM item WHERE shop = ? ORDER BY id", shop)
    return [
        json.loads(row["body"])
        | {"manageNumber": row["manage_number"]}
        | {"pictures": [held.get(image["location"]) for image in json.loads(row["body"]).get("images") or []]}
        | {"stock": {one["variant_id"]: one["quantity"] for one in _stock(practice, shop, row)}}
        | {"stockOptions": {one["variant_id"]: json.loads(one["optional"]) for one in _stock(practice, shop, row)}}
        for row in rows
    ]


def _stock(practice: Practice, shop: str, item: Row) -> list[Row]:
    query = "SELECT * FROM inventory WHERE shop = ? AND manage_number = ? ORDER BY variant_id"
    return practice.store.rows(query, shop, item["manage_number"])


def seed(practice: Practice, shop: str, products: Sequence[Json]) -> int:
    """The items are there, and found by search at once; how many."""
    now = practice.clock()
    with practice.store.transaction():
        for product in products:
            number = str(product["manageNumber"]).lower()
            body = {name: value for name, value in product.items() if name not in ("manageNumber", "stock")}
            practice.store.insert(
                "item",
                shop=shop,
                manage_number=number,
                body=json.dumps(body, ensure_ascii=False),
                created_at=now,
                updated_at=now,
                searchable_at=now,
            )
            for code, quantity in (product.get("stock") or {}).items():
                inventory.write(practice, shop, number, code, quantity=int(quantity), optional={})
    return len(products)


def change(practice: Practice, shop: str, data: Json) -> None:
    """The item `manage_number`: its `fields`, and of the SKU `variant` the `stock`, `price` and `stock_options`.

    Raises LookupError for an item that is not there.
    """
    number = str(data["manage_number"])
    row = practice.store.row("SELECT * FROM item WHERE shop = ? AND manage_number = ?", shop, number)
    if row is None:
        raise LookupError(f"no item {number}")
    body: dict[str, Any] = json.loads(row["body"]) | data.get("fields", {})
    if "price" in data:
        body["variants"][data["variant"]]["standardPrice"] = str(data["price"])
    practice.store.update("item", row["id"], body=json.dumps(body, ensure_ascii=False), updated_at=practice.clock())
    if "stock" in data:
        options = data.get("stock_options", {})
        inventory.write(practice, shop, number, data["variant"], quantity=int(data["stock"]), optional=options)


def delete(practice: Practice, shop: str, manage_number: str) -> None:
    for table in ("item", "inventory"):
        practice.store.run(f"DELETE FROM {table} WHERE shop = ? AND manage_number = ?", shop, manage_number)


def wipe(practice: Practice, shop: str) -> None:
    """The store sells nothing any more; its keys and its ledger stay."""
    for table in ("item", "inventory", "cabinet_image", "cabinet_folder"):
        practice.store.run(f"DELETE FROM {table} WHERE shop = ?", shop)
