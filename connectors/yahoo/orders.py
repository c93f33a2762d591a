"""What was bought in a store: orders read one a call, shipments told, orders cancelled.

Yahoo! sends nothing by itself, has no key against doing a thing twice, and refuses what was done already. So every
change begins with a look, which also settles a change whose answer was lost.
https://developer.yahoo.co.jp/webapi/shopping/ordersapiguide.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from connectors.errors import ChannelError, DataRefused, OurFault, Problem, ProblemClass
from connectors.orders import (
    OrderPage,
    OrderRecord,
    OrderState,
    OrderToCancel,
    ParcelToTell,
    UnreadOrder,
    of_one,
    understanding,
)
from connectors.protocol import Account
from connectors.records import Done, Failed, Outcome
from connectors.yahoo import errors, order_records, order_requests
from connectors.yahoo.answers import Element
from connectors.yahoo.client import YahooClient
from connectors.yahoo.order_records import Row

T = TypeVar("T")
Item = TypeVar("Item")

# An order done can be opened again for 180 days: https://developer.yahoo.co.jp/webapi/shopping/orderStatusChange.html
STILL_CHANGES = timedelta(days=180)
# The list asks for an end of the time; nothing is placed in the future.
AHEAD = timedelta(days=366)
# orderList has no upper bound; clients ask for as many.
ROWS = 2000
# Each is a call of its own, at one a second.
ORDERS_A_PAGE = 10
# Errors inside Yahoo!; maintenance, which is for all, has codes of its own.
INTERNAL = frozenset({"ed-00001", "ed-10001", "od91001", "od91133", "http_500"})
# orderList takes these signs in an order's id, 50 at most.
_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,150}", re.ASCII)

_UNKNOWN = Problem(problem_class=ProblemClass.DATA, code="order_unknown")
_CANCELLED = Problem(problem_class=ProblemClass.DATA, code="order_cancelled")
_SHIPPED = Problem(problem_class=ProblemClass.DATA, code="order_shipped")
_SECOND_PARCEL = Problem(problem_class=ProblemClass.DATA, code="second_parcel")
_NOT_TRIED = Problem(problem_class=ProblemClass.BUSY, code="not_tried", message="an earlier one of the batch was lost")


class YahooOrders:
    """Implements connectors.protocol.Orders. `shop` talks to an account's store, `clock` tells the time in seconds."""

    carriers: Mapping[str, str] = order_requests.CARRIERS

    def __init__(self, shop: Callable[[Account], YahooClient], clock: Callable[[], float]) -> None:
        self._shop = shop
        self._clock = clock

    async def changed(self, account: Account, since: datetime, page: str = "") -> OrderPage:
        """`page` is the place of its first order in the list of all, which is in the order they were placed.

        The list tells when each was changed, and only those changed since are read.
        """
        shop, first = self._shop(account), int(page or "1")
        rows, total = await _listed(shop, since - STILL_CHANGES, since + AHEAD, first=first)
        # Yahoo! counts whole seconds.
        since = since.replace(microsecond=0)
        wanted = [place for place, row in enumerate(rows) if row.changed_at is None or row.changed_at >= since]
        later = first + (wanted[ORDERS_A_PAGE] if len(wanted) > ORDERS_A_PAGE else len(rows))
        orders: list[OrderRecord] = []
        unread: list[UnreadOrder] = []
        for order_id in (rows[place].order_id for place in wanted[:ORDERS_A_PAGE]):
            outcome = await self._outcome(shop, order_id)
            if isinstance(outcome, Failed):
                unread.append(UnreadOrder(channel_id=order_id, number=order_id, problem=outcome.problem))
            else:
                orders += filter(None, [outcome.value])
        more = bool(rows) and later <= total
        # Whoever is placed meanwhile comes last, and whatever changes meanwhile is changed since.
        return OrderPage(orders, str(later) if more else "", unread, lasts=True)

    async def read(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[OrderRecord | None]]:
        shop = self._shop(account)
        return await _one_by_one(channel_ids, lambda order_id: self._outcome(shop, order_id))

    async def find(self, account: Account, number: str) -> OrderRecord | None:
        """People leave the store's name before the number out."""
        shop, typed = self._shop(account), number.strip()
        return await self._order(shop, f"{shop.seller_id}-{typed}" if typed.isdecimal() else typed)

    def heard(self, account: Account, topic: str, body: Mapping[str, Any]) -> OrderRecord | None:
        """Never any: Yahoo! sends no webhooks."""
        return None

    async def placed(self, account: Account, start: datetime, end: datetime) -> Sequence[str]:
        shop, found = self._shop(account), list[str]()
        first, total = 1, 1
        while first <= total:
            rows, total = await _listed(shop, start, end, first=first)
            found += [row.order_id for row in rows if row.placed_at is None or start <= row.placed_at < end]
            first += len(rows) or total
        return found

    async def accept(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """Nothing waits to be accepted here: an order is taken by being placed."""
        return [Done(None) for _ in channel_ids]

    async def tell_shipped(self, account: Account, parcels: Sequence[ParcelToTell]) -> list[Outcome[str]]:
        """The order's one shipment, and after the last parcel of an order that is paid, that the order is done."""
        shop = self._shop(account)
        return await _one_by_one(parcels, lambda parcel: _tell(shop, parcel))

    async def cancel(self, account: Account, orders: Sequence[OrderToCancel]) -> list[Outcome[None]]:
        """Whole orders only. Yahoo! is told no restocking and no note: its call has no room for them."""
        shop = self._shop(account)
        return await _one_by_one(orders, lambda order: _cancel(shop, order))

    async def _outcome(self, shop: YahooClient, order_id: str) -> Done[OrderRecord | None] | Failed:
        """The order, or why it alone cannot be read. Raises what is about any call."""
        try:
            return Done(await self._order(shop, order_id))
        except ChannelError as error:
            own = of_one(error.problem, internal=INTERNAL)
            if own is None:
                raise
            return Failed(own)

    async def _order(self, shop: YahooClient, order_id: str) -> OrderRecord | None:
        info = await _info(shop, order_id)
        read_at = datetime.fromtimestamp(int(self._clock()), UTC)
        if info is None:
            return None
        with understanding():
            return order_records.record(info, seller_id=shop.seller_id, read_at=read_at)


# ---- reading ----


async def _listed(shop: YahooClient, start: datetime, end: datetime, *, first: int) -> tuple[list[Row], int]:
    """Rows from the `first` on of the orders placed in that time, and how many there are of them in all."""
    request = order_requests.order_list(shop.seller_id, start=start, end=end, first=first, rows=ROWS)
    reply = await shop.order("orderList", request, writes=False)
    if reply.refusals:
        raise errors.as_error(errors.problem_of(reply.refusals, request_id=reply.request_id), writes=False)
    return order_records.rows(reply.root), order_records.total(reply.root)


async def _info(shop: YahooClient, order_id: str) -> Element | None:
    """The order as Yahoo! has it now, None where it knows none. Raises ChannelError."""
    if not _ORDER_ID.fullmatch(order_id):
        return None
    reply = await shop.order("orderInfo", order_requests.order_info(shop.seller_id, order_id), writes=False)
    if any(one.code in errors.NO_SUCH_ORDER for one in reply.refusals):
        return None
    if reply.refusals:
        raise errors.as_error(errors.problem_of(reply.refusals, request_id=reply.request_id), writes=False)
    info = reply.root.find(".//OrderInfo")
    if info is None:
        raise OurFault("unreadable_answer", channel_request_id=reply.request_id)
    return info


# ---- changing ----


async def _tell(shop: YahooClient, parcel: ParcelToTell) -> Outcome[str]:
    info = await _info(shop, parcel.order_id)
    if info is None:
        return Failed(_UNKNOWN)
    now = order_records.fields_of(info)
    if order_records.state_of(now) is OrderState.CANCELLED:
        return Failed(_CANCELLED)
    if not _is_told(now, parcel):
        # A number of ours may be put right; another's, or our first parcel's, is not written over.
        if order_records.has_left(now) and now.get("ShipInvoiceNumber1") and not parcel.told:
            return Failed(_SECOND_PARCEL)
        refused = await _write(shop, "orderShipStatusChange", order_requests.shipped(shop.seller_id, parcel))
        if refused is not None:
            return Failed(refused)
    if parcel.last and order_records.is_paid(now) and now.get("OrderStatus") != order_requests.COMPLETED:
        refused = await _write(shop, "orderStatusChange", order_requests.complete(shop.seller_id, parcel.order_id))
        if refused is not None:
            return Failed(refused)
    return Done(parcel.order_id)


def _is_told(now: Mapping[str, str], parcel: ParcelToTell) -> bool:
    """Whether the shipment has this number already, however it is hyphenated."""
    there = _bare(now.get("ShipInvoiceNumber1", ""))
    return order_records.has_left(now) and _bare(parcel.number) in ("", there)


def _bare(number: str) -> str:
    return "".join(sign for sign in number.upper() if sign.isalnum())


async def _cancel(shop: YahooClient, order: OrderToCancel) -> Outcome[None]:
    """What has left is not cancelled, though Yahoo! would let us: the buyer has it, and sends it back or keeps it."""
    info = await _info(shop, order.order_id)
    if info is None:
        return Failed(_UNKNOWN)
    state = order_records.state_of(order_records.fields_of(info))
    if state is OrderState.CANCELLED:
        return Done(None)
    if state is OrderState.SHIPPED:
        return Failed(_SHIPPED)
    request = order_requests.cancel(shop.seller_id, order.order_id, order.reason)
    refused = await _write(shop, "orderStatusChange", request)
    return Done(None) if refused is None else Failed(refused)


async def _write(shop: YahooClient, operation: str, request: Element) -> Problem | None:
    """What Yahoo! refused it for; None for what is done."""
    reply = await shop.order(operation, request, writes=True)
    return errors.problem_of(reply.refusals, request_id=reply.request_id) if reply.refusals else None


async def _one_by_one(items: Sequence[Item], work: Callable[[Item], Awaitable[Outcome[T]]]) -> list[Outcome[T]]:
    """One outcome an item. Raises when the first call comes to nothing; a later one stops what is left.

    An item that Yahoo! refuses stops nothing.
    """
    outcomes: list[Outcome[T]] = []
    for item in items:
        try:
            outcomes.append(await work(item))
        except DataRefused as refused:
            outcomes.append(Failed(refused.problem))
        except ChannelError as error:
            if not outcomes:
                raise
            lost = error.problem.problem_class is ProblemClass.UNKNOWN
            rest = Failed(_NOT_TRIED if lost else error.problem)
            return [*outcomes, Failed(error.problem), *[rest] * (len(items) - len(outcomes) - 1)]
    return outcomes
