"""What a test may ask a practice store to do wrong, and for how many calls.

throttle     answers as after too many calls, nothing executed
maintenance  answers ed-00002 with HTTP 503, nothing executed
slow         waits `seconds`; when
drop         hangs up in the middle of the answer; when
error        answers `status` and `body`; when
kill         SIGKILLs the process `pid`; when
refuse       refuses the item `item` (an item code, in a stock call item_code:subcode, in a change of an order its id)
             with `code`, `message`, `target`; any item when none is given
garbled      tells of the order `order`, or of any, with quantities that are no numbers
broken       answers the reading of the order `order`, or of any, with an error inside Yahoo!
session      answers order calls without a public key as 12 hours after the consent, nothing executed

`when` is before or after the call is executed; `operation` narrows a fault to calls of that operation.
"""

from __future__ import annotations

from typing import Any

from connectors.practice import faults
from connectors.practice.faults import clear, take, waiting
from connectors.practice.store import Store

__all__ = ["KINDS", "add", "clear", "take", "waiting"]

KINDS = ("throttle", "maintenance", "slow", "drop", "error", "kill", "refuse", "garbled", "broken", "session")


def add(store: Store, seller_id: str, asked: dict[str, Any]) -> int:
    """The fault happens on the next `count` fitting calls, or until it is cleared. Its number.

    Raises ValueError for a kind there is not, KeyError for a refusal without a code.
    """
    kind = asked["kind"]
    if kind == "refuse":
        asked["code"]
    details = {name: value for name, value in asked.items() if name not in ("kind", "count")}
    return faults.add(store, seller_id, kind, kinds=KINDS, count=asked.get("count"), details=details)
