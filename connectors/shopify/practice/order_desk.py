"""What buyers and the merchant do with orders in the shop itself: buy, pay, cancel, fulfil, restock."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from connectors.shopify.practice import (
    cancelling,
    order_changes,
    order_nodes,
    order_payloads,
    places,
    sales,
    selling,
)
from connectors.shopify.practice.gids import gid, parse
from connectors.shopify.practice.merchant import NotThere, by_hand
from connectors.shopify.practice.mutations import Mutation
from connectors.shopify.practice.nodes import WHOLE_CURRENCIES
from connectors.shopify.practice.state import Practice, Request
from connectors.shopify.practice.store import Row

Given = dict[str, Any]

MOST_AT_ONCE = 1000
GATEWAY = "practice_pay"
# Nobody lives there. A shop that counts in yen sells to Japan.
BUYERS: dict[bool, Given] = {
    True: {
        "name": "練習 花子",
        "email": "hanako@example.com",
        "phone": "03-0000-0000",
        "address1": "架空町1-2-3",
        "city": "千代田区",
        "provinceCode": "JP-13",
        "zip": "100-0000",
        "countryCode": "JP",
    },
    False: {
        "name": "Ada Practice",
        "email": "ada@example.com",
        "phone": "555-0100",
        "address1": "1 Nowhere Street",
        "city": "Springfield",
        "provinceCode": "IL",
        "zip": "00000",
        "countryCode": "US",
    },
}


def place(practice: Practice, domain: str, given: Given) -> list[str]:
    """Somebody buys: the ids of the orders, of which there are `count`.

    `lines` have sku and quantity, and as wanted price, title and discount (off the whole line); a SKU that the shop
    does not have needs title and price. `pending` waits for its money. As wanted: buyer (name, email, phone, note and
    an address; null for none), number, shipping, discount (off the whole order), tax_rate ("0.1"), taxes_included,
    test, risk (LOW, MEDIUM, HIGH), location (whose stock it takes, by its number). One line may be given as sku and
    quantity alone.
    """
    mutation = by_hand(practice, domain)
    lines = given.get("lines") or [given]
    number = str(given.get("number") or "")
    placed = []
    for count in range(min(int(given.get("count") or 1), MOST_AT_ONCE)):
        with practice.store.transaction():
            name = number and (number if count == 0 else f"{number}-{count + 1}")
            new = selling.NewOrder(
                name=name,
                lines=[_line(mutation.request, one, given) for one in lines],
                columns=_columns(mutation.request, given),
            )
            placed.append(gid("Order", selling.insert(mutation, new)["id"]))
    return placed


def _line(request: Request, given: Given, order: Given) -> selling.NewLine:
    query = "SELECT * FROM variant WHERE shop = ? AND sku = ? AND sku != ''"
    variant = request.store.row(query, request.domain, given["sku"])
    if variant is None and not (given.get("title") and given.get("price")):
        raise NotThere(f"nothing has the SKU {given['sku']}, so title and price are needed")
    price = str(given.get("price") or (variant["price"] if variant else ""))
    product = request.store.row("SELECT title FROM product WHERE id = ?", variant["product_id"]) if variant else None
    quantity, discount = int(given.get("quantity") or 1), str(given.get("discount") or 0) if given is not order else "0"
    return selling.NewLine(
        title=str(given.get("title") or (product["title"] if product else "")),
        quantity=quantity,
        price=price,
        variant=variant,
        sku=given["sku"],
        discount=discount,
        taxes=_taxes(request, Decimal(price) * quantity - Decimal(discount), order),
        location=places.find(request, order["location"])["id"] if order.get("location") else None,
    )


def _taxes(request: Request, amount: Decimal, order: Given) -> list[Given]:
    rate = Decimal(str(order.get("tax_rate") or 0))
    if not rate:
        return []
    tax = amount * rate / (1 + rate) if _taxes_included(request, order) else amount * rate
    return [{"title": "Tax", "rate": str(rate), "amount": sales.written(tax, request.shop["currency"])}]


def _taxes_included(request: Request, order: Given) -> bool:
    return bool(order.get("taxes_included", request.shop["currency"] in WHOLE_CURRENCIES))


def _columns(request: Request, given: Given) -> Given:
    usual = BUYERS[request.shop["currency"] == "JPY"]
    told = given.get("buyer", {})
    buyer = {} if told is None else usual | told
    first, _, last = str(buyer.get("name", "")).partition(" ")
    names = {"lastName": first, "firstName": last} if buyer.get("countryCode") == "JP" else {}
    address = json.dumps({"firstName": first, "lastName": last} | names | buyer) if buyer else None
    shipping = [{"title": "Standard", "code": "standard", "amount": str(given.get("shipping") or 0)}]
    return {
        "financial_status": "PENDING" if given.get("pending") else "PAID",
        "gateways": json.dumps([GATEWAY]),
        "email": buyer.get("email"),
        "phone": buyer.get("phone"),
        "note": buyer.get("note"),
        "ship_to": address,
        "bill_to": address,
        "taxes_included": int(_taxes_included(request, given)),
        "shipping": json.dumps(shipping),
        "discount": str(given.get("discount") or 0) if given.get("lines") else "0",
        "test": int(given.get("test") or False),
        "risk": str(given.get("risk") or ""),
        "source_name": "web",
    }


def pay(practice: Practice, domain: str, given: Given) -> None:
    """The order's money has come."""
    mutation, row = _order(practice, domain, given)
    with practice.store.transaction():
        order_changes.changed(mutation, row["id"], "orders/paid", "orders/updated", financial_status="PAID")


