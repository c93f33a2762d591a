"""What a test may ask a practice channel to do wrong, and for how many calls. Each channel names its own kinds.

`operation` in a fault's details narrows it to calls of that operation.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from connectors.practice.store import Row, Store

# When a fault happens that does not say so.
_USUAL_DETAILS: dict[str, dict[str, Any]] = {
    "slow": {"when": "before"},
    "error": {"when": "before"},
    "kill": {"when": "before"},
    "drop": {"when": "after"},
}


def add(
    store: Store, shop: str, kind: str, *, kinds: Collection[str], count: int | None, details: dict[str, Any]
) -> int:
    """The fault happens on the next `count` fitting calls, or until it is cleared. Its number.

    `kinds` are those the channel has; raises ValueError for any other.
    """
    if kind not in kinds:
        raise ValueError(f"there is no fault {kind!r}; there are {', '.join(kinds)}")
    told = json.dumps(_USUAL_DETAILS.get(kind, {}) | details)
    return store.insert("fault", shop=shop, kind=kind, left_over=count, details=told)


def clear(store: Store, shop: str, kind: str | None = None) -> None:
    store.run("DELETE FROM fault WHERE shop = ? AND (? IS NULL OR kind = ?)", shop, kind, kind)


def waiting(store: Store, shop: str) -> list[Row]:
    return store.rows("SELECT * FROM fault WHERE shop = ? ORDER BY id", shop)


def take(
    store: Store, shop: str, kind: str, *, operations: Collection[str] = (), **wanted: Any
) -> dict[str, Any] | None:
    """The details of the first fault that fits this call, which has one use less now; None when none does."""
    for row in store.rows("SELECT * FROM fault WHERE shop = ? AND kind = ? ORDER BY id", shop, kind):
        details: dict[str, Any] = json.loads(row["details"])
        operation = details.get("operation")
        if operation and operation not in operations:
            continue
        if any(details.get(name, value) != value for name, value in wanted.items()):
            continue
        _use(store, row)
        return details
    return None


def _use(store: Store, row: Row) -> None:
    if row["left_over"] is None:
        return
    if row["left_over"] <= 1:
        store.run("DELETE FROM fault WHERE id = ?", row["id"])
    else:
        store.run("UPDATE fault SET left_over = left_over - 1 WHERE id = ?", row["id"])
