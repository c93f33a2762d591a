"""The control page: what is in the practice shops, what was asked of them last, and buttons to disturb them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.exceptions import ClientException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from connectors.practice.pages import clock_time, from_own_pages, page_headers
from connectors.shopify.practice import app_access, back_office, control, faults, order_desk, shops
from connectors.shopify.practice.addressing import AnyRequest, below_shop, domain_of, practice_of, shop_of
from connectors.shopify.practice.costs import RESTORE_PER_SECOND

TEMPLATES = Path(__file__).with_name("templates")
LAST_REQUESTS = 25
FIRST_PRODUCTS = 100
LAST_ORDERS = 50
# What a button of the page does: a fault for the next call, or an action at once.
FAULT_BUTTONS = {
    "throttle": "Throttle next call",
    "maintenance": "503 on next call",
    "error": "500 on next call",
    "drop": "Drop next answer",
    "linger": "Take a minute over the next large product or cancellation",
    "lag": "Hide the next order from searches for a minute",
}
ACTION_BUTTONS = {
    "expire": "Expire tokens",
    "revoke": "Revoke tokens",
    "uninstall": "Uninstall app",
    "empty-bucket": "Empty cost bucket",
}


@get("/practice")
async def index(request: AnyRequest) -> Template:
    store = practice_of(request).store
    query = (
        "SELECT shop.*, (SELECT COUNT(*) FROM product WHERE product.shop = shop.domain) AS products,"
        " (SELECT COUNT(*) FROM ledger WHERE ledger.shop = shop.domain) AS writes FROM shop ORDER BY created_at, domain"
    )
    return Template("index.html", context={"shops": store.rows(query)}, headers=page_headers())


@post("/practice/shops", guards=[from_own_pages])
async def make_shop(request: AnyRequest) -> Redirect:
    form = await request.form()
    name = str(form.get("name") or "").strip().lower().removesuffix(".myshopify.com")
    try:
        shop = shops.ensure(
            practice_of(request).store, f"{name}.myshopify.com", currency=str(form.get("currency") or "USD")
        )
    except ValueError as error:
        raise ClientException("A shop's name is made of letters, digits and dashes.") from error
    return Redirect(f"/practice/shops/{shop['domain']}", status_code=303)


@get("/practice/shops/{shop:str}")
async def show(request: AnyRequest) -> Template:
    practice, shop = practice_of(request), shop_of(request)
    store, domain = practice.store, shop["domain"]
    query = "SELECT * FROM {} WHERE shop = ? ORDER BY id DESC LIMIT ?"
    return Template(
        "show.html",
        context={
            "shop": shop,
            "products": back_office.catalog_of(practice, domain, limit=FIRST_PRODUCTS),
            "shown_at_most": FIRST_PRODUCTS,
            "locations": shops.locations(store, domain),
            "orders": order_desk.record(practice, domain, limit=LAST_ORDERS)[::-1],
            "tokens": app_access.tokens(practice, domain),
            "requests": [_told(row) for row in store.rows(query.format("request"), domain, LAST_REQUESTS)],
            "deliveries": [_told(row) for row in store.rows(query.format("delivery"), domain, LAST_REQUESTS)],
            "faults": faults.waiting(store, domain),
            "states": shops.STATES,
            "plan": practice.bucket(domain).plan,
            "plans": list(RESTORE_PER_SECOND),
            "fault_buttons": FAULT_BUTTONS,
            "action_buttons": ACTION_BUTTONS,
        },
        headers=page_headers(),
    )


@get(below_shop("/admin/orders/{number:str}"))
async def show_order(request: AnyRequest, number: FromPath[str]) -> Redirect:
    """Where the address of an order leads, as it does in a shop's admin."""
    return Redirect(f"/practice/shops/{domain_of(request)}#order-{number}")


@post("/practice/shops/{shop:str}", guards=[from_own_pages])
async def act(request: AnyRequest) -> Redirect:
    """The button's work is done, and the page shows it."""
    practice, shop = practice_of(request), shop_of(request)
    form = dict(await request.form())
    action = str(form.pop("action", ""))
    if action in FAULT_BUTTONS:
        control.ask_fault(practice, shop, {"kind": action, "count": 1})
    elif action == "clear":
        faults.clear(practice.store, shop["domain"])
    else:
        wanted = {name: value for name, value in form.items() if value != ""}
        try:
            await control.perform(practice, shop, action, wanted)
        except (KeyError, ValueError, LookupError, ArithmeticError) as error:
            raise ClientException(str(error)) from error
    return Redirect(f"/practice/shops/{shop['domain']}", status_code=303)


def explain(request: AnyRequest, error: ClientException) -> Response[Any]:
    """A page for people, JSON for programs, with the words of what was wrong."""
    if "text/html" in request.headers.get("accept", ""):
        text = f"{error.status_code} {error.detail}\n"
        return Response(content=text, status_code=error.status_code, media_type=MediaType.TEXT)
    return Response(content={"errors": error.detail}, status_code=error.status_code)


def _told(row: Any) -> dict[str, Any]:
    told = dict(row)
    told["at"] = clock_time(told.get("at") or told.get("triggered_at") or 0)
    told["operations"] = ", ".join(json.loads(told.get("operations") or "[]"))
    return told
