"""Stock: set with compare-and-set, adjust by a delta, stock an item at a location, change an item."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from connectors.shopify.practice import payloads, stock_nodes, variants
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, Refused, UserErrors, refuse, user_error
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

REASONS = (
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
)
ADJUSTABLE = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
LIMIT = 1_000_000_000
STALE = "The changeFromQuantity value does not match persisted value."

Given = dict[str, Any]


def accept_set(mutation: Mutation, arguments: Arguments) -> Payload:
    given = arguments["input"]
    rows: list[Given] = given["quantities"]
    _need_compare("InventoryQuantityInput", rows)
    errors = _wrong_reason(given)
    if given["name"] not in ("available", "on_hand"):
        message = "The quantity name must be either 'available' or 'on_hand'."
        errors.append(user_error(["input", "name"], message, "INVALID_NAME"))
    errors += _duplicates(rows)
    if errors:
        raise Refused(errors)
    changes: list[Given] = []
    for number, one in enumerate(rows):
        path: list[str | int] = ["input", "quantities", number]
        level, wrong = _level(mutation.request, one, path)
        if level is None:
            errors += wrong
            continue
        now = level["available"] if given["name"] == "available" else stock_nodes.on_hand(level)
        wrong = _wrong_quantity(one, path, name=given["name"], now=now)
        errors += wrong
        if not wrong and one["quantity"] != now:
            changes.append({"level": level, "name": "available", "delta": one["quantity"] - now})
    if errors:
        raise Refused(errors)
    return _apply(mutation, given, changes)


def accept_adjust(mutation: Mutation, arguments: Arguments) -> Payload:
    given = arguments["input"]
    rows: list[Given] = given["changes"]
    _need_compare("InventoryChangeInput", rows)
    errors = _wrong_reason(given)
    name = given["name"]
    if name not in ADJUSTABLE:
        message = f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUSTABLE)}."
        raise refuse(["input", "name"], message, "INVALID_QUANTITY_NAME")
    changes: list[Given] = []
    for number, one in enumerate(rows):
        path: list[str | int] = ["input", "changes", number]
        errors += _wrong_document(one, path, name)
        level, wrong = _level(mutation.request, one, path)
        errors += wrong
        if level is None:
            continue
        expected = one["changeFromQuantity"]
        if expected is not None and expected != level[name]:
            errors.append(user_error([*path, "changeFromQuantity"], STALE, "CHANGE_FROM_QUANTITY_STALE"))
        if abs(level[name] + one["delta"]) > LIMIT:
            high = one["delta"] > 0
            message = f"The quantity can't be {'higher than ' if high else 'lower than -'}{LIMIT:,}."
            code = "INVALID_QUANTITY_TOO_HIGH" if high else "INVALID_QUANTITY_TOO_LOW"
            errors.append(user_error([*path, "delta"], message, code))
        changes.append({"level": level, "name": name, "delta": one["delta"]})
    if errors:
        raise Refused(errors)
    return _apply(mutation, given, changes)


def accept_activate(mutation: Mutation, arguments: Arguments) -> Payload:
    request = mutation.request
    item = stock_nodes.find_item(request, gid_number(arguments["inventoryItemId"], "InventoryItem"))
    if item is None:
        raise refuse(["inventoryItemId"], "The product couldn't be stocked because the product wasn't found.")
    location = stock_nodes.find_location(request, gid_number(arguments["locationId"], "Location"))
    if location is None:
        raise refuse(["locationId"], "The product couldn't be stocked because the location wasn't found.")
    known = stock_nodes.find_level(request, item["item_id"], location["id"])
    if known is not None and arguments.get("available") is not None:
        message = "Not allowed to set available quantity when the item is already active at the location."
        raise refuse(["available"], message)
    if known is None:
        variants.stock(request, item["item_id"], location["id"], arguments.get("available") or 0)
        level = stock_nodes.find_level(request, item["item_id"], location["id"])
        assert level is not None
        mutation.announce("inventory_levels/connect", payloads.level(level))
        mutation.announce("inventory_levels/update", payloads.level(level))
    mutation.ids = {"items": [item["item_id"]], "location": location["id"]}
    return {"level": [item["item_id"], location["id"]]}


def accept_item_update(mutation: Mutation, arguments: Arguments) -> Payload:
    request, given = mutation.request, arguments["input"]
    row = stock_nodes.find_item(request, gid_number(arguments["id"], "InventoryItem"))
    if row is None:
        raise refuse(["id"], "The product couldn't be updated because it does not exist.")
    if given.get("cost") is not None and given["cost"].startswith("-"):
        raise refuse(["input", "cost"], "Cost per item must be greater than or equal to 0")
    after = variants.change(request, row, **variants.item_columns(request, given))
    mutation.ids = {"items": [row["item_id"]]}
    return {"inventoryItem": stock_nodes.item(request, after)}


def view_group(request: Request, memo: Payload) -> Payload:
    """The payload of a set or an adjust, made of what its key remembers."""
    number = memo.get("group")
    return {
        "inventoryAdjustmentGroup": stock_nodes.adjustment(request, number) if number else None,
        "userErrors": memo["userErrors"],
    }


def view_level(request: Request, memo: Payload) -> Payload:
    """The payload of an activate, made of what its key remembers."""
    found = stock_nodes.find_level(request, *memo["level"]) if memo.get("level") else None
    return {
        "inventoryLevel": stock_nodes.level(request, found) if found else None,
        "userErrors": memo["userErrors"],
    }


def move(mutation: Mutation, level: Row, name: str, delta: int) -> None:
    """The quantity of that name is `delta` more, and subscribers hear of it."""
    request = mutation.request
    request.store.run(
        f'UPDATE level SET "{name}" = "{name}" + ?, updated_at = ? WHERE item_id = ? AND location_id = ?',
        delta,
        request.store.now(),
        level["item_id"],
        level["location_id"],
    )
    after = stock_nodes.find_level(request, level["item_id"], level["location_id"])
    assert after is not None
    mutation.announce("inventory_levels/update", payloads.level(after))


def _apply(mutation: Mutation, given: Given, changes: list[Given]) -> Payload:
    """Every change is made and written down as one adjustment; none at all where nothing changes."""
    written: list[Given] = []
    for change in changes:
        level = change["level"]
        move(mutation, level, change["name"], change["delta"])
        names = [change["name"]] + (["on_hand"] if change["name"] in stock_nodes.ON_HAND else [])
        common = {"delta": change["delta"], "item": level["item_id"], "location": level["location_id"]}
        written += [common | {"name": name} for name in names]
    mutation.ids = {"items": [change["level"]["item_id"] for change in changes]}
    if not written:
        return {"group": None}
    number = uuid4().hex
    body = {"reason": given["reason"], "reference": given.get("referenceDocumentUri"), "changes": written}
    request = mutation.request
    at = request.store.now()
    request.store.insert("adjustment", id=number, shop=request.domain, body=json.dumps(body), at=at)
    return {"group": number}


def _need_compare(input_name: str, rows: list[Given]) -> None:
    """The compare field must be there, be it null: https://shopify.dev/changelog on 2026-04."""
    if any("changeFromQuantity" not in one for one in rows):
        raise GraphQLError(
            f"{input_name} must include the following argument: changeFromQuantity.",
            extensions={"code": "INVALID_FIELD_ARGUMENTS"},
        )


