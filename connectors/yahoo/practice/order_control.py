"""The levers of orders: what buyers buy and undo, and where the truth about it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath, JSONBody

from connectors.practice.store import Store
from connectors.yahoo.practice import keys, sales
from connectors.yahoo.practice.addressing import AnyRequest, practice_of, store_of

Json = dict[str, Any]


@get("/stores/{seller_id:str}/orders")
async def list_orders(request: AnyRequest) -> list[Json]:
    """Every order: its state, its lines, the parcels told and how often each was, the cancels received."""
    return sales.record(practice_of(request).store, store_of(request)["seller_id"])


@post("/stores/{seller_id:str}/orders")
async def place_orders(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """`count` orders (one, unless it says more) of what `sales.place` reads."""
    store, seller_id = practice_of(request).store, store_of(request)["seller_id"]
    try:
        with store.transaction():
            made = [sales.place(store, seller_id, data) for _ in range(int(data.get("count", 1)))]
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return {"order_id": made[0], "order_ids": made}


@post("/stores/{seller_id:str}/orders/{order_id:str}/{action:str}")
async def act_on_order(
    request: AnyRequest, order_id: FromPath[str], action: FromPath[str], data: JSONBody[Json]
) -> Json:
    """pay; publish; cancel, with `reason` and `restock`; change, with `fields` of Yahoo!'s own names."""
    store, seller_id = practice_of(request).store, store_of(request)["seller_id"]
    try:
        _actions(store, seller_id, order_id, data)[action]()
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return {}


def _actions(store: Store, seller_id: str, order_id: str, data: Json) -> dict[str, Callable[[], None]]:
    fields = {name: str(value) for name, value in (data.get("fields") or {}).items()}
    reason, restock = str(data.get("reason", "100")), bool(data.get("restock"))
    return {
        "publish": lambda: sales.publish(store, seller_id, order_id),
        "pay": lambda: sales.pay(store, seller_id, order_id),
        "cancel": lambda: sales.cancel(store, seller_id, order_id, reason=reason, restock=restock),
        "change": lambda: sales.change(store, seller_id, order_id, **fields),
    }


@post("/stores/{seller_id:str}/keys")
async def make_key(request: AnyRequest) -> Json:
    """A key pair for public-key authentication: the public half and its version."""
    made: Json = dict(keys.make(practice_of(request).store, store_of(request)["seller_id"]))
    return made


ROUTES = [list_orders, place_orders, act_on_order, make_key]
