"""What an operation of queries.graphql is expected to cost in Shopify's points, so that a call is paid for first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.shopify.documents import Part

# https://shopify.dev/docs/api/usage/limits: no single request may ask for more. We stay a little below,
# because our numbers are an estimate and the refusal would cost a call.
LARGEST_REQUEST = 950.0
BUCKET = "graphql"

_POINTS = {
    "Shop": 1.0,
    "GrantedScopes": 2.0,
    "Locations": 13.0,
    "Publications": 16.0,
    "ProductByHandle": 31.0,
    "ProductById": 31.0,
    "MoreVariants": 36.0,
    "VariantsByCode": 17.0,
    "HeldProduct": 60.0,
    "SetOperation": 3.0,
    "FinishedProduct": 93.0,
    "MoreFinishedVariants": 69.0,
    "ProductUpdate": 10.0,
    "Publish": 10.0,
    "Unpublish": 10.0,
    "SetQuantities": 12.0,
    "LevelAt": 3.0,
    # However many items are asked for: the answers' cost of a list is that of one object. Theirs corrects the bucket.
    "LevelsAt": 3.0,
    "Activate": 11.0,
    "Track": 10.0,
    "ProductState": 55.0,
    "MoreVariantStates": 47.0,
    "VariantLevels": 47.0,
    "ChangedOrders": 541.0,
    "ChangedOrderIds": 9.0,
    "OrdersByName": 79.0,
    "PlacedOrders": 13.0,
    "OrderById": 77.0,
    "WholeOrder": 113.0,
    "MoreOrderLines": 47.0,
    "OrderCancel": 10.0,
    "CancelJob": 1.0,
    "OrderCancelled": 1.0,
    "OrdersByReference": 10.0,
    "OrderCreate": 10.0,
    "Subscriptions": 11.0,
    "Subscribe": 10.0,
    "Uninstall": 10.0,
}


def estimate(part: Part) -> float:
    """Points the part will be charged before Shopify gives back what it did not use."""
    variables = part.variables
    match part.operation:
        case "ProductSet":
            return 12.0 + 3.0 * page(variables["variantsFirst"]) + _product_set_input(variables["input"])
        case "ProductSetLater":
            return 10.0 + _product_set_input(variables["input"])
        case "VariantsUpdate":
            return 10.0 + _variants_input(variables["variants"])
    return _POINTS[part.operation]


def page(size: int) -> int:
    """How many times a page of `size` charges what one of its nodes costs."""
    return max(1, math.floor(2 * math.log(size)))


def _product_set_input(product: Mapping[str, Any]) -> float:
    """ProductSet's input is charged too; the prices stand in the schema's field descriptions."""
    files, metafields = product.get("files", []), product.get("metafields", [])
    return _variants_input(product.get("variants", [])) + 1.9 * len(files) + 0.4 * len(metafields)


def _variants_input(variants: Sequence[Mapping[str, Any]]) -> float:
    """https://shopify.dev/changelog/dynamic-complexity-for-productvariantsbulkcreate-and-productvariantsbulkupdate-mutations"""
    with_image = sum(1 for variant in variants if "file" in variant or "mediaId" in variant)
    return 0.2 * len(variants) + 0.6 * with_image


def affordable(parts: Sequence[Part], *, most: int) -> list[list[Part]]:
    """The parts in runs of at most `most`, each cheap enough to be one request. A part alone is never split."""
    runs: list[list[Part]] = []
    room = 0.0
    for part in parts:
        cost = estimate(part)
        if not runs or cost > room or len(runs[-1]) == most:
            runs.append([])
            room = LARGEST_REQUEST
        runs[-1].append(part)
        room -= cost
    return runs
