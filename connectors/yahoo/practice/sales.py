"""What buyers buy in a practice store, and what they and the store do with it by hand. Everybody in it is invented."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from connectors.practice.store import Row, Store
from connectors.yahoo.practice import rules, stock

JAPAN = timezone(timedelta(hours=9))
FIRST_NUMBER = 10_000_001
CARD = {
    "PayStatus": "1",
    "ShipStatus": "1",
    "PayKind": "0",
    "PayMethod": "payment_a1",
    "PayMethodName": "クレジットカード",
}
# Paid before it may be shipped, and not paid yet.
TRANSFER = {"PayStatus": "0", "ShipStatus": "0", "PayKind": "3", "PayMethod": "payment_b1", "PayMethodName": "銀行振込"}
SOMEBODY = {
    "name": "見本 花子",
    "kana": "ミホン ハナコ",
    "email": "hanako@example.com",
    "phone": "03-0000-0000",
    "postal_code": "100-0000",
    "region": "東京都",
    "city": "千代田区",
    "line1": "見本町1-2-3",
    "line2": "見本ビル101",
    "note": "",
}
_PLACE = {
    "ZipCode": "postal_code",
    "Prefecture": "region",
    "City": "city",
    "Address1": "line1",
    "Address2": "line2",
    "PhoneNumber": "phone",
}

Json = dict[str, Any]
Fields = dict[str, str]


# ---- buying ----


def place(store: Store, seller_id: str, given: Json) -> str:
    """An order is there, and the stock of what it takes is lower; its id.

    `lines` are sku and quantity, with title and price for what the store does not sell, and `discount` a unit;
    `pending` waits for its payment; `buyer` and `fields` (Yahoo!'s own names) say what differs from the usual.
    `hidden` is looked at for fraud first: no list shows it before `publish`.
    Raises KeyError and ValueError for what cannot be ordered.
    """
    lines = [_line(store, seller_id, number, one) for number, one in enumerate(given["lines"], start=1)]
    if not lines:
        raise ValueError("an order has lines")
    order_id = _new_id(store, seller_id, str(given.get("number") or ""))
    fields = {
        "OrderId": order_id,
        "Version": "1",
        "IsSeen": "false",
        "Suspect": "0",
        "FraudHoldStatus": "0",
        "OrderStatus": "2",
        "PublicationTime": "" if given.get("hidden") else stamp(store.now()),
        **(TRANSFER if given.get("pending") else CARD),
        **_person({**SOMEBODY, **(given.get("buyer") or {})}),
        "ShipMethod": "postage1",
        "ShipMethodName": "宅配便",
        "ShipCharge": "0",
        "PayCharge": "0",
        "Discount": "0",
        **{name: str(value) for name, value in (given.get("fields") or {}).items()},
    }
    fields.setdefault("TotalPrice", _total(fields, lines))
    now = store.now()
    row = {"shop": seller_id, "order_id": order_id, "ordered_at": now, "changed_at": now}
    store.insert("sale", **row, fields=_dump(fields), lines=_dump(lines))
    for line in lines:
        _shelf(store, seller_id, line, -int(line["Quantity"]))
    return order_id


def _new_id(store: Store, seller_id: str, number: str) -> str:
    if not number:
        newest = store.row("SELECT MAX(id) AS id FROM sale")
        number = str(FIRST_NUMBER + ((newest["id"] if newest else None) or 0))
    order_id = number if number.startswith(f"{seller_id}-") else f"{seller_id}-{number}"
    if find(store, seller_id, order_id) is not None:
        raise ValueError(f"there is an order {order_id} already")
    return order_id


def _line(store: Store, seller_id: str, number: int, given: Json) -> Fields:
    code, subcode, title, price = _sold(store, seller_id, given)
    discount = int(given.get("discount", 0))
    return {
        "LineId": str(number),
        "ItemId": code,
        "SubCode": subcode,
        "Title": title,
        "UnitPrice": str(price - discount),
        "OriginalPrice": str(price),
        "Quantity": str(int(given["quantity"])),
        "CouponDiscount": str(discount * int(given["quantity"])),
        "IsTaxable": "true",
        "ItemTaxRatio": str(given.get("tax", 10)),
    }


def _sold(store: Store, seller_id: str, given: Json) -> tuple[str, str, str, int]:
    """Item code, subcode, title and price of a SKU: an item code, a subcode, or both with a colon."""
    sku = str(given["sku"])
    for row in store.rows("SELECT * FROM item WHERE shop = ? ORDER BY id", seller_id):
        item: Fields = json.loads(row["live"] or row["fields"])
        prices, usual = rules.subcode_prices(item) or {}, item.get("sale_price") or item["price"]
        for subcode in rules.subcodes_of(item) or {"": {}}:
            if sku in ({subcode, f"{row['item_code']}:{subcode}"} if subcode else {row["item_code"]}):
                price = given.get("price") or prices.get(subcode) or usual
                return row["item_code"], subcode, str(given.get("title") or item["name"]), int(price)
    if not given.get("title") or given.get("price") is None:
        raise KeyError(f"{sku} is not sold here; give its title and price")
    return sku, "", str(given["title"]), int(given["price"])


def _person(who: Mapping[str, str]) -> Fields:
    """Whom the bill and the parcel go to."""
    fields = {"BillMailAddress": who["email"], "BuyerComments": who["note"]}
    for whose in ("Bill", "Ship"):
        for tail, written in (("", who["name"]), ("Kana", who["kana"])):
            family, _, first = str(written).partition(" ")
            fields |= {f"{whose}LastName{tail}": family, f"{whose}FirstName{tail}": first}
        fields |= {f"{whose}{name}": str(who[ours]) for name, ours in _PLACE.items()}
    return fields


def _total(fields: Fields, lines: Sequence[Fields]) -> str:
    """How points and coupons of the mall count in it is unsure; nobody has any here."""
    items = sum(int(line["UnitPrice"]) * int(line["Quantity"]) for line in lines)
    return str(items + int(fields["ShipCharge"]) + int(fields["PayCharge"]) - int(fields["Discount"]))


def _shelf(store: Store, seller_id: str, line: Fields, units: int) -> None:
    """Units put on the shelf, or taken from it as far as there are any."""
    held = stock.quantity_of(store, seller_id, line["ItemId"], line["SubCode"])
    if held is not None:
        stock.put(store, seller_id, line["ItemId"], line["SubCode"], max(0, held + units))


# ---- what becomes of it ----


def find(store: Store, seller_id: str, order_id: str) -> Row | None:
    return store.row("SELECT * FROM sale WHERE shop = ? AND order_id = ?", seller_id, order_id)


def fields_of(row: Row) -> Fields:
    told: Fields = json.loads(row["fields"])
    return told | {"OrderTime": stamp(row["ordered_at"]), "LastUpdateTime": stamp(row["changed_at"])}


def lines_of(row: Row) -> list[Fields]:
    found: list[Fields] = json.loads(row["lines"])
    return found


def change(store: Store, seller_id: str, order_id: str, **fields: str) -> None:
    """The fields are so from now on, and the order has changed. Raises KeyError for an order there is not."""
    row = _there(store, seller_id, order_id)
    held: Fields = json.loads(row["fields"])
    version = str(int(held["Version"]) + 1)
    store.update("sale", row["id"], fields=_dump({**held, **fields, "Version": version}), changed_at=store.now())


def pay(store: Store, seller_id: str, order_id: str) -> None:
    """What waited for its payment may be shipped."""
    change(store, seller_id, order_id, PayStatus="1", ShipStatus="1")


def publish(store: Store, seller_id: str, order_id: str) -> None:
    """Lists show it from now on. That this is no change of the order is unsure, and the worse of the two."""
    row = _there(store, seller_id, order_id)
    shown: Fields = {**json.loads(row["fields"]), "PublicationTime": stamp(store.now())}
    store.update("sale", row["id"], fields=_dump(shown))


def cancel(store: Store, seller_id: str, order_id: str, *, reason: str = "100", restock: bool = False) -> None:
    """Whether Yahoo! puts the units back by itself is a setting of the store: `restock`."""
    row = _there(store, seller_id, order_id)
    if fields_of(row)["OrderStatus"] == "4":
        raise ValueError(f"{order_id} is cancelled already")
    change(store, seller_id, order_id, OrderStatus="4", CancelReason=reason)
    for line in lines_of(row) if restock else ():
        _shelf(store, seller_id, line, int(line["Quantity"]))


def _there(store: Store, seller_id: str, order_id: str) -> Row:
    row = find(store, seller_id, order_id)
    if row is None:
        raise KeyError(order_id)
    return row


def tell(store: Store, seller_id: str, order_id: str, kind: str, **details: str) -> None:
    """A call said this of the order, and it counts."""
    row = {"shop": seller_id, "order_id": order_id, "at": store.now(), "kind": kind}
    store.insert("sale_told", **row, details=_dump(details))


# ---- the truth ----


def record(store: Store, seller_id: str) -> list[Json]:
    """Every order with what it is and what was told of it, oldest first."""
    return [_told_of(store, row) for row in store.rows("SELECT * FROM sale WHERE shop = ? ORDER BY id", seller_id)]


def _told_of(store: Store, row: Row) -> Json:
    fields = fields_of(row)
    query = "SELECT * FROM sale_told WHERE shop = ? AND order_id = ? ORDER BY id"
    told = store.rows(query, row["shop"], row["order_id"])
    parcels: dict[str, Json] = {}
    for one in told:
        if one["kind"] == "shipped":
            details = json.loads(one["details"])
            parcel = parcels.setdefault(details.get("ShipInvoiceNumber1", ""), {**details, "told": 0})
            parcel["told"] += 1
    return {
        "order_id": row["order_id"],
        "state": state_of(fields),
        "total": int(fields["TotalPrice"]),
        "lines": [_line_told(line) for line in lines_of(row)],
        "parcels": [
            {"number": number, "carrier": one.get("ShipCompanyCode", ""), "told": one["told"]}
            for number, one in parcels.items()
        ],
        "cancels": sum(one["kind"] == "cancelled" for one in told),
        "completed": sum(one["kind"] == "completed" for one in told),
        "fields": fields,
    }


def _line_told(line: Fields) -> Json:
    return {
        "line_id": line["LineId"],
        "sku": line["SubCode"] or line["ItemId"],
        "title": line["Title"],
        "quantity": int(line["Quantity"]),
        "price": int(line["UnitPrice"]),
    }


def state_of(fields: Fields) -> str:
    """In the words of every practice channel: pending, open, shipped, cancelled."""
    if fields["OrderStatus"] == "4":
        return "cancelled"
    if fields["OrderStatus"] == "5" or fields["ShipStatus"] in ("3", "4"):
        return "shipped"
    return "open" if fields["OrderStatus"] == "2" and fields["ShipStatus"] != "0" else "pending"


def stamp(seconds: float) -> str:
    """How Yahoo! writes the time of an order is unsure."""
    return datetime.fromtimestamp(int(seconds), UTC).astimezone(JAPAN).isoformat()


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
