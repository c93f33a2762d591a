"""The catalog of all sellers: items by their product codes, who may offer them, and what contradicts them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from stdnum import ean

from connectors.amazon.practice.attributes import Attributes, issue
from connectors.amazon.practice.state import Answer, Call, refusal
from connectors.practice.store import Row, Store

Json = dict[str, Any]
CODE = "externally_assigned_product_identifier"
ASIN = "merchant_suggested_asin"
# What was there before any practice seller: something to sell along with, and something to run into.
READY = (
    ("B0PRACT001", "4006381333931", "Stabilo point 88 fineliner, blue", "Stabilo", "PRODUCT", 0),
    ("B0PRACT002", "4901777300446", "Green tea, 525 ml", "Suntory", "PRODUCT", 0),
    ("B0PRACT003", "5901234123457", "Designer handbag", "Maison Exemple", "LUGGAGE", 1),
)
_OTHER_BRAND = (
    "You are using UPCs, EANs, ISBNs, ASINs, or JAN codes that do not match the products you are trying to list."
)
_NOT_APPROVED = (
    "Seller is not authorized to list products by this brand name in this product line or category. "
    "For more details, see https://sellercentral.amazon.com/gp/errorcode/6024"
)

_APPROVAL = "https://sellercentral.amazon.com/hz/approvalrequest"


def stock(store: Store) -> None:
    """The ready items are there."""
    for asin, code, title, brand, kind, approval in READY:
        store.run(
            "INSERT OR IGNORE INTO catalog (asin, code, title, brand, product_type, approval) VALUES (?,?,?,?,?,?)",
            asin, code, title, brand, kind, approval,
        )  # fmt: skip


def search(call: Call) -> Answer:
    """searchCatalogItems by identifiers of one kind."""
    if call.place is None or "identifiers" not in call.query or "identifiersType" not in call.query:
        return refusal(400, "400", "Request has missing or invalid parameters and cannot be parsed.")
    wanted = call.query["identifiers"].split(",")
    column = "asin" if call.query["identifiersType"] == "ASIN" else "code"
    marks = ",".join("?" * len(wanted))
    rows = call.store.rows(f"SELECT * FROM catalog WHERE {column} IN ({marks}) ORDER BY asin", *wanted)
    included = call.query.get("includedData", "summaries").split(",")
    return Answer(200, {"numberOfResults": len(rows), "items": [_item(row, call.place.id, included) for row in rows]})


def restrictions(call: Call) -> Answer:
    """getListingsRestrictions: free to list where there are none."""
    found = call.store.row("SELECT * FROM catalog WHERE asin = ?", call.query.get("asin", ""))
    if call.place is None:
        return refusal(400, "InvalidInput", "Invalid Input")
    reason: Json | None = None
    if found is None:
        reason = {"message": "The item does not exist.", "reasonCode": "ASIN_NOT_FOUND"}
    elif found["approval"]:
        link = {
            "resource": _APPROVAL,
            "verb": "GET",
            "title": "Request approval",
            "type": "text/html",
        }
        reason = {"message": "You need approval to list this item.", "reasonCode": "APPROVAL_REQUIRED", "links": [link]}
    listed = [{"marketplaceId": call.place.id, "conditionType": "new_new", "reasons": [reason]}] if reason else []
    return Answer(200, {"restrictions": listed})


def issues_of_listing(call: Call, sku: str, product_type: str, given: Attributes) -> list[Json]:
    """What the listing's product code says against it."""
    code = _value(given, CODE)
    if not code:
        return []
    if not ean.is_valid(code):
        return [issue("23901", "Invalid StandardProductID. For help fixing this, see help page 23901", CODE)]
    known = of_code(call.store, code)
    brand = _value(given, "brand")
    if known is not None and known["brand"].casefold() != brand.casefold():
        return [issue("8572", _OTHER_BRAND, CODE)]
    if known is not None and known["product_type"] != product_type:
        return [_contradiction(known, "product_type", product_type, known["product_type"])]
    twin = _sibling_of_code(call, sku, code, given)
    if twin is not None and known is not None:
        return [_contradiction(known, "sku", sku, twin)]
    return []


