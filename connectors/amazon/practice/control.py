"""The levers of the practice sellers: what tests switch, what a merchant does by hand, and where the truth is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from litestar import Response, Router, delete, get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath, FromQuery, JSONBody

from connectors.amazon.practice import back_office, faults, sales, sellers
from connectors.amazon.practice.addressing import AnyRequest, practice_of, seller_of
from connectors.amazon.practice.state import Practice
from connectors.practice.pages import from_own_pages
from connectors.practice.store import Row

Json = dict[str, Any]


@get("/sellers")
async def list_sellers(request: AnyRequest) -> list[Json]:
    return [dict(row) for row in sellers.all_sellers(practice_of(request).store)]


@post("/sellers")
async def make_seller(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """The seller of this `name` has consented: seller_id and both tokens."""
    practice = practice_of(request)
    try:
        seller = sellers.ensure(practice.store, str(data["name"]))
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return dict(seller) | {
        "access_token": sellers.new_token(practice, seller["seller_id"], sellers.ACCESS),
        "refresh_token": sellers.new_token(practice, seller["seller_id"], sellers.REFRESH),
    }


@post("/sellers/{seller_id:str}/faults")
async def add_fault(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """kind, count (absent: until cleared) and the details faults.py names."""
    try:
        return {"fault": faults.add(practice_of(request).store, seller_of(request)["seller_id"], data)}
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error


@get("/sellers/{seller_id:str}/faults")
async def list_faults(request: AnyRequest) -> list[Json]:
    return [_plain(row) for row in faults.waiting(practice_of(request).store, seller_of(request)["seller_id"])]


@delete("/sellers/{seller_id:str}/faults")
async def clear_faults(request: AnyRequest, kind: FromQuery[str | None] = None) -> None:
    faults.clear(practice_of(request).store, seller_of(request)["seller_id"], kind)


@get("/sellers/{seller_id:str}/products")
async def list_products(request: AnyRequest) -> list[Json]:
    return back_office.listings_of(practice_of(request), seller_of(request)["seller_id"])


@post("/sellers/{seller_id:str}/orders")
async def place_orders(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """Somebody buys (sales.place_some says what may be asked); the order's id, or all of them where `count` is said."""
    practice, seller = practice_of(request), seller_of(request)["seller_id"]
    try:
        made = sales.place_some(practice, seller, data)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return {"order_id": made[0], "order_ids": made}


@get("/sellers/{seller_id:str}/orders")
async def list_orders(request: AnyRequest) -> list[Json]:
    """Every order with its state, lines, the parcels told and how often each was, and the cancels received."""
    return back_office.orders_of(practice_of(request), seller_of(request)["seller_id"])


@post("/sellers/{seller_id:str}/orders/{order_id:str}/{action:str}")
async def change_order(
    request: AnyRequest, order_id: FromPath[str], action: FromPath[str], data: JSONBody[Json]
) -> Response[Json]:
    """One of sales.ACTIONS happens to the order, now."""
    practice, seller = practice_of(request), seller_of(request)["seller_id"]
    try:
        sales.ACTIONS[action](practice, seller, order_id, data)
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Response(content={}, status_code=200)


@get("/sellers/{seller_id:str}/{table:str}")
async def read_table(request: AnyRequest, table: FromPath[str], after: FromQuery[int] = 0) -> list[Json]:
    """Rows of the ledger or of requests, oldest first, with a number above `after`."""
    names = {"ledger": "ledger", "requests": "request"}
    if table not in names:
        raise ClientException(f"{table} is not one of {', '.join(names)}")
    query = f"SELECT * FROM {names[table]} WHERE shop = ? AND id > ? ORDER BY id"
    return [_plain(row) for row in practice_of(request).store.rows(query, seller_of(request)["seller_id"], after)]


@post("/sellers/{seller_id:str}/{action:str}")
async def act(request: AnyRequest, action: FromPath[str], data: JSONBody[Json]) -> Response[Json]:
    """revoke, expire, suspend, pace, issue, change, delete, wipe: it happens to the seller, now."""
    practice, seller = practice_of(request), seller_of(request)["seller_id"]
    try:
        _actions(practice, seller, data)[action]()
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Response(content={}, status_code=200)


def _actions(practice: Practice, seller_id: str, data: Json) -> dict[str, Callable[[], None]]:
    return {
        "revoke": lambda: sellers.revoke(practice.store, seller_id),
        "expire": lambda: sellers.expire(practice, seller_id),
        "suspend": lambda: back_office.suspend(practice, seller_id, data),
        "pace": lambda: back_office.pace(practice, seller_id, data),
        "issue": lambda: back_office.late_issue(practice, seller_id, data),
        "change": lambda: back_office.change(practice, seller_id, data),
        "delete": lambda: back_office.delete(practice, seller_id, data["sku"]),
        "wipe": lambda: sellers.wipe(practice.store, seller_id),
    }


def _plain(row: Row) -> Json:
    """A row as JSON, the JSON inside it opened."""
    told = dict(row)
    return told | {"details": json.loads(told["details"])} if "details" in told else told


router = Router(
    "/practice/api",
    guards=[from_own_pages],
    route_handlers=[
        list_sellers,
        make_seller,
        add_fault,
        list_faults,
        clear_faults,
        list_products,
        place_orders,
        list_orders,
        change_order,
        read_table,
        act,
    ],
)
