"""Feeds that acknowledge or cancel orders, and the report on each message of them.

POST_ORDER_ACKNOWLEDGEMENT_DATA: the elements are those of OrderAcknowledgement.xsd and ProcessingReport.xsd.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from connectors.amazon.practice import faults, sales
from connectors.amazon.practice.state import Call

KIND = "POST_ORDER_ACKNOWLEDGEMENT_DATA"
REASONS = frozenset(
    "NoInventory ShippingAddressUndeliverable CustomerExchange BuyerCanceled GeneralAdjustment CarrierCreditDecision "
    "RiskAssessmentInformationNotValid CarrierCoverageFailure CustomerReturn MerchandiseNotReceived".split()
)
# Amazon's own codes and words for these are not known.
UNKNOWN, NOT_NOW, NO_MESSAGE = "PRACTICE-200", "PRACTICE-201", "PRACTICE-202"

Json = dict[str, Any]
# Code and words of a refusal, both empty where the message was done.
Said = tuple[str, str]


def work(call: Call, content: bytes) -> bytes | None:
    """The report on a feed, whose messages are done; None for what is no such feed."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return None
    try:
        envelope = ET.fromstring(content)  # noqa: S314 - what makes it unsafe is refused above
    except (ET.ParseError, ValueError, LookupError):
        return None
    right = envelope.findtext("MessageType") == "OrderAcknowledgement"
    if not right or envelope.findtext("Header/MerchantIdentifier") != call.seller_id:
        return None
    results = {message.findtext("MessageID", "0"): _work(call, message) for message in envelope.findall("Message")}
    return _report(call, results)


def _work(call: Call, message: ET.Element) -> Said:
    told = message.find("OrderAcknowledgement")
    if told is None or told.findtext("StatusCode") not in {"Success", "Failure"}:
        return NO_MESSAGE, "(practice) The message is not one that is understood."
    order_id = told.findtext("AmazonOrderID", "")
    row = sales.find(call.practice, call.seller_id, order_id)
    if row is None:
        return UNKNOWN, f"(practice) There is no order {order_id}."
    if told.findtext("StatusCode") == "Success":
        return "", ""
    reasons = [one.findtext("CancelReason", "") for one in told.findall("Item")]
    if not reasons or not set(reasons) <= REASONS:
        return NO_MESSAGE, "(practice) The message is not one that is understood."
    call.store.update("sale", row["id"], cancels=row["cancels"] + 1)
    fault = faults.take(call.store, call.seller_id, "refuse", operations=[call.operation], item=order_id)
    if fault is not None:
        return str(fault["code"]), str(fault.get("message", "Refused."))
    document = json.loads(row["document"])
    shipped = any(line["shipped"] for line in document["lines"]) or document["fulfilled_by"] == sales.AMAZON
    if shipped or row["state"] == sales.CANCELLED:
        return NOT_NOW, f"(practice) Order {order_id} is {row['state']} and cannot be cancelled."
    items = [one.findtext("AmazonOrderItemCode", "") for one in told.findall("Item")]
    execution = {"cancelledBy": sales.MERCHANT, "cancelReason": reasons[0]}
    sales.cancel_lines(call.practice, row, items, execution, restock=False)
    call.accept(order_id, {"cancelled": items, "reason": reasons[0]})
    return "", ""


def _report(call: Call, results: dict[str, Said]) -> bytes:
    envelope = ET.Element("AmazonEnvelope")
    header = ET.SubElement(envelope, "Header")
    _text(header, "DocumentVersion", "1.02")
    _text(header, "MerchantIdentifier", call.seller_id)
    _text(envelope, "MessageType", "ProcessingReport")
    message = ET.SubElement(envelope, "Message")
    _text(message, "MessageID", "1")
    report = ET.SubElement(message, "ProcessingReport")
    _text(report, "StatusCode", "Complete")
    summary = ET.SubElement(report, "ProcessingSummary")
    errors = sum(bool(code) for code, _words in results.values())
    counts = {"Processed": len(results), "Successful": len(results) - errors, "WithError": errors, "WithWarning": 0}
    for name, count in counts.items():
        _text(summary, f"Messages{name}", str(count))
    for number, (code, words) in results.items():
        if code:
            result = ET.SubElement(report, "Result")
            _text(result, "MessageID", number)
            _text(result, "ResultCode", "Error")
            _text(result, "ResultMessageCode", code)
            _text(result, "ResultDescription", words)
    return bytes(ET.tostring(envelope, encoding="utf-8", xml_declaration=True))


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
