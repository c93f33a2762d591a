"""What every change of an order does beside it: subscribers hear of it, and its units leave the shelf or come back."""

from __future__ import annotations

from typing import Any

from connectors.shopify.practice import inventory, order_payloads
from connectors.shopify.practice.mutations import Mutation
from connectors.shopify.practice.store import Row


class OutOfStock(ValueError):
    """Too few are there, and the variant is not sold when it is out."""


def changed(mutation: Mutation, sale_id: int, *topics: str, **columns: Any) -> Row:
    """The order has the new columns and another moment of change, and subscribers hear of it whole."""
    store = mutation.request.store
    store.update("sale", sale_id, updated_at=store.now(), **columns)
    row = store.row("SELECT * FROM sale WHERE id = ?", sale_id)
    assert row is not None
    for topic in topics:
        mutation.announce(topic, order_payloads.order(store, row))
    return row


def claim(mutation: Mutation, line: Row, *, obey: bool = True, at: int | None = None) -> None:
    """The line's units are no longer for sale. Never below none, also where the variant is sold when it is out.

    They are taken at the location `at`, or else at the first that has them all, or has any of the item.
    """
    variant, level = _shelf(mutation, line, at=at)
    if variant is None or level is None or not variant["tracked"]:
        return
    mutation.request.store.insert("line_location", line_id=line["id"], location_id=level["location_id"])
    there = max(0, level["available"])
    if obey and variant["inventory_policy"] == "DENY" and there < line["quantity"]:
        raise OutOfStock(f"{line['quantity']} of {line['sku']} wanted, {there} there")
    taken = min(there, line["quantity"])
    if taken:
        inventory.move(mutation, level, "available", -taken)
    _commit(mutation, line, level, taken)


def settle(mutation: Mutation, line: Row, quantity: int, *, back: bool) -> None:
    """Units of the line are no longer waiting for anything: they have left, or are for sale again when `back`."""
    variant, level = _shelf(mutation, line)
    if variant is None or level is None or not variant["tracked"]:
        return
    _commit(mutation, line, level, -min(quantity, line["committed"]))
    if back and quantity:
        inventory.move(mutation, level, "available", quantity)


def place_of(mutation: Mutation, line: Row) -> int | None:
    """The number of the location whose shelf the line's units go back on; None for what is on no shelf."""
    _variant, level = _shelf(mutation, line)
    return int(level["location_id"]) if level is not None else None


def _shelf(mutation: Mutation, line: Row, *, at: int | None = None) -> tuple[Row | None, Row | None]:
    """The variant and its stock where the line is taken from; once it was taken, always there."""
    store = mutation.request.store
    variant = store.row("SELECT * FROM variant WHERE id = ?", line["variant_id"])
    if variant is None:
        return None, None
    taken = store.row("SELECT location_id FROM line_location WHERE line_id = ?", line["id"])
    query = (
        "SELECT * FROM level WHERE item_id = ? ORDER BY location_id = ? DESC, available >= ? DESC, location_id LIMIT 1"
    )
    wanted = taken["location_id"] if taken else at or 0
    return variant, store.row(query, variant["item_id"], wanted, line["quantity"])


def _commit(mutation: Mutation, line: Row, level: Row, quantity: int) -> None:
    store, where = mutation.request.store, (level["item_id"], level["location_id"])
    query = "UPDATE level SET committed = committed + ? WHERE item_id = ? AND location_id = ?"
    store.run(query, quantity, *where)
    store.run("UPDATE sale_line SET committed = committed + ? WHERE id = ?", quantity, line["id"])
