"""The store's orders as they lie there: placing one takes stock, and what else Rakuten, a buyer or the shop does."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.practice.store import Row
from connectors.rakuten.practice import sale_models
from connectors.rakuten.practice.answers import JAPAN
from connectors.rakuten.practice.sale_models import Line
from connectors.rakuten.practice.state import Json, Practice

UNCONFIRMED, PROCESSING, READY, SHIPPED, CANCELLING, CANCELLED = 100, 200, 300, 500, 800, 900
# inventoryRestoreType
BY_ITEM, RESTORE, LEAVE = 0, 1, 2


def find(practice: Practice, shop: str, number: str) -> Row | None:
    return practice.store.row("SELECT * FROM sale WHERE shop = ? AND number = ?", shop, number)


def model_of(sale: Row) -> Json:
    body: Json = json.loads(sale["body"])
    return body


def keep(practice: Practice, sale: Row, model: Json, **columns: Any) -> None:
    practice.store.update("sale", sale["id"], body=json.dumps(model, ensure_ascii=False), **columns)


def rows_of(practice: Practice, sale: Row, basket: int | None = None) -> list[Row]:
    """Its rows of shipping, of one basket or of all."""
    query = (
        "SELECT * FROM sale_shipping WHERE shop = ? AND sale_number = ? AND (? IS NULL OR basket_id = ?) ORDER BY id"
    )
    return practice.store.rows(query, sale["shop"], sale["number"], basket, basket)


def items_of(model: Json) -> list[Json]:
    return [item for package in model["PackageModelList"] for item in package["ItemModelList"]]


# ---- placing ----


def place(practice: Practice, shop: str, given: Mapping[str, Any]) -> str:
    """The order is there and its units are off the shelf; its number.

    `given`: lines of sku, quantity, and where they differ from the item's title, price; basket, tax_included, coupon.
    Then pending, number, and what sale_models.made names. Raises ValueError for a SKU that is not there and has no
    title and price, and for a number in use.
    """
    lines = [_line(practice, shop, one) for one in given["lines"]]
    if not lines:
        raise ValueError("an order has a line")
    now = practice.clock()
    with practice.store.transaction():
        first_id = int(practice.store.rows("SELECT coalesce(max(id), 0) AS last FROM sale")[0]["last"]) * 1000 + 1000
        number = str(given.get("number") or _number(shop, now, first_id // 1000))
        if find(practice, shop, number) is not None:
            raise ValueError(f"order {number} is there")
        model = sale_models.made(number, lines, given, first_id=first_id)
        paid = {} if given.get("pending") else {"confirmed_at": now, "fixed_at": now}
        practice.store.insert(
            "sale",
            shop=shop,
            number=number,
            progress=UNCONFIRMED if given.get("pending") else READY,
            placed_at=now,
            body=json.dumps(model, ensure_ascii=False),
            **paid,
        )
        for line in lines:
            move(practice, shop, line.manage_number, line.variant_id, -line.quantity)
    return number


def _number(shop: str, now: float, count: int) -> str:
    day = datetime.fromtimestamp(now, UTC).astimezone(JAPAN).strftime("%Y%m%d")
    return f"{zlib.crc32(shop.encode()) % 900_000 + 100_000}-{day}-{count:010}"


def _line(practice: Practice, shop: str, given: Mapping[str, Any]) -> Line:
    sku, quantity = str(given["sku"]), int(given.get("quantity", 1))
    if quantity < 1:
        raise ValueError("quantity is one at least")
    chosen = {"basket": int(given.get("basket", 1)), "coupon": int(given.get("coupon", 0))}
    tax_included = bool(given.get("tax_included", True))
    for row in practice.store.rows("SELECT * FROM item WHERE shop = ? ORDER BY id", shop):
        item = json.loads(row["body"])
        for variant_id, variant in item["variants"].items():
            if sku in (variant.get("merchantDefinedSkuId"), variant_id):
                return Line(
                    sku=variant.get("merchantDefinedSkuId") or "",
                    variant_id=variant_id,
                    manage_number=row["manage_number"],
                    title=given.get("title") or item["title"],
                    price=int(given.get("price") or variant["standardPrice"]),
                    quantity=quantity,
                    tax_included=tax_included,
                    **chosen,
                )
    if not given.get("title") or given.get("price") is None:
        raise ValueError(f"{sku} is not sold here: give a title and a price")
    title, price = str(given["title"]), int(given["price"])
    return Line(
        sku=sku, variant_id=sku, manage_number="elsewhere", title=title, price=price, quantity=quantity,
        tax_included=tax_included, **chosen,
    )  # fmt: skip


def move(practice: Practice, shop: str, manage_number: str, variant_id: str, units: int) -> None:
    """The SKU's stock is that much more or less, and never below zero. What has no stock row stays without."""
    practice.store.run(
        "UPDATE inventory SET quantity = max(0, quantity + ?), updated_at = ?"
        " WHERE shop = ? AND manage_number = ? AND variant_id = ?",
        units,
        practice.clock(),
        shop,
        manage_number,
        variant_id,
    )


