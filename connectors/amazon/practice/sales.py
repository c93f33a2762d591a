"""What buyers do, and what becomes of their orders: placed, paid, cancelled, shipped. Stock goes with it.

A sale's document is JSON: `lines` (amounts in minor units), `packages`, `buyer`, `shipping`, `fulfilled_by`.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors import money
from connectors.amazon import marketplaces
from connectors.amazon.marketplaces import Marketplace
from connectors.amazon.practice.state import PLACES, Practice, moment
from connectors.practice.store import Row

Json = dict[str, Any]
PENDING, UNSHIPPED, PARTLY, SHIPPED, CANCELLED = "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"
AMAZON, MERCHANT, BUYER = "AMAZON", "MERCHANT", "BUYER"
MOST_AT_ONCE = 5_000
_NUMBER = re.compile(r"[0-9A-Z]{3}-\d{7}-\d{7}")
# Nobody and nowhere: the postal codes and phone numbers are given to no one.
_BUYERS: Mapping[str, Json] = {
    "US": {
        "name": "Ada Example",
        "email": "ada@marketplace.example.com",
        "phone": "+1 555 010 0000",
        "address1": "1 Example Street",
        "city": "Springfield",
        "region": "WA",
        "postal_code": "00000",
    },
    "JP": {
        "name": "見本 花子",
        "email": "hanako@marketplace.example.com",
        "phone": "03-0000-0000",
        "address1": "見本町1-1",
        "address2": "見本ビル101",
        "city": "千代田区",
        "region": "東京都",
        "postal_code": "000-0000",
    },
}


def place_some(practice: Practice, seller_id: str, given: Json) -> list[str]:
    """The ids of `count` orders alike: `lines` of `sku` and `quantity`.

    A line may bring `title` and `price` (needed where the SKU is not listed), `tax` and `discount` of the whole line.
    Further: `pending`, `buyer`, `number` (an order id), `shipping`, `payment`, `marketplace` (the SKU's own where not
    named), `fulfilled_by` AMAZON. Raises KeyError and ValueError for what cannot be bought.
    """
    count = int(given.get("count", 1))
    if not 0 < count <= MOST_AT_ONCE or (count > 1 and given.get("number")):
        raise ValueError("count")
    with practice.store.transaction():
        return [_place(practice, seller_id, given) for _ in range(count)]


def find(practice: Practice, seller_id: str, order_id: str) -> Row | None:
    return practice.store.row("SELECT * FROM sale WHERE shop = ? AND order_id = ?", seller_id, order_id)


def pay(practice: Practice, seller_id: str, order_id: str, given: Json) -> None:
    """The payment of the order went through."""
    row = _known(practice, seller_id, order_id)
    if row["state"] != PENDING:
        raise ValueError(f"the order is {row['state']}")
    keep(practice, row, json.loads(row["document"]), state=UNSHIPPED)


def cancel_by_hand(practice: Practice, seller_id: str, order_id: str, given: Json) -> None:
    """It is cancelled `by` the buyer (or AMAZON, MERCHANT) with a `reason`; `restock` fills the shelf again."""
    row = _known(practice, seller_id, order_id)
    document = json.loads(row["document"])
    if row["state"] in {SHIPPED, CANCELLED}:
        raise ValueError(f"the order is {row['state']}")
    execution = {"cancelledBy": given.get("by", BUYER), "cancelReason": given.get("reason", "Ordered by mistake")}
    cancel_lines(practice, row, [line["id"] for line in document["lines"]], execution, restock=given.get("restock"))


def ask_to_cancel(practice: Practice, seller_id: str, order_id: str, given: Json) -> None:
    """The buyer would rather not have it, for a `reason`. It goes on until the seller cancels it."""
    row = _known(practice, seller_id, order_id)
    document = json.loads(row["document"])
    if row["state"] not in {PENDING, UNSHIPPED}:
        raise ValueError(f"the order is {row['state']}")
    for line in document["lines"]:
        line["request"] = {"requester": BUYER, "cancelReason": given.get("reason", "Ordered by mistake")}
    keep(practice, row, document)


ACTIONS: Mapping[str, Callable[[Practice, str, str, Json], None]] = {
    "pay": pay,
    "cancel": cancel_by_hand,
    "request-cancel": ask_to_cancel,
}


def cancel_lines(practice: Practice, row: Row, items: list[str], execution: Json, *, restock: bool | None) -> None:
    """What has not left of these lines will not leave."""
    document = json.loads(row["document"])
    for line in document["lines"]:
        left = line["quantity"] - line["shipped"] - line["cancelled"]
        if line["id"] in items and left > 0:
            line["cancelled"] += left
            line["execution"] = execution
            if restock and document["fulfilled_by"] == MERCHANT:
                _move(practice, row["shop"], row["marketplace"], line["sku"], left)
    keep(practice, row, document, state=_state(row["state"], document["lines"]))


def ship(practice: Practice, row: Row, package: Json) -> None:
    """The order has this package; one of the same reference is changed, and counts how often it was told."""
    document = json.loads(row["document"])
    before = next((one for one in document["packages"] if one["reference"] == package["reference"]), None)
    if before is None:
        document["packages"].append(package | {"told": 1, "created": moment(practice.clock())})
    else:
        before.update(package, told=before["told"] + 1)
    for line in document["lines"]:
        in_packages = [count for one in document["packages"] for item, count in one["lines"] if item == line["id"]]
        line["shipped"] = min(sum(in_packages), line["quantity"] - line["cancelled"])
    keep(practice, row, document, state=_state(UNSHIPPED, document["lines"]))


def keep(practice: Practice, row: Row, document: Json, *, state: str = "", **more: Any) -> None:
    """The sale has changed, now."""
    text = json.dumps(document, ensure_ascii=False)
    new = {"state": state or row["state"], "document": text, "updated_at": practice.clock()}
    practice.store.update("sale", row["id"], **new, **more)


def recorded(practice: Practice, seller_id: str) -> Iterator[Json]:
    """Every order as it is: the truth to compare with."""
    for row in practice.store.rows("SELECT * FROM sale WHERE shop = ? ORDER BY id", seller_id):
        document = json.loads(row["document"])
        yield {
            "order_id": row["order_id"],
            "marketplace": row["marketplace"],
            "state": row["state"],
            "lines": document["lines"],
            "parcels": document["packages"],
            "cancels": row["cancels"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }


def _place(practice: Practice, seller_id: str, given: Json) -> str:
    place = _marketplace(practice, seller_id, given)
    order_id = str(given.get("number") or _new_number(place))
    if not _NUMBER.fullmatch(order_id) or find(practice, seller_id, order_id) is not None:
        raise ValueError(f"{order_id} can be no new order's id")
    by = given.get("fulfilled_by", MERCHANT)
    lines = [_line(practice, seller_id, place, one) for one in given["lines"]]
    if not lines:
        raise ValueError("nothing is bought")
    for line in lines if by == MERCHANT else []:
        _move(practice, seller_id, place.id, line["sku"], -line["quantity"])
    document = {
        "lines": lines,
        "packages": [],
        "buyer": _BUYERS[place.country] | (given.get("buyer") or {}),
        "shipping": _minor(given.get("shipping", 0), place),
        "payment": given.get("payment", "CreditCard"),
        "fulfilled_by": by,
    }
    practice.store.insert(
        "sale",
        shop=seller_id,
        marketplace=place.id,
        order_id=order_id,
        state=PENDING if given.get("pending") else UNSHIPPED,
        document=json.dumps(document, ensure_ascii=False),
        created_at=practice.clock(),
        updated_at=practice.clock(),
    )
    return order_id


def _line(practice: Practice, seller_id: str, place: Marketplace, given: Json) -> Json:
    sku, quantity = str(given["sku"]), int(given.get("quantity", 1))
    row = _listed(practice, seller_id, place.id, sku)
    attributes = json.loads(row["attributes"]) if row else {}
    if row is None and not ("title" in given and "price" in given):
        raise KeyError(f"{sku} is not listed: give its title and price")
    if quantity < 1:
        raise ValueError("quantity")
    names, offers = attributes.get("item_name", []), attributes.get("purchasable_offer", [])
    listed = offers[0]["our_price"][0]["schedule"][0]["value_with_tax"] if offers else 0
    return {
        "id": f"{secrets.randbelow(10**14):014}",
        "sku": sku,
        "asin": row["asin"] if row else "",
        "title": str(given.get("title") or (names[0]["value"] if names else sku)),
        "quantity": quantity,
        "price": _minor(given.get("price", listed), place),
        "tax": _minor(given.get("tax", 0), place),
        "discount": _minor(given.get("discount", 0), place),
        "shipped": 0,
        "cancelled": 0,
    }


def _marketplace(practice: Practice, seller_id: str, given: Json) -> Marketplace:
    """The one named, the one that lists the first line, or the one where the seller lists anything at all."""
    if "marketplace" in given:
        named = marketplaces.named(given["marketplace"])
        if named not in PLACES:
            raise ValueError("practice sellers do not sell there")
        return named
    query = "SELECT marketplace FROM item WHERE shop = ? ORDER BY sku = ? DESC, id LIMIT 1"
    row = practice.store.row(query, seller_id, given["lines"][0]["sku"] if given["lines"] else "")
    return next((one for one in PLACES if row and one.id == row["marketplace"]), PLACES[0])


def _new_number(place: Marketplace) -> str:
    first = {"JP": "250"}.get(place.country, "114")
    return f"{first}-{secrets.randbelow(10**7):07}-{secrets.randbelow(10**7):07}"


def _known(practice: Practice, seller_id: str, order_id: str) -> Row:
    row = find(practice, seller_id, order_id)
    if row is None:
        raise KeyError(order_id)
    return row


def _listed(practice: Practice, seller_id: str, marketplace: str, sku: str) -> Row | None:
    query = "SELECT * FROM item WHERE shop = ? AND marketplace = ? AND sku = ?"
    return practice.store.row(query, seller_id, marketplace, sku)


def _move(practice: Practice, seller_id: str, marketplace: str, sku: str, units: int) -> None:
    """The shelf of the SKU has so many more, and never less than none."""
    row = _listed(practice, seller_id, marketplace, sku)
    attributes = json.loads(row["attributes"]) if row else {}
    for level in attributes.get("fulfillment_availability", []):
        if row and level["fulfillment_channel_code"] == "DEFAULT" and "quantity" in level:
            level["quantity"] = max(level["quantity"] + units, 0)
            practice.store.update("item", row["id"], attributes=json.dumps(attributes, ensure_ascii=False))


def _state(before: str, lines: list[Json]) -> str:
    wanted = sum(line["quantity"] - line["cancelled"] for line in lines)
    shipped = sum(line["shipped"] for line in lines)
    if wanted == 0:
        return CANCELLED
    if shipped >= wanted:
        return SHIPPED
    return PARTLY if shipped else before


def _minor(amount: Any, place: Marketplace) -> int:
    return money.from_text(str(amount), place.currency).minor