def cancel(practice: Practice, domain: str, given: Given) -> None:
    """The buyer (reason CUSTOMER) or the merchant has cancelled the order, at once; `restock` as wanted."""
    mutation, row = _order(practice, domain, given)
    refusal = cancelling.why_not(mutation.request, row)
    if refusal:
        raise ValueError(refusal)
    with practice.store.transaction():
        reason = str(given.get("reason") or "CUSTOMER").upper()
        cancelling.cancel(mutation, row, reason=reason, restock=bool(given.get("restock")))


def fulfil(practice: Practice, domain: str, given: Given) -> str:
    """The merchant has sent `lines` (sku and quantity), or all that is left, with `carrier`, `number` and `url`."""
    mutation, row = _order(practice, domain, given)
    store = practice.store
    left = {number: count.left for number, count in sales.counts(store, row["id"]).items() if count.left}
    wanted = _quantities(mutation.request, row, given) or left
    if row["cancelled_at"] is not None or not wanted or any(wanted[one] > left.get(one, 0) for one in wanted):
        raise ValueError("Invalid fulfillment order line item quantity requested.")
    with store.transaction():
        number, now = store.new_number("Fulfillment"), store.now()
        store.insert(
            "fulfillment",
            id=number,
            sale_id=row["id"],
            status="SUCCESS",
            company=given.get("carrier"),
            tracking=given.get("number"),
            url=given.get("url"),
            lines=json.dumps(list(wanted.items())),
            created_at=now,
            updated_at=now,
        )
        for line in sales.lines_of(store, row["id"]):
            order_changes.settle(mutation, line, wanted.get(line["id"], 0), back=False)
        topic = "orders/fulfilled" if wanted == left else "orders/partially_fulfilled"
        after = order_changes.changed(mutation, row["id"], "orders/updated", topic)
        made = store.row("SELECT * FROM fulfillment WHERE id = ?", number)
        assert made is not None
        mutation.announce("fulfillments/create", order_payloads.fulfillment(store, after, made))
    return gid("Fulfillment", number)


def unfulfil(practice: Practice, domain: str, given: Given) -> None:
    """The order's last parcel has been called off: what was in it is still to be sent."""
    mutation, row = _order(practice, domain, given)
    made = [one for one in sales.fulfillments_of(practice.store, row["id"]) if one["status"] == "SUCCESS"]
    if not made:
        raise ValueError("Fulfillment not found.")
    with practice.store.transaction():
        practice.store.update("fulfillment", made[-1]["id"], status="CANCELLED", updated_at=practice.store.now())
        after = order_changes.changed(mutation, row["id"], "orders/updated")
        mutation.announce("fulfillments/update", order_payloads.fulfillment(practice.store, after, made[-1]))


def restock(practice: Practice, domain: str, given: Given) -> None:
    """`lines` (sku and quantity), or all, are refunded: `keep` leaves them off the shelf, else they are for sale again.

    What has not left goes first; the others, or all when `returned`, were sent back by the buyer.
    """
    mutation, row = _order(practice, domain, given)
    counted = sales.counts(practice.store, row["id"])
    wanted = _quantities(mutation.request, row, given) or {
        number: count.quantity - count.removed for number, count in counted.items() if count.quantity > count.removed
    }
    with practice.store.transaction():
        came_back = bool(given.get("returned"))
        unsent = {one: 0 if came_back else min(quantity, counted[one].left) for one, quantity in wanted.items()}
        returned = {one: quantity - unsent[one] for one, quantity in wanted.items()}
        for quantities, way in ((unsent, sales.CANCEL), (returned, sales.RETURN)):
            chosen = {one: quantity for one, quantity in quantities.items() if quantity}
            cancelling.give_up(mutation, row, chosen, sales.NO_RESTOCK if given.get("keep") else way)
        after = {one: count.quantity > count.removed for one, count in sales.counts(practice.store, row["id"]).items()}
        status = "PARTIALLY_REFUNDED" if any(after.values()) else "REFUNDED"
        order_changes.changed(mutation, row["id"], "orders/updated", financial_status=status)


