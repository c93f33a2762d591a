"""Variant rows: what Shopify refuses in them, and how they are kept together with their inventory item and levels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.shopify.practice import shops
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import UserErrors, user_error
from connectors.shopify.practice.nodes import WHOLE_CURRENCIES
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

MONEY_LIMIT = Decimal(10) ** 18
ITEM_COLUMNS = {
    "sku": "sku",
    "requiresShipping": "requires_shipping",
    "tracked": "tracked",
    "countryCodeOfOrigin": "country_code",
    "harmonizedSystemCode": "hs_code",
}
DEFAULTS = {
    "sku": "",
    "barcode": "",
    "price": "0.00",
    "compare_at_price": None,
    "inventory_policy": "DENY",
    "taxable": 1,
    "tracked": 0,
    "requires_shipping": 1,
}


@dataclass(frozen=True, slots=True)
class MoneyCodes:
    """The code a mutation gives each kind of wrong amount."""

    negative: str
    too_much: str


def wrong_amounts(given: dict[str, Any], path: list[str | int], codes: MoneyCodes) -> UserErrors:
    found: UserErrors = []
    for name, label in (("price", "Price"), ("compareAtPrice", "Compare at price")):
        amount = given.get(name)
        if amount is None:
            continue
        if Decimal(amount) < 0:
            message = f"{label} must be greater than or equal to 0"
            found.append(user_error([*path, name], message, codes.negative))
        elif Decimal(amount) >= MONEY_LIMIT:
            message = f"must be less than {MONEY_LIMIT}"
            found.append(user_error([*path, name], message, codes.too_much))
    cost = (given.get("inventoryItem") or {}).get("cost")
    if cost is not None and Decimal(cost) < 0:
        message = "Cost per item must be greater than or equal to 0"
        found.append(user_error([*path, "inventoryItem", "cost"], message, codes.negative))
    return found


def columns(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """The columns a variant input names; what it leaves out is not in it."""
    found: dict[str, Any] = {}
    if given.get("price") is not None:
        found["price"] = _money(request, given["price"])
    if "compareAtPrice" in given:
        amount = given["compareAtPrice"]
        found["compare_at_price"] = None if amount is None else _money(request, amount)
    for name in ("sku", "barcode"):
        if name in given:
            found[name] = given[name] or ""
    if given.get("inventoryPolicy") is not None:
        found["inventory_policy"] = given["inventoryPolicy"]
    if given.get("taxable") is not None:
        found["taxable"] = int(given["taxable"])
    return found | item_columns(request, given.get("inventoryItem") or {})


def item_columns(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """The columns an inventory item input names."""
    found = {column: given[name] for name, column in ITEM_COLUMNS.items() if name in given}
    if "sku" in found:
        found["sku"] = found["sku"] or ""
    for name in ("tracked", "requires_shipping"):
        if found.get(name) is None:
            found.pop(name, None)
        else:
            found[name] = int(found[name])
    if "cost" in given:
        found["cost"] = None if given["cost"] is None else _money(request, given["cost"])
    weight = (given.get("measurement") or {}).get("weight")
    if weight is not None:
        found |= {"weight_value": weight["value"], "weight_unit": weight["unit"]}
    return found


def insert(request: Request, product_id: int, *, position: int, values: list[str], given: dict[str, Any]) -> Row:
    """A new variant with its inventory item, stocked nowhere yet."""
    now = request.store.now()
    number = request.store.new_number("ProductVariant")
    request.store.insert(
        "variant",
        id=number,
        shop=request.domain,
        product_id=product_id,
        item_id=request.store.new_number("InventoryItem"),
        position=position,
        option_values=json.dumps(values, ensure_ascii=False),
        created_at=now,
        updated_at=now,
        searchable_at=now + request.practice.settings.index_lag_seconds,
        **DEFAULTS | columns(request, given),
    )
    return _row(request, number)


def change(request: Request, row: Row, **changed: Any) -> Row:
    """The variant has these columns. A new SKU or barcode is found by a search only after the index's lag."""
    now = request.store.now()
    if any(changed.get(name, row[name]) != row[name] for name in ("sku", "barcode")):
        changed["searchable_at"] = now + request.practice.settings.index_lag_seconds
    request.store.update("variant", row["id"], updated_at=now, **changed)
    return _row(request, row["id"])


def stock(request: Request, item_id: int, location_id: int, available: int) -> None:
    """The item is stocked at the location with this quantity."""
    now = request.store.now()
    request.store.run(
        "INSERT INTO level (item_id, location_id, available, created_at, updated_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (item_id, location_id)"
        " DO UPDATE SET available = excluded.available, updated_at = excluded.updated_at",
        item_id,
        location_id,
        available,
        now,
        now,
    )


def stock_new(request: Request, row: Row, quantities: list[tuple[int, int]]) -> None:
    """A new item is stocked at the places it came with, or with nothing at the shop's first location."""
    places = quantities or [(shops.first_location(request.store, request.domain)["id"], 0)]
    for location_id, available in places:
        stock(request, row["item_id"], location_id, available)


def by_gid(request: Request, product_id: int, text: str | None) -> Row | None:
    query = "SELECT * FROM variant WHERE id = ? AND product_id = ?"
    return request.store.row(query, gid_number(text, "ProductVariant"), product_id)


def delete(request: Request, row: Row) -> None:
    request.store.run("DELETE FROM metafield WHERE owner = ?", f"gid://shopify/ProductVariant/{row['id']}")
    request.store.run("DELETE FROM variant WHERE id = ?", row["id"])


def _row(request: Request, number: int) -> Row:
    found = request.store.row("SELECT * FROM variant WHERE id = ?", number)
    assert found is not None
    return found


def _money(request: Request, amount: str) -> str:
    unit = Decimal(1) if request.shop["currency"] in WHOLE_CURRENCIES else Decimal("0.01")
    return str(Decimal(amount).quantize(unit, ROUND_HALF_UP))
