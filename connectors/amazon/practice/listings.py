"""Listings: written, judged, accepted, and live a while later.

https://developer-docs.amazon.com/sp-api/docs/listings-items-api
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.amazon.practice import attributes, catalog, faults, sellers
from connectors.amazon.practice.attributes import Attributes, issue
from connectors.amazon.practice.product_schemas import TYPES
from connectors.amazon.practice.shown import first, is_parent, shown
from connectors.amazon.practice.state import Answer, Call, refusal
from connectors.practice.store import Row

Json = dict[str, Any]
OFFER_ONLY = "LISTING_OFFER_ONLY"
MOST_IN_A_PAGE = 20
_BAD = refusal(400, "BAD_REQUEST", "Invalid input", "Invalid input")


def put(call: Call) -> Answer:
    """putListingsItem: everything that is not sent goes."""
    sku = call.parts[-1]
    if call.place is None or not isinstance(call.body, dict) or call.body.get("productType") not in TYPES:
        return _BAD
    given: Attributes = call.body.get("attributes", {})
    image = _unfetchable(given)
    if image:
        return refusal(400, "InvalidInput", f"Unable to Retrieve Media Content for URL '{image}'")
    return _answer(
        call, sku, write(call, sku, call.body["productType"], call.body.get("requirements", "LISTING"), given)
    )


def patch(call: Call) -> Answer:
    """patchListingsItem: single attributes."""
    sku, patches = call.parts[-1], (call.body or {}).get("patches")
    if call.place is None or not patches:
        return _BAD
    if find(call, sku) is None:
        # The model knows no 404 of this operation, nor of the one that deletes.
        return refusal(400, "InvalidInput", f"SKU '{sku}' not found in marketplace {call.place.id}")
    try:
        return _answer(call, sku, change(call, sku, patches))
    except ValueError as error:
        return refusal(400, "InvalidInput", "Invalid input", str(error))


def delete(call: Call) -> Answer:
    """deleteListingsItem: the offer goes, the catalog's item stays."""
    sku = call.parts[-1]
    found = find(call, sku)
    if found is None:
        return refusal(400, "InvalidInput", f"SKU '{sku}' not found in marketplace")
    remove(call, sku)
    return _answer(call, sku, [])


def get(call: Call) -> Answer:
    """getListingsItem."""
    found = find(call, call.parts[-1])
    if found is None:
        return refusal(404, "NotFound", f"SKU '{call.parts[-1]}' not found")
    return Answer(200, shown(call, found, _included(call)))


def search(call: Call) -> Answer:
    """searchListingsItems by SKUs, or the children of a parent."""
    if call.place is None:
        return _BAD
    query = "SELECT * FROM item WHERE shop = ? AND marketplace = ?"
    values: list[str] = [call.seller_id, call.place.id]
    if "identifiers" in call.query:
        skus = call.query["identifiers"].split(",")
        if len(skus) > MOST_IN_A_PAGE or call.query.get("identifiersType") != "SKU":
            return _BAD
        query += f" AND sku IN ({','.join('?' * len(skus))})"
        values += skus
    if parent := call.query.get("variationParentSku"):
        query += " AND parent = ?"
        values.append(parent)
    page = min(int(call.query.get("pageSize", 10)), MOST_IN_A_PAGE)
    start = int(call.query.get("pageToken", 0))
    rows = call.store.rows(f"{query} ORDER BY sku LIMIT ? OFFSET ?", *values, page + 1, start)
    more = {"pagination": {"nextToken": str(start + page)}} if len(rows) > page else {}
    items = [shown(call, row, _included(call)) for row in rows[:page]]
    return Answer(200, {"numberOfResults": len(items), **more, "items": items})


def find(call: Call, sku: str) -> Row | None:
    place = call.place.id if call.place else ""
    query = "SELECT * FROM item WHERE shop = ? AND marketplace = ? AND sku = ?"
    return call.store.row(query, call.seller_id, place, sku)


def write(call: Call, sku: str, product_type: str, requirements: str, given: Attributes) -> list[Json]:
    """The listing is as given, unless one of the issues that come back is an error. A preview writes nothing."""
    assert call.place is not None
    refused = _refused_on_purpose(call, sku)
    if refused:
        return [refused]
    if requirements == OFFER_ONLY:
        issues = catalog.issues_of_offer(call, given)
    else:
        issues = attributes.issues_of(given, product_type, call.place.id)
        issues = issues or catalog.issues_of_listing(call, sku, product_type, given)
    if _stopped(issues) or call.query.get("mode") == "VALIDATION_PREVIEW":
        return issues
    _keep(call, sku, product_type, requirements, given)
    call.accept(sku, {"productType": product_type, "attributes": given})
    return issues


