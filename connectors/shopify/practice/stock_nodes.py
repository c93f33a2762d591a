"""How locations, inventory items, levels and adjustments look in an answer."""

from __future__ import annotations

import json
from typing import Any

from graphql import GraphQLError

from connectors.shopify.practice import nodes
from connectors.shopify.practice.gids import asked_number, gid
from connectors.shopify.practice.nodes import Node
from connectors.shopify.practice.paging import connection
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row, iso

STORED_QUANTITIES = ("available", "committed", "incoming", "reserved", "damaged", "safety_stock", "quality_control")
ON_HAND = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")


def find_item(request: Request, number: int | None) -> Row | None:
    """The variant an inventory item belongs to: they are one row."""
    return request.store.row("SELECT * FROM variant WHERE item_id = ? AND shop = ?", number, request.domain)


def find_location(request: Request, number: int | None) -> Row | None:
    return request.store.row("SELECT * FROM location WHERE id = ? AND shop = ?", number, request.domain)


def find_level(request: Request, item_id: int, location_id: int) -> Row | None:
    query = "SELECT * FROM level WHERE item_id = ? AND location_id = ?"
    return request.store.row(query, item_id, location_id)


def on_hand(level: Row) -> int:
    return sum(level[name] for name in ON_HAND)


def location(request: Request, row: Row) -> Node:
    def stocked(_info: Any) -> bool:
        return request.store.row("SELECT 1 FROM level WHERE location_id = ? LIMIT 1", row["id"]) is not None

    address = dict.fromkeys(("address1", "address2", "city", "provinceCode", "zip", "countryCode"))
    return {
        "__typename": "Location",
        "id": gid("Location", row["id"]),
        "legacyResourceId": str(row["id"]),
        "name": row["name"],
        "isActive": bool(row["active"]),
        "fulfillsOnlineOrders": bool(row["active"]),
        "hasActiveInventory": stocked,
        "shipsInventory": bool(row["active"]),
        "isFulfillmentService": False,
        "address": address,
    }


def item(request: Request, row: Row) -> Node:
    number = row["item_id"]

    def levels(_info: Any, **page: Any) -> Node:
        query = "SELECT location_id AS id, * FROM level WHERE item_id = ? ORDER BY location_id"
        return connection(request.store.rows(query, number), lambda found: level(request, found), **page)

    def level_at(_info: Any, *, locationId: str) -> Node | None:
        found = find_level(request, number, asked_number(locationId, "Location"))
        return level(request, found) if found else None

    def duplicates(_info: Any) -> int:
        query = "SELECT COUNT(*) AS n FROM variant WHERE shop = ? AND sku = ? AND sku != ''"
        found = request.store.row(query, request.domain, row["sku"])
        return max(0, int(found["n"]) - 1) if found else 0

    weight = {"value": row["weight_value"], "unit": row["weight_unit"]} if row["weight_unit"] else None
    return {
        "__typename": "InventoryItem",
        "id": gid("InventoryItem", number),
        "legacyResourceId": str(number),
        "sku": row["sku"] or None,
        "tracked": bool(row["tracked"]),
        "requiresShipping": bool(row["requires_shipping"]),
        "countryCodeOfOrigin": row["country_code"],
        "harmonizedSystemCode": row["hs_code"],
        "measurement": {"id": gid("InventoryItemMeasurement", number), "weight": weight},
        "unitCost": nodes.money(row["cost"], request.shop["currency"]) if row["cost"] else None,
        "duplicateSkuCount": duplicates,
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
        "variants": lambda _info, **page: nodes.variant_page(request, [row], **page),
        "inventoryLevels": levels,
        "inventoryLevel": level_at,
    }


def level(request: Request, row: Row) -> Node:
    number = f"{row['location_id']}?inventory_item_id={row['item_id']}"

    def quantities(_info: Any, *, names: list[str]) -> list[Node]:
        for name in names:
            if name != "on_hand" and name not in STORED_QUANTITIES:
                raise GraphQLError(f"Unknown quantity name: {name}.", extensions={"code": "INVALID_FIELD_ARGUMENTS"})
        amounts = {name: row[name] for name in STORED_QUANTITIES} | {"on_hand": on_hand(row)}
        return [
            {
                "id": f"gid://shopify/InventoryQuantity/{number}&name={name}",
                "name": name,
                "quantity": amounts[name],
                "updatedAt": iso(row["updated_at"]),
            }
            for name in names
        ]

    def at(_info: Any) -> Node:
        found = find_location(request, row["location_id"])
        assert found is not None
        return location(request, found)

    def stocked(_info: Any) -> Node:
        found = find_item(request, row["item_id"])
        assert found is not None
        return item(request, found)

    return {
        "__typename": "InventoryLevel",
        "id": f"gid://shopify/InventoryLevel/{number}",
        "isActive": True,
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
        "item": stocked,
        "location": at,
        "quantities": quantities,
    }


def adjustment(request: Request, number: str) -> Node:
    """An adjustment as it was written, with the things it changed as they are today."""
    found = request.store.row("SELECT * FROM adjustment WHERE id = ?", number)
    assert found is not None
    body = json.loads(found["body"])
    items = {change["item"]: find_item(request, change["item"]) for change in body["changes"]}
    places = {change["location"]: find_location(request, change["location"]) for change in body["changes"]}

    def change(one: dict[str, Any]) -> Node:
        thing, place = items[one["item"]], places[one["location"]]
        return {
            "name": one["name"],
            "delta": one["delta"],
            "quantityAfterChange": None,
            "item": item(request, thing) if thing else None,
            "location": location(request, place) if place else None,
        }

    return {
        "__typename": "InventoryAdjustmentGroup",
        "id": f"gid://shopify/InventoryAdjustmentGroup/{number}",
        "createdAt": iso(found["at"]),
        "reason": body["reason"],
        "referenceDocumentUri": body["reference"],
        "changes": [change(one) for one in body["changes"]],
    }
