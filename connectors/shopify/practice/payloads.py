"""The REST-shaped bodies of webhooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.store import Row, Store

Body = dict[str, Any]


def stamp(seconds: float) -> str:
    """Webhook bodies write offsets, not Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def product(store: Store, row: Row) -> Body:
    number = row["id"]
    variants = store.rows("SELECT * FROM variant WHERE product_id = ? ORDER BY position, id", number)
    files = store.rows("SELECT * FROM file WHERE product_id = ? ORDER BY position, id", number)
    published = store.row("SELECT MIN(at) AS at FROM published WHERE product_id = ?", number)
    return {
        "id": number,
        "admin_graphql_api_id": gid("Product", number),
        "title": row["title"],
        "handle": row["handle"],
        "body_html": row["description_html"],
        "vendor": row["vendor"],
        "product_type": row["product_type"],
        "status": row["status"].lower(),
        "tags": ", ".join(json.loads(row["tags"])),
        "created_at": stamp(row["created_at"]),
        "updated_at": stamp(row["updated_at"]),
        "published_at": stamp(published["at"]) if published and published["at"] else None,
        "options": _options(store, number),
        "variants": [_variant(store, variant) for variant in variants],
        "images": [_image(number, file) for file in files],
    }


def product_gone(number: int) -> Body:
    return {"id": number}


def level(row: Row) -> Body:
    item, place = row["item_id"], row["location_id"]
    return {
        "inventory_item_id": item,
        "location_id": place,
        "available": row["available"],
        "updated_at": stamp(row["updated_at"]),
        "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{place}?inventory_item_id={item}",
    }


def location(row: Row) -> Body:
    number = row["id"]
    return {
        "id": number,
        "name": row["name"],
        "active": bool(row["active"]),
        "admin_graphql_api_id": gid("Location", number),
    }


def shop(row: Row) -> Body:
    return {
        "id": row["id"],
        "name": row["name"],
        "email": f"owner@{row['domain']}",
        "domain": None,
        "myshopify_domain": row["domain"],
        "country": None,
        "currency": row["currency"],
        "plan_name": "basic",
        "created_at": None,
        "updated_at": None,
    }


def scopes(row: Row, *, previous: list[str], current: list[str], now: float) -> Body:
    return {"id": row["id"], "previous": previous, "current": current, "updated_at": stamp(now)}


def compliance(topic: str, row: Row, details: Body) -> Body:
    """The privacy bodies; `details` is what the topic says about a customer."""
    body: Body = {"shop_id": row["id"], "shop_domain": row["domain"]}
    if topic == "shop/redact":
        return body
    customer = {"id": 191_167, "email": "buyer@example.com", "phone": "555-0100"}
    if topic == "customers/data_request":
        return body | {"orders_requested": [], "customer": customer, "data_request": {"id": 9999}} | details
    return body | {"customer": customer, "orders_to_redact": []} | details


def _options(store: Store, product_id: int) -> list[Body]:
    found = []
    for option in store.rows("SELECT * FROM option WHERE product_id = ? ORDER BY position", product_id):
        values = store.rows("SELECT name FROM option_value WHERE option_id = ? ORDER BY position", option["id"])
        names = [value["name"] for value in values]
        common = {"id": option["id"], "product_id": product_id, "name": option["name"]}
        found.append(common | {"position": option["position"], "values": names})
    return found


def _variant(store: Store, row: Row) -> Body:
    stock = store.row("SELECT COALESCE(SUM(available), 0) AS sum FROM level WHERE item_id = ?", row["item_id"])
    return {
        "id": row["id"],
        "product_id": row["product_id"],
        "title": " / ".join(json.loads(row["option_values"])),
        "sku": row["sku"],
        "barcode": row["barcode"],
        "price": row["price"],
        "compare_at_price": row["compare_at_price"],
        "position": row["position"],
        "inventory_item_id": row["item_id"],
        "inventory_quantity": stock["sum"] if stock else 0,
        "inventory_policy": row["inventory_policy"].lower(),
        "updated_at": stamp(row["updated_at"]),
    }


def _image(product_id: int, row: Row) -> Body:
    return {
        "id": row["id"],
        "product_id": product_id,
        "position": row["position"],
        "alt": row["alt"] or None,
        "src": row["source"],
        "admin_graphql_api_id": gid("MediaImage", row["id"]),
    }
