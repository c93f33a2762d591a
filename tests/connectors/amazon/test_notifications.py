"""Amazon's notifications, as its own schemas give examples of them, and a queue that may bring one again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from jsonschema import Draft7Validator

from connectors.amazon.notifications import Kind, Message, Notification, parse, take
from tests.connectors.amazon.official import SPECS, needs_amazon_specs

FILES = {
    Kind.ORDER: "OrderChangeNotification",
    Kind.FEED: "FeedProcessingFinishedNotification",
    Kind.REPORT: "ReportProcessingFinishedNotification",
    Kind.LISTING_STATUS: "ListingsItemStatusChangeNotification",
    Kind.LISTING_ISSUES: "ListingsItemIssuesChangeNotification_2023-12-13",
}
SUBJECTS = {
    Kind.ORDER: "903-8868176-2219830",
    Kind.FEED: "53347018456",
    Kind.REPORT: "54517018502",
    Kind.LISTING_STATUS: "NLS-SHOES-03",
    Kind.LISTING_ISSUES: "NLS-SHOES-03",
}


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SPECS / "notifications" / f"{name}.json").read_text("utf-8"))
    return found


def change(notification_id: str, order_id: str = "1") -> bytes:
    payload = {"SellerId": "A1", "AmazonOrderId": order_id, "Summary": {"MarketplaceId": "ATVPDKIKX0DER"}}
    told = {
        "NotificationType": "ORDER_CHANGE",
        "EventTime": "2026-11-01T00:00:00Z",
        "Payload": {"OrderChangeNotification": payload},
        "NotificationMetadata": {"NotificationId": notification_id},
    }
    return json.dumps(told).encode()


@needs_amazon_specs
@pytest.mark.parametrize("kind", Kind)
def test_every_example_says_what_is_to_be_read(kind: Kind) -> None:
    examples = schema(FILES[kind])["examples"]
    assert examples
    for example in examples:
        read = parse(json.dumps(example).encode())
        assert read is not None
        assert (read.kind, read.subject) == (kind, SUBJECTS[kind])
        assert read.id in json.dumps(example)
        assert read.happened_at.tzinfo is not None


@needs_amazon_specs
def test_what_the_schemas_require_is_enough_to_read() -> None:
    """An order's notification that holds only what must be there, as the schema judges."""
    whole = schema("OrderChangeNotification")
    bare = _required(whole, whole["examples"][0])
    assert list(Draft7Validator(whole).iter_errors(bare)) == []
    read = parse(json.dumps(bare).encode())
    assert read is not None
    assert read.marketplace_id == "ATVPDKIKX0DER"


def test_a_status_is_read_under_either_of_its_names_and_out_of_an_event_bus() -> None:
    told = {
        "NotificationType": "LISTINGS_ITEM_STATUS_CHANGED",
        "EventTime": "2026-11-01T00:00:00Z",
        "Payload": {"SellerId": "A1", "MarketplaceId": "ATVPDKIKX0DER", "Sku": "MUG-1"},
        "NotificationMetadata": {"NotificationId": "n-1"},
    }
    plain = parse(json.dumps(told).encode())
    assert plain is not None
    assert (plain.kind, plain.subject, plain.seller_id) == (Kind.LISTING_STATUS, "MUG-1", "A1")
    assert parse(json.dumps({"detail-type": "x", "source": "aws.partner", "detail": told}).encode()) == plain


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml/>",
        b"[]",
        b"{}",
        b'{"NotificationType":"PRICING_HEALTH","Payload":{}}',
        b'{"NotificationType":"ORDER_CHANGE","Payload":[],"NotificationMetadata":{}}',
        b'{"NotificationType":7}',
    ],
)
def test_what_is_no_notification_of_ours_is_none(body: bytes) -> None:
    assert parse(body) is None


@dataclass
class Queue:
    """Implements connectors.amazon.notifications.Messages: brings back what nobody deleted."""

    waiting: dict[str, bytes] = field(default_factory=dict)

    async def receive(self) -> Sequence[Message]:
        return [Message(receipt, body) for receipt, body in self.waiting.items()]

    async def delete(self, receipts: Sequence[str]) -> None:
        for receipt in receipts:
            del self.waiting[receipt]


async def test_each_is_handed_over_once_and_deleted_after_it_was_kept() -> None:
    queue = Queue({"r1": change("n-1"), "r2": change("n-1"), "r3": change("n-2", "2"), "r4": b"nonsense"})
    kept: list[str] = []

    async def keep(told: Sequence[Notification]) -> None:
        assert len(queue.waiting) == 4, "nothing is deleted before it is kept"
        kept.extend(one.subject for one in told)

    assert await take(queue, keep) == 4
    assert kept == ["1", "2"]
    assert queue.waiting == {}


async def test_what_could_not_be_kept_comes_again() -> None:
    queue = Queue({"r1": change("n-1")})

    async def fails(told: Sequence[Notification]) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await take(queue, fails)
    assert queue.waiting.keys() == {"r1"}


def _required(of: dict[str, Any], value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    properties = of.get("properties", {})
    return {name: _required(properties.get(name, {}), value[name]) for name in of.get("required", value)}
