"""Amazon's own list of everything the seller has there, made on request within minutes.

https://developer-docs.amazon.com/sp-api/docs/reports-api; the columns as in /inventory-reports-attributes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import InvalidOperation

from connectors import money
from connectors.amazon.client import AmazonClient, Reply, path_of
from connectors.amazon.feeds import CANCELLED, DONE, FATAL
from connectors.errors import Problem, ProblemClass
from connectors.records import Done, Failed, Money, Outcome, ReportRow, Sent

REPORTS = "/reports/2021-06-30"
ALL_LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
PATIENCE_SECONDS = 6 * 3600.0
FIRST_LOOK_SECONDS = 30.0
LONGEST_WORDS = 2000
# Rows of what Amazon ships itself carry its own channel and no quantity.
MERCHANT = "DEFAULT"
# Python does not know every name of https://www.iana.org/assignments/character-sets.
_CODECS = {"windows-31j": "cp932"}
# The words of Amazon's column; any other one says nothing to us (that there are no more is not documented).
_ON_SALE = {"Active": True, "Inactive": False, "Incomplete": False}


async def request(shop: AmazonClient) -> str:
    """The report's id."""
    body = {"reportType": ALL_LISTINGS, "marketplaceIds": [shop.marketplace.id]}
    reply = await shop.send("createReport", "POST", f"{REPORTS}/reports", [], body, writes=False)
    return str(reply.body["reportId"])


async def fetch(shop: AmazonClient, report_id: str) -> Outcome[Sequence[ReportRow]]:
    """The rows once the report is made. A cancelled one had nothing to say."""
    reply = await shop.get("getReport", f"{REPORTS}/reports{path_of(report_id)}")
    status = reply.body.get("processingStatus") if reply.found else FATAL
    if status == CANCELLED:
        return Done([])
    if status == FATAL:
        # It may come with a document that says why.
        words = await _text(shop, reply.body["reportDocumentId"]) if _has_document(reply) else ""
        problem = Problem(
            problem_class=ProblemClass.BUSY,
            code="report_fatal",
            original=words.strip()[:LONGEST_WORDS],
            channel_request_id=reply.request_id,
        )
        return Failed(problem)
    if status != DONE:
        return Sent(reference=report_id, patience_seconds=PATIENCE_SECONDS, look_after_seconds=FIRST_LOOK_SECONDS)
    text = await _text(shop, reply.body["reportDocumentId"])
    table = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    return Done([_row(row, shop.marketplace.currency) for row in table])


def _has_document(reply: Reply) -> bool:
    return reply.found and bool(reply.body.get("reportDocumentId"))


async def _text(shop: AmazonClient, document_id: str) -> str:
    """The document in the charset that Amazon names, which is not UTF-8 everywhere."""
    document = (await shop.get("getReportDocument", f"{REPORTS}/documents{path_of(document_id)}")).body
    content, charset = await shop.unpacked(document, operation="downloadReport")
    return content.decode(_CODECS.get(charset, charset), "replace")


def _row(row: Mapping[str, str | None], currency: str) -> ReportRow:
    told = {name: (text or "").strip() for name, text in row.items() if isinstance(text, str)}
    channel = told.get("fulfillment-channel", MERCHANT)
    quantity = told.get("quantity", "")
    return ReportRow(
        sku=told.get("seller-sku", ""),
        title=told.get("item-name", ""),
        channel_ref=told.get("asin1", ""),
        barcode=told.get("product-id", ""),
        price=_price(told.get("price", ""), currency),
        quantity=int(quantity) if quantity.isdecimal() else None,
        status=told.get("status", ""),
        on_sale=_ON_SALE.get(told.get("status", "")),
        fulfilled_by_channel=channel not in {MERCHANT, ""},
    )


def _price(text: str, currency: str) -> Money | None:
    try:
        return money.from_text(text, currency)
    except InvalidOperation:
        return None
