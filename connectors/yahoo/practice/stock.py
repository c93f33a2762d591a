"""Units to sell: setStock and getStock. https://developer.yahoo.co.jp/webapi/shopping/setStock.html"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone

from connectors.practice.store import Row, Store
from connectors.yahoo.practice import answers, faults, items, rules
from connectors.yahoo.practice.answers import Answer, Element, node, texts
from connectors.yahoo.practice.state import Call

ROWS = 1000
MOST = 999_999_999
_QUANTITY = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_JAPAN = timezone(timedelta(hours=9))


def set_stock(call: Call) -> Answer:
    """One row an item code: the new number, or the code of what is wrong with it. The rest counts all the same."""
    codes, quantities = _list(call, "item_code"), _list(call, "quantity")
    wrong = _wrong(call, codes) or ("st-02105" if len(quantities) != len(codes) else "")
    if wrong:
        return answers.error(400, "パラメータが正しくありません。", wrong)
    rows = [_set(call, code, quantity) for code, quantity in zip(codes, quantities, strict=True)]
    refused = " ".join(filter(None, (row.findtext("ErrorCode") for row in rows)))
    return Answer(answers.result_set(*rows), refused=refused)


def get_stock(call: Call) -> Answer:
    """The stock of each code. That a code alone also brings the rows of its subcodes is unsure."""
    codes = _list(call, "item_code")
    wrong = _wrong(call, codes)
    if wrong:
        return answers.error(400, "パラメータが正しくありません。", wrong)
    asked = [named for code in codes for named in _with_subcodes(call, code)]
    return Answer(answers.result_set(*(_told(call, *_split(named)) for named in asked)))


def _list(call: Call, name: str) -> list[str]:
    return [one for one in call.given.get(name, "").split(",") if one]


def _wrong(call: Call, codes: list[str]) -> str:
    """The code of what is wrong with the call as a whole."""
    if not codes:
        return "st-02101"
    if len(codes) > ROWS:
        return "st-02102"
    return "st-02103" if len(set(codes)) != len(codes) else ""


def _set(call: Call, named: str, asked: str) -> Element:
    code, subcode = _split(named)
    problem = _problem(call, named, asked)
    held = quantity_of(call.store, call.seller_id, code, subcode)
    quantity = 0 if problem else int(asked) + ((held or 0) if asked[0] in "+-" else 0)
    if not problem and not 0 <= quantity <= MOST:
        problem = "st-02104"
    if problem:
        return node("Result", *_names(call, code, subcode), *texts(Status="0", ErrorCode=problem))
    put(call.store, call.seller_id, code, subcode, quantity)
    call.accept(named, {"quantity": quantity})
    return _told(call, code, subcode)


def _problem(call: Call, named: str, asked: str) -> str:
    refused = faults.take(call.store, call.seller_id, "refuse", operations=[call.operation], item=named)
    if refused is not None:
        return str(refused["code"])
    if not all(map(rules.is_code, named.split(":"))) or named.count(":") > 1:
        return "st-02101"
    return "" if _QUANTITY.fullmatch(asked) else "st-02104"


def _split(named: str) -> tuple[str, str]:
    code, _, subcode = named.partition(":")
    return code, subcode


def quantity_of(store: Store, seller_id: str, code: str, subcode: str) -> int | None:
    row = _row(store, seller_id, code, subcode)
    return None if row is None else int(row["quantity"])


def _row(store: Store, seller_id: str, code: str, subcode: str) -> Row | None:
    query = "SELECT * FROM stock WHERE shop = ? AND item_code = ? AND subcode = ?"
    return store.row(query, seller_id, code, subcode)


def put(store: Store, seller_id: str, code: str, subcode: str, quantity: int) -> None:
    """The number counts at once, without a publish, and waits where no item has the code yet."""
    store.run(
        "INSERT INTO stock (shop, item_code, subcode, quantity, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (shop, item_code, subcode) DO UPDATE SET quantity = excluded.quantity, at = excluded.at",
        seller_id,
        code,
        subcode,
        quantity,
        store.now(),
    )


def _with_subcodes(call: Call, named: str) -> list[str]:
    found = items.find(call.store, call.seller_id, named)
    below = (rules.subcodes_of(json.loads(found["fields"])) or {}) if found else {}
    return [f"{named}:{subcode}" for subcode in below] or [named]


def _told(call: Call, code: str, subcode: str) -> Element:
    row = _row(call.store, call.seller_id, code, subcode)
    if row is None:
        return node("Result", *_names(call, code, subcode), *texts(Status="0"))
    at = datetime.fromtimestamp(row["at"], UTC).astimezone(_JAPAN).isoformat()
    told = texts(Status="1", Quantity=str(row["quantity"]), AllowOverdraft="0", UpdateTime=at)
    return node("Result", *_names(call, code, subcode), *told)


def _names(call: Call, code: str, subcode: str) -> list[Element]:
    return texts(SellerId=call.seller_id, ItemCode=code, SubCode=subcode)
