"""What the merchant does by hand in Seller Central, and what is seen there: no rate, no ledger, no rules."""

from __future__ import annotations

import json
from typing import Any

from connectors.amazon.practice import feeds, sales, shown
from connectors.amazon.practice.state import PLACES, Call, Practice
from connectors.practice.store import Row

Json = dict[str, Any]


def listings_of(practice: Practice, seller_id: str) -> list[Json]:
    """Every SKU on every marketplace, as its seller is told of it, and what feeds have done by now."""
    call = as_seller(practice, seller_id)
    feeds.work_off(call)
    rows = practice.store.rows("SELECT * FROM item WHERE shop = ? ORDER BY marketplace, id", seller_id)
    return [_listing(practice, row) for row in rows]


def orders_of(practice: Practice, seller_id: str) -> list[Json]:
    """Every order as it is, and what feeds have done by now."""
    feeds.work_off(as_seller(practice, seller_id))
    return list(sales.recorded(practice, seller_id))


def as_seller(practice: Practice, seller_id: str, marketplace: str = PLACES[0].id) -> Call:
    """A call that comes from nowhere."""
    return Call(practice, seller_id, "by hand", (), {"marketplaceIds": marketplace}, None, "")


def change(practice: Practice, seller_id: str, given: Json) -> None:
    """`sku` has another quantity or price, by another hand. Raises KeyError for one that is not there."""
    for row in _rows(practice, seller_id, given["sku"]):
        attributes = json.loads(row["attributes"])
        if "quantity" in given:
            stock = {"fulfillment_channel_code": "DEFAULT", "quantity": int(given["quantity"])}
            attributes["fulfillment_availability"] = [stock]
        if "price" in given:
            attributes["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] = given["price"]
        practice.store.update("item", row["id"], attributes=json.dumps(attributes, ensure_ascii=False))


def late_issue(practice: Practice, seller_id: str, given: Json) -> None:
    """Amazon finds something about `sku` after it has accepted it: `code`, `message`, `attribute`, in `seconds`."""
    severity = given.get("severity", "ERROR")
    issue = {
        "code": str(given["code"]),
        "message": str(given["message"]),
        "severity": severity,
        "attributeNames": [given["attribute"]] if given.get("attribute") else [],
        "categories": [given.get("category", "INVALID_IMAGE")],
        "at": practice.clock() + float(given.get("seconds", 0)),
    }
    if severity == "ERROR":
        exempt = {"status": "NOT_EXEMPT"}
        issue["enforcements"] = {"actions": [{"action": "LISTING_SUPPRESSED"}], "exemption": exempt}
    for row in _rows(practice, seller_id, given["sku"]):
        practice.store.update("item", row["id"], issues=json.dumps([*json.loads(row["issues"]), issue]))


def delete(practice: Practice, seller_id: str, sku: str) -> None:
    for row in _rows(practice, seller_id, sku):
        practice.store.run("DELETE FROM item WHERE id = ?", row["id"])


def pace(practice: Practice, seller_id: str, given: Json) -> None:
    """How long until a listing is live (`live_after`) and a feed is done (`feed_seconds`), for this seller."""
    query = "UPDATE seller SET live_after = coalesce(?, live_after), feed_seconds = coalesce(?, feed_seconds)"
    practice.store.run(f"{query} WHERE seller_id = ?", given.get("live_after"), given.get("feed_seconds"), seller_id)


def suspend(practice: Practice, seller_id: str, given: Json) -> None:
    practice.store.run("UPDATE seller SET suspended = ? WHERE seller_id = ?", bool(given.get("is", True)), seller_id)


def _rows(practice: Practice, seller_id: str, sku: str) -> list[Row]:
    rows = practice.store.rows("SELECT * FROM item WHERE shop = ? AND sku = ?", seller_id, sku)
    if not rows:
        raise KeyError(sku)
    return rows


def _listing(practice: Practice, row: Row) -> Json:
    call = as_seller(practice, row["shop"], row["marketplace"])
    told = shown.shown(call, row, ["summaries", "attributes", "issues", "offers", "fulfillmentAvailability"])
    return told | {name: row[name] for name in ("marketplace", "parent", "requirements")}
