"""The order API's writes to one order: updateOrderShipping and cancelOrder.

[rakutenpayorderapi/updateordershipping, cancelorder]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from connectors.practice.store import Row
from connectors.rakuten.practice import sales
from connectors.rakuten.practice.answers import JAPAN, Answer
from connectors.rakuten.practice.orders import message, refusal, said, unreadable
from connectors.rakuten.practice.sales import CANCELLED, CANCELLING, PROCESSING, READY, UNCONFIRMED
from connectors.rakuten.practice.state import Call, Json

_SHIPPING, _CANCEL = "UPDATE_ORDERSHIPPING", "CANCEL_ORDER"
COMPANIES = range(1000, 1032)
ROWS_A_BASKET = 20
REASONS = frozenset({1, 2, 3, 4, 5, 6, 8, 10, 13, 14, 15})


def update_shipping(call: Call) -> Answer:
    """Rows without an id are added, however many are the same; all of the call is written, or nothing of it."""
    sale, refused = _sale(call, _SHIPPING)
    if sale is None:
        return refused
    if sale["progress"] == CANCELLED:
        return said(200, message(_SHIPPING, "ERROR_102", "既にキャンセルされている注文です。"))
    wanted = list(_rows(call.body))
    wrong = [one for number, (basket, row) in enumerate(wanted, 1) if (one := _unfit(call, sale, basket, row, number))]
    if wrong:
        bad_format = any(one["messageCode"].endswith("_011") for one in wrong)
        return said(400 if bad_format else 200, *wrong)
    with call.store.transaction():
        told = [_write(call, sale, basket, row, number) for number, (basket, row) in enumerate(wanted, 1)]
        sales.report_if_complete(call.practice, sale)
    call.accepted(sale["number"], call.body["BasketidModelList"])
    return said(200, *told)


def _sale(call: Call, function: str) -> tuple[Row | None, Answer]:
    """The order that is asked of, or the answer where there is none to change."""
    refused = unreadable(call, function)
    if refused is not None:
        return None, refused
    number = call.body.get("orderNumber")
    if not number:
        return None, said(400, message(function, "ERROR_009", "orderNumberの項目を指定して下さい。"))
    asked = refusal(call, number)
    if asked is not None:
        return None, said(200, message(function, *asked))
    sale = sales.find(call.practice, call.name, number)
    # Which code an unknown order has is not known. [unsure]
    return sale, said(400, message(function, "ERROR_016", "該当する注文がありません。"))


def _rows(body: Mapping[str, Any]) -> Iterable[tuple[Any, Json]]:
    for basket in body.get("BasketidModelList") or []:
        for row in basket.get("ShippingModelList") or []:
            yield basket.get("basketId"), row


def _unfit(call: Call, sale: Row, basket: Any, row: Json, number: int) -> Json | None:
    def wrong(code: str, words: str) -> Json:
        return message(_SHIPPING, code, words, dataNumber=number, shippingDetailId=row.get("shippingDetailId"))

    there = sales.rows_of(call.practice, sale, basket)
    if basket not in {package["basketId"] for package in sales.model_of(sale)["PackageModelList"]}:
        return wrong("ERROR_110", "該当する送付先がありません。")
    known = row.get("shippingDetailId")
    if known is not None and str(known) not in {str(one["id"]) for one in there}:
        return wrong("ERROR_106", "該当する発送明細がありません。")
    if known is None and len(there) >= ROWS_A_BASKET:
        return wrong("ERROR_101", "発送明細の登録件数が上限を超えています。")
    company = row.get("deliveryCompany")
    if company and not (str(company).isdecimal() and int(company) in COMPANIES):
        return wrong("ERROR_011", "deliveryCompanyの書式が不正です。")
    return _unfit_day(sale, str(row.get("shippingDate") or ""), wrong)


def _unfit_day(sale: Row, day: str, wrong: Callable[[str, str], Json]) -> Json | None:
    if not day:
        return None
    try:
        shipped = date.fromisoformat(day)
    except ValueError:
        return wrong("ERROR_011", "shippingDateの書式が不正です。")
    ordered = datetime.fromtimestamp(sale["placed_at"], UTC).astimezone(JAPAN).date()
    return wrong("ERROR_107", "発送日が不正です。") if shipped < ordered else None


def _write(call: Call, sale: Row, basket: int, row: Json, number: int) -> Json:
    known = row.get("shippingDetailId")
    if known is None:
        added = sales.write_row(call.practice, sale, basket, row)
        words = "発送情報の追加設定が完了しました。"
        return message(_SHIPPING, "INFO_101", words, dataNumber=number, shippingDetailId=added)
    if row.get("shippingDeleteFlag") == 1:
        call.store.run("DELETE FROM sale_shipping WHERE id = ?", int(known))
        words = "発送情報の削除設定が完了しました。"
        return message(_SHIPPING, "INFO_103", words, dataNumber=number, shippingDetailId=int(known))
    names = {"deliveryCompany": "company", "shippingNumber": "tracking", "shippingDate": "day"}
    call.store.update("sale_shipping", int(known), **{names[name]: row[name] or "" for name in names if name in row})
    call.store.run("UPDATE sale_shipping SET told = told + 1 WHERE id = ?", int(known))
    words = "発送情報の更新設定が完了しました。"
    return message(_SHIPPING, "INFO_102", words, dataNumber=number, shippingDetailId=int(known))


# ---- cancelOrder ----


def cancel(call: Call) -> Answer:
    """Before anything has left. What was asked is written down with what came of it."""
    sale, refused = _sale(call, _CANCEL)
    if sale is None:
        return refused
    restore, reason = call.body.get("inventoryRestoreType"), call.body.get("changeReasonDetailApply")
    if restore not in (sales.BY_ITEM, sales.RESTORE, sales.LEAVE) or reason not in REASONS:
        return said(400, message(_CANCEL, "ERROR_011", "inventoryRestoreTypeの書式が不正です。"))
    wrong = _not_to_be_cancelled(call, sale)
    if wrong is not None:
        outcome = wrong["messageCode"]
        sales.write_down(call.practice, sale, who="shop", restore=restore, reason=reason, outcome=outcome)
        return said(400, wrong)
    sales.cancel(call.practice, sale, restore=restore, reason=reason, who="shop")
    call.accepted(sale["number"], {"progress": CANCELLED, "restore": restore, "reason": reason})
    return said(200, message(_CANCEL, "INFO_101", "キャンセル申請に成功しました。", orderNumber=sale["number"]))


def _not_to_be_cancelled(call: Call, sale: Row) -> Json | None:
    number = sale["number"]
    if sale["progress"] == CANCELLED:
        return message(_CANCEL, "ERROR_103", "既にキャンセルされている注文です。", orderNumber=number)
    if sale["progress"] == CANCELLING:
        return message(_CANCEL, "ERROR_104", "変更・キャンセルの手続き中です。", orderNumber=number)
    if sale["progress"] not in (UNCONFIRMED, PROCESSING, READY):
        return message(_CANCEL, "ERROR_108", "キャンセルできないステータスです。", orderNumber=number)
    if any(row["day"] for row in sales.rows_of(call.practice, sale)):
        words = "発送日が登録されているためキャンセル申請できません。"
        return message(_CANCEL, "ERROR_102", words, orderNumber=number)
    return None
