"""What a shop refunded of an order's lines, and which of it came back from the buyer. Pure, like order_mapping.

Shopify knows three ways: CANCEL (it had not left, and is for sale again), RETURN (the buyer sent it back, and it is for
sale again) and NO_RESTOCK, which says of neither: https://shopify.dev/docs/api/admin-graphql/latest/enums/RefundLineItemRestockType
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Node = Mapping[str, Any]


@dataclass(slots=True)
class Refunded:
    """Units of one line. `sent_back` by RETURN, `shelved` of them at a location that counts; `unsaid` are those that
    are neither cancelled nor sent back by their own word. `restocked` are for sale again without having been sent back.
    """

    sent_back: int = 0
    shelved: int = 0
    taken_off: int = 0
    unsaid: int = 0
    restocked: int = 0
    at: datetime | None = None

    def returned(self, cancelled: int, shipped: int) -> int:
        """How many had left: of the unsaid ones those that the line's `cancelled` units do not explain."""
        unsent = max(0, cancelled - self.taken_off)
        return max(0, min(shipped, self.sent_back + max(0, self.unsaid - unsent)))


def by_line(refunds: Iterable[Node], places: Collection[str]) -> dict[str, Refunded]:
    """By the line's id; `places` are the locations that count. Where none is named, or none is known, it is one."""
    found: dict[str, Refunded] = {}
    for refund in refunds:
        at = datetime.fromisoformat(refund["createdAt"]) if refund.get("createdAt") else None
        for line in refund["refundLineItems"]["nodes"]:
            _add(found.setdefault(str(line["lineItem"]["id"]), Refunded()), line, places, at)
    return found


def _add(sum_: Refunded, line: Node, places: Collection[str], at: datetime | None) -> None:
    units = int(line["quantity"] or 0)
    match line["restockType"]:
        case "RETURN":
            sum_.sent_back += units
            sum_.shelved += units if line["restocked"] and _is_ours(line, places) else 0
        case "CANCEL":
            sum_.taken_off += units
            sum_.restocked += units if line["restocked"] else 0
        case _:
            sum_.unsaid += units
            sum_.restocked += units if line["restocked"] else 0
    if line["restockType"] != "CANCEL" and at is not None:
        sum_.at = max(at, sum_.at or at)


def _is_ours(line: Node, places: Collection[str]) -> bool:
    place = (line.get("location") or {}).get("id")
    return not (place and places) or place in places


def counted(lines: Iterable[Node]) -> dict[str, int]:
    """How many units of each line these lists name together."""
    found: dict[str, int] = {}
    for line in lines:
        number = str(line["lineItem"]["id"])
        found[number] = found.get(number, 0) + int(line["quantity"] or 0)
    return found
