"""The practice store's back office, as RMS is for a real one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from connectors.practice import pages
from connectors.practice.pages import Office, Sale, from_own_pages, last_calls
from connectors.practice.store import Row
from connectors.rakuten.access import account_domain
from connectors.rakuten.practice import back_office, control, faults, order_control, sales, stores
from connectors.rakuten.practice.gateway import AnyRequest
from connectors.rakuten.practice.reaching import practice_of, store_of
from connectors.rakuten.practice.state import Practice

FAULT_BUTTONS = {
    "throttle": "Throttle next call",
    "maintenance": "Maintenance on next call",
    "conflict": "Conflict on next call",
    "error": "500 on next call",
    "drop": "Drop next answer",
}
# By the state that an order is in.
_PAY, _CANCEL = {"pay": "Payment approved"}, {"cancel": "Cancel"}
ORDER_BUTTONS = {
    sales.UNCONFIRMED: _PAY | _CANCEL,
    sales.PROCESSING: _PAY | _CANCEL,
    sales.READY: {"request-cancel": "Ask to cancel", "cancel": "Cancel", "caution": "Rakuten will cancel it"},
    sales.CANCELLING: {"keep": "Keep it", "cancel": "Cancel"},
}
STATES = {
    100: "注文確認待ち",
    200: "楽天処理中",
    300: "発送待ち",
    400: "変更確定待ち",
    500: "発送済",
    600: "支払手続き中",
    700: "支払手続き済",
    800: "キャンセル確定待ち",
    900: "キャンセル確定",
}
SALES_SHOWN = 50
ACTION_BUTTONS = {"renew": "New licence key", "expire": "End the licence key", "wipe": "Sell nothing any more"}


@get("/practice/shops/{store:str}")
async def show(request: AnyRequest, store: FromPath[str]) -> Template:
    """The store, which is made when somebody looks at it first: there is no other way to get one here."""
    practice = practice_of(request)
    try:
        name = account_domain(store)
    except ValueError as error:
        raise ClientException(str(error)) from error
    if stores.find(practice.store, name) is None:
        stores.make(practice.store, name)
    shop, key = stores.find(practice.store, name), stores.keys_of(practice.store, name)
    assert shop is not None
    return pages.show(
        Office(
            channel="Rakuten",
            name=name,
            about="A practice store at Rakuten Ichiba. As in RMS, these two keys let a program in.",
            facts=[("serviceSecret", shop["service_secret"]), *_licence(key)],
            actions=ACTION_BUTTONS,
            faults=FAULT_BUTTONS,
            waiting=len(faults.waiting(practice.store, name)),
            columns=("manageNumber", "Title", "SKUs", "Price", "Stock", "State"),
            rows=[_row(item) for item in back_office.catalog(practice, name)],
            calls=last_calls(practice.store, name),
            sales=_sales(practice, name),
        )
    )


@post("/practice/shops/{store:str}", guards=[from_own_pages])
async def act(request: AnyRequest) -> Redirect:
    """The button's work is done, and the page shows it."""
    practice, shop = practice_of(request), store_of(request)
    form = await request.form()
    action = str(form.get("action", ""))
    if action == "order":
        _place(practice, shop["name"], form)
    elif "order" in form:
        _to_order(practice, shop["name"], str(form["order"]), action)
    elif action == "clear":
        faults.clear(practice.store, shop["name"])
    elif action in FAULT_BUTTONS:
        faults.add(practice.store, shop["name"], action, count=1, details={})
    elif action in ACTION_BUTTONS:
        control.perform(practice, shop, action, {})
    else:
        raise ClientException(f"there is no button {action!r}")
    return Redirect(shop["name"], status_code=303)


def _place(practice: Practice, shop: str, form: Mapping[str, Any]) -> None:
    line = {"sku": str(form.get("sku", "")).strip(), "quantity": str(form.get("quantity", "1"))}
    try:
        order_control.place(practice, shop, {"lines": [line], "pending": form.get("pending") == "true"})
    except ValueError as error:
        raise ClientException(str(error)) from error


def _to_order(practice: Practice, shop: str, number: str, action: str) -> None:
    sale = order_control.sale_of(practice, shop, number)
    try:
        order_control.perform(practice, sale, action, {})
    except (KeyError, ValueError) as error:
        raise ClientException(f"that cannot be done to {number}: {error}") from error


def _sales(practice: Practice, shop: str) -> list[Sale]:
    """The last orders, the newest first."""
    return [
        Sale(
            number=one["order_id"],
            state=f"{one['state']} {STATES.get(one['state'], '')}",
            lines=", ".join(f"{line['quantity']} × {line['sku']}" for line in one["lines"]),
            parcels=", ".join(row["tracking"] or row["day"] for row in one["parcels"]),
            actions=ORDER_BUTTONS.get(one["state"], {}),
        )
        for one in reversed(order_control.record(practice, shop)[-SALES_SHOWN:])
    ]


def _licence(key: Row | None) -> list[tuple[str, str]]:
    if key is None:
        return [("licenseKey", "none works")]
    ends = datetime.fromtimestamp(key["ends_at"], UTC).strftime("%Y-%m-%d") if key["ends_at"] else "never"
    return [("licenseKey", key["value"]), ("it ends", ends)]


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    variants = item.get("variants") or {}
    prices = [float(one["standardPrice"]) for one in variants.values() if one.get("standardPrice") is not None]
    return (
        item["manageNumber"],
        item.get("title", ""),
        ", ".join(variants),
        f"¥{min(prices):,.0f}" if prices else "",
        sum(item["stock"].values()),
        "in the warehouse" if item.get("hideItem") else "on sale",
    )


ROUTES = [show, act]
