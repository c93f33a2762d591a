"""The levers of the practice stores: what tests switch, what a merchant does by hand, and where the truth is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from litestar import Response, Router, delete, get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath, FromQuery, JSONBody

from connectors.practice.pages import from_own_pages
from connectors.practice.store import Row
from connectors.yahoo.practice import access, back_office, faults, order_control, stores
from connectors.yahoo.practice.addressing import AnyRequest, practice_of, store_of
from connectors.yahoo.practice.state import Practice

Json = dict[str, Any]


@get("/stores")
async def list_stores(request: AnyRequest) -> list[Json]:
    return [dict(row) for row in stores.all_stores(practice_of(request).store)]


@post("/stores")
async def make_store(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """The store is there: seller_id, and as wanted its owner."""
    try:
        return dict(stores.ensure(practice_of(request).store, data["seller_id"], owner=data.get("owner", stores.OWNER)))
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error


@post("/stores/{seller_id:str}/tokens")
async def make_tokens(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """The store's owner has consented: an access token, for `seconds` if given, and a refresh token."""
    practice, owner = practice_of(request), store_of(request)["owner"]
    seconds = float(data.get("seconds", practice.settings.access_token_seconds))
    return {
        "access_token": access.new_token(practice, owner, access.ACCESS, seconds=seconds),
        "refresh_token": access.new_token(practice, owner, access.REFRESH, seconds=access.REFRESH_SECONDS),
    }


@post("/stores/{seller_id:str}/faults")
async def add_fault(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """kind, count (absent: until cleared) and the details faults.py names."""
    try:
        return {"fault": faults.add(practice_of(request).store, store_of(request)["seller_id"], data)}
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error


@get("/stores/{seller_id:str}/faults")
async def list_faults(request: AnyRequest) -> list[Json]:
    return [_plain(row) for row in faults.waiting(practice_of(request).store, store_of(request)["seller_id"])]


@delete("/stores/{seller_id:str}/faults")
async def clear_faults(request: AnyRequest, kind: FromQuery[str | None] = None) -> None:
    faults.clear(practice_of(request).store, store_of(request)["seller_id"], kind)


@get("/stores/{seller_id:str}/products")
async def list_products(request: AnyRequest) -> list[Json]:
    """Every item: what is being edited, what buyers see of it, and its stock by subcode."""
    return back_office.items_of(practice_of(request).store, store_of(request)["seller_id"])


@post("/stores/{seller_id:str}/products")
async def seed_products(request: AnyRequest, data: JSONBody[list[Json]]) -> Json:
    """Items that the merchant made by hand and published: editItem's parameters, and `stock` by subcode."""
    practice, seller_id = practice_of(request), store_of(request)["seller_id"]
    with practice.store.transaction():
        for given in data:
            back_office.make(practice.store, seller_id, given)
    return {"products": [given["item_code"] for given in data]}


@get("/stores/{seller_id:str}/{table:str}")
async def read_table(request: AnyRequest, table: FromPath[str], after: FromQuery[int] = 0) -> list[Json]:
    """Rows of the ledger or of requests, oldest first, with a number above `after`."""
    names = {"ledger": "ledger", "requests": "request"}
    if table not in names:
        raise ClientException(f"{table} is not one of {', '.join(names)}")
    query = f"SELECT * FROM {names[table]} WHERE shop = ? AND id > ? ORDER BY id"
    return [_plain(row) for row in practice_of(request).store.rows(query, store_of(request)["seller_id"], after)]


@post("/stores/{seller_id:str}/{action:str}")
async def act(request: AnyRequest, action: FromPath[str], data: JSONBody[Json]) -> Response[Json]:
    """revoke, expire, state, image, change, delete, wipe: it happens to the store, now."""
    practice, store = practice_of(request), store_of(request)
    try:
        _actions(practice, store, data)[action]()
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Response(content={}, status_code=200)


def _actions(practice: Practice, store: Row, data: Json) -> dict[str, Callable[[], None]]:
    rows, seller_id, owner = practice.store, store["seller_id"], store["owner"]
    return {
        "revoke": lambda: access.revoke(rows, owner),
        "expire": lambda: access.expire(practice, owner, data.get("kind", access.ACCESS)),
        "state": lambda: _set_state(practice, seller_id, data["state"]),
        "image": lambda: back_office.add_image(rows, seller_id, data["url"]),
        "change": lambda: back_office.change(rows, seller_id, data),
        "delete": lambda: back_office.delete(rows, seller_id, data["item_code"]),
        "wipe": lambda: stores.wipe(rows, seller_id),
    }


def _set_state(practice: Practice, seller_id: str, state: str) -> None:
    if state not in stores.STATES:
        raise ValueError(f"a store is one of {', '.join(stores.STATES)}")
    practice.store.run("UPDATE store SET state = ? WHERE seller_id = ?", state, seller_id)


def _plain(row: Row) -> Json:
    """A row as JSON, the JSON inside it opened."""
    told = dict(row)
    return told | {"details": json.loads(told["details"])} if "details" in told else told


router = Router(
    "/practice/api",
    guards=[from_own_pages],
    route_handlers=[
        list_stores,
        make_store,
        make_tokens,
        add_fault,
        list_faults,
        clear_faults,
        list_products,
        seed_products,
        *order_control.ROUTES,
        read_table,
        act,
    ],
)
