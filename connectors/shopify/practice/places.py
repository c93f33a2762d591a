"""What the merchant does with the shop's locations in its admin: open, rename and close them, count what lies there."""

from __future__ import annotations

from typing import Any

from connectors.shopify.practice import inventory, payloads, shops, stock_nodes, variants
from connectors.shopify.practice.gids import parse
from connectors.shopify.practice.merchant import NotThere, by_hand
from connectors.shopify.practice.mutations import Mutation
from connectors.shopify.practice.state import Practice, Request
from connectors.shopify.practice.store import Row

Given = dict[str, Any]


def add(practice: Practice, domain: str, name: str) -> int:
    """The shop has another location, with nothing in it; its number."""
    mutation, store = by_hand(practice, domain), practice.store
    with store.transaction():
        number = store.new_number("Location")
        store.insert("location", id=number, shop=domain, name=name, active=1)
        _announce(mutation, number, "create")
    return number


def rename(practice: Practice, domain: str, given: Given) -> None:
    """The location has this `name`."""
    _change(practice, domain, given, "update", name=str(given["name"]))


def activate(practice: Practice, domain: str, given: Given) -> None:
    """The location is open again, with nothing in it."""
    _change(practice, domain, given, "activate", active=1)


def deactivate(practice: Practice, domain: str, given: Given) -> None:
    """The location is closed. What it holds goes to the location `to`, where one is named, or is no longer counted."""
    mutation, store = by_hand(practice, domain), practice.store
    request = mutation.request
    row, target = find(request, given["location"]), find(request, given["to"]) if given.get("to") else None
    if not any(one["active"] and one["id"] != row["id"] for one in shops.locations(store, domain)):
        raise ValueError("a shop has one active location at least")
    with store.transaction():
        for level in store.rows("SELECT * FROM level WHERE location_id = ?", row["id"]):
            store.run("DELETE FROM level WHERE item_id = ? AND location_id = ?", level["item_id"], row["id"])
            gone = {"inventory_item_id": level["item_id"], "location_id": row["id"]}
            mutation.announce("inventory_levels/disconnect", gone)
            if target is not None:
                there = _stocked(mutation, level["item_id"], target["id"])
                inventory.move(mutation, there, "available", level["available"])
        store.update("location", row["id"], active=0)
        _announce(mutation, row["id"], "deactivate")


def set_stock(mutation: Mutation, variant: Row, wanted: int, *, at: Any = None) -> None:
    """So many are counted at the location `at`, or where the item was stocked first."""
    request = mutation.request
    if at:
        level = _stocked(mutation, variant["item_id"], find(request, at)["id"])
    else:
        query = "SELECT * FROM level WHERE item_id = ? ORDER BY location_id LIMIT 1"
        found = request.store.row(query, variant["item_id"])
        if found is None:
            raise NotThere(f"variant {variant['id']} is stocked nowhere")
        level = found
    inventory.move(mutation, level, "available", wanted - level["available"])


def find(request: Request, given: Any) -> Row:
    """The location of this number or id."""
    parsed = parse(str(given))
    row = stock_nodes.find_location(request, parsed[1] if parsed else int(given))
    if row is None:
        raise NotThere(f"no location {given}")
    return row


def _change(practice: Practice, domain: str, given: Given, event: str, **columns: Any) -> None:
    mutation = by_hand(practice, domain)
    row = find(mutation.request, given["location"])
    with practice.store.transaction():
        practice.store.update("location", row["id"], **columns)
        _announce(mutation, row["id"], event)


def _announce(mutation: Mutation, number: int, event: str) -> None:
    row = stock_nodes.find_location(mutation.request, number)
    assert row is not None
    mutation.announce(f"locations/{event}", payloads.location(row))


def _stocked(mutation: Mutation, item_id: int, location_id: int) -> Row:
    """The item's level at the location, where it is stocked from now on."""
    request = mutation.request
    if stock_nodes.find_level(request, item_id, location_id) is None:
        variants.stock(request, item_id, location_id, 0)
    level = stock_nodes.find_level(request, item_id, location_id)
    assert level is not None
    return level
