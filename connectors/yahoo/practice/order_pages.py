"""The practice store's page of orders: buying something there, and doing by hand what buyers and the store do."""

from __future__ import annotations

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from connectors.practice.pages import from_own_pages, page_headers
from connectors.practice.store import Store
from connectors.yahoo.practice import back_office, rules, sales
from connectors.yahoo.practice.addressing import AnyRequest, practice_of, store_of

NEWEST = 100
MOST_AT_ONCE = 1000


@get("/practice/shops/{seller_id:str}/orders")
async def show(request: AnyRequest, seller_id: FromPath[str]) -> Template:
    store = practice_of(request).store
    store_of(request)
    offered = [sku for item in back_office.items_of(store, seller_id) for sku in _skus(item)]
    orders = sales.record(store, seller_id)[: -NEWEST - 1 : -1]
    context = {"name": seller_id, "skus": offered, "orders": orders}
    return Template("orders.html", context=context, headers=page_headers())


def _skus(item: back_office.Json) -> list[str]:
    return list(rules.subcodes_of(item["live"] or item["fields"]) or [item["item_code"]])


@post("/practice/shops/{seller_id:str}/orders", guards=[from_own_pages])
async def act(request: AnyRequest) -> Redirect:
    """The button's work is done, and the page shows it."""
    store, seller_id = practice_of(request).store, store_of(request)["seller_id"]
    form = {name: str(value) for name, value in (await request.form()).items()}
    action, order_id = form.get("action", ""), form.get("order_id", "")
    try:
        with store.transaction():
            if action == "buy":
                _buy(store, seller_id, form)
            elif action == "pay":
                sales.pay(store, seller_id, order_id)
            elif action in ("cancel", "cancel_restock"):
                sales.cancel(store, seller_id, order_id, restock=action == "cancel_restock")
            else:
                raise ValueError(f"there is no button {action!r}")
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Redirect("orders", status_code=303)


def _buy(store: Store, seller_id: str, form: dict[str, str]) -> None:
    sku, quantity, count = form.get("sku", "").strip(), int(form.get("quantity") or 1), int(form.get("count") or 1)
    if not 1 <= count <= MOST_AT_ONCE or quantity < 1:
        raise ValueError(f"from 1 to {MOST_AT_ONCE} orders of one unit or more")
    words = {"title": sku, "price": int(form["price"])} if form.get("price") else {}
    for _ in range(count):
        line = {"sku": sku, "quantity": quantity, **words}
        sales.place(store, seller_id, {"lines": [line], "pending": bool(form.get("pending"))})


ROUTES = [show, act]