def issues_of_offer(call: Call, given: Attributes) -> list[Json]:
    """What is against offering an item that is there."""
    asin = _value(given, ASIN)
    found = call.store.row("SELECT * FROM catalog WHERE asin = ?", asin)
    if found is None:
        return [issue("8572", _OTHER_BRAND, ASIN)]
    if found["approval"]:
        return [issue("6024", _NOT_APPROVED, "brand", category="QUALIFICATION_REQUIRED")]
    if "purchasable_offer" not in given:
        text = "'purchasable_offer' is required but not supplied."
        return [issue("90220", text, "purchasable_offer", category="MISSING_ATTRIBUTE")]
    return []


def asin_of(call: Call, product_type: str, given: Attributes) -> str:
    """The item that the listing belongs to: the one with its code, or a new one of its own."""
    if asin := _value(given, ASIN):
        return asin
    code = _value(given, CODE)
    known = of_code(call.store, code) if code else None
    if known is not None:
        return str(known["asin"])
    seed = f"{call.seller_id}{code or given}"
    asin = "B" + hashlib.sha256(seed.encode()).hexdigest()[:9].upper()
    title, brand = _value(given, "item_name"), _value(given, "brand")
    call.store.run(
        "INSERT OR IGNORE INTO catalog (asin, code, title, brand, product_type, maker) VALUES (?, ?, ?, ?, ?, ?)",
        asin, code, title, brand, product_type, call.seller_id,
    )  # fmt: skip
    return asin


def of_code(store: Store, code: str) -> Row | None:
    return store.row("SELECT * FROM catalog WHERE code = ? AND code != ''", code)


def title_of(store: Store, asin: str) -> str:
    found = store.row("SELECT title FROM catalog WHERE asin = ?", asin)
    return str(found["title"]) if found else ""


def _sibling_of_code(call: Call, sku: str, code: str, given: Attributes) -> str | None:
    """Another variant of the same parent that was listed with this code: two variants are two items."""
    parent = next((one.get("parent_sku", "") for one in given.get("child_parent_sku_relationship", [])), "")
    if not parent or call.place is None:
        return None
    known = of_code(call.store, code)
    query = "SELECT sku FROM item WHERE shop = ? AND marketplace = ? AND parent = ? AND asin = ? AND sku != ?"
    asin = known["asin"] if known else ""
    found = call.store.row(query, call.seller_id, call.place.id, parent, asin, sku)
    return str(found["sku"]) if found else None


def _contradiction(known: Row, name: str, ours: str, theirs: str) -> Json:
    text = (
        "The listing data you provided differs from what is already in Amazon's catalog. The standard product "
        f"identifiers you supplied match the ASIN {known['asin']}, but some of the listing details contradict it: "
        f'"{name}" (Seller: "{ours}" / Amazon: "{theirs}").'
    )
    return issue("8541", text, CODE, category="DUPLICATE")


def _item(row: Row, place: str, included: Sequence[str]) -> Json:
    code_kind = {12: "UPC", 13: "EAN", 14: "GTIN"}.get(len(row["code"]), "EAN")
    codes = [{"identifierType": code_kind, "identifier": row["code"]}] if row["code"] else []
    data: Mapping[str, Any] = {
        "summaries": [{"marketplaceId": place, "itemName": row["title"], "brand": row["brand"]}],
        "identifiers": [{"marketplaceId": place, "identifiers": codes}],
        "images": [{"marketplaceId": place, "images": []}],
        "productTypes": [{"marketplaceId": place, "productType": row["product_type"]}],
    }
    return {"asin": row["asin"], **{name: data[name] for name in included if name in data}}


def _value(given: Attributes, name: str) -> str:
    return str(next((one.get("value", "") for one in given.get(name, [])), ""))
