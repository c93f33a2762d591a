"""orderList, orderInfo, orderStatusChange, orderShipStatusChange. https://developer.yahoo.co.jp/webapi/shopping/

Codes that begin with od99 are ours: Yahoo!'s pages have one for each of these cases, but which one is unsure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.practice.store import Row
from connectors.yahoo.answers import parsed
from connectors.yahoo.practice import answers, faults, sales
from connectors.yahoo.practice.answers import Answer, Element, node, texts
from connectors.yahoo.practice.state import Call

USUAL_ROWS = 10
# What may follow each OrderStatus: https://developer.yahoo.co.jp/webapi/shopping/orderStatusChange.html
MOVES = {"1": "45", "2": "345", "3": "245", "4": "", "5": "24"}
CARRIERS = ("1000", "1001", "1002", "1003", "1004", "1006", "1028", "1029", "5000")
CANCELLED, COMPLETED, SHIPPED = "4", "5", "3"
# In which group of an order a field stands; what is in none stands in the order itself.
GROUPS = {
    "Pay": ("Pay", "Bill", "Settle"),
    "Ship": ("Ship", "Arrival"),
    "Detail": ("PayCharge", "ShipCharge", "Discount", "TotalPrice"),
}
_STAMP = re.compile(r"[0-9]{14}", re.ASCII)
_DAY = re.compile(r"[0-9]{8}", re.ASCII)
_LIST = frozenset(
    {"Result", "Start", "Sort", "Field", "OrderTimeFrom", "OrderTimeTo", "OrderId", "OrderStatus", "IsSeen"}
)
_CONDITIONS = ("OrderTimeFrom", "OrderTimeTo", "OrderId", "OrderStatus", "IsSeen")
_TARGET = frozenset({"OrderId", "IsPointFix", "OperationUser"})
_SHIP = frozenset({"ShipStatus", "ShipCompanyCode", "ShipInvoiceNumber1", "ShipInvoiceNumber2", "ShipDate", "ShipUrl"})

NOT_UNDERSTOOD = answers.error(400, "リクエストパラメータが不正です。", "od90101")
NO_SUCH_ORDER = answers.error(404, "指定された注文IDは存在しません。", "od91801")
BROKEN = answers.error(500, "システムエラーが発生しました。", "od91001")
NOT_ALLOWED = answers.error(400, "現在の注文ステータスからは変更できません。", "od99001")
POINTS_NOT_FIXED = answers.error(400, "完了にする場合はポイントの確定が必要です。", "od99002")
HELD = answers.error(400, "不正注文の疑いにより保留中のため変更できません。", "od99003")


def given(body: bytes) -> dict[str, str]:
    """Every parameter of the call by its name; none for what is no request."""
    root = parsed(body)
    if root is None or root.tag != "Req":
        return {}
    told = {one.tag: (one.text or "").strip() for one in root.iter() if not len(one)}
    seller_id = told.pop("SellerId", "")
    return {**told, "seller_id": seller_id}


# ---- reading ----


def order_list(call: Call) -> Answer:
    """A condition on the time of change exists at Yahoo!, but what it is called is unsure: here it is refused."""
    asked = call.given
    numbers = [asked.get("Result", str(USUAL_ROWS)), asked.get("Start", "1")]
    times = [asked[name] for name in ("OrderTimeFrom", "OrderTimeTo") if name in asked]
    wrong = (
        not _knows(call, _LIST)
        or not any(name in asked for name in _CONDITIONS)
        or not asked.get("Field")
        or not all(one.isdecimal() and int(one) for one in numbers)
        or not all(map(_STAMP.fullmatch, times))
        or asked.get("Sort", "+order_time") not in ("+order_time", "-order_time")
    )
    if wrong:
        return NOT_UNDERSTOOD
    rows = [row for row in _all(call) if _fits(row, asked)]
    if asked.get("Sort") == "-order_time":
        rows.reverse()
    count, first = map(int, numbers)
    told = [_listed(row, asked["Field"]) for row in rows[first - 1 : first - 1 + count]]
    search = node("Search", *texts(TotalCount=str(len(rows))), *told)
    return Answer(node("Result", *texts(Status="OK"), search))


def _all(call: Call) -> list[Row]:
    return call.store.rows("SELECT * FROM sale WHERE shop = ? ORDER BY ordered_at, id", call.seller_id)


def _fits(row: Row, asked: Mapping[str, str]) -> bool:
    fields = sales.fields_of(row)
    if not fields["PublicationTime"]:
        return False
    placed = datetime.fromisoformat(fields["OrderTime"]).strftime("%Y%m%d%H%M%S")
    if not asked.get("OrderTimeFrom", "") <= placed <= asked.get("OrderTimeTo", "9" * 14):
        return False
    return all(asked.get(name, fields[name]) == fields[name] for name in ("OrderId", "OrderStatus", "IsSeen"))


def _listed(row: Row, wanted: str) -> Element:
    fields = sales.fields_of(row)
    return node("OrderInfo", *(node(name, text=fields[name]) for name in wanted.split(",") if name in fields))


def order_info(call: Call) -> Answer:
    """Whether reading an order marks it as seen is unsure; here it does not."""
    if not _knows(call, _TARGET | {"Field"}) or not call.given.get("Field"):
        return NOT_UNDERSTOOD
    row = _row(call)
    if row is None:
        return NO_SUCH_ORDER
    if faults.take(call.store, call.seller_id, "broken", order=row["order_id"]) is not None:
        return BROKEN
    garbled = faults.take(call.store, call.seller_id, "garbled", order=row["order_id"]) is not None
    wanted = call.given["Field"].split(",")
    fields = {name: text for name, text in sales.fields_of(row).items() if name in wanted}
    groups: dict[str, list[Element]] = {"": [], **{name: [] for name in GROUPS}}
    for name, text in fields.items():
        groups[_group_of(name)].append(node(name, text=text))
    items = [
        node("Item", *(node(name, text=text) for name, text in line.items() if name in wanted))
        for line in (one | ({"Quantity": "?"} if garbled else {}) for one in sales.lines_of(row))
    ]
    own = groups.pop("")
    info = node("OrderInfo", *own, *(node(name, *inside) for name, inside in groups.items() if inside), *items)
    return answers.done(info)


def _group_of(field: str) -> str:
    exact = next((name for name, fields in GROUPS.items() if field in fields), "")
    return exact or next((name for name in ("Pay", "Ship") if field.startswith(GROUPS[name])), "")


# ---- changing ----


def order_status_change(call: Call) -> Answer:
    if not _knows(call, _TARGET | {"OrderStatus", "CancelReason"}) or "IsPointFix" not in call.given:
        return NOT_UNDERSTOOD
    return _changed(call, _move)


def _move(call: Call, fields: Mapping[str, str]) -> Answer | None:
    wanted, reason = call.given.get("OrderStatus", ""), call.given.get("CancelReason", "")
    if wanted not in MOVES or (wanted == CANCELLED) != bool(reason):
        return NOT_UNDERSTOOD
    if fields["FraudHoldStatus"] == "1":
        return HELD
    if wanted not in MOVES[fields["OrderStatus"]]:
        return NOT_ALLOWED
    if wanted == COMPLETED and call.given["IsPointFix"] != "true":
        return POINTS_NOT_FIXED
    _change(call, OrderStatus=wanted, **({"CancelReason": reason} if reason else {}))
    kind = {CANCELLED: "cancelled", COMPLETED: "completed"}.get(wanted)
    if kind:
        sales.tell(call.store, call.seller_id, call.given["OrderId"], kind, CancelReason=reason)
    return None


def order_ship_status_change(call: Call) -> Answer:
    if not _knows(call, _TARGET | _SHIP) or "IsPointFix" not in call.given:
        return NOT_UNDERSTOOD
    return _changed(call, _ship)


def _ship(call: Call, fields: Mapping[str, str]) -> Answer | None:
    asked = {name: text for name, text in call.given.items() if name in _SHIP}
    if (
        asked.get("ShipStatus") not in ("0", "1", "2", "3", "4")
        or asked.get("ShipCompanyCode", CARRIERS[0]) not in CARRIERS
        or not _DAY.fullmatch(asked.get("ShipDate", "20260101"))
    ):
        return NOT_UNDERSTOOD
    if fields["OrderStatus"] == CANCELLED:
        return NOT_ALLOWED
    _change(call, **asked)
    if asked["ShipStatus"] == SHIPPED:
        sales.tell(call.store, call.seller_id, call.given["OrderId"], "shipped", **asked)
    return None


def _changed(call: Call, work: Callable[[Call, Mapping[str, str]], Answer | None]) -> Answer:
    row = _row(call)
    if row is None:
        return NO_SUCH_ORDER
    asked = faults.take(call.store, call.seller_id, "refuse", operations=[call.operation], item=row["order_id"])
    if asked is not None:
        return answers.error(400, str(asked.get("message", "")), str(asked["code"]))
    return work(call, sales.fields_of(row)) or answers.done()


def _change(call: Call, **fields: str) -> None:
    """Any change marks the order as seen."""
    order_id = call.given["OrderId"]
    sales.change(call.store, call.seller_id, order_id, **fields, IsSeen="true")
    call.accept(order_id, fields)


def _row(call: Call) -> Row | None:
    return sales.find(call.store, call.seller_id, call.given.get("OrderId", ""))


def _knows(call: Call, names: frozenset[str]) -> bool:
    return call.given.keys() - {"seller_id"} <= names


OPERATIONS: Mapping[str, tuple[str, Callable[[Call], Answer]]] = {
    "orderList": ("POST", order_list),
    "orderInfo": ("POST", order_info),
    "orderStatusChange": ("POST", order_status_change),
    "orderShipStatusChange": ("POST", order_ship_status_change),
}
