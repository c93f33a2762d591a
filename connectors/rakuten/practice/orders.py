"""The order API's reads and confirmOrder: messages beside the answer, one for each order where several are asked of.

[rakutenpayorderapi/searchorder, getorder, confirmorder]
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.practice.store import Row
from connectors.rakuten.practice import faults, sale_models, sales
from connectors.rakuten.practice.answers import Answer, japanese_time
from connectors.rakuten.practice.sales import PROCESSING, UNCONFIRMED
from connectors.rakuten.practice.state import Call, Json

VERSIONS = range(3, 11)
ORDERS_A_READ, NUMBERS_A_SEARCH, REACHABLE = 100, 1000, 15_000
SPAN, OLDEST = timedelta(days=63), timedelta(days=730)
# dateType; 6 (settled) is not practised.
COLUMNS = {1: "placed_at", 2: "confirmed_at", 3: "fixed_at", 5: "reported_at"}
SHIP_DATE = 4
_COMPANIES = {1000: "その他", 1001: "ヤマト運輸", 1002: "佐川急便", 1003: "日本郵便"}


def message(function: str, code: str, words: str, **more: Any) -> Json:
    """`code` is such as "ERROR_101"; its first word is the message's type."""
    return {
        "messageType": code.partition("_")[0],
        "messageCode": f"ORDER_EXT_API_{function}_{code}",
        "message": words,
        **more,
    }


def said(status: int, *messages: Json, **body: Any) -> Answer:
    """An answer whose outcome, in the request table, is ok or the codes of what went wrong."""
    wrong = [one["messageCode"] for one in messages if one["messageType"] == "ERROR"]
    outcome = " ".join(dict.fromkeys(wrong)) or "ok"
    return Answer(status, {**body, "MessageModelList": list(messages)}, outcome, "application/json;charset=utf-8")


def unreadable(call: Call, function: str) -> Answer | None:
    """What is wrong with the body as such."""
    if not call.content_type.startswith("application/json"):
        return said(400, message(function, "ERROR_001", "Content-Typeが不正です。"))
    if not isinstance(call.body, Mapping):
        return said(400, message(function, "ERROR_013", "JSONの形式が不正です。"))
    return None


# ---- searchOrder ----

_SEARCH = "SEARCH_ORDER"