def _level(request: Request, one: Given, path: list[str | int]) -> tuple[Row | None, UserErrors]:
    item = stock_nodes.find_item(request, gid_number(one["inventoryItemId"], "InventoryItem"))
    location = stock_nodes.find_location(request, gid_number(one["locationId"], "Location"))
    errors: UserErrors = []
    if item is None:
        message = "The specified inventory item could not be found."
        errors.append(user_error([*path, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM"))
    if location is None:
        message = "The specified location could not be found."
        errors.append(user_error([*path, "locationId"], message, "INVALID_LOCATION"))
    if item is None or location is None:
        return None, errors
    level = stock_nodes.find_level(request, item["item_id"], location["id"])
    if level is None:
        message = "The specified inventory item is not stocked at the location."
        errors.append(user_error([*path, "locationId"], message, "ITEM_NOT_STOCKED_AT_LOCATION"))
    return level, errors


def _duplicates(rows: list[Given]) -> UserErrors:
    pairs = [(one["inventoryItemId"], one["locationId"]) for one in rows]
    times = Counter(pairs)
    message = "The combination of inventoryItemId and locationId must be unique."
    code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
    return [
        user_error(["input", "quantities", number, "locationId"], message, code)
        for number, pair in enumerate(pairs)
        if times[pair] > 1
    ]


def _wrong_quantity(one: Given, path: list[str | int], *, name: str, now: int) -> UserErrors:
    wanted, expected = one["quantity"], one["changeFromQuantity"]
    where = [*path, "quantity"]
    if wanted < 0 and name == "available":
        return [user_error(where, "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE")]
    if wanted > LIMIT:
        return [user_error(where, f"The quantity can't be higher than {LIMIT:,}.", "INVALID_QUANTITY_TOO_HIGH")]
    if wanted < -LIMIT:
        return [user_error(where, f"The quantity can't be lower than -{LIMIT:,}.", "INVALID_QUANTITY_TOO_LOW")]
    if expected is not None and expected != now:
        return [user_error([*path, "changeFromQuantity"], STALE, "CHANGE_FROM_QUANTITY_STALE")]
    return []


def _wrong_reason(given: Given) -> UserErrors:
    if given["reason"] in REASONS:
        return []
    message = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
    return [user_error(["input", "reason"], message, "INVALID_REASON")]


def _wrong_document(one: Given, path: list[str | int], name: str) -> UserErrors:
    """A ledger document is needed for every quantity but `available`, which takes none."""
    where, given = [*path, "ledgerDocumentUri"], one.get("ledgerDocumentUri")
    if name == "available" and given:
        message = "A ledger document URI is not allowed when adjusting available."
        return [user_error(where, message, "INVALID_AVAILABLE_DOCUMENT")]
    if name != "available" and not given:
        message = "A ledger document URI is required except when adjusting available."
        return [user_error(where, message, "INVALID_QUANTITY_DOCUMENT")]
    return []
