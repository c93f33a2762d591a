"""Amazon's own catalog: items a merchant may add an offer to, and whether they may.

https://developer-docs.amazon.com/sp-api/docs/catalog-items-api and /listings-restrictions-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors import gtin
from connectors.amazon.client import AmazonClient
from connectors.errors import Problem, ProblemClass
from connectors.records import CatalogMatch

ITEMS = "/catalog/2022-04-01/items"
RESTRICTIONS = "/listings/2021-08-01/restrictions"
CODES_A_CALL = 20
_ASIN = re.compile(r"[A-Z0-9]{10}")
_KIND_BY_DIGITS = {8: "EAN", 12: "UPC", 13: "EAN", 14: "GTIN"}


async def search(shop: AmazonClient, codes: Sequence[str]) -> list[CatalogMatch]:
    """Items with these codes: ASINs (a book's is ten digits), or UPC, EAN, JAN and GTIN by their number of digits."""
    by_kind: dict[str, list[str]] = {}
    for code in list(dict.fromkeys(codes))[:CODES_A_CALL]:
        kind = "ASIN" if _ASIN.fullmatch(code) else _KIND_BY_DIGITS.get(len(code), "") if code.isdecimal() else ""
        if kind:
            by_kind.setdefault(kind, []).append(code)
    return [match for kind, some in by_kind.items() for match in await _matches(shop, kind, some)]


async def _matches(shop: AmazonClient, kind: str, codes: Sequence[str]) -> list[CatalogMatch]:
    query = [
        ("marketplaceIds", shop.marketplace.id),
        ("identifiers", ",".join(codes)),
        ("identifiersType", kind),
        ("includedData", "summaries,identifiers,images,productTypes"),
        ("pageSize", str(CODES_A_CALL)),
    ]
    reply = await shop.get("searchCatalogItems", ITEMS, query)
    return [_match(one, codes) for one in (reply.body.get("items", []) if reply.found else [])]


def _match(item: Mapping[str, Any], codes: Sequence[str]) -> CatalogMatch:
    summary: Mapping[str, Any] = next(iter(item.get("summaries") or []), {})
    known = [
        str(one.get("identifier", ""))
        for group in item.get("identifiers") or []
        for one in group.get("identifiers", [])
    ]
    images = [image for group in item.get("images") or [] for image in group.get("images", [])]
    kinds = item.get("productTypes") or []
    return CatalogMatch(
        channel_ref=item["asin"],
        title=str(summary.get("itemName", "")),
        code=next((code for code in codes if _is_one_of(code, known)), item["asin"] if item["asin"] in codes else ""),
        brand=str(summary.get("brand", "")),
        image_url=str(images[0].get("link", "")) if images else "",
        kind=str(kinds[0].get("productType", "")) if kinds else "",
    )


def _is_one_of(code: str, known: Sequence[str]) -> bool:
    """Amazon may say in thirteen digits what was asked for in twelve."""
    return code in known or (gtin.is_valid(code) and gtin.whole(code) in map(gtin.whole, known))


async def restrictions(shop: AmazonClient, asin: str) -> list[Problem]:
    """Why the seller may not offer the item as new."""
    query = [
        ("asin", asin),
        ("sellerId", await shop.seller_id()),
        ("marketplaceIds", shop.marketplace.id),
        ("conditionType", "new_new"),
        ("reasonLocale", shop.marketplace.language),
    ]
    reply = await shop.get("getListingsRestrictions", RESTRICTIONS, query)
    listed = reply.body.get("restrictions", []) if reply.found else []
    # "None" has been seen as an empty list and as a list of one empty object.
    reasons = [reason for one in listed for reason in one.get("reasons", [])]
    return [_problem(reason, reply.request_id) for reason in reasons]


def _problem(reason: Mapping[str, Any], request_id: str) -> Problem:
    return Problem(
        problem_class=ProblemClass.ACCOUNT,
        code=str(reason.get("reasonCode", "")),
        original=str(reason.get("message", "")),
        field="/details/amazon_asin",
        channel_request_id=request_id,
    )
