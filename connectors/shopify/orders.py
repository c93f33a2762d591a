"""Orders of a Shopify shop: read since a moment, by id, by number; cancelled as a whole.

Only the last 60 days are there for an app without `read_all_orders`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors import locations
from connectors.errors import ChannelError, OurFault, Problem, ProblemClass, as_error
from connectors.orders import (
    CancelReason,
    OrderPage,
    OrderRecord,
    OrderToCancel,
    ParcelToTell,
    UnreadOrder,
    of_one,
    understanding,
)
from connectors.protocol import Account
from connectors.records import Done, Failed, Outcome, Sent, SentItem
from connectors.shopify import errors, mapping, order_mapping, order_webhooks
from connectors.shopify.client import Result, ShopifyClient
from connectors.shopify.documents import Part

# The search index lags behind what was written by some seconds; a little before is asked for too.
OVERLAP = timedelta(minutes=2)
# An error inside Shopify.
INTERNAL = frozenset({"INTERNAL_SERVER_ERROR", "http_500"})
# A cancellation is a job that takes seconds. Nobody knows what became of one that took longer than this.
PATIENCE_SECONDS = 600.0
LOOK_AFTER_SECONDS = 2.0
# https://shopify.dev/docs/api/admin-graphql/latest/mutations/orderCancel: longer notes are refused.
NOTE_LENGTH = 255

_ORDER = re.compile(r"gid://shopify/Order/[0-9]{1,19}", re.ASCII)
_JOB = "gid://shopify/Job/"
_REASONS: Mapping[CancelReason, str] = {
    CancelReason.OUT_OF_STOCK: "INVENTORY",
    CancelReason.CUSTOMER: "CUSTOMER",
    CancelReason.ADDRESS: "OTHER",
    CancelReason.UNPAID: "DECLINED",
    CancelReason.OTHER: "OTHER",
}


class ShopifyOrders:
    """Implements connectors.protocol.Orders."""

    # Nothing is told to a store, so no carrier needs a code.
    carriers: Mapping[str, str] = {}

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def changed(self, account: Account, since: datetime, page: str = "") -> OrderPage:
        """Sorted by change, so an order that changes while pages are read comes again on a later one."""
        search = f"updated_at:>='{_written(since - OVERLAP)}' status:any"
        shop, asked = ShopifyClient(self._client, account), {"search": search, "after": page or None}
        try:
            (found,) = await shop.values([Part("ChangedOrders", asked)])
        except ChannelError as error:
            if of_one(error.problem, internal=INTERNAL) is None:
                raise
            # One order that Shopify cannot tell makes it tell none of the page.
            return await self._one_by_one(shop, account, asked)
        nodes = (found or {}).get("nodes") or []
        outcomes = {node["id"]: await _outcome(shop, node, account) for node in nodes}
        return _page(found, outcomes)

    async def _one_by_one(self, shop: ShopifyClient, account: Account, asked: Mapping[str, Any]) -> OrderPage:
        """The same page, each of its orders asked for by itself."""
        (found,) = await shop.values([Part("ChangedOrderIds", asked)])
        ids = [str(node["id"]) for node in (found or {}).get("nodes") or []]
        return _page(found, dict(zip(ids, await self.read(account, ids), strict=True)))

    async def read(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[OrderRecord | None]]:
        shop = ShopifyClient(self._client, account)
        known = [one for one in dict.fromkeys(channel_ids) if _ORDER.fullmatch(one)]
        results = await self._told(shop, known)
        outcomes = {one: await _outcome(shop, result, account) for one, result in zip(known, results, strict=True)}
        return [outcomes.get(one, Done(None)) for one in channel_ids]

    async def _told(self, shop: ShopifyClient, order_ids: Sequence[str]) -> list[Result]:
        """What Shopify answers for each. Raises what stops the whole call."""
        parts = [Part("OrderById", {"id": one}) for one in order_ids]
        try:
            return await shop.run(parts)
        except ChannelError as error:
            own = of_one(error.problem, internal=INTERNAL)
            if own is None:
                raise
            # Whose it is among several shows when each is asked for alone.
            alone = [await self._told(shop, [one]) for one in order_ids] if len(parts) > 1 else [[own]]
            return [result for results in alone for result in results]

    async def find(self, account: Account, number: str) -> OrderRecord | None:
        """By its name, with or without the sign before it, or by its id, with or without the words before it."""
        shop = ShopifyClient(self._client, account)
        wanted = number.strip()
        bare = wanted.removeprefix("#")
        names = " OR ".join(f"name:{mapping.quoted(name)}" for name in (bare, f"#{bare}"))
        (found,) = await shop.values([Part("OrdersByName", {"search": f"({names}) status:any"})])
        nodes = [one for one in (found or {}).get("nodes") or [] if one["name"] in (wanted, bare, f"#{bare}")]
        number_given = f"gid://shopify/Order/{bare}" if bare.isdecimal() else wanted
        if not nodes and _ORDER.fullmatch(number_given):
            nodes = [one for one in await shop.values([Part("OrderById", {"id": number_given})]) if one]
        return await _record(shop, nodes[0], account) if nodes else None

    def heard(self, account: Account, topic: str, body: Mapping[str, Any]) -> OrderRecord | None:
        """A body says no fraud level: it is empty here until the order is read."""
        if topic not in order_webhooks.TOPICS:
            return None
        try:
            with understanding():
                return _of_account(order_webhooks.node_of(body), account)
        except OurFault:
            return None

    async def placed(self, account: Account, start: datetime, end: datetime) -> Sequence[str]:
        """By `processedAt`, which is when the buyer bought: an order that is made later, here too."""
        shop = ShopifyClient(self._client, account)
        search = f"processed_at:>='{_written(start)}' processed_at:<='{_written(end)}' status:any"
        placed: list[str] = []
        after: str | None = None
        while True:
            (found,) = await shop.values([Part("PlacedOrders", {"search": search, "after": after})])
            nodes = (found or {}).get("nodes") or []
            placed += [str(one["id"]) for one in nodes if start <= order_mapping.moment(one["processedAt"]) < end]
            after = _next_page(found or {})
            if not after:
                return placed

    async def accept(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """Nothing waits to be accepted here: an order is taken by being placed."""
        return [Done(None) for _ in channel_ids]

    async def tell_shipped(self, account: Account, parcels: Sequence[ParcelToTell]) -> list[Outcome[str]]:
        raise OurFault("not_a_marketplace", message="a store is not told of parcels: they come from it")

    async def cancel(self, account: Account, orders: Sequence[OrderToCancel]) -> list[Outcome[None]]:
        """Nothing is restocked there, whatever `restock` says: we tell the shop its stock. Nothing is refunded."""
        parts = [
            Part(
                "OrderCancel",
                {"orderId": one.order_id, "reason": _REASONS[one.reason], "staffNote": one.note[:NOTE_LENGTH] or None},
            )
            for one in orders
        ]
        results = await ShopifyClient(self._client, account).run(parts)
        return [_asked(one.order_id, result) for one, result in zip(orders, results, strict=True)]

    async def look(self, account: Account, sent: Sequence[SentItem[OrderToCancel]]) -> list[Outcome[None]]:
        """What became of cancellations. The order itself says it; the job says whether to go on asking."""
        shop = ShopifyClient(self._client, account)
        named = [one.reference for one in sent if one.reference.startswith(_JOB)]
        jobs = dict(zip(named, await shop.values([Part("CancelJob", {"id": one}) for one in named]), strict=True))
        orders = await shop.values([Part("OrderCancelled", {"id": one.item.order_id}) for one in sent])
        return [_cancelled(one.reference, order, jobs) for one, order in zip(sent, orders, strict=True)]


def _page(found: Mapping[str, Any] | None, outcomes: Mapping[str, Outcome[OrderRecord | None]]) -> OrderPage:
    """The orders of a page by id, and those of them that could not be read. Raises what is about any call."""
    names = {node["id"]: str(node.get("name") or node["id"]) for node in (found or {}).get("nodes") or []}
    orders = [one.value for one in outcomes.values() if isinstance(one, Done) and one.value is not None]
    failed = {channel_id: one.problem for channel_id, one in outcomes.items() if isinstance(one, Failed)}
    for problem in failed.values():
        if of_one(problem) is None:
            raise as_error(problem)
    unread = [UnreadOrder(channel_id=one, number=names[one], problem=problem) for one, problem in failed.items()]
    return OrderPage(orders, _next_page(found or {}), unread, lasts=True)


async def _outcome(shop: ShopifyClient, result: Result, account: Account) -> Outcome[OrderRecord | None]:
    if result is None:
        return Done(None)
    if isinstance(result, Problem):
        return Failed(of_one(result, internal=INTERNAL) or result)
    try:
        return Done(await _record(shop, result, account))
    except ChannelError as error:
        return Failed(of_one(error.problem, internal=INTERNAL) or error.problem)


async def _record(shop: ShopifyClient, node: dict[str, Any], account: Account) -> OrderRecord:
    """The order with all its lines: where a page did not hold them, it is read again in larger ones.

    Raises OurFault for one in a shape that nobody knows.
    """
    with understanding():
        whole = await _whole(shop, node)
        return _of_account(whole, account)


async def _whole(shop: ShopifyClient, node: dict[str, Any]) -> dict[str, Any]:
    if _is_cut(node):
        (whole,) = await shop.values([Part("WholeOrder", {"id": node["id"]})])
        node = whole or node
        lines, after = list(node["lineItems"]["nodes"]), _next_page(node["lineItems"])
        while after:
            (more,) = await shop.values([Part("MoreOrderLines", {"id": node["id"], "after": after})])
            page = (more or {}).get("lineItems") or {}
            lines, after = [*lines, *(page.get("nodes") or [])], _next_page(page)
        node = {**node, "lineItems": {"nodes": lines}}
    return node


def _of_account(node: Mapping[str, Any], account: Account) -> OrderRecord:
    return order_mapping.record(node, base_url=account.base_url, places=locations.counted(account.settings))


def _is_cut(node: Mapping[str, Any]) -> bool:
    lists = [node["lineItems"]]
    lists += [one["fulfillmentLineItems"] for one in node.get("fulfillments") or []]
    lists += [one["refundLineItems"] for one in node.get("refunds") or []]
    return any(one["pageInfo"]["hasNextPage"] for one in lists)


def _next_page(connection: Mapping[str, Any]) -> str:
    page = connection.get("pageInfo") or {}
    return str(page.get("endCursor") or "") if page.get("hasNextPage") else ""


def _asked(order_id: str, result: Result) -> Outcome[None]:
    problem = errors.problem_in(result)
    if problem is not None and problem.code == errors.ALREADY_CANCELLED:
        return Done(None)
    if problem is not None and problem.code != errors.CANCELLING:
        return Failed(problem)
    job = result.get("job") if isinstance(result, dict) and problem is None else None
    return Sent(str(job["id"]) if job else order_id, PATIENCE_SECONDS, LOOK_AFTER_SECONDS)


def _cancelled(
    reference: str, order: Mapping[str, Any] | None, jobs: Mapping[str, Mapping[str, Any] | None]
) -> Outcome[None]:
    if order is None or order["cancelledAt"] is not None:
        return Done(None)
    job = jobs.get(reference)
    if job is not None and job["done"]:
        return Failed(Problem(problem_class=ProblemClass.UNKNOWN, code="not_cancelled"))
    return Sent(reference, PATIENCE_SECONDS, LOOK_AFTER_SECONDS)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
