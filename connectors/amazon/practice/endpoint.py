"""Every operation's address: who is calling, what is wrong today, the rate, and then the operation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from litestar import HttpMethod, Response, route

from connectors.amazon.practice import catalog, faults, feeds, listings, orders, product_types, reports, sellers
from connectors.amazon.practice.addressing import AnyRequest, practice_of
from connectors.amazon.practice.state import Answer, Call, Practice, refusal
from connectors.amazon.rates import RATES
from connectors.practice.disturbing import disturb

Run = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is split at its slashes; a part that is "*" stands for anything, and is handed to `run`."""

    name: str
    method: str
    path: str
    run: Run


_ITEMS, _TYPES = "/listings/2021-08-01/items", "/definitions/2020-09-01/productTypes"
_FEEDS, _REPORTS, _ORDERS = "/feeds/2021-06-30", "/reports/2021-06-30", "/orders/2026-01-01/orders"
OPERATIONS = (
    Operation("getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", sellers.participations),
    Operation("searchDefinitionsProductTypes", "GET", _TYPES, product_types.search),
    Operation("getDefinitionsProductType", "GET", f"{_TYPES}/*", product_types.definition),
    Operation("searchListingsItems", "GET", f"{_ITEMS}/*", listings.search),
    Operation("putListingsItem", "PUT", f"{_ITEMS}/*/*", listings.put),
    Operation("patchListingsItem", "PATCH", f"{_ITEMS}/*/*", listings.patch),
    Operation("deleteListingsItem", "DELETE", f"{_ITEMS}/*/*", listings.delete),
    Operation("getListingsItem", "GET", f"{_ITEMS}/*/*", listings.get),
    Operation("getListingsRestrictions", "GET", "/listings/2021-08-01/restrictions", catalog.restrictions),
    Operation("searchCatalogItems", "GET", "/catalog/2022-04-01/items", catalog.search),
    Operation("createFeedDocument", "POST", f"{_FEEDS}/documents", feeds.create_document),
    Operation("getFeedDocument", "GET", f"{_FEEDS}/documents/*", feeds.get_document),
    Operation("createFeed", "POST", f"{_FEEDS}/feeds", feeds.create),
    Operation("getFeed", "GET", f"{_FEEDS}/feeds/*", feeds.get),
    Operation("cancelFeed", "DELETE", f"{_FEEDS}/feeds/*", feeds.cancel),
    Operation("createReport", "POST", f"{_REPORTS}/reports", reports.create),
    Operation("getReport", "GET", f"{_REPORTS}/reports/*", reports.get),
    Operation("getReportDocument", "GET", f"{_REPORTS}/documents/*", reports.get_document),
    Operation("searchOrders", "GET", _ORDERS, orders.search),
    Operation("getOrder", "GET", f"{_ORDERS}/*", orders.get),
    Operation("confirmShipment", "POST", "/orders/v0/orders/*/shipmentConfirmation", orders.confirm),
)
_PREFIXES = ("sellers", "definitions", "listings", "catalog", "feeds", "reports", "orders")
_METHODS = [HttpMethod.GET, HttpMethod.PUT, HttpMethod.POST, HttpMethod.PATCH, HttpMethod.DELETE]
_THROTTLED = refusal(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
_UNAVAILABLE = refusal(503, "ServiceUnavailable", "Service is temporarily unavailable. Please try again.")
_NOT_FOUND = refusal(404, "NotFound", "Resource not found.")
_NOT_YOURS = refusal(403, "Unauthorized", "Access to requested resource is denied.")


@route([f"/{prefix}/{{rest:path}}" for prefix in _PREFIXES], http_method=_METHODS, status_code=200)
async def operation_endpoint(request: AnyRequest) -> Response[bytes]:
    practice = practice_of(request)
    operation, parts = _operation(request)
    if operation is None:
        return _json(_NOT_FOUND)
    seller = sellers.let_in(practice, request.headers.get("x-amz-access-token", ""))
    if isinstance(seller, Answer):
        return _json(seller)
    call = await _call(request, practice, seller, operation, parts)
    closed = _closed(call)
    if closed is not None:
        _log(call, closed)
        return _json(closed)
    disturbed = await _disturb(call, when="before")
    if disturbed is not None:
        _log(call, Answer(disturbed.status_code or 0, None, "disturbed before"))
        return disturbed
    with practice.store.transaction():
        feeds.work_off(call)
        answer = operation.run(call)
    _log(call, answer)
    return await _disturb(call, when="after") or _json(answer, rate=RATES[operation.name].restore_per_second)


def _operation(request: AnyRequest) -> tuple[Operation | None, Sequence[str]]:
    """The operation of the address, and the parts of it that vary. An encoded slash is part of a name."""
    raw = request.scope["raw_path"].decode().partition("?")[0]
    given = [unquote(part) for part in raw.strip("/").split("/")]
    for operation in OPERATIONS:
        wanted = operation.path.strip("/").split("/")
        if operation.method != request.method or len(wanted) != len(given):
            continue
        if all(part in {"*", is_} for part, is_ in zip(wanted, given, strict=True)):
            return operation, [is_ for part, is_ in zip(wanted, given, strict=True) if part == "*"]
    return None, ()


async def _call(
    request: AnyRequest, practice: Practice, seller_id: str, operation: Operation, parts: Sequence[str]
) -> Call:
    try:
        body: Any = json.loads(await request.body() or b"null")
    except ValueError:
        body = None
    root = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    query = dict(request.query_params)
    return Call(practice, seller_id, operation.name, tuple(parts), query, body, root)


def _closed(call: Call) -> Answer | None:
    """The answer to a caller Amazon does not listen to now."""
    store = call.store
    of_listings = call.operation.endswith(("ListingsItem", "ListingsItems"))
    if of_listings and call.parts[0] != call.seller_id:
        return _NOT_YOURS
    if faults.take(store, call.seller_id, "maintenance", operations=[call.operation]) is not None:
        return _UNAVAILABLE
    throttled = faults.take(store, call.seller_id, "throttle", operations=[call.operation]) is not None
    return _THROTTLED if throttled or not call.practice.may_call(call.seller_id, call.operation) else None


async def _disturb(call: Call, *, when: str) -> Response[bytes] | None:
    def take(kind: str) -> dict[str, Any] | None:
        mode = call.query.get("mode", "")
        return faults.take(call.store, call.seller_id, kind, operations=[call.operation], when=when, mode=mode)

    said = refusal(500, "InternalFailure", "We encountered an internal error. Please try again.")
    return await disturb(take, error_body=json.dumps(said.body), media_type="application/json")


def _json(answer: Answer, *, rate: float | None = None) -> Response[bytes]:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    if rate is not None and (answer.status < 300 or answer.status in {400, 404}):
        headers["x-amzn-RateLimit-Limit"] = str(rate)
    if answer.refused and answer.status >= 400:
        headers["x-amzn-ErrorType"] = answer.refused
    content = b"" if answer.status == 204 else json.dumps(answer.body, ensure_ascii=False).encode()
    return Response(content=content, status_code=answer.status, media_type="application/json", headers=headers)


def _log(call: Call, answer: Answer) -> None:
    row = {"shop": call.seller_id, "at": call.now, "operation": call.operation}
    call.store.insert("request", **row, status=answer.status, outcome=answer.refused or "ok")
