"""A sale as the Orders API of 2026-01-01 tells it: what was asked for, and no buyer and no price while pending."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from typing import Any

from connectors import money
from connectors.amazon.marketplaces import Marketplace
from connectors.amazon.practice.sales import AMAZON, CANCELLED, PENDING
from connectors.amazon.practice.state import PLACES, moment
from connectors.practice.store import Row
from connectors.records import Money

Json = dict[str, Any]
DAY = 86_400.0


def shown(row: Row, included: Collection[str]) -> Json:
    document, pending = json.loads(row["document"]), row["state"] == PENDING
    place = next(one for one in PLACES if one.id == row["marketplace"])
    lines = document["lines"]
    # Amazon tells postage item by item; here the first one bears all of it.
    told = [_item(one, place, document["shipping"] if n == 0 else 0, row) for n, one in enumerate(lines)]
    proceeds = {} if pending else {"proceeds": _whole(told, place)}
    data: Json = {
        "BUYER": {} if pending else {"buyer": _buyer(document)},
        "RECIPIENT": {}
        if pending or document["fulfilled_by"] == AMAZON
        else {"recipient": _recipient(document, place)},
        "PROCEEDS": proceeds,
        "PAYMENT": {} if pending else {"payment": {"paymentExecutions": [_paid(document, proceeds)]}},
        "FULFILLMENT": {"fulfillment": _fulfillment(row, document)},
        "PACKAGES": {"packages": [_package(one) for one in document["packages"]]} if document["packages"] else {},
    }
    whole = {
        "orderId": row["order_id"],
        "createdTime": moment(row["created_at"]),
        "lastUpdatedTime": moment(row["updated_at"]),
        "programs": [],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": place.id,
            "marketplaceName": f"Amazon.{place.host.removeprefix('amazon.')}",
        },
        "orderItems": [_some(one, included) for one in told],
    }
    for name in included:
        whole |= data.get(name, {})
    return whole


def _some(item: Json, included: Collection[str]) -> Json:
    hidden = {"proceeds": "PROCEEDS", "fulfillment": "FULFILLMENT", "cancellation": "CANCELLATION"}
    return {name: value for name, value in item.items() if hidden.get(name, "") in {"", *included}}


def _item(line: Json, place: Marketplace, shipping: int, row: Row) -> Json:
    product: Json = {
        "title": line["title"],
        "sellerSku": line["sku"],
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW", "conditionNote": ""},
    }
    if line["asin"]:
        product["asin"] = line["asin"]
    told: Json = {
        "orderItemId": line["id"],
        "quantityOrdered": line["quantity"],
        "product": product,
        "fulfillment": {
            "quantityFulfilled": line["shipped"],
            "quantityUnfulfilled": line["quantity"] - line["shipped"] - line["cancelled"],
        },
    }
    names = {"request": "cancellationRequest", "execution": "cancellationExecution"}
    cancellation = {name: line[key] for key, name in names.items() if key in line}
    if cancellation:
        told["cancellation"] = cancellation
    if row["state"] != PENDING:
        product["price"] = {"unitPrice": _amount(line["price"], place)}
        told["proceeds"] = _proceeds(line, place, shipping)
    return told


def _proceeds(line: Json, place: Marketplace, shipping: int) -> Json:
    """In Japan prices hold their tax, in the United States it comes on top."""
    parts = {
        "ITEM": line["price"] * line["quantity"],
        "SHIPPING": shipping,
        "TAX": line["tax"],
        "DISCOUNT": line["discount"],
    }
    total = parts["ITEM"] + parts["SHIPPING"] - parts["DISCOUNT"] + (parts["TAX"] if place.country == "US" else 0)
    told = [{"type": kind, "subtotal": _amount(minor, place)} for kind, minor in parts.items() if minor]
    return {"proceedsTotal": _amount(total, place), "breakdowns": told}


def _whole(items: list[Json], place: Marketplace) -> Json:
    totals, parts = 0, Counter[str]()
    for item in items:
        totals += money.from_text(item["proceeds"]["proceedsTotal"]["amount"], place.currency).minor
        for part in item["proceeds"]["breakdowns"]:
            parts[part["type"]] += money.from_text(part["subtotal"]["amount"], place.currency).minor
    breakdowns = [{"type": kind, "subtotal": _amount(minor, place)} for kind, minor in parts.items()]
    return {"grandTotal": _amount(totals, place), "breakdowns": breakdowns}


def _paid(document: Json, proceeds: Json) -> Json:
    return {"paymentMethod": document["payment"], "paymentAmount": proceeds["proceeds"]["grandTotal"]}


def _amount(minor: int, place: Marketplace) -> Json:
    return {"amount": money.to_text(Money(minor, place.currency)), "currencyCode": place.currency}


def _buyer(document: Json) -> Json:
    buyer = document["buyer"]
    if document["fulfilled_by"] == AMAZON:
        return {"buyerName": buyer["name"]}
    company = {"buyerCompanyName": buyer["company"]} if buyer.get("company") else {}
    return {"buyerName": buyer["name"], "buyerEmail": buyer["email"], **company}


def _recipient(document: Json, place: Marketplace) -> Json:
    buyer = document["buyer"]
    note = {"deliveryPreference": {"addressInstruction": buyer["note"]}} if buyer.get("note") else {}
    address = {
        "name": buyer["name"],
        "addressLine1": buyer["address1"],
        "addressLine2": buyer.get("address2", ""),
        "city": buyer["city"],
        "stateOrRegion": buyer["region"],
        "postalCode": buyer["postal_code"],
        "countryCode": buyer.get("country", place.country),
        "phone": buyer["phone"],
        "addressType": "RESIDENTIAL",
    }
    return {"deliveryAddress": address, **note}


def _fulfillment(row: Row, document: Json) -> Json:
    window = {
        "earliestDateTime": moment(row["created_at"]),
        "latestDateTime": moment(row["created_at"] + 2 * DAY),
    }
    told = {
        "fulfillmentStatus": row["state"],
        "fulfilledBy": document["fulfilled_by"],
        "fulfillmentServiceLevel": "STANDARD",
    }
    return told if row["state"] in {PENDING, CANCELLED} else told | {"shipByWindow": window}


def _package(one: Json) -> Json:
    return {
        "packageReferenceId": one["reference"],
        "createdTime": one["created"],
        "packageStatus": {"status": "SHIPPED"},
        "carrier": one["carrier_name"] or one["carrier"],
        "shipTime": one["shipped_at"],
        "trackingNumber": one["number"],
        "packageItems": [{"orderItemId": item, "quantity": quantity} for item, quantity in one["lines"]],
    }
