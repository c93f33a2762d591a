"""Feeds: taken, worked on for a while, and reported on message by message.

https://developer-docs.amazon.com/sp-api/docs/feeds-api
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.amazon.practice import acknowledgements, documents, listings, sellers
from connectors.amazon.practice.attributes import issue
from connectors.amazon.practice.product_schemas import TYPES
from connectors.amazon.practice.state import Answer, Call, moment, refusal
from connectors.practice.store import Row

Json = dict[str, Any]
KIND = "JSON_LISTINGS_FEED"
KINDS = (KIND, acknowledgements.KIND)
_BAD = refusal(400, "400", "Invalid input", "Invalid input")


def create_document(call: Call) -> Answer:
    """createFeedDocument."""
    content_type = (call.body or {}).get("contentType")
    if not content_type:
        return _BAD
    number = documents.make(call.practice, call.seller_id, content_type)
    return Answer(201, {"feedDocumentId": number, "url": documents.address(call, number)})


def create(call: Call) -> Answer:
    """createFeed: of a document that was uploaded."""
    body = call.body or {}
    document = call.store.row(
        "SELECT content FROM document WHERE id = ? AND shop = ?", body.get("inputFeedDocumentId", ""), call.seller_id
    )
    kind = body.get("feedType")
    if kind not in KINDS or call.place is None or document is None or document["content"] is None:
        return _BAD
    seller = sellers.find(call.store, call.seller_id)
    assert seller is not None
    seconds = seller["feed_seconds"] if seller["feed_seconds"] is not None else call.practice.settings.feed_seconds
    number = call.store.insert(
        "feed",
        shop=call.seller_id,
        marketplace=call.place.id,
        document=body["inputFeedDocumentId"],
        created_at=call.now,
        ready_at=call.now + seconds,
    )
    if kind != KIND:
        call.store.insert("feed_kind", feed=number, shop=call.seller_id, kind=kind)
    return Answer(202, {"feedId": str(number)})


def get(call: Call) -> Answer:
    """getFeed."""
    row = _find(call, call.parts[0])
    return refusal(404, "NotFound", "The feed does not exist.") if row is None else Answer(200, _shown(call, row))


def cancel(call: Call) -> Answer:
    """cancelFeed: of one that has not been begun."""
    row = _find(call, call.parts[0])
    if row is None or _state(call, row) != "IN_QUEUE":
        return _BAD
    call.store.update("feed", row["id"], state="CANCELLED")
    return Answer(200, {})


def get_document(call: Call) -> Answer:
    """getFeedDocument."""
    found = call.store.row("SELECT * FROM document WHERE id = ? AND shop = ?", call.parts[0], call.seller_id)
    if found is None:
        return refusal(404, "NotFound", "The document does not exist.")
    packed = {"compressionAlgorithm": "GZIP"} if found["packed"] else {}
    return Answer(200, {"feedDocumentId": found["id"], "url": documents.address(call, found["id"]), **packed})


def work_off(call: Call) -> None:
    """Feeds whose time has come are done: what they ask for is in the listings."""
    query = "SELECT * FROM feed WHERE shop = ? AND state = '' AND ready_at <= ? ORDER BY id"
    for row in call.store.rows(query, call.seller_id, call.now):
        _do(replace(call, operation="feed", query={"marketplaceIds": row["marketplace"]}, body=None), row)


def _do(call: Call, row: Row) -> None:
    found = call.store.row("SELECT content FROM document WHERE id = ?", row["document"])
    content = bytes(found["content"]) if found else b""
    if _kind(call, row) == KIND:
        report, content_type = _listings_report(call, row, content), "application/json; charset=UTF-8"
    else:
        report, content_type = acknowledgements.work(call, content), "text/xml; charset=UTF-8"
    if report is None:
        call.store.update("feed", row["id"], state="FATAL")
        return
    number = documents.make(call.practice, call.seller_id, content_type, report)
    call.store.update("feed", row["id"], state="DONE", result=number)


def _listings_report(call: Call, row: Row, content: bytes) -> bytes | None:
    """The report on a feed of listings, whose messages are done; None for what is no such feed."""
    try:
        feed = json.loads(content)
        messages = list(feed["messages"])
        fits = feed["header"]["sellerId"] == call.seller_id and feed["header"]["version"] == "2.0"
        fits = fits and all({"messageId", "sku", "operationType"} <= message.keys() for message in messages)
    except (ValueError, KeyError, TypeError, AttributeError):
        fits, messages = False, []
    if not fits:
        return None
    issues, counted = [], Counter[str]()
    for message in messages:
        found = _work(call, message)
        stopped = any(one["severity"] == "ERROR" for one in found)
        counted["invalid" if stopped else "accepted"] += 1
        issues += [_reported(message, one) for one in found]
    severities = Counter(one["severity"] for one in issues)
    report = {
        "header": {"sellerId": call.seller_id, "version": "2.0", "feedId": str(row["id"])},
        "issues": issues,
        "summary": {
            "errors": severities["ERROR"],
            "warnings": severities["WARNING"],
            "messagesProcessed": len(messages),
            "messagesAccepted": counted["accepted"],
            "messagesInvalid": counted["invalid"],
        },
    }
    return json.dumps(report, ensure_ascii=False).encode()


def _work(call: Call, message: Mapping[str, Any]) -> list[Json]:
    sku, known = str(message.get("sku", "")), listings.find(call, str(message.get("sku", ""))) is not None
    match message.get("operationType"):
        case "UPDATE" if message.get("productType") in TYPES:
            given = message.get("attributes", {})
            return listings.write(call, sku, message["productType"], message.get("requirements", "LISTING"), given)
        case "DELETE" if known:
            listings.remove(call, sku)
            return []
        case "PATCH" if known:
            try:
                return listings.change(call, sku, message.get("patches", []))
            except ValueError:
                return [issue("90000900", "The attributes are invalid.")]
        case "PARTIAL_UPDATE" if known:
            patches = [
                {"op": "replace", "path": f"/attributes/{name}", "value": value}
                for name, value in message.get("attributes", {}).items()
            ]
            return listings.change(call, sku, patches)
    return [issue("8560", f"SKU {sku} does not match any listing.")]


def _reported(message: Mapping[str, Any], one: Json) -> Json:
    names = one["attributeNames"]
    named = {"attributeName": names[0]} if names else {}
    told = {name: one[name] for name in ("code", "severity", "message")}
    return {"messageId": message["messageId"], "sku": message["sku"], **told, **named}


def _kind(call: Call, row: Row) -> str:
    found = call.store.row("SELECT kind FROM feed_kind WHERE feed = ?", row["id"])
    return str(found["kind"]) if found else KIND


def _find(call: Call, number: str) -> Row | None:
    return call.store.row("SELECT * FROM feed WHERE id = ? AND shop = ?", number, call.seller_id)


def _shown(call: Call, row: Row) -> Json:
    state = _state(call, row)
    ended = {"processingEndTime": moment(call.now)} if state in {"DONE", "FATAL", "CANCELLED"} else {}
    result = {"resultFeedDocumentId": row["result"]} if state == "DONE" else {}
    return {
        "feedId": str(row["id"]),
        "feedType": _kind(call, row),
        "marketplaceIds": [row["marketplace"]],
        "createdTime": moment(row["created_at"]),
        "processingStatus": state,
        **ended,
        **result,
    }


def _state(call: Call, row: Row) -> str:
    if row["state"]:
        return str(row["state"])
    middle = (row["created_at"] + row["ready_at"]) / 2
    return "IN_PROGRESS" if call.now >= middle else "IN_QUEUE"
