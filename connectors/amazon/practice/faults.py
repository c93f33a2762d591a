"""What a test may ask a practice seller's account to do wrong, and for how many calls.

throttle     answers 429 QuotaExceeded, nothing executed
maintenance  answers 503, nothing executed
slow         waits `seconds`; when
drop         hangs up in the middle of the answer; when
error        answers `status` and `body`; when
kill         SIGKILLs the process `pid`; when
refuse       refuses the SKU `item` (any when none is given) with the issue `code`, `message`, `attribute`; where
             `operation` is confirmShipment or feed, the order `item` with `code` and `message`
garbled      tells of the order `order`, or of any, with an amount that is no number
broken       answers the reading of the order `order`, or of any, with an error inside Amazon
report       the next report ends FATAL, with a document that says `message`

`when` is before or after the call is executed; `operation` narrows a fault to calls of that operation, "feed" to
messages of feeds; `mode` "" to those that are no previews.
"""

from __future__ import annotations

from typing import Any

from connectors.practice import faults
from connectors.practice.faults import clear, take, waiting
from connectors.practice.store import Store

__all__ = ["KINDS", "add", "clear", "take", "waiting"]

KINDS = ("throttle", "maintenance", "slow", "drop", "error", "kill", "refuse", "garbled", "broken", "report")


def add(store: Store, seller_id: str, asked: dict[str, Any]) -> int:
    """The fault happens on the next `count` fitting calls, or until it is cleared. Its number.

    Raises ValueError for a kind there is not, KeyError for a refusal without a code.
    """
    kind = asked["kind"]
    if kind == "refuse":
        asked["code"]
    details = {name: value for name, value in asked.items() if name not in ("kind", "count")}
    return faults.add(store, seller_id, kind, kinds=KINDS, count=asked.get("count"), details=details)
