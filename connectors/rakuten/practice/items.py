"""The item API 2.0: items.upsert, patch, get, bulk.get, search and delete."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from connectors.practice.store import Row
from connectors.rakuten.practice import cabinet, faults, item_rules
from connectors.rakuten.practice.answers import Answer, Refusal, conflict, japanese_time, not_found, refused
from connectors.rakuten.practice.state import Call, Json

_NAME = re.compile(r"[A-Za-z0-9_-]+")
ITEMS_A_READ = 50
EMPTY = Refusal("GE0011", "Request body is missing or is empty without any attributes.")
ITEM_BYTES = 1_000_000  # the real limit is not published [unsure]


def upsert(call: Call) -> Answer:
    """The item is what was sent and nothing else: a full replace."""
    return _refused_write(call) or _put(call)


def _put(call: Call) -> Answer:
    known = _row(call)
    wrong = item_rules.check(call.body) or _against_what_is(call, known, call.body) or _unsettled(call, call.body)
    if wrong:
        return refused(wrong)
    _keep(call, call.body, known)
    return Answer(204) if known else Answer(201, {"manageNumber": _number(call)})


def patch(call: Call) -> Answer:
    """Objects are merged, lists replaced, null clears. Which SKUs there are cannot be changed this way."""
    return _refused_write(call) or _patch(call)


def _patch(call: Call) -> Answer:
    known = _row(call)
    if known is None:
        return not_found(_number(call))
    before = json.loads(known["body"])
    merged = _merged(before, call.body)
    wrong = item_rules.check(merged) or _against_what_is(call, known, merged) or _unsettled(call, merged)
    if wrong:
        return refused(wrong)
    if set(merged["variants"]) != set(before["variants"]):
        return conflict()
    _keep(call, merged, known)
    return Answer(204)


def get(call: Call) -> Answer:
    row = _row(call)
    return not_found(_number(call)) if row is None else Answer(200, _told(row))


def bulk_get(call: Call) -> Answer:
    """What is there of what was asked for, in the order asked."""
    numbers = call.body.get("manageNumbers") if isinstance(call.body, Mapping) else None
    if not isinstance(numbers, list) or not numbers:
        return refused([Refusal("IE0001", "manageNumbers is mandatory.", "manageNumbers")])
    if len(numbers) > ITEMS_A_READ:
        words = "manageNumbers exceeds the maximum number of entries allowed."
        return refused([Refusal("IE1101", words, "manageNumbers")])
    for position, number in enumerate(numbers):
        if wrong := _wrong_name(str(number), f"manageNumbers[{position}]"):
            return refused([wrong])
    lowered = [str(number).lower() for number in numbers]
    if len(set(lowered)) < len(lowered):
        words = f"There are multiple occurrences of the same manageNumber : {lowered[0]}"
        return refused([Refusal("IE1106", words, "manageNumbers")])
    rows = [_find(call, number) for number in lowered]
    return Answer(200, {"results": [_told(row) for row in rows if row is not None]})


def delete(call: Call) -> Answer:
    row = _row(call)
    if row is None:
        words = f"No item found for inputs; manageNumber={_number(call)}"
        return refused([Refusal("GE0014", words)], 404)
    for table in ("item", "inventory"):
        call.store.run(f"DELETE FROM {table} WHERE shop = ? AND manage_number = ?", call.name, _number(call))
    call.accepted(_number(call), {})
    return Answer(204)


def _refused_write(call: Call) -> Answer | None:
    """What stands against a write before its fields are looked at, and what a test asked for."""
    if call.content_type.partition(";")[0].strip() != "application/json":
        words = f"Media Type {call.content_type or 'null'} is not supported"
        return refused([Refusal("GE0012", words)], 415)
    if not isinstance(call.body, Mapping) or not call.body:
        return refused([EMPTY])
    if len(call.raw) > ITEM_BYTES:
        return refused([Refusal("GE0020", "The size of item is too large. Please reduce the data.")])
    if wrong := _wrong_name(call.path["manage_number"], "manageNumber"):
        return refused([wrong])
    asked = faults.refusing(call.store, call.name, call.operation, _number(call))
    if asked is not None:
        return refused([Refusal(asked["code"], asked["message"], asked.get("path", ""))])
    return None


def _wrong_name(number: str, path: str) -> Refusal | None:
    if not _NAME.fullmatch(number):
        return Refusal("IE0220", 'manageNumber is only allowed alphanumeric, "-" and "_".', path)
    if len(number) > 32:
        return Refusal("IE0004", "Max length of manageNumber must be within 32 bytes.", path)
    return None


def _against_what_is(call: Call, known: Row | None, body: Mapping[str, Any]) -> list[Refusal]:
    """What only what the store already holds makes wrong."""
    if known is None:
        count = call.store.row("SELECT count(*) AS n FROM item WHERE shop = ?", call.name)
        limit = int(call.shop["item_limit"])
        if count is not None and count["n"] >= limit:
            words = f"Cannot register item, because number of items in this shop has been maximum {limit}."
            return [Refusal("IE0197", words)]
        return []
    before = json.loads(known["body"])["variants"]
    return [
        Refusal("IE0416", "Cannot update selectorValues for the same variantId.", f"variants.{code}.selectorValues")
        for code, variant in body["variants"].items()
        if code in before and (before[code].get("selectorValues") or {}) != (variant.get("selectorValues") or {})
    ]


def _unsettled(call: Call, body: Mapping[str, Any]) -> list[Refusal]:
    """The pictures that R-Cabinet does not show yet. That one has to wait is known, how one is refused is unsure."""
    shown = [(image["location"], f"images[{number}]") for number, image in enumerate(body.get("images") or [])]
    for code, variant in body["variants"].items():
        images = enumerate(variant.get("images") or [])
        shown += [(image["location"], f"variants.{code}.images[{number}]") for number, image in images]
    return [
        Refusal("IE0002", f"{path}.location has an invalid value.", f"{path}.location")
        for location, path in shown
        if not cabinet.settled(call, location)
    ]


def _keep(call: Call, body: Mapping[str, Any], known: Row | None) -> None:
    text = json.dumps(_without_nulls(body), ensure_ascii=False)
    if known is None:
        call.store.insert(
            "item",
            shop=call.name,
            manage_number=_number(call),
            body=text,
            created_at=call.now,
            updated_at=call.now,
            searchable_at=call.now + call.practice.settings.index_lag_seconds,
        )
    else:
        call.store.update("item", known["id"], body=text, updated_at=call.now)
    call.accepted(_number(call), call.body)


def _merged(before: Any, change: Any) -> Any:
    if not isinstance(change, Mapping) or not isinstance(before, Mapping):
        return change
    merged = dict(before)
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name, {}), value) if isinstance(value, Mapping) else value
    return merged


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return value


def _number(call: Call) -> str:
    return call.path["manage_number"].lower()


def _row(call: Call) -> Row | None:
    return _find(call, _number(call))


def _find(call: Call, number: str) -> Row | None:
    return call.store.row("SELECT * FROM item WHERE shop = ? AND manage_number = ?", call.name, number)


def _told(row: Row) -> Json:
    """The item as a read gives it, with what Rakuten fills in."""
    filled = {"manageNumber": row["manage_number"], "hideItem": False, "unlimitedInventoryFlag": False}
    times = {"created": japanese_time(row["created_at"]), "updated": japanese_time(row["updated_at"])}
    body: Json = filled | json.loads(row["body"]) | times
    body["variants"] = {
        code: {"hidden": False} | variant | {"standardPrice": str(variant["standardPrice"])}
        for code, variant in body["variants"].items()
    }
    return body


# ---- search ----

_SEARCHED = ("title", "manageNumber", "itemNumber", "articleNumber", "variantId", "merchantDefinedSkuId", "genreId")
_PARAMETERS = frozenset({*_SEARCHED, "offset", "hits", "cursorMark", "sortKey", "sortOrder", "isInventoryIncluded"})


def search(call: Call) -> Answer:
    """Items whose fields hold the words anywhere, the last changed first; what is new is found after the lag."""
    if any(name not in _PARAMETERS for name in call.query):
        return refused([Refusal("IE1005", "Invalid request parameter.")])
    try:
        offset, hits = int(call.query.get("offset", "0")), int(call.query.get("hits", "10"))
    except ValueError:
        return refused([Refusal("IE0002", "hits has an invalid value.", "hits")])
    if not 1 <= hits <= 100:
        return refused([Refusal("IE0003", "hits must be between 1 and 100.", "hits")])
    if not 0 <= offset <= 10_000:
        return refused([Refusal("IE0003", "offset must be between 0 and 10000.", "offset")])
    query = "SELECT * FROM item WHERE shop = ? AND searchable_at <= ? ORDER BY updated_at DESC, id DESC"
    found = [told for row in call.store.rows(query, call.name, call.now) if _fits(told := _told(row), call.query)]
    page = [{"item": item} for item in found[offset : offset + hits]]
    return Answer(200, {"numFound": len(found), "offset": offset, "results": page})


def _fits(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    return all(_holds(item, name, query[name]) for name in _SEARCHED if name in query)


def _holds(item: Mapping[str, Any], name: str, wanted: str) -> bool:
    """Rakuten looks for a part of the text, and does not tell upper from lower case. [unsure of the case]"""
    if name == "genreId":
        return str(item.get(name)) == wanted
    variants = item["variants"]
    texts = {
        "variantId": list(variants),
        "merchantDefinedSkuId": [one.get("merchantDefinedSkuId") for one in variants.values()],
        "articleNumber": [(one.get("articleNumber") or {}).get("value") for one in variants.values()],
    }.get(name, [item.get(name)])
    return any(wanted.casefold() in str(text or "").casefold() for text in texts)