def search(call: Call) -> Answer:
    refused = unreadable(call, _SEARCH) or _unfit_search(call)
    if refused is not None:
        return refused
    page = call.body["PaginationRequestModel"]
    amount, number = int(page["requestRecordsAmount"]), int(page["requestPage"])
    found = _found(call)
    shown = found[:REACHABLE][(number - 1) * amount : number * amount]
    if not found:
        nothing = {"totalRecordsAmount": None, "totalPages": None, "requestPage": None}
        words = "注文検索に成功しました。(検索結果０件)"
        return said(200, message(_SEARCH, "INFO_102", words), orderNumberList=[], PaginationResponseModel=nothing)
    pagination = {"totalRecordsAmount": len(found), "totalPages": -(-len(found) // amount), "requestPage": number}
    ok = message(_SEARCH, "INFO_101", "注文検索に成功しました。")
    return said(200, ok, orderNumberList=[row["number"] for row in shown], PaginationResponseModel=pagination)


def _unfit_search(call: Call) -> Answer | None:
    absent = [name for name in ("dateType", "startDatetime", "endDatetime") if not call.body.get(name)]
    wrong = [message(_SEARCH, "ERROR_009", f"{name}の項目を指定して下さい。") for name in absent]
    wrong += [
        message(_SEARCH, "ERROR_011", f"{name}の書式が不正です。")
        for name in ("startDatetime", "endDatetime")
        if name not in absent and _time(call.body[name]) is None
    ]
    if wrong:
        return said(400, *wrong, orderNumberList=None, PaginationResponseModel=None)
    start, end = (_time(call.body[name]) or 0.0 for name in ("startDatetime", "endDatetime"))
    amount = (call.body.get("PaginationRequestModel") or {}).get("requestRecordsAmount", 0)
    if not 1 <= int(amount) <= NUMBERS_A_SEARCH:
        return said(400, message(_SEARCH, "ERROR_011", "requestRecordsAmountの書式が不正です。"))
    if start < call.now - OLDEST.total_seconds():
        return said(400, message(_SEARCH, "ERROR_101", "過去730日以内の期間を指定してください。"))
    if end < start:
        return said(400, message(_SEARCH, "ERROR_102", "期間の指定が不正です。"))
    if end - start > SPAN.total_seconds():
        return said(400, message(_SEARCH, "ERROR_103", "期間を63日以内に指定してください。"))
    return None


def _time(text: Any) -> float | None:
    """Seconds of "2018-01-14T00:00:00+0900"."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        return None


def _found(call: Call) -> list[Row]:
    """What fits, by the time of placing. Both ends are in, with the whole of their second."""
    start, end = _time(call.body["startDatetime"]), _time(call.body["endDatetime"])
    kind = int(call.body["dateType"])
    if kind == SHIP_DATE:
        days = call.body["startDatetime"][:10], call.body["endDatetime"][:10]
        chosen, values = "number IN (SELECT sale_number FROM sale_shipping WHERE day BETWEEN ? AND ?)", days
    else:
        chosen, values = f"CAST({COLUMNS.get(kind, 'NULL')} AS INTEGER) BETWEEN ? AND ?", (start, end)
    direction = (call.body["PaginationRequestModel"].get("SortModelList") or [{}])[0].get("sortDirection", 1)
    order = "DESC" if direction == 2 else "ASC"
    query = f"SELECT * FROM sale WHERE shop = ? AND {chosen} ORDER BY placed_at {order}, id {order}"
    progress = call.body.get("orderProgressList") or []
    return [row for row in call.store.rows(query, call.name, *values) if not progress or row["progress"] in progress]


# ---- getOrder ----

_GET = "GET_ORDER"


def get(call: Call) -> Answer:
    """The orders there are of those asked for. [unsure that the others are left out]"""
    refused = unreadable(call, _GET) or _unfit_numbers(call, _GET)
    if refused is not None:
        return refused
    if call.body.get("version") not in VERSIONS:
        return said(400, message(_GET, "ERROR_011", "versionの書式が不正です。"))
    told: list[Json] = []
    wrong: list[Json] = []
    for number in call.body["orderNumberList"]:
        asked = refusal(call, number)
        sale = sales.find(call.practice, call.name, number)
        if asked is not None:
            wrong.append(message(_GET, asked[0], asked[1], orderNumber=number))
        elif sale is not None:
            garbled = faults.take(call.store, call.name, "garbled", order=number) is not None
            told.append(as_told(call, sale) | ({"totalPrice": "?"} if garbled else {}))
    if not told and not wrong:
        ok = message(_GET, "INFO_102", "注文情報取得に成功しました。(取得結果０件)")
    else:
        ok = message(_GET, "INFO_101", "注文情報取得に成功しました。")
    return said(200, *([ok] if told or not wrong else []), *wrong, OrderModelList=told, version=call.body["version"])


def refusal(call: Call, number: str) -> tuple[str, str] | None:
    """Code and words that were asked for, for this order."""
    found = faults.take(call.store, call.name, "refuse", operations=[call.operation], order=number)
    return (str(found["code"]), str(found["message"])) if found is not None else None


def _unfit_numbers(call: Call, function: str) -> Answer | None:
    numbers = call.body.get("orderNumberList")
    if not numbers or not isinstance(numbers, list):
        return said(400, message(function, "ERROR_009", "orderNumberListの項目を指定して下さい。"))
    if len(numbers) > ORDERS_A_READ:
        return said(400, message(function, "ERROR_014", f"orderNumberListは{ORDERS_A_READ}件以内で指定して下さい。"))
    if not all(isinstance(number, str) and number.count("-") == 2 for number in numbers):
        return said(400, message(function, "ERROR_011", "orderNumberListの書式が不正です。"))
    return None


def as_told(call: Call, sale: Row) -> Json:
    model = sale_models.told(sales.model_of(sale))
    for package in model["PackageModelList"]:
        package["ShippingModelList"] = [_row(row) for row in sales.rows_of(call.practice, sale, package["basketId"])]
    times = {
        "orderDatetime": "placed_at",
        "shopOrderCfmDatetime": "confirmed_at",
        "orderFixDatetime": "fixed_at",
        "shippingCmplRptDatetime": "reported_at",
    }
    return model | {"orderProgress": sale["progress"]} | {name: _written(sale[at]) for name, at in times.items()}


def _row(row: Row) -> Json:
    company = row["company"]
    return {
        "shippingDetailId": row["id"],
        "shippingNumber": row["tracking"] or None,
        "deliveryCompany": company or None,
        "deliveryCompanyName": _COMPANIES.get(int(company), "その他") if company else None,
        "shippingDate": row["day"] or None,
    }


def _written(seconds: float | None) -> str | None:
    """Times of the order API have no colon in their zone."""
    return None if seconds is None else japanese_time(seconds).replace("+09:00", "+0900")


# ---- confirmOrder ----

_CONFIRM = "CONFIRM_ORDER"


def confirm(call: Call) -> Answer:
    refused = unreadable(call, _CONFIRM) or _unfit_numbers(call, _CONFIRM)
    if refused is not None:
        return refused
    return said(200, *(_confirmed(call, number) for number in call.body["orderNumberList"]))


def _confirmed(call: Call, number: str) -> Json:
    sale, asked = sales.find(call.practice, call.name, number), refusal(call, number)
    if asked is not None:
        return message(_CONFIRM, *asked, orderNumber=number)
    if sale is None:
        return message(_CONFIRM, "ERROR_102", "該当する注文がありません。", orderNumber=number)
    if sale["progress"] != UNCONFIRMED:
        return message(_CONFIRM, "ERROR_103", "注文確認できないステータスです。", orderNumber=number)
    if sales.model_of(sale)["postage"] is None:
        return message(_CONFIRM, "ERROR_105", "送料が未設定のため注文確認できません。", orderNumber=number)
    call.store.update("sale", sale["id"], progress=PROCESSING, confirmed_at=call.now)
    call.accepted(number, {"progress": PROCESSING})
    return message(_CONFIRM, "INFO_101", "注文確認に成功しました。", orderNumber=number)