def change(call: Call, sku: str, patches: Sequence[Mapping[str, Any]]) -> list[Json]:
    """The listing is as the patches say, unless an issue is an error. Raises ValueError for what is no patch."""
    assert call.place is not None
    row = find(call, sku)
    assert row is not None
    refused = _refused_on_purpose(call, sku)
    if refused:
        return [refused]
    new = attributes.patched(json.loads(row["attributes"]), patches, row["product_type"], call.place.id)
    names = attributes.touched(patches)
    issues = attributes.issues_of_some(
        {name: new[name] for name in names if name in new}, row["product_type"], call.place.id
    )
    if _stopped(issues) or call.query.get("mode") == "VALIDATION_PREVIEW":
        return issues
    _keep(call, sku, row["product_type"], row["requirements"], new, before=row)
    call.accept(sku, {name: new.get(name) for name in names})
    return issues


def remove(call: Call, sku: str) -> None:
    assert call.place is not None
    call.store.run(
        "DELETE FROM item WHERE shop = ? AND marketplace = ? AND sku = ?", call.seller_id, call.place.id, sku
    )
    call.accept(sku, {"deleted": True})


def _keep(
    call: Call, sku: str, product_type: str, requirements: str, given: Attributes, before: Row | None = None
) -> None:
    assert call.place is not None
    before = before or find(call, sku)
    seller = sellers.find(call.store, call.seller_id)
    assert seller is not None
    wait = call.practice.settings.live_after_seconds if seller["live_after"] is None else seller["live_after"]
    old: Attributes = json.loads(before["attributes"]) if before else {}
    shown_before = "purchasable_offer" in old or is_parent(old)
    row = {
        "product_type": product_type,
        "requirements": requirements,
        "attributes": json.dumps(given, ensure_ascii=False),
        "parent": first(given, "child_parent_sku_relationship", "parent_sku") or "",
        "asin": (before["asin"] if before else "") or catalog.asin_of(call, product_type, given),
        # What buyers see already they go on seeing; what is new, or back on sale, comes a while later.
        "live_at": before["live_at"] if before and shown_before else call.now + wait,
        "updated_at": call.now,
    }
    if before is None:
        call.store.insert("item", shop=call.seller_id, marketplace=call.place.id, sku=sku, created_at=call.now, **row)
    else:
        found_late = [one for one in json.loads(before["issues"]) if not _is_answered(one, old, given)]
        call.store.update("item", before["id"], **row, issues=json.dumps(found_late, ensure_ascii=False))


def _is_answered(late: Json, old: Attributes, given: Attributes) -> bool:
    """An issue found later is gone once an attribute it names is another."""
    return any(old.get(name) != given.get(name) for name in late["attributeNames"])


def _answer(call: Call, sku: str, issues: list[Json]) -> Answer:
    stopped = _stopped(issues)
    preview = call.query.get("mode") == "VALIDATION_PREVIEW"
    body: Json = {
        "sku": sku,
        "status": "INVALID" if stopped else "VALID" if preview else "ACCEPTED",
        "submissionId": str(uuid.uuid4()),
        "issues": issues,
    }
    found = find(call, sku)
    if "identifiers" in _included(call) and call.place is not None:
        body["identifiers"] = (
            [{"marketplaceId": call.place.id, "asin": found["asin"]}] if found and found["asin"] else []
        )
    return Answer(200, body, issues[0]["code"] if stopped else "")


def _refused_on_purpose(call: Call, sku: str) -> Json | None:
    fault = faults.take(call.store, call.seller_id, "refuse", operations=[call.operation], item=sku)
    if fault is None:
        return None
    names = [fault["attribute"]] if fault.get("attribute") else []
    return issue(str(fault["code"]), str(fault.get("message", "Refused.")), *names)


def _unfetchable(given: Attributes) -> str:
    """The first image at an address that Amazon would not fetch from."""
    urls = [
        str(one.get("media_location", ""))
        for name, entries in given.items()
        if "image_locator" in name
        for one in entries
    ]
    return next((url for url in urls if not url.startswith(("https://", "s3://"))), "")


def _stopped(issues: Sequence[Json]) -> bool:
    return any(one["severity"] == "ERROR" for one in issues)


def _included(call: Call) -> list[str]:
    return call.query.get("includedData", "summaries").split(",")
