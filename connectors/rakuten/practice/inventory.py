"""The inventory API 2.1: bulk.get and bulk.upsert. A bulk write is taken whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.practice.store import Row
from connectors.rakuten.practice import faults
from connectors.rakuten.practice.answers import Answer, Refusal, japanese_time, refused
from connectors.rakuten.practice.items import EMPTY
from connectors.rakuten.practice.state import Call, Json, Practice

ROWS_A_READ, ROWS_A_WRITE = 1000, 400
MOST_UNITS = 99_999
ORPHAN_SECONDS = 86_400.0
OPTIONAL = ("operationLeadTime", "shipFromIds")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def bulk_get(call: Call) -> Answer:
    """The rows there are of those asked for. [unsure that the others are left out]"""
    rows, wrong = _rows(call, ROWS_A_READ)
    if wrong:
        return refused(wrong)
    drop_orphans(call.practice, call.name)
    found = [find(call, *_key(row)) for row in rows]
    return Answer(200, {"inventories": [_told(row) for row in found if row is not None]})


def bulk_upsert(call: Call) -> Answer:
    """Every row is set, or none where one is wrong. What a row leaves out of its options is cleared.

    A pair no item has is taken as well: it sells nothing, and is dropped a day later.
    """
    rows, wrong = _rows(call, ROWS_A_WRITE)
    wrong = wrong or [refusal for number, row in enumerate(rows) for refusal in _check(call, row, number)]
    if wrong:
        return refused(wrong)
    with call.store.transaction():
        for row in rows:
            write(call.practice, call.name, *_key(row), quantity=_result(call, row), optional=_optional(row))
    call.accepted("", rows)
    return Answer(204)


def _rows(call: Call, limit: int) -> tuple[list[Json], list[Refusal]]:
    """The rows of the body, or what is wrong with them as a list."""
    rows = call.body.get("inventories") if isinstance(call.body, Mapping) else None
    if not rows:
        return [], [EMPTY]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return [], [Refusal("IE0002", "inventories has an invalid value.", "inventories")]
    if len(rows) > limit:
        words = "inventories exceeds the maximum number of entries allowed."
        return [], [Refusal("IE1101", words, "inventories")]
    wrong = [refusal for number, row in enumerate(rows) for refusal in _names(row, number)]
    return [dict(row) for row in rows], wrong or _repeated(rows)


def _names(row: Mapping[str, Any], number: int) -> list[Refusal]:
    wrong: list[Refusal] = []
    for name in ("manageNumber", "variantId"):
        value, path = row.get(name), f"inventories[{number}].{name}"
        if value is None or value == "":
            wrong.append(Refusal("IE0001", f"{name} is mandatory.", path))
        elif not _NAME.fullmatch(str(value)):
            wrong.append(Refusal("IE0002", f"{name} has an invalid value : {value}.", path))
    return wrong


def _repeated(rows: Sequence[Mapping[str, Any]]) -> list[Refusal]:
    keys = [_key(row) for row in rows]
    twice = next((key for key in keys if keys.count(key) > 1), None) if len(set(keys)) < len(keys) else None
    if twice is None:
        return []
    words = f"There are multiple occurrences of the same manageNumber and variantId : {'/'.join(twice)}"
    return [Refusal("IE1102", words)]


def _check(call: Call, row: Mapping[str, Any], number: int) -> list[Refusal]:
    at = f"inventories[{number}]"
    asked = faults.refusing(call.store, call.name, call.operation, "/".join(_key(row)), _key(row)[0])
    if asked is not None:
        return [Refusal(asked["code"], asked["message"], at)]
    if row.get("mode") not in ("ABSOLUTE", "RELATIVE"):
        return [Refusal("IE0007", "Invalid choice selected for mode.", f"{at}.mode")]
    quantity = row.get("quantity")
    if quantity is None:
        return [Refusal("IE0001", "quantity is mandatory.", f"{at}.quantity")]
    if not isinstance(quantity, int) or isinstance(quantity, bool):
        return [Refusal("IE0002", f"quantity has an invalid value : {quantity}.", f"{at}.quantity")]
    if row["mode"] == "RELATIVE" and find(call, *_key(row)) is None:
        words = (
            "Cannot use relative mode to update inventory which the combination of manageNumber and variantId"
            " does not exist."
        )
        return [Refusal("IE0500", words, at)]
    if row["mode"] == "ABSOLUTE" and not 0 <= quantity <= MOST_UNITS:
        return [Refusal("IE0003", f"quantity must be between 0 and {MOST_UNITS}.", f"{at}.quantity")]
    if not 0 <= _result(call, row) <= MOST_UNITS:
        words = f"After update, the quantity must be between 0 and {MOST_UNITS}."
        return [Refusal("IE0117", words, f"{at}.quantity")]
    return []


def _result(call: Call, row: Mapping[str, Any]) -> int:
    known = find(call, *_key(row)) if row["mode"] == "RELATIVE" else None
    return int(row["quantity"]) + (int(known["quantity"]) if known is not None else 0)


def _optional(row: Mapping[str, Any]) -> Json:
    return {name: row[name] for name in OPTIONAL if row.get(name) is not None}


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["manageNumber"]).lower(), str(row["variantId"])


def find(call: Call, manage_number: str, variant_id: str) -> Row | None:
    query = "SELECT * FROM inventory WHERE shop = ? AND manage_number = ? AND variant_id = ?"
    return call.store.row(query, call.name, manage_number, variant_id)


def write(practice: Practice, shop: str, manage_number: str, variant_id: str, *, quantity: int, optional: Json) -> None:
    """The row holds this and nothing else."""
    now = practice.clock()
    practice.store.run(
        "INSERT INTO inventory VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " quantity = excluded.quantity, optional = excluded.optional, updated_at = excluded.updated_at",
        shop,
        manage_number,
        variant_id,
        quantity,
        json.dumps(optional),
        now,
        now,
    )


def drop_orphans(practice: Practice, shop: str) -> None:
    """Rows that no item has are gone a day after they were last written."""
    practice.store.run(
        "DELETE FROM inventory WHERE shop = ? AND updated_at < ? AND NOT EXISTS (SELECT 1 FROM item"
        " WHERE item.shop = inventory.shop AND item.manage_number = inventory.manage_number)",
        shop,
        practice.clock() - ORPHAN_SECONDS,
    )


def _told(row: Row) -> Json:
    optional: Json = json.loads(row["optional"])
    return {
        "manageNumber": row["manage_number"],
        "variantId": row["variant_id"],
        "quantity": row["quantity"],
        **optional,
        "created": japanese_time(row["created_at"]),
        "updated": japanese_time(row["updated_at"]),
    }
