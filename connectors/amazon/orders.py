"""Orders of a seller on one marketplace: those that changed, single ones, and all that were placed in a while.

https://developer-docs.amazon.com/sp-api/docs/orders-api; reads are of the version 2026-01-01, which needs no restricted
token: buyers' data come where the application has the role for them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.amazon import order_mapping
from connectors.amazon.client import AmazonClient, Query, path_of
from connectors.errors import Busy, ChannelError, OurFault, Problem, ProblemClass
from connectors.orders import OrderPage, OrderRecord, UnreadOrder, of_one, understanding
from connectors.records import Done, Failed, Outcome

ORDERS = "/orders/2026-01-01/orders"
A_PAGE = 100
# A search shows nothing of the last two minutes (the model, at lastUpdatedBefore), so each begins this much earlier.
OVERLAP = timedelta(minutes=5)
INCLUDED = ("BUYER", "RECIPIENT", "PROCEEDS", "CANCELLATION", "FULFILLMENT", "PACKAGES", "PAYMENT")
# An error inside Amazon; 503, which is for all, has another code.
INTERNAL = frozenset({"InternalFailure", "InternalError", "http_500"})
NOT_FOUND = Problem(problem_class=ProblemClass.DATA, code="order_not_found")
_NUMBER = re.compile(r"[0-9A-Z]{3}-\d{7}-\d{7}")

Json = dict[str, Any]


async def changed(shop: AmazonClient, since: datetime, page: str) -> OrderPage:
    """One call a page of a hundred: Amazon answers one in three minutes, after a first twenty.

    What changed in the last two minutes is not there yet; asking again from the time of this call finds it.
    """
    query = [("lastUpdatedAfter", _text(since - OVERLAP)), ("includedData", ",".join(INCLUDED))]
    body = await _search(shop, query, page)
    records: list[OrderRecord] = []
    unread: list[UnreadOrder] = []
    for told in body["orders"]:
        try:
            records += filter(None, [_record(shop, told)])
        except OurFault as error:
            number = _id(told)
            unread.append(UnreadOrder(channel_id=number, number=number, problem=error.problem))
    return OrderPage(records, _next(body), unread, lasts=True)


def _record(shop: AmazonClient, told: Json) -> OrderRecord | None:
    """The order; None for one that is not this marketplace's. Raises OurFault for a shape that nobody knows."""
    with understanding():
        here = order_mapping.is_sale_here(told, shop.marketplace)
        return order_mapping.record(told, shop.marketplace) if here else None


def _id(told: Json) -> str:
    """Raises OurFault for what has none: nobody could say which order is missing."""
    with understanding():
        return str(told["orderId"])


async def read(shop: AmazonClient, order_ids: Sequence[str]) -> list[Outcome[OrderRecord | None]]:
    """One call each, one in two seconds after a first thirty; those there is no time for are told to come later."""
    outcomes: list[Outcome[OrderRecord | None]] = []
    for order_id in order_ids:
        try:
            outcomes.append(Done(await find(shop, order_id)))
        except ChannelError as error:
            own = of_one(error.problem, internal=INTERNAL)
            if own is not None:
                outcomes.append(Failed(own))
            elif isinstance(error, Busy):
                later = Failed(error.problem, error.retry_after_seconds)
                return outcomes + [later] * (len(order_ids) - len(outcomes))
            else:
                raise
    return outcomes


async def find(shop: AmazonClient, number: str) -> OrderRecord | None:
    """An order's number is its id, in the form 3-7-7; Amazon has no search by anything else."""
    told = await _told(shop, number)
    return None if told is None else _record(shop, told)


async def whole(shop: AmazonClient, order_id: str) -> Json | None:
    """The order as Amazon tells it; None for one that is not this marketplace's."""
    told = await _told(shop, order_id)
    return told if told is not None and order_mapping.is_sale_here(told, shop.marketplace) else None


async def _told(shop: AmazonClient, order_id: str) -> Json | None:
    wanted = order_id.strip().upper()
    if not _NUMBER.fullmatch(wanted):
        return None
    reply = await shop.get("getOrder", ORDERS + path_of(wanted), [("includedData", ",".join(INCLUDED))])
    if not reply.found:
        return None
    with understanding():
        order: Json = reply.body["order"]
    return order


async def placed(shop: AmazonClient, start: datetime, end: datetime) -> list[str]:
    """Complete for an `end` that is two minutes ago. Pages as `changed`, without anything of the buyers.

    What was placed after `end` is read as well: Amazon refuses an end that is not past for long enough.
    """
    return [_id(one) async for one in _all(shop, [("createdAfter", _text(start))]) if _is_placed(shop, one, start, end)]


def _is_placed(shop: AmazonClient, told: Json, start: datetime, end: datetime) -> bool:
    """One that cannot be understood counts: reading it then says so."""
    try:
        with understanding():
            placed_at = datetime.fromisoformat(told["createdTime"])
            return start <= placed_at < end and order_mapping.is_sale_here(told, shop.marketplace)
    except OurFault:
        return True


async def _all(shop: AmazonClient, query: Query) -> AsyncIterator[Json]:
    page = ""
    while True:
        body = await _search(shop, query, page)
        for one in body["orders"]:
            yield one
        page = _next(body)
        if not page:
            return


async def _search(shop: AmazonClient, query: Query, page: str) -> Json:
    """A page after the first is asked for with all that the first was asked with (the sandbox's examples do so)."""
    where = [("marketplaceIds", shop.marketplace.id), ("maxResultsPerPage", str(A_PAGE))]
    more = [("paginationToken", page)] if page else []
    reply = await shop.get("searchOrders", ORDERS, [*query, *where, *more])
    body: Json = reply.body if reply.found else {"orders": []}
    return body


def _next(body: Json) -> str:
    return str(body.get("pagination", {}).get("nextToken", ""))


def _text(moment: datetime) -> str:
    """To the second: an earlier one finds more, never less."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
