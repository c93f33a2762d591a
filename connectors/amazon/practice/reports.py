"""Reports on all that a seller has listed: asked for, made a while later, downloaded as tab-separated text.

https://developer-docs.amazon.com/sp-api/docs/reports-api; columns as in /inventory-reports-attributes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from connectors.amazon.practice import documents, faults, shown
from connectors.amazon.practice.state import PLACES, Answer, Call, moment, refusal
from connectors.practice.store import Row

Json = dict[str, Any]
KIND = "GET_MERCHANT_LISTINGS_ALL_DATA"
COLUMNS = (
    "item-name", "item-description", "listing-id", "seller-sku", "price", "quantity", "open-date", "image-url",
    "item-is-marketplace", "product-id-type", "zshop-shipping-fee", "item-note", "item-condition", "zshop-category1",
    "zshop-browse-path", "zshop-storefront-feature", "asin1", "asin2", "asin3", "will-ship-internationally",
    "expedited-shipping", "zshop-boldface", "product-id", "bid-for-featured-placement", "add-delete",
    "pending-quantity", "fulfillment-channel", "merchant-shipping-group", "status",
)  # fmt: skip


def create(call: Call) -> Answer:
    """createReport."""
    if (call.body or {}).get("reportType") != KIND or call.place is None:
        return refusal(400, "400", "Invalid input", "Invalid input")
    number = call.store.insert(
        "report",
        shop=call.seller_id,
        marketplace=call.place.id,
        kind=KIND,
        created_at=call.now,
        ready_at=call.now + call.practice.settings.feed_seconds,
    )
    return Answer(202, {"reportId": str(number)})


def get(call: Call) -> Answer:
    """getReport: made when it is asked after, once its time has come."""
    row = call.store.row("SELECT * FROM report WHERE id = ? AND shop = ?", call.parts[0], call.seller_id)
    if row is None:
        return refusal(404, "NotFound", "The report does not exist.")
    if not row["state"] and row["ready_at"] <= call.now:
        _make(call, row)
        row = call.store.row("SELECT * FROM report WHERE id = ?", row["id"])
        assert row is not None
    state = row["state"] or "IN_PROGRESS"
    named = {"reportDocumentId": row["document"]} if row["document"] else {}
    return Answer(
        200,
        {
            "reportId": str(row["id"]),
            "reportType": row["kind"],
            "marketplaceIds": [row["marketplace"]],
            "createdTime": moment(row["created_at"]),
            "processingStatus": state,
            **named,
        },
    )


def get_document(call: Call) -> Answer:
    """getReportDocument."""
    found = call.store.row("SELECT id FROM document WHERE id = ? AND shop = ?", call.parts[0], call.seller_id)
    if found is None:
        return refusal(404, "NotFound", "The document does not exist.")
    url = documents.address(call, found["id"])
    return Answer(200, {"reportDocumentId": found["id"], "url": url, "compressionAlgorithm": "GZIP"})


def _make(call: Call, row: Row) -> None:
    fault = faults.take(call.store, call.seller_id, "report", operations=["getReport"])
    if fault is not None:
        words = str(fault.get("message", "")).encode()
        reason = documents.make(call.practice, call.seller_id, "text/plain; charset=UTF-8", words) if words else ""
        call.store.update("report", row["id"], state="FATAL", document=reason)
        return
    here = replace(call, query={"marketplaceIds": row["marketplace"]})
    listed = call.store.rows(
        "SELECT * FROM item WHERE shop = ? AND marketplace = ? ORDER BY sku", call.seller_id, row["marketplace"]
    )
    lines = [line for one in listed if (line := _line(here, one))]
    if not lines:
        call.store.update("report", row["id"], state="CANCELLED")
        return
    text = "\n".join("\t".join(line) for line in (COLUMNS, *lines)) + "\n"
    japan = next(place for place in PLACES if place.id == row["marketplace"]).country == "JP"
    charset = "cp932" if japan else "utf-8"
    content_type = f"text/tab-separated-values; charset={'windows-31j' if japan else 'UTF-8'}"
    content = text.encode(charset, "replace")
    number = documents.make(call.practice, call.seller_id, content_type, content)
    call.store.update("report", row["id"], state="DONE", document=number)


def _line(call: Call, row: Row) -> tuple[str, ...]:
    """The row of one SKU; none for a parent, which cannot be bought."""
    given = json.loads(row["attributes"])
    if shown.is_parent(given):
        return ()
    told = shown.shown(call, row, ["summaries", "offers", "fulfillmentAvailability"])
    summary, offers = told["summaries"][0], told["offers"]
    stock = sum(one["quantity"] for one in told["fulfillmentAvailability"])
    code = shown.first(given, "externally_assigned_product_identifier")
    cells = {
        "item-name": summary["itemName"],
        "item-description": shown.first(given, "product_description"),
        "listing-id": f"L{row['id']:010}",
        "seller-sku": row["sku"],
        "price": offers[0]["price"]["amount"] if offers else "",
        "quantity": str(stock),
        "open-date": moment(row["created_at"]),
        "product-id-type": "4" if code else "1",
        "item-condition": "11",
        "asin1": row["asin"],
        "product-id": code or row["asin"],
        "fulfillment-channel": "DEFAULT",
        "status": "Active" if "BUYABLE" in summary["status"] else "Inactive",
    }
    return tuple(" ".join(str(cells.get(name, "")).split()) for name in COLUMNS)
