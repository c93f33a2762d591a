"""Cancelling orders that the merchant ships: a feed, for which the Orders API has no call.

POST_ORDER_ACKNOWLEDGEMENT_DATA, https://developer-docs.amazon.com/sp-api/docs/order-feed-type-values; the elements are
those of OrderAcknowledgement.xsd and ProcessingReport.xsd.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from xml.etree import ElementTree as ET

from connectors.amazon import errors, feeds, orders
from connectors.amazon.client import AmazonClient
from connectors.errors import OurFault, Problem
from connectors.orders import CancelReason, OrderState, OrderToCancel
from connectors.records import Done, Failed, Outcome, SentItem

KIND = "POST_ORDER_ACKNOWLEDGEMENT_DATA"
CONTENT_TYPE = "text/xml; charset=UTF-8"
REASONS: Mapping[CancelReason, str] = {
    CancelReason.OUT_OF_STOCK: "NoInventory",
    CancelReason.CUSTOMER: "BuyerCanceled",
    CancelReason.ADDRESS: "ShippingAddressUndeliverable",
    # Amazon takes the money itself and cancels unpaid orders by itself; there is no reason of that name.
    CancelReason.UNPAID: "GeneralAdjustment",
    CancelReason.OTHER: "GeneralAdjustment",
}
_REFERENCE = "cancel:"
_SCHEMA = {
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:noNamespaceSchemaLocation": "amzn-envelope.xsd",
}

# Of one order: its id, its items and why.
Message = tuple[str, Sequence[str], CancelReason]


async def cancel(shop: AmazonClient, wanted: Sequence[OrderToCancel]) -> list[Outcome[None]]:
    """All in one feed, in which each has a message of its own. Cancelled twice is refused, and a look finds it done.

    Amazon puts nothing back on a shelf that we could ask for: the stock there is what we tell it next.
    """
    outcomes: dict[int, Outcome[None]] = {}
    messages: dict[int, Message] = {}
    for number, one in enumerate(wanted, start=1):
        items = [item for item, _quantity in one.lines] or await _items(shop, one.order_id)
        if items:
            messages[number] = one.order_id, items, one.reason
        else:
            outcomes[number] = Failed(orders.NOT_FOUND)
    if messages:
        document = _document(await shop.seller_id(), messages)
        feed_id = await feeds.deliver(shop, KIND, document, content_type=CONTENT_TYPE)
        for number in messages:
            outcomes[number] = feeds.going_on(f"{_REFERENCE}{feed_id}:{number}", feeds.FIRST_LOOK_SECONDS)
    return [outcomes[number] for number in range(1, len(wanted) + 1)]


async def look(shop: AmazonClient, sent: Sequence[SentItem[OrderToCancel]]) -> list[Outcome[None]]:
    """What the feeds say of each order. A refused one may be cancelled already: the order itself says so."""
    parts = [one.reference.removeprefix(_REFERENCE).split(":") for one in sent]
    reports = {feed_id: await _refusals(shop, feed_id) for feed_id in dict.fromkeys(part[0] for part in parts)}
    outcomes: list[Outcome[None]] = []
    for one, (feed_id, number) in zip(sent, parts, strict=True):
        report = reports[feed_id]
        if report is None:
            outcomes.append(feeds.going_on(one.reference))
            continue
        if isinstance(report, Problem):
            outcomes.append(Failed(report))
            continue
        refused = report.get(number)
        if refused is None or await _is_cancelled(shop, one.item.order_id):
            outcomes.append(Done(None))
        else:
            outcomes.append(Failed(refused))
    return outcomes


async def _items(shop: AmazonClient, order_id: str) -> list[str]:
    told = await orders.whole(shop, order_id)
    return [one["orderItemId"] for one in told["orderItems"]] if told else []


async def _is_cancelled(shop: AmazonClient, order_id: str) -> bool:
    found = await orders.find(shop, order_id)
    return found is not None and found.state is OrderState.CANCELLED


def _document(seller_id: str, messages: Mapping[int, Message]) -> bytes:
    """Every item of an order is named: that cancels the order, some of them only those."""
    envelope = ET.Element("AmazonEnvelope", _SCHEMA)
    header = ET.SubElement(envelope, "Header")
    _text(header, "DocumentVersion", "1.01")
    _text(header, "MerchantIdentifier", seller_id)
    _text(envelope, "MessageType", "OrderAcknowledgement")
    for number, (order_id, items, reason) in messages.items():
        message = ET.SubElement(envelope, "Message")
        _text(message, "MessageID", str(number))
        told = ET.SubElement(message, "OrderAcknowledgement")
        _text(told, "AmazonOrderID", order_id)
        _text(told, "StatusCode", "Failure")
        for item in items:
            line = ET.SubElement(told, "Item")
            _text(line, "AmazonOrderItemCode", item)
            _text(line, "CancelReason", REASONS[reason])
    return bytes(ET.tostring(envelope, encoding="utf-8", xml_declaration=True))


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


async def _refusals(shop: AmazonClient, feed_id: str) -> dict[str, Problem] | Problem | None:
    """The messages that were refused, by number; a problem where the feed was stopped, None while it is worked on.

    The report is searched for its few elements instead of being built into a tree: nothing in it is then expanded.
    Raises OurFault where it is about the feed as a whole, or is no report.
    """
    report = await feeds.result(shop, feed_id)
    if not isinstance(report, bytes):
        return report
    text = report.decode("utf-8", "replace")
    if "<ProcessingReport>" not in text:
        raise OurFault("unreadable_report", message=f"feed {feed_id}")
    found: dict[str, Problem] = {}
    for result in re.findall(r"<Result>(.*?)</Result>", text, re.DOTALL):
        if _element(result, "ResultCode") != "Error":
            continue
        code, words = _element(result, "ResultMessageCode"), _element(result, "ResultDescription")
        number = _element(result, "MessageID")
        if number in {"", "0"}:
            raise OurFault(code, words)
        found[number] = errors.problem_of_cancel(code, words)
    return found


def _element(text: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return unescape(found.group(1)).strip() if found else ""
