"""Everything below /es: who is calling, whether it is too soon, what is wrong today, and then the API called."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from litestar import HttpMethod, Request, Response, route

from connectors.practice.disturbing import disturb
from connectors.practice.store import Row
from connectors.rakuten.practice import (
    answers,
    cabinet,
    faults,
    inventory,
    items,
    licence,
    order_changes,
    orders,
    stores,
)
from connectors.rakuten.practice.answers import Answer
from connectors.rakuten.practice.state import Call, Practice

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One function of an API. `api` is what its calls are counted and ticked on by."""

    name: str
    api: str
    method: str
    path: re.Pattern[str]
    run: Callable[[Call], Answer]


def _order(function: str, run: Callable[[Call], Answer]) -> Operation:
    return Operation(f"order.{function}", "order", "POST", re.compile(rf"/es/2\.0/order/{function}/?"), run)


_ITEM = re.compile(r"/es/2\.0/items/manage-numbers/(?P<manage_number>[^/]+)")
OPERATIONS = (
    Operation("items.get", "item", "GET", _ITEM, items.get),
    Operation("items.upsert", "item", "PUT", _ITEM, items.upsert),
    Operation("items.patch", "item", "PATCH", _ITEM, items.patch),
    Operation("items.delete", "item", "DELETE", _ITEM, items.delete),
    Operation("items.bulk.get", "item", "POST", re.compile(r"/es/2\.0/items/bulk-get"), items.bulk_get),
    Operation("items.search", "item", "GET", re.compile(r"/es/2\.0/items/search"), items.search),
    Operation(
        "inventories.bulk.get", "inventory", "POST", re.compile(r"/es/2\.1/inventories/bulk-get"), inventory.bulk_get
    ),
    Operation(
        "inventories.bulk.upsert",
        "inventory",
        "POST",
        re.compile(r"/es/2\.1/inventories/bulk-upsert"),
        inventory.bulk_upsert,
    ),
    Operation(
        "license.expiryDate.get",
        "license",
        "GET",
        re.compile(r"/es/1\.0/license-management/license-key/expiry-date"),
        licence.expiry_date,
    ),
    Operation("cabinet.file.insert", "cabinet", "POST", re.compile(r"/es/1\.0/cabinet/file/insert"), cabinet.insert),
    Operation(
        "cabinet.folder.insert", "cabinet", "POST", re.compile(r"/es/1\.0/cabinet/folder/insert"), cabinet.folder_insert
    ),
    Operation(
        "cabinet.folders.get", "cabinet", "GET", re.compile(r"/es/1\.0/cabinet/folders/get"), cabinet.folders_get
    ),
    _order("searchOrder", orders.search),
    _order("getOrder", orders.get),
    _order("confirmOrder", orders.confirm),
    _order("updateOrderShipping", order_changes.update_shipping),
    _order("cancelOrder", order_changes.cancel),
)


@route(
    "/es/{rest:path}",
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE],
)
async def gateway(request: AnyRequest) -> Response[bytes]:
    practice: Practice = request.app.state.practice
    raw = await request.body()
    operation, path, refused = _operation(request.method, request.scope["path"])
    shop, closed = _let_in(practice, request, operation)
    if shop is None or closed is not None or operation is None or refused is not None:
        answer = closed or refused or answers.gateway(404, "ES05-06", "Not Found")
        return _said(practice, shop, operation, answer)
    return await _answer(practice, shop, operation, _call(practice, shop, operation, path, request, raw))


def _operation(method: str, path: str) -> tuple[Operation | None, dict[str, str], Answer | None]:
    """What is called with what the address names, or what the gateway says of the address."""
    fitting = [(one, match) for one in OPERATIONS if (match := one.path.fullmatch(path))]
    for one, match in fitting:
        if one.method == method:
            return one, match.groupdict(), None
    if fitting:
        return None, {}, answers.gateway(405, "ES04-04", "Method Not Allowed")
    return None, {}, answers.gateway(404, "ES05-06", "Not Found")


def _let_in(practice: Practice, request: AnyRequest, operation: Operation | None) -> tuple[Row | None, Answer | None]:
    """The store that the caller names, and the answer of a gateway that does not let it through."""
    named = stores.named_by(request.headers.get("authorization", ""))
    if named is None:
        return None, answers.gateway(400, "ES04-01", "Bad Request")
    if not request.headers.get("accept"):
        return None, answers.gateway(400, "ES04-02", "Bad Request")
    api = operation.api if operation else ""
    shop = stores.let_in(practice.store, *named)
    if shop is None or (operation is not None and not stores.is_ticked_on(shop, api)):
        return stores.of_secret(practice.store, named[0]), answers.not_let_in(api)
    if faults.take(practice.store, shop["name"], "maintenance", operations=_names(operation)) is not None:
        return shop, answers.gateway(503, "ES01-02", "API In Maintenance")
    if operation is not None and _too_soon(practice, shop["name"], operation):
        return shop, answers.throttled(api)
    return shop, None


def _names(operation: Operation | None) -> list[str]:
    return [operation.name] if operation else []


def _too_soon(practice: Practice, shop: str, operation: Operation) -> bool:
    """Whether the store's last call of this API is too close. One that was throttled itself does not count."""
    if faults.take(practice.store, shop, "throttle", operations=[operation.name]) is not None:
        return True
    now, key = practice.clock(), (shop, operation.api)
    last = practice.last_calls.get(key)
    if last is not None and 0 <= now - last < practice.settings.spacing_seconds:
        return True
    practice.last_calls[key] = now
    return False


def _call(
    practice: Practice, shop: Row, operation: Operation, path: dict[str, str], request: AnyRequest, raw: bytes
) -> Call:
    return Call(
        practice=practice,
        shop=shop,
        operation=operation.name,
        path=path,
        query=dict(request.query_params.items()),
        body=_parsed(raw),
        raw=raw,
        content_type=request.headers.get("content-type", ""),
    )


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


async def _answer(practice: Practice, shop: Row, operation: Operation, call: Call) -> Response[bytes]:
    disturbed = await _disturb(practice, shop, operation, when="before")
    if disturbed is not None:
        _log(practice, shop, operation, disturbed.status_code or 0, "disturbed before")
        return disturbed
    if faults.take(practice.store, call.name, "conflict", operations=[operation.name]) is not None:
        return _said(practice, shop, operation, answers.conflict())
    said = _said(practice, shop, operation, operation.run(call))
    return await _disturb(practice, shop, operation, when="after") or said


async def _disturb(practice: Practice, shop: Row, operation: Operation, *, when: str) -> Response[bytes] | None:
    def take(kind: str) -> dict[str, Any] | None:
        return faults.take(practice.store, shop["name"], kind, operations=[operation.name], when=when)

    own = json.dumps({"errors": [{"code": "X0000", "message": "System Error"}]})
    return await disturb(take, error_body=own, media_type="application/json")


def _said(practice: Practice, shop: Row | None, operation: Operation | None, answer: Answer) -> Response[bytes]:
    _log(practice, shop, operation, answer.status, answer.outcome)
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
    body = b"" if answer.body is None else text.encode()
    headers = {"REQUEST-ID": str(uuid4()), "Timestamp": answers.japanese_time(practice.clock())}
    return Response(content=body, status_code=answer.status, media_type=answer.media_type, headers=headers)


def _log(practice: Practice, shop: Row | None, operation: Operation | None, status: int, outcome: str) -> None:
    practice.store.insert(
        "request",
        shop=shop["name"] if shop is not None else "",
        at=practice.clock(),
        operation=operation.name if operation else "",
        status=status,
        outcome=outcome,
    )