def assess(practice: Practice, domain: str, given: Given) -> None:
    """The shop has assessed the risk of the order: LOW, MEDIUM or HIGH."""
    mutation, row = _order(practice, domain, given)
    with practice.store.transaction():
        order_changes.changed(mutation, row["id"], "orders/updated", risk=str(given["level"]).upper())


def write(practice: Practice, domain: str, given: Given) -> None:
    """The merchant has changed the note, or the tags, of the order."""
    mutation, row = _order(practice, domain, given)
    changes: Given = {"note": given["note"]} if "note" in given else {}
    if "tags" in given:
        changes["tags"] = json.dumps(sorted(given["tags"]))
    with practice.store.transaction():
        order_changes.changed(mutation, row["id"], "orders/updated", **changes)


ACTIONS = {
    "pay": pay,
    "cancel": cancel,
    "fulfil": fulfil,
    "unfulfil": unfulfil,
    "restock": restock,
    "assess": assess,
    "write": write,
}


def record(practice: Practice, domain: str, *, limit: int = -1) -> list[Given]:
    """The orders of the shop as they stand, oldest first, all or the last few: what tests compare with."""
    query = "SELECT * FROM (SELECT * FROM sale WHERE shop = ? ORDER BY id DESC LIMIT ?) ORDER BY id"
    return [_told(practice, row) for row in practice.store.rows(query, domain, limit)]


def _told(practice: Practice, row: Row) -> Given:
    store = practice.store
    counted = sales.counts(store, row["id"])
    lines = sales.lines_of(store, row["id"])
    skus = {line["id"]: line["sku"] for line in lines}
    status = sales.fulfillment_status(store, row)
    return {
        "order_id": gid("Order", row["id"]),
        "number": row["name"],
        "state": "CANCELLED" if row["cancelled_at"] else status,
        "financial_status": row["financial_status"],
        "currency": row["currency"],
        "total": sales.written(sales.totals(store, row).total, row["currency"]),
        "reference": row["source_identifier"],
        "source": row["source_name"],
        "tags": json.loads(row["tags"]),
        "shipping": [one["title"] for one in json.loads(row["shipping"])],
        "email": row["email"],
        "name": order_nodes.full_name(json.loads(row["ship_to"])) if row["ship_to"] else None,
        "cancel_reason": row["cancel_reason"],
        "cancels": row["cancels"],
        "lines": [_told_line(line, counted[line["id"]]) for line in lines],
        "parcels": [
            {
                "id": gid("Fulfillment", one["id"]),
                "status": one["status"],
                "carrier": one["company"],
                "number": one["tracking"],
                "lines": [{"sku": skus[line], "quantity": quantity} for line, quantity in json.loads(one["lines"])],
            }
            for one in sales.fulfillments_of(store, row["id"])
        ],
    }


def _told_line(line: Row, count: sales.Count) -> Given:
    return {
        "line_id": gid("LineItem", line["id"]),
        "variant": gid("ProductVariant", line["variant_id"]) if line["variant_id"] else None,
        **{name: line[name] for name in ("sku", "title", "quantity", "price", "committed")},
        "shipped": count.shipped,
        "cancelled": count.removed - count.returned,
        "restocked": count.restocked,
        "left": count.left,
    }


def _order(practice: Practice, domain: str, given: Given) -> tuple[Mutation, Row]:
    """The order meant, by `order`: its id, its number or its name."""
    mutation, wanted = by_hand(practice, domain), str(given["order"])
    parsed = parse(wanted)
    query = "SELECT * FROM sale WHERE shop = ? AND (id = ? OR name = ? OR name = ?)"
    number = parsed[1] if parsed else wanted
    row = practice.store.row(query, domain, number, wanted, f"#{wanted}")
    if row is None:
        raise NotThere(f"no order {wanted}")
    return mutation, row


def _quantities(request: Request, row: Row, given: Given) -> dict[int, int]:
    """How many of which line the merchant names; of a SKU that stands in several lines, the first."""
    lines = {line["sku"]: line["id"] for line in reversed(sales.lines_of(request.store, row["id"]))}
    named = given.get("lines") or ([given] if given.get("sku") else [])
    return {lines[one["sku"]]: int(one.get("quantity") or 1) for one in named}
