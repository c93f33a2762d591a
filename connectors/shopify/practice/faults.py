"""What a test may ask a practice shop to do wrong, and for how many calls.

throttle     answers THROTTLED, nothing executed
maintenance  answers HTTP 503
slow         waits `seconds`; when
drop         hangs up in the middle of the answer; when
error        answers `status` and `body`; when
kill         SIGKILLs the process `pid`; when
refuse       refuses the mutation `of` with `field`, `message` and `code`; only for `handle` when that is given
duplicate    sends the webhooks of `topic` `times` times, twice if it does not say; of all topics when none is given
lose         never sends them; of `percent` 10 every tenth
shuffle      sends them late, in another order, within `seconds`
linger       lets the work of an asynchronous productSet, or of a cancellation, take `seconds`
garbled      tells of the order `order`, or of any, with an amount that nobody can count
broken       answers the reading of the order `order`, or of any, with an error inside Shopify
lag          lets the next order be found by no search for `seconds`

`when` is before or after the mutations of the call are accepted; `operation` narrows a fault to documents with
that root field.
"""

from __future__ import annotations

from typing import Any

from connectors.practice import faults
from connectors.practice.faults import clear, take, waiting
from connectors.practice.store import Store

__all__ = ["KINDS", "add", "clear", "take", "waiting"]

KINDS = (
    "throttle",
    "maintenance",
    "slow",
    "drop",
    "error",
    "kill",
    "refuse",
    "duplicate",
    "lose",
    "linger",
    "shuffle",
    "garbled",
    "broken",
    "lag",
)


def add(store: Store, domain: str, kind: str, *, count: int | None, details: dict[str, Any]) -> int:
    """The fault happens on the next `count` fitting calls, or until it is cleared. Raises ValueError for no kind."""
    return faults.add(store, domain, kind, kinds=KINDS, count=count, details=details)
