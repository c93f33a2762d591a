"""What a test may ask a practice store to do wrong, and for how many calls.

throttle     answers as for too many calls a second, nothing executed
maintenance  answers ES01-02 with 503
conflict     answers CE0001 with 409, nothing executed
slow         waits `seconds`; when
drop         hangs up in the middle of the answer; when
error        answers `status` and `body`; when
kill         SIGKILLs the process `pid`; when
refuse       refuses with `code` and `message` the item `manage_number`, or any; of a stock call the row of that item
             or of the variant `manage_number/variant`; of an order call the order `order`, or any, where `code` is
             such as ERROR_101
garbled      tells of the order `order`, or of any, with an amount that is no number

`when` is before or after the call is executed; `operation` narrows a fault to calls such as items.upsert.
"""

from __future__ import annotations

from typing import Any

from connectors.practice import faults
from connectors.practice.faults import clear, take, waiting
from connectors.practice.store import Store

__all__ = ["KINDS", "add", "clear", "refusing", "take", "waiting"]

KINDS = ("throttle", "maintenance", "conflict", "slow", "drop", "error", "kill", "refuse", "garbled")


def add(store: Store, shop: str, kind: str, *, count: int | None, details: dict[str, Any]) -> int:
    """The fault happens on the next `count` fitting calls, or until it is cleared. Raises ValueError for no kind."""
    return faults.add(store, shop, kind, kinds=KINDS, count=count, details=details)


def refusing(store: Store, shop: str, operation: str, *subjects: str) -> dict[str, Any] | None:
    """The refusal asked for one of these subjects, which has one use less now."""
    for subject in subjects:
        found = take(store, shop, "refuse", operations=[operation], manage_number=subject)
        if found is not None:
            return found
    return None
