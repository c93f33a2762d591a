"""A listing as its seller is told of it: what was accepted, and what buyers see of that by now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from connectors.amazon.practice import catalog
from connectors.amazon.practice.attributes import Attributes
from connectors.amazon.practice.state import Call, moment
from connectors.practice.store import Row

Json = dict[str, Any]


def shown(call: Call, row: Row, included: Sequence[str]) -> Json:
    """The listing as getListingsItem tells it, with the data sets asked for."""
    given: Attributes = json.loads(row["attributes"])
    place, live = row["marketplace"], row["live_at"] <= call.now
    offer: Json | None = next(iter(given.get("purchasable_offer", [])), None)
    issues = [one for one in json.loads(row["issues"]) if one["at"] <= call.now]
    stock = given.get("fulfillment_availability", [])
    data: Json = {
        "summaries": [_summary(call, row, given, _status(given, issues, live=live))],
        "attributes": given,
        "issues": [{name: value for name, value in one.items() if name != "at"} for one in issues],
        "offers": [_offer(place, offer)] if offer and live else [],
        "fulfillmentAvailability": [
            {"fulfillmentChannelCode": one["fulfillment_channel_code"], "quantity": one.get("quantity", 0)}
            for one in stock
        ],
        "relationships": [{"marketplaceId": place, "relationships": _related(call, row, given)}],
        "productTypes": [{"marketplaceId": place, "productType": row["product_type"]}],
    }
    return {"sku": row["sku"], **{name: data[name] for name in included if name in data}}


def is_parent(given: Attributes) -> bool:
    return first(given, "parentage_level") == "parent"


def first(given: Attributes, name: str, field: str = "value") -> str:
    """The field of the attribute's first entry, empty where there is none."""
    return str(next((one.get(field, "") for one in given.get(name, [])), ""))


def _status(given: Attributes, issues: Sequence[Json], *, live: bool) -> list[str]:
    """A parent is only found, never bought; so is what is out of stock."""
    suppressed = any(one["severity"] == "ERROR" for one in issues)
    if not live or suppressed or not (is_parent(given) or given.get("purchasable_offer")):
        return []
    stock = sum(one.get("quantity", 0) for one in given.get("fulfillment_availability", []))
    return ["DISCOVERABLE"] if is_parent(given) or stock <= 0 else ["BUYABLE", "DISCOVERABLE"]


def _summary(call: Call, row: Row, given: Attributes, status: Sequence[str]) -> Json:
    return {
        "marketplaceId": row["marketplace"],
        **({"asin": row["asin"]} if row["asin"] else {}),
        "productType": row["product_type"],
        "conditionType": first(given, "condition_type") or "new_new",
        "status": list(status),
        "itemName": first(given, "item_name") or catalog.title_of(call.store, row["asin"]),
        "createdDate": moment(row["created_at"]),
        "lastUpdatedDate": moment(row["updated_at"]),
    }


def _related(call: Call, row: Row, given: Attributes) -> list[Json]:
    """The children of a parent, the parent of a child."""
    if row["parent"]:
        return [{"type": "VARIATION", "parentSkus": [row["parent"]]}]
    if not is_parent(given):
        return []
    query = "SELECT sku FROM item WHERE shop = ? AND marketplace = ? AND parent = ? ORDER BY sku"
    children = call.store.rows(query, row["shop"], row["marketplace"], row["sku"])
    return [{"type": "VARIATION", "childSkus": [one["sku"] for one in children]}] if children else []


def _offer(place: str, offer: Json) -> Json:
    amount = offer["our_price"][0]["schedule"][0]["value_with_tax"]
    text = f"{amount:.2f}" if isinstance(amount, float) else str(amount)
    return {
        "marketplaceId": place,
        "offerType": "B2C",
        "price": {"currencyCode": offer["currency"], "amount": text},
        "audience": {"value": "ALL", "displayName": "Sell on Amazon"},
    }
