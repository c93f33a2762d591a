"""Single listings by SKU: writing them, and reading many at once.

https://developer-docs.amazon.com/sp-api/docs/listings-items-api
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.amazon import errors
from connectors.amazon.client import AmazonClient, Query, Reply, path_of
from connectors.amazon.mapping import GENERIC, Sku
from connectors.errors import PRODUCT_GONE, OurFault, Problem, ProblemClass

ITEMS = "/listings/2021-08-01/items"
SKUS_A_SEARCH = 20
INVALID = "INVALID"
GONE = Problem(problem_class=ProblemClass.DATA, code=PRODUCT_GONE)
# The largest page, and how much of each listing is wanted.
_PAGE = ("pageSize", str(SKUS_A_SEARCH))

Listing = Mapping[str, Any]
Patch = dict[str, Any]


async def put(shop: AmazonClient, sku: Sku, *, preview: bool = False) -> Reply:
    """The listing is as given and nothing else is in it; with `preview` only judged."""
    body = {"productType": sku.product_type, "requirements": sku.requirements, "attributes": sku.attributes}
    mode = [("mode", "VALIDATION_PREVIEW")] if preview else []
    query = [*_query(shop), *mode, ("includedData", "identifiers,issues")]
    return await shop.send("putListingsItem", "PUT", await _path(shop, sku.sku), query, body, writes=not preview)


async def patch(shop: AmazonClient, sku: str, patches: Sequence[Patch], *, product_type: str = GENERIC) -> Reply:
    """Single attributes of a listing. Not found where there is no such SKU.

    Amazon's model has no answer of its own for a SKU it does not know, so a refused call is followed by a look.
    """
    body = {"productType": product_type, "patches": list(patches)}
    query = [*_query(shop), ("includedData", "identifiers,issues")]
    try:
        return await shop.send("patchListingsItem", "PATCH", await _path(shop, sku), query, body)
    except OurFault as fault:
        if await search(shop, [sku], ["summaries"]):
            raise
        return Reply(body={}, found=False, request_id=fault.problem.channel_request_id)


async def delete(shop: AmazonClient, sku: str) -> Reply:
    """The listing goes; the item of the catalog stays. Not found where there is no such SKU, told as `patch` does."""
    try:
        return await shop.send("deleteListingsItem", "DELETE", await _path(shop, sku), _query(shop), None)
    except OurFault as fault:
        if await search(shop, [sku], ["summaries"]):
            raise
        return Reply(body={}, found=False, request_id=fault.problem.channel_request_id)


def merge(attribute: str, value: list[dict[str, Any]]) -> Patch:
    """Fields that are not sent stay: a lead time beside a quantity, another offer beside ours."""
    return {"op": "merge", "path": f"/attributes/{attribute}", "value": value}


def replace(attribute: str, value: list[dict[str, Any]]) -> Patch:
    return {"op": "replace", "path": f"/attributes/{attribute}", "value": value}


def remove(attribute: str, instance: dict[str, Any]) -> Patch:
    """The instance with these selectors goes."""
    return {"op": "delete", "path": f"/attributes/{attribute}", "value": [instance]}


async def search(shop: AmazonClient, skus: Iterable[str], included: Sequence[str]) -> dict[str, Listing]:
    """Those of the SKUs that the seller has on the marketplace, each with the `included` data sets."""
    wanted = list(dict.fromkeys(sku for sku in skus if sku))
    found: dict[str, Listing] = {}
    for start in range(0, len(wanted), SKUS_A_SEARCH):
        some = wanted[start : start + SKUS_A_SEARCH]
        query = [
            ("marketplaceIds", shop.marketplace.id),
            ("identifiersType", "SKU"),
            ("identifiers", ",".join(some)),
            ("includedData", ",".join(included)),
            _PAGE,
        ]
        reply = await shop.get("searchListingsItems", f"{ITEMS}{path_of(await shop.seller_id())}", query)
        listed = reply.body.get("items", []) if reply.found else []
        found |= {one["sku"]: one for one in listed if one["sku"] in some}
    return found


def refusal(reply: Reply, *, variant: int = 0, with_options: bool = False) -> Problem | None:
    """Why a listing was not taken: there is none, or Amazon says with HTTP 200 what is wrong with it.

    `variant` is the number of the variant it is for, in a product that has options or not.
    """
    if not reply.found:
        return GONE
    issue = errors.first_error(reply.body.get("issues") or [])
    if reply.body.get("status") != INVALID and issue is None:
        return None
    return errors.problem_of_issue(
        issue or {"code": INVALID}, variant=variant, with_options=with_options, request_id=reply.request_id
    )


async def _path(shop: AmazonClient, sku: str) -> str:
    return f"{ITEMS}{path_of(await shop.seller_id(), sku)}"


def _query(shop: AmazonClient) -> Query:
    return [("marketplaceIds", shop.marketplace.id), ("issueLocale", shop.marketplace.language)]
