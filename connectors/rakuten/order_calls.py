"""The calls of the RakutenPay Order API: numbers by a search, orders by their numbers, and what is asked of an order.

Pages [rakutenpayorderapi/*] of the RMS pages. An answer of 200 says nothing yet: what came of it are its messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.errors import AccountBlocked, OurFault, PermissionLost, Problem, as_error
from connectors.rakuten import errors, looking
from connectors.rakuten.client import ORDER, Call, RakutenClient, Reply
from connectors.rakuten.looking import JAPAN

# The newest; older ones are dropped over time. [rakutenpayorderapi/getorder]
VERSION = 10
ORDERS_A_READ = 100
NUMBERS_A_SEARCH = 1000
# Of a search with more results these are the ones that pages lead to. [rakutenpayorderapi/searchorder]
REACHABLE = 15_000

# Which of an order's times a search is about (dateType).
ORDERED, FIXED, REPORTED = 1, 3, 5

_OLDEST_FIRST = [{"sortColumn": 1, "sortDirection": 1}]
_NUMBER = re.compile(r"\d{1,10}-\d{8}-[0-9A-Za-z]{1,20}")

Model = Mapping[str, Any]

# Ours: the keys work, and not for orders.
ORDERS_OFF = "orders_not_switched_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Orders with this time from `start` to `end`, both with their second; in these states, or in any for none."""

    date_type: int
    start: datetime
    end: datetime
    progress: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundNumbers:
    """One page of a search, oldest order first. `total` counts all that fit."""

    numbers: Sequence[str]
    total: int
    more: bool


def is_number(text: str) -> bool:
    """Whether it is written as order numbers are: the shop's number, the day, and a tail."""
    return _NUMBER.fullmatch(text) is not None


async def _ask(client: RakutenClient, call: Call) -> Reply:
    """A store whose order function is not ticked on answers as if its keys had ended: what else they open is tried.

    Raises AccountBlocked when they open the rest, so that orders alone stand still.
    """
    try:
        return await client.ask(call)
    except PermissionLost as error:
        try:
            await looking.identify(client)
        except PermissionLost:
            raise error from None
        request_id = error.problem.channel_request_id
        raise AccountBlocked(ORDERS_OFF, error.problem.original, channel_request_id=request_id) from error


async def search(client: RakutenClient, wanted: Search, *, page: int, amount: int) -> FoundNumbers:
    body = {
        "dateType": wanted.date_type,
        "startDatetime": written_time(wanted.start),
        "endDatetime": written_time(wanted.end),
        "PaginationRequestModel": {
            "requestRecordsAmount": amount,
            "requestPage": page,
            "SortModelList": _OLDEST_FIRST,
        },
    } | ({"orderProgressList": list(wanted.progress)} if wanted.progress else {})
    reply = await _ask(client, _call("searchOrder", body))
    problem = problem_in(reply)
    if problem is not None:
        raise as_error(problem)
    if not isinstance(reply.body.get("orderNumberList"), list):
        raise OurFault("unreadable_answer", channel_request_id=reply.request_id)
    pagination = reply.body.get("PaginationResponseModel") or {}
    numbers = [str(number) for number in reply.body.get("orderNumberList") or []]
    # Nothing found is told with nulls.
    return FoundNumbers(
        numbers, int(pagination.get("totalRecordsAmount") or 0), (pagination.get("totalPages") or 0) > page
    )


async def get(client: RakutenClient, numbers: Sequence[str]) -> tuple[dict[str, Model], dict[str, Problem]]:
    """The orders by number, a call for every ORDERS_A_READ, and why one could not be told just now.

    One the store does not have is in neither: it is left out of the answer. [unsure] What cannot be a number is not
    asked for: it would have the whole call refused. Raises what stops a call.
    """
    wanted = [number for number in dict.fromkeys(numbers) if is_number(number)]
    models: dict[str, Model] = {}
    problems: dict[str, Problem] = {}
    for start in range(0, len(wanted), ORDERS_A_READ):
        found, refused = await _get_some(client, wanted[start : start + ORDERS_A_READ])
        models |= found
        problems |= refused
    return models, problems


async def _get_some(client: RakutenClient, numbers: Sequence[str]) -> tuple[dict[str, Model], dict[str, Problem]]:
    reply = await _ask(client, _call("getOrder", {"orderNumberList": list(numbers), "version": VERSION}))
    if reply.refusals:
        raise as_error(errors.problem_of(reply.refusals, request_id=reply.request_id))
    models = {str(model.get("orderNumber")): model for model in reply.body.get("OrderModelList") or []}
    problems: dict[str, Problem] = {}
    for message in reply.body.get("MessageModelList") or []:
        problem = _problem_of([message], reply)
        number = str(message.get("orderNumber") or "")
        if problem is not None and number:
            problems[number] = problem
        elif problem is not None and not models:
            raise as_error(problem)
    if not reply.body.get("MessageModelList"):
        # Nothing at all must not be taken for orders that are not there.
        raise OurFault("unreadable_answer", channel_request_id=reply.request_id)
    return models, problems


async def confirm(client: RakutenClient, numbers: Sequence[str]) -> dict[str, Problem]:
    """Confirms the orders, at most ORDERS_A_READ; the problems of those that could not be."""
    reply = await _ask(client, _call("confirmOrder", {"orderNumberList": list(numbers)}, writes=True))
    if reply.refusals:
        raise as_error(errors.problem_of(reply.refusals, request_id=reply.request_id))
    told = reply.body.get("MessageModelList") or []
    by_number = {str(message.get("orderNumber") or ""): _problem_of([message], reply) for message in told}
    return {number: problem for number, problem in by_number.items() if problem is not None}


async def write_shipping(client: RakutenClient, number: str, rows: Mapping[int, Mapping[str, Any]]) -> Reply:
    """Adds a row of shipping to each of these baskets, or changes the one that its shippingDetailId names."""
    baskets = [{"basketId": basket, "ShippingModelList": [row]} for basket, row in rows.items()]
    body = {"orderNumber": number, "BasketidModelList": baskets}
    return await _ask(client, _call("updateOrderShipping", body, writes=True))


async def cancel(client: RakutenClient, number: str, *, restore: int, reason: int) -> Reply:
    body = {"orderNumber": number, "inventoryRestoreType": restore, "changeReasonDetailApply": reason}
    return await _ask(client, _call("cancelOrder", body, writes=True))


def _call(function: str, body: Mapping[str, Any], *, writes: bool = False) -> Call:
    return Call(
        operation=f"order.{function}",
        method="POST",
        path=f"/es/2.0/order/{function}/",
        bucket=ORDER,
        writes=writes,
        body=body,
        # The order API insists on the charset.
        content_type="application/json; charset=utf-8",
    )


# ---- what an answer says ----


def problem_in(reply: Reply) -> Problem | None:
    """Why what was asked did not happen, None where it did. A warning beside a success is none."""
    return reply.problem() or _problem_of(reply.body.get("MessageModelList") or [], reply)


def _problem_of(told: Sequence[Mapping[str, Any]], reply: Reply) -> Problem | None:
    found = errors.refusals({"MessageModelList": list(told)})
    return errors.problem_of(found, request_id=reply.request_id) if found else None


def written_time(time: datetime) -> str:
    """As the order API writes times, "2018-01-14T00:00:00+0900"."""
    return time.astimezone(JAPAN).strftime("%Y-%m-%dT%H:%M:%S%z")
