"""/ShoppingWebService/V1/<operation>: who is calling, what is wrong today, the rate, and then the operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from litestar import HttpMethod, Response, route
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from connectors.practice.disturbing import disturb
from connectors.yahoo.practice import access, answers, faults, images, items, keys, orders, publishing, stock, stores
from connectors.yahoo.practice.addressing import AnyRequest, practice_of
from connectors.yahoo.practice.answers import Answer
from connectors.yahoo.practice.state import Call, Practice

OPERATIONS: Mapping[str, tuple[str, Callable[[Call], Answer]]] = {
    "editItem": ("POST", items.edit_item),
    "updateItems": ("POST", items.update_items),
    "getItem": ("GET", items.get_item),
    "myItemList": ("GET", items.my_item_list),
    "deleteItem": ("POST", items.delete_item),
    "submitItem": ("POST", items.submit_item),
    "setStock": ("POST", stock.set_stock),
    "getStock": ("POST", stock.get_stock),
    "reservePublish": ("POST", publishing.reserve_publish),
    "publishHistorySummary": ("GET", publishing.publish_history_summary),
    "uploadItemImage": ("POST", images.upload_item_image),
    **orders.OPERATIONS,
}
UPLOAD = "uploadItemImage"
FORBIDDEN = answers.error(403, "Your Request was Forbidden")
NO_ORDERS = answers.error(
    403,
    "This application ID is not registered for using order API. Use of order API requires an application ID.",
    "px-04303",
)
MAINTENANCE = answers.error(503, "システムメンテナンス中です。", "ed-00002")


@route("/ShoppingWebService/V1/{operation:str}", http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200)
async def operation_endpoint(request: AnyRequest, operation: FromPath[str]) -> Response[bytes]:
    practice = practice_of(request)
    method, run = OPERATIONS.get(operation, ("", items.get_item))
    if method != request.method:
        return _xml(answers.error(404, "Not Found"))
    given, file = await _given(request, operation)
    seller_id = given.get("seller_id", "")
    closed = _closed(practice, seller_id, operation, request.headers)
    if closed is not None:
        answer, headers = closed
        _log(practice, seller_id, operation, answer.status, answer.refused)
        return _xml(answer, headers)
    disturbed = await _disturb(practice, seller_id, operation, when="before")
    if disturbed is not None:
        _log(practice, seller_id, operation, disturbed.status_code or 0, "disturbed before")
        return disturbed
    with practice.store.transaction():
        answer = run(Call(practice, seller_id, operation, given, file))
    _log(practice, seller_id, operation, answer.status, answer.refused or "ok")
    return await _disturb(practice, seller_id, operation, when="after") or _xml(answer)


async def _given(request: AnyRequest, operation: str) -> tuple[dict[str, str], tuple[str, bytes] | None]:
    """The call's parameters: a write's stand in its body, a read's and the seller of an upload in its address.

    An order's are XML. Which types of content Yahoo! takes it in is unsure: clients send several.
    """
    if operation in orders.OPERATIONS:
        return orders.given(await request.body()), None
    in_address = dict(request.query_params)
    if operation == UPLOAD:
        form = await request.form()
        file = form.get("file")
        return in_address, (file.filename, await file.read()) if isinstance(file, UploadFile) else None
    if request.method == "GET":
        return in_address, None
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}, None
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(body, keep_blank_values=True)), None


def _closed(
    practice: Practice, seller_id: str, operation: str, headers: Mapping[str, str]
) -> tuple[Answer, dict[str, str]] | None:
    """The answer to a caller Yahoo! does not listen to now."""
    if faults.take(practice.store, seller_id, "maintenance", operations=[operation]) is not None:
        return MAINTENANCE, {}
    if not stores.SELLER_ID.fullmatch(seller_id):
        return answers.error(400, '"seller_id" is not specified', "px-04001"), {}
    refused = access.refusal(practice, headers.get("authorization", ""), seller_id)
    if refused is not None:
        return refused
    no_orders = _no_orders(practice, seller_id, operation, headers) if operation in orders.OPERATIONS else None
    if no_orders is not None:
        return no_orders, {}
    throttled = faults.take(practice.store, seller_id, "throttle", operations=[operation]) is not None
    # How a call beyond the rate is answered is unsure: this is what one beyond the day's number gets.
    return (FORBIDDEN, {}) if throttled or not practice.may_call(seller_id, operation) else None


def _no_orders(practice: Practice, seller_id: str, operation: str, headers: Mapping[str, str]) -> Answer | None:
    """What is told to somebody who may do all but work with orders."""
    if stores.ensure(practice.store, seller_id)["state"] == stores.WITHOUT_ORDERS:
        return NO_ORDERS
    return keys.refusal(practice.store, seller_id, operation, headers)


async def _disturb(practice: Practice, seller_id: str, operation: str, *, when: str) -> Response[bytes] | None:
    def take(kind: str) -> dict[str, Any] | None:
        return faults.take(practice.store, seller_id, kind, operations=[operation], when=when)

    return await disturb(take, error_body="", media_type="application/xml")


def _xml(answer: Answer, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(
        content=answers.dump(answer.root),
        status_code=answer.status,
        media_type="application/xml; charset=utf-8",
        headers=dict(headers or {}),
    )


def _log(practice: Practice, seller_id: str, operation: str, status: int, outcome: str) -> None:
    row = {"shop": seller_id, "at": practice.clock(), "operation": operation}
    practice.store.insert("request", **row, status=status, outcome=outcome)
