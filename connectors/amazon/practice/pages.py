"""The practice seller's back office, as Seller Central is for a real one."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from connectors.amazon.practice import back_office, faults, sellers
from connectors.amazon.practice.addressing import AnyRequest, practice_of, seller_of
from connectors.amazon.practice.state import PLACES
from connectors.practice import pages
from connectors.practice.pages import Office, from_own_pages, last_calls

FAULT_BUTTONS = {
    "throttle": "Throttle next call",
    "maintenance": "503 on next call",
    "error": "500 on next call",
    "drop": "Drop next answer",
}
ACTION_BUTTONS = {
    "orders": "See and place orders",
    "expire": "End the access token",
    "revoke": "Take the consent back",
    "wipe": "Sell nothing any more",
}
_COUNTRIES = {place.id: place.country for place in PLACES}


@get("/practice/shops/{seller_id:str}")
async def show(request: AnyRequest, seller_id: FromPath[str]) -> Template:
    practice, seller = practice_of(request), seller_of(request)
    return pages.show(
        Office(
            channel="Amazon",
            name=seller["name"],
            about="A practice seller at Amazon, on its marketplaces in the United States and in Japan.",
            facts=[("Seller id", seller_id)],
            actions=ACTION_BUTTONS,
            faults=FAULT_BUTTONS,
            waiting=len(faults.waiting(practice.store, seller_id)),
            columns=("SKU", "Marketplace", "Title", "Price", "Stock", "State"),
            rows=[_row(one) for one in back_office.listings_of(practice, seller_id)],
            calls=last_calls(practice.store, seller_id),
        )
    )


@post("/practice/shops/{seller_id:str}", guards=[from_own_pages])
async def act(request: AnyRequest) -> Redirect:
    """The button's work is done, and the page shows it."""
    practice, seller_id = practice_of(request), seller_of(request)["seller_id"]
    action = str((await request.form()).get("action", ""))
    if action == "orders":
        return Redirect(f"{seller_id}/orders", status_code=303)
    if action == "clear":
        faults.clear(practice.store, seller_id)
    elif action in FAULT_BUTTONS:
        faults.add(practice.store, seller_id, {"kind": action, "count": 1})
    elif action == "expire":
        sellers.expire(practice, seller_id)
    elif action == "revoke":
        sellers.revoke(practice.store, seller_id)
    elif action == "wipe":
        sellers.wipe(practice.store, seller_id)
    else:
        raise ClientException(f"there is no button {action!r}")
    return Redirect(seller_id, status_code=303)


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    summary = one["summaries"][0]
    price = one["offers"][0]["price"] if one["offers"] else {"amount": "", "currencyCode": ""}
    stock = sum(level["quantity"] for level in one["fulfillmentAvailability"])
    state = ", ".join(summary["status"]).lower() or ("suppressed" if one["issues"] else "accepted, not live yet")
    return (
        one["sku"],
        _COUNTRIES.get(one["marketplace"], one["marketplace"]),
        summary["itemName"],
        f"{price['amount']} {price['currencyCode']}".strip(),
        stock,
        state,
    )


ROUTES = [show, act]
