"""Telling Amazon that a parcel has left.

confirmShipment of the Orders API v0, which 2026-01-01 has no other for:
https://developer-docs.amazon.com/sp-api/docs/orders-api-v0-model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from types import MappingProxyType
from typing import Any

from connectors.amazon import errors, order_mapping, orders
from connectors.amazon.client import AmazonClient, path_of
from connectors.carriers import OTHER
from connectors.errors import Busy, DataRefused, InDoubt, OurFault, Problem, ProblemClass
from connectors.orders import ParcelToTell
from connectors.records import Done, Failed, Outcome

# The values of CarrierCode in amzn-base.xsd that name a carrier of ours; the Japanese ones are in capitals there.
# Seller Central lists more for some marketplaces, out of reach without an account: those go as Other, by name.
CARRIERS = MappingProxyType(
    {
        "yamato": "YAMATO",
        "sagawa": "SAGAWA",
        "dhl": "DHL",
        "fedex": "FedEx",
        "ups": "UPS",
        "usps": "USPS",
        "royal_mail": "Royal Mail",
        "canada_post": "Canada Post",
        "deutsche_post": "Deutsche Post",
        OTHER: "Other",
    }
)
NOTHING_LEFT = Problem(problem_class=ProblemClass.DATA, code="nothing_left_to_ship")
_SENT_BEFORE = re.compile("PackageToUpdateNotFound|already fulfilled", re.IGNORECASE)


async def tell(shop: AmazonClient, parcels: Sequence[ParcelToTell]) -> list[Outcome[str]]:
    """One call each. The parcel's number in its order is its name there, so telling again edits the same one."""
    outcomes: list[Outcome[str]] = []
    for parcel in parcels:
        try:
            outcomes.append(await _tell(shop, parcel))
        except Busy as busy:
            later = Failed(busy.problem, busy.retry_after_seconds)
            return outcomes + [later] * (len(parcels) - len(outcomes))
        except (DataRefused, InDoubt, OurFault) as error:
            outcomes.append(Failed(error.problem))
    return outcomes


async def _tell(shop: AmazonClient, parcel: ParcelToTell) -> Outcome[str]:
    name = parcel.told or str(parcel.ordinal)
    lines = [(item, quantity) for item, quantity in parcel.lines if quantity > 0]
    if not lines:
        told = await orders.whole(shop, parcel.order_id)
        if told is None:
            return Failed(orders.NOT_FOUND)
        lines = order_mapping.left_to_ship(told)
        if not lines:
            return await _is_there(shop, parcel, name, NOTHING_LEFT)
    path = f"/orders/v0/orders{path_of(parcel.order_id)}/shipmentConfirmation"
    try:
        reply = await shop.send("confirmShipment", "POST", path, [], _body(shop, parcel, name, lines))
    except OurFault as fault:
        problem = errors.problem_of_order(fault.problem)
        if not _SENT_BEFORE.search(problem.original):
            return Failed(problem)
        return await _is_there(shop, parcel, name, problem)
    return Done(name) if reply.found else Failed(orders.NOT_FOUND)


async def _is_there(shop: AmazonClient, parcel: ParcelToTell, name: str, problem: Problem) -> Outcome[str]:
    """Whether the order has the parcel although Amazon would not take it (again)."""
    told = await orders.whole(shop, parcel.order_id)
    for one in (told or {}).get("packages", []):
        same_number = parcel.number and one.get("trackingNumber") == parcel.number
        if one["packageReferenceId"] == name or same_number:
            return Done(str(one["packageReferenceId"]))
    return Failed(problem)


def _body(shop: AmazonClient, parcel: ParcelToTell, name: str, lines: Sequence[tuple[str, int]]) -> dict[str, Any]:
    code = CARRIERS.get(parcel.carrier, CARRIERS[OTHER])
    named = {"carrierName": parcel.carrier_name or parcel.carrier} if code == CARRIERS[OTHER] else {}
    shipped = parcel.shipped_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "marketplaceId": shop.marketplace.id,
        "packageDetail": {
            # A text: since January 2026 a number is refused.
            "packageReferenceId": name,
            "carrierCode": code,
            **named,
            "trackingNumber": parcel.number,
            "shipDate": shipped,
            "orderItems": [{"orderItemId": item, "quantity": quantity} for item, quantity in lines],
        },
    }