# ---- what becomes of it ----


def pay(practice: Practice, sale: Row) -> None:
    """Rakuten has approved the payment. Raises ValueError for an order that does not wait for it."""
    if sale["progress"] not in (UNCONFIRMED, PROCESSING):
        raise ValueError(f"{sale['number']} does not wait for its payment")
    now = practice.clock()
    keep(practice, sale, model_of(sale), progress=READY, confirmed_at=sale["confirmed_at"] or now, fixed_at=now)


def cancel(practice: Practice, sale: Row, *, restore: int, reason: int, who: str) -> None:
    """It is cancelled for good, its stock returned as asked: RESTORE, LEAVE, or BY_ITEM as each SKU says."""
    model = model_of(sale)
    with practice.store.transaction():
        for item in items_of(model):
            sku = item["SkuModelList"][0]["variantId"]
            back = restore == RESTORE or (restore == BY_ITEM and _restocks(practice, sale["shop"], item, sku))
            # That the flag tells afterwards what was done is not written anywhere. [unsure]
            item["restoreInventoryFlag"] = RESTORE if back else LEAVE
            if back:
                move(practice, sale["shop"], item["manageNumber"], sku, item["units"])
        model["ChangeReasonModelList"] = _with_change(model, change_type=2, reason=reason)
        keep(practice, sale, model, progress=CANCELLED)
        write_down(practice, sale, who=who, restore=restore, reason=reason, outcome="cancelled")


def ask_to_cancel(practice: Practice, sale: Row, *, reason: int) -> None:
    """The cancellation is applied for and not final: 800."""
    model = model_of(sale)
    model["ChangeReasonModelList"] = _with_change(model, change_type=0, reason=reason)
    keep(practice, sale, model, progress=CANCELLING)


def _with_change(model: Json, *, change_type: int, reason: int) -> list[Json]:
    change = {"changeType": change_type, "changeReason": int(reason < 8), "changeReasonDetail": reason}
    return [*(model["ChangeReasonModelList"] or []), change]


def _restocks(practice: Practice, shop: str, item: Json, variant_id: str) -> bool:
    query = "SELECT body FROM item WHERE shop = ? AND manage_number = ?"
    there = practice.store.row(query, shop, item["manageNumber"])
    variant = json.loads(there["body"])["variants"].get(variant_id, {}) if there is not None else {}
    return bool(variant.get("restockOnCancel"))


def write_down(practice: Practice, sale: Row, *, who: str, restore: int, reason: int, outcome: str) -> None:
    practice.store.insert(
        "sale_cancel",
        shop=sale["shop"],
        sale_number=sale["number"],
        at=practice.clock(),
        who=who,
        restore=restore,
        reason=reason,
        outcome=outcome,
    )


def write_row(practice: Practice, sale: Row, basket: int, row: Mapping[str, Any]) -> int:
    """A new row of shipping; what is left out is empty. Its number."""
    return practice.store.insert(
        "sale_shipping",
        shop=sale["shop"],
        sale_number=sale["number"],
        basket_id=basket,
        company=row.get("deliveryCompany") or "",
        tracking=row.get("shippingNumber") or "",
        day=row.get("shippingDate") or "",
        told=1,
    )


def report_if_complete(practice: Practice, sale: Row) -> None:
    """An order ready to ship is shipped once every basket has a day. [unsure that this is what triggers it]"""
    days = {row["basket_id"] for row in rows_of(practice, sale) if row["day"]}
    baskets = {package["basketId"] for package in model_of(sale)["PackageModelList"]}
    if sale["progress"] == READY and baskets <= days:
        practice.store.update("sale", sale["id"], progress=SHIPPED, reported_at=practice.clock())
