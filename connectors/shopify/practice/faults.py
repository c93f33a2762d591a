"""What a test may ask a practice shop to do wrong, and for how many calls.

throttle     answers THROTTLED, nothing executed
maintenance  answers HTTP 503
slow         waits `seconds`; when
drop         hangs up in the middle of the answer; when
error        answers `status` and `body`; when
kill         SIGKILLs the process `pid`; when
refuse       refuses the mutation `of` with `field`, `message` and `code`; only for `handle` when that is given
duplicate    sends the webhooks of `topic` twice; of all topics when none is given
lose         never sends them
linger       lets the work of an asynchronous productSet take `seconds`

`when` is before or after the mutations of the call are accepted; `operation` narrows a fault to documents with
that root field.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from connectors.shopify.practice.store import Row, Store

KINDS = ("throttle", "maintenance", "slow", "drop", "error", "kill", "refuse", "duplicate", "lose", "linger")


def add(store: Store, domain: str, kind: str, *, count: int | None, details: dict[str, Any]) -> int:
    """The fault happens on the next `count` fitting calls, or until it is cleared."""
    if kind not in KINDS:
        raise ValueError(f"there is no fault {kind!r}; there are {', '.join(KINDS)}")
    return store.insert("fault", shop=domain, kind=kind, left_over=count, details=json.dumps(details))


def clear(store: Store, domain: str, kind: str | None = None) -> None:
    store.run("DELETE FROM fault WHERE shop = ? AND (? IS NULL OR kind = ?)", domain, kind, kind)


def waiting(store: Store, domain: str) -> list[Row]:
    return store.rows("SELECT * FROM fault WHERE shop = ? ORDER BY id", domain)


def take(
    store: Store, domain: str, kind: str, *, operations: Collection[str] = (), **wanted: Any
) -> dict[str, Any] | None:
    """The details of the first fault that fits this call, which has one use less now; None when none does."""
    for row in store.rows("SELECT * FROM fault WHERE shop = ? AND kind = ? ORDER BY id", domain, kind):
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
