"""The Orders API: searching, reading, and telling of parcels.

https://developer-docs.amazon.com/sp-api/docs/orders-api; confirmShipment is still that of v0.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.amazon.practice import faults, sales
from connectors.amazon.practice.order_answers import shown
from connectors.amazon.practice.state import Answer, Call, moment, refusal
from connectors.practice.store import Row

Json = dict[str, Any]
MOST_IN_A_PAGE = 100
_FILTERS = {
    "marketplaceIds": "marketplace",
    "fulfillmentStatuses": "state",
    "fulfilledBy": "json_extract(document, '$.fulfilled_by')",
}
_BAD = refusal(400, "InvalidInput", "Invalid Input", "Invalid Input")
_BROKEN = refusal(500, "InternalFailure", "We encountered an internal error. Please try again.")
_NOT_THERE = refusal(404, "NotFound", "The order does not exist.")
_NUMBER_GIVEN = (
    "The input you have submitted is not valid. "
    "Please check the fields with invalid type [packageDetail.packageReferenceId]."
)
_NO_NUMBER = "PackageReferenceId: is invalid, must be a positive numeric value."
_NO_ITEM = "OrderItemId  is invalid, please obtain the value through the getOrderItems API or Manage Orders page"
_FULFILLED = (
    "Failed to create package due to not finding a matching package or order already fulfilled. "
    "ErrorMessage(errorCode=GeneralError, errorDescription=Unable to find package to update for order ({order}), "
    "errorMetric=PackageToUpdateNotFound, packageIndex=null)"
)
# Amazon's own words for these are not known.
_NOT_TO_SHIP = "(practice) The order status is {state}: it cannot be shipped by the seller."


def search(call: Call) -> Answer:
    """searchOrders: page by page, the longest unchanged (or the first made) first."""
    try:
        asked = _asked(call)
        column, after, number, before = asked["column"], asked["after"], asked["id"], asked["before"]
    except (KeyError, TypeError, ValueError):
        return _BAD
    query = f"SELECT * FROM sale WHERE shop = ? AND ({column}, id) > (?, ?) AND {column} <= ?"
    values: list[Any] = [call.seller_id, after, number, before]
    for name, expression in _FILTERS.items():
        if name in call.query:
            allowed = call.query[name].split(",")
            query += f" AND {expression} IN ({','.join('?' * len(allowed))})"
            values += allowed
    size = int(call.query.get("maxResultsPerPage", MOST_IN_A_PAGE))
    found = call.store.rows(f"{query} ORDER BY {column}, id LIMIT ?", *values, size + 1)
    body: Json = {"orders": [_told(call, row) for row in found[:size]]}
    if len(found) > size:
        last = found[size - 1]
        body["pagination"] = {"nextToken": _token(asked | {"after": last[column], "id": last["id"]})}
    name = "createdBefore" if column == "created_at" else "lastUpdatedBefore"
    return Answer(200, body | {name: moment(before)})


def get(call: Call) -> Answer:
    """getOrder."""
    row = sales.find(call.practice, call.seller_id, call.parts[0])
    if row is None:
        return _NOT_THERE
    broken = faults.take(call.store, call.seller_id, "broken", order=row["order_id"]) is not None
    return _BROKEN if broken else Answer(200, {"order": _told(call, row)})


def _told(call: Call, row: Row) -> Json:
    told = shown(row, _included(call))
    garbled = faults.take(call.store, call.seller_id, "garbled", order=row["order_id"]) is not None
    if garbled and "proceeds" in told:
        told["proceeds"]["grandTotal"] |= {"amount": "?"}
    return told


def confirm(call: Call) -> Answer:
    """confirmShipment: a package of the same reference is changed."""
    row = sales.find(call.practice, call.seller_id, call.parts[0])
    try:
        package = _package(call.body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return refusal(
            400, "InvalidInput", str(error) if str(error) in {_NUMBER_GIVEN, _NO_NUMBER} else "Invalid Input"
        )
    if row is None or row["marketplace"] != call.body["marketplaceId"]:
        return _NOT_THERE
    said = _against(call, row, package)
    if said:
        return refusal(400, "InvalidInput", said)
    sales.ship(call.practice, row, package)
    call.accept(row["order_id"], {"package": package["reference"], "lines": package["lines"]})
    return Answer(204, None)


def _asked(call: Call) -> Json:
    """Which orders: from where on, in which order, and up to when. Raises for what Amazon would not understand."""
    names = {"created_at": "created", "updated_at": "lastUpdated"}
    [column] = [column for column, name in names.items() if f"{name}After" in call.query]
    if not 0 < int(call.query.get("maxResultsPerPage", MOST_IN_A_PAGE)) <= MOST_IN_A_PAGE:
        raise ValueError("maxResultsPerPage")
    if token := call.query.get("paginationToken"):
        asked: Json = json.loads(base64.urlsafe_b64decode(token))
        return asked if asked["column"] == column else {}
    settled = call.now - call.practice.settings.orders_after_seconds
    given = call.query.get(f"{names[column]}Before")
    before = settled if given is None else datetime.fromisoformat(given).timestamp()
    if before > settled:
        raise ValueError("not past for long enough")
    after = datetime.fromisoformat(call.query[f"{names[column]}After"]).timestamp()
    return {"column": column, "after": after, "id": -1, "before": before}


def _token(asked: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(asked).encode()).decode()


def _included(call: Call) -> list[str]:
    return call.query.get("includedData", "").split(",")


def _package(body: Mapping[str, Any]) -> Json:
    """The package that is told of. Raises for what is none, with Amazon's words where they are known."""
    told = body["packageDetail"]
    reference = told["packageReferenceId"]
    if not isinstance(reference, str):
        raise TypeError(_NUMBER_GIVEN)
    if not reference.isdecimal() or int(reference) < 1:
        raise ValueError(_NO_NUMBER)
    datetime.fromisoformat(told["shipDate"])
    if told["carrierCode"] == "Other" and not told.get("carrierName"):
        raise ValueError("carrierName")
    return {
        "reference": reference,
        "carrier": told["carrierCode"],
        "carrier_name": told.get("carrierName", ""),
        "number": told["trackingNumber"],
        "shipped_at": told["shipDate"],
        "lines": [[str(one["orderItemId"]), int(one["quantity"])] for one in told["orderItems"]],
    }


def _against(call: Call, row: Row, package: Json) -> str:
    """What Amazon says against the package; nothing where it is taken."""
    fault = faults.take(call.store, call.seller_id, "refuse", operations=[call.operation], item=row["order_id"])
    if fault is not None:
        return str(fault.get("message", "Refused."))
    document = json.loads(row["document"])
    if row["state"] in {sales.PENDING, sales.CANCELLED} or document["fulfilled_by"] == sales.AMAZON:
        return _NOT_TO_SHIP.format(state=row["state"])
    lines = {line["id"]: line for line in document["lines"]}
    if not package["lines"] or any(item not in lines for item, _quantity in package["lines"]):
        return _NO_ITEM
    others = [one for one in document["packages"] if one["reference"] != package["reference"]]
    for item, quantity in package["lines"]:
        elsewhere = sum(count for one in others for other, count in one["lines"] if other == item)
        if quantity < 1 or quantity + elsewhere > lines[item]["quantity"] - lines[item]["cancelled"]:
            return _FULFILLED.format(order=row["order_id"])
    return ""
