"""What Amazon tells of by itself, read from a queue that somebody else keeps: SQS, or EventBridge into it.

https://developer-docs.amazon.com/sp-api/docs/notification-type-values; the schemas are those of
https://github.com/amzn/selling-partner-api-models, schemas/notifications. Each says that something changed and never
all of what: the order, feed, report or listing is then read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from connectors import http

Json = Mapping[str, Any]


class Kind(StrEnum):
    ORDER = "ORDER_CHANGE"
    FEED = "FEED_PROCESSING_FINISHED"
    REPORT = "REPORT_PROCESSING_FINISHED"
    LISTING_STATUS = "LISTINGS_ITEM_STATUS_CHANGE"
    LISTING_ISSUES = "LISTINGS_ITEM_ISSUES_CHANGE"


# Where in the payload, and under which name, each says what it is about; in lower case.
_SUBJECTS = {
    Kind.ORDER: ("orderchangenotification", "amazonorderid"),
    Kind.FEED: ("feedprocessingfinishednotification", "feedid"),
    Kind.REPORT: ("reportprocessingfinishednotification", "reportid"),
    Kind.LISTING_STATUS: ("", "sku"),
    Kind.LISTING_ISSUES: ("", "sku"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """`subject` is what is to be read: an order's, feed's or report's id, or a SKU. `id` repeats when it comes twice.

    `marketplace_id` is empty where Amazon names none.
    """

    id: str
    kind: Kind
    happened_at: datetime
    seller_id: str
    subject: str
    marketplace_id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """`receipt` is how the queue wants it named when it is deleted."""

    receipt: str
    body: bytes


class Messages(Protocol):
    """A queue that Amazon puts notifications into."""

    async def receive(self) -> Sequence[Message]:
        """Some of those that wait; they come again later unless they are deleted."""

    async def delete(self, receipts: Sequence[str]) -> None:
        """They do not come again."""


async def take(messages: Messages, keep: Callable[[Sequence[Notification]], Awaitable[None]]) -> int:
    """Hands over those that wait, each once, and then deletes them; how many messages there were.

    A queue may bring one again at any time: `keep` stores each under its id, or knows it already. What cannot be read
    or is of no kind of ours is deleted with the others, since it would come for ever.
    """
    received = await messages.receive()
    by_id = {one.id: one for message in received if (one := parse(message.body)) is not None}
    await keep(list(by_id.values()))
    await messages.delete([message.receipt for message in received])
    return len(received)


def parse(body: bytes) -> Notification | None:
    """The notification; None for what is none, or one of another kind. EventBridge wraps it in `detail`."""
    told = http.parsed(body)
    inner = told.get("detail", told) if isinstance(told, dict) else None
    try:
        return _read(_plain(inner)) if isinstance(inner, dict) else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _read(told: Json) -> Notification:
    # A schema of Amazon's ends this one name in D, its example does not.
    kind = Kind(told["notificationtype"].replace("STATUS_CHANGED", "STATUS_CHANGE"))
    inside, subject = _SUBJECTS[kind]
    payload = told["payload"][inside] if inside else told["payload"]
    return Notification(
        id=told["notificationmetadata"]["notificationid"],
        kind=kind,
        happened_at=datetime.fromisoformat(told["eventtime"]),
        seller_id=payload.get("sellerid", ""),
        subject=payload[subject],
        marketplace_id=payload.get("marketplaceid") or payload.get("summary", {}).get("marketplaceid", ""),
    )


def _plain(value: Any) -> Any:
    """Names in lower case: some kinds begin theirs with a capital, others do not."""
    if isinstance(value, dict):
        return {name.lower(): _plain(inner) for name, inner in value.items()}
    return value
