"""The levers of a practice Rakuten: what the merchant does in RMS by hand, and where tests read the truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from litestar import Response, Router, delete, get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath, FromQuery, JSONBody

from connectors.practice.pages import from_own_pages
from connectors.practice.store import Row
from connectors.rakuten.access import account_domain
from connectors.rakuten.practice import back_office, faults, order_control, stores
from connectors.rakuten.practice.gateway import AnyRequest
from connectors.rakuten.practice.genres import GENRES
from connectors.rakuten.practice.reaching import practice_of, store_of
from connectors.rakuten.practice.state import Json, Practice

JSON_COLUMNS = ("values", "details", "functions")


@get("/genres")
async def list_genres() -> list[Json]:
    """The genres there are here, and the attributes an item of each has to have."""
    return [
        {
            "genreId": number,
            "nameJa": genre.name,
            "lowest": genre.lowest,
            "mandatory": [attribute.name for attribute in genre.attributes if attribute.mandatory],
        }
        for number, genre in GENRES.items()
    ]


@get("/stores")
async def list_stores(request: AnyRequest) -> list[Json]:
    return [_plain(row) for row in practice_of(request).store.rows("SELECT * FROM store ORDER BY name")]


@post("/stores")
async def make_store(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """The store `name` is there, with the keys that open it; service_secret and license_key as wanted."""
    store = practice_of(request).store
    try:
        name = account_domain(str(data["name"]))
        key = stores.make(
            store, name, service_secret=data.get("service_secret", ""), license_key=data.get("license_key", "")
        )
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    made = stores.find(store, name)
    assert made is not None
    return _plain(made) | {"license_key": key}


@post("/stores/{store:str}/faults")
async def add_fault(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """kind, count (absent: until cleared) and the details faults.py names."""
    details = {name: value for name, value in data.items() if name not in ("kind", "count")}
    shop = store_of(request)["name"]
    try:
        number = faults.add(practice_of(request).store, shop, data["kind"], count=data.get("count"), details=details)
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return {"fault": number}


@get("/stores/{store:str}/faults")
async def list_faults(request: AnyRequest) -> list[Json]:
    return [_plain(row) for row in faults.waiting(practice_of(request).store, store_of(request)["name"])]


@delete("/stores/{store:str}/faults")
async def clear_faults(request: AnyRequest, kind: FromQuery[str | None] = None) -> None:
    faults.clear(practice_of(request).store, store_of(request)["name"], kind)


@get("/stores/{store:str}/products")
async def list_products(request: AnyRequest) -> list[Json]:
    return back_office.catalog(practice_of(request), store_of(request)["name"])


@post("/stores/{store:str}/products")
async def seed_products(request: AnyRequest, data: JSONBody[list[Json]]) -> Json:
    """Items the merchant made in RMS: manageNumber, the item's fields, and `stock` by SKU code."""
    practice, shop = practice_of(request), store_of(request)
    try:
        return {"products": back_office.seed(practice, shop["name"], data)}
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error


@get("/stores/{store:str}/{table:str}")
async def read_table(request: AnyRequest, table: FromPath[str], after: FromQuery[int] = 0) -> list[Json]:
    """Rows of the ledger or the requests, oldest first, with a number above `after`."""
    names = {"ledger": "ledger", "requests": "request"}
    if table not in names:
        raise ClientException(f"{table} is not one of {', '.join(names)}")
    query = f"SELECT * FROM {names[table]} WHERE shop = ? AND id > ? ORDER BY id"
    return [_plain(row) for row in practice_of(request).store.rows(query, store_of(request)["name"], after)]


@post("/stores/{store:str}/{action:str}")
async def act(request: AnyRequest, action: FromPath[str], data: JSONBody[Json]) -> Response[Json]:
    """One of the things below happens to the store, now."""
    practice, shop = practice_of(request), store_of(request)
    try:
        done = perform(practice, shop, action, data)
    except (KeyError, ValueError, LookupError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Response(content=done, status_code=200)


def perform(practice: Practice, shop: Row, action: str, data: Json) -> Json:
    """renew, revoke, expire, end-in, start-new, end-old, functions, item-limit, change, delete, wipe."""
    name, store = shop["name"], practice.store
    if action == "renew":
        key = stores.renew(
            store,
            name,
            works_after_seconds=float(data.get("works_after_seconds", 0)),
            old_works_for_seconds=float(data.get("old_works_for_seconds", 0)),
            ends=data.get("ends", True),
        )
        return {"license_key": key}
    actions: dict[str, Callable[[], Any]] = {
        "revoke": lambda: stores.revoke(store, name),
        "expire": lambda: stores.expire(store, name),
        "end-in": lambda: stores.end_in(store, name, days=float(data["days"])),
        "start-new": lambda: stores.start_new(store, name),
        "end-old": lambda: stores.end_old(store, name),
        "functions": lambda: stores.set_functions(store, name, data["functions"]),
        "item-limit": lambda: store.run("UPDATE store SET item_limit = ? WHERE name = ?", int(data["items"]), name),
        "change": lambda: back_office.change(practice, name, data),
        "delete": lambda: back_office.delete(practice, name, data["manage_number"]),
        "wipe": lambda: back_office.wipe(practice, name),
    }
    actions[action]()
    return {}


def _plain(row: Row) -> Json:
    """A row as JSON, the JSON inside it opened."""
    return {name: json.loads(row[name]) if name in JSON_COLUMNS else row[name] for name in row.keys()}  # noqa: SIM118


router = Router(
    "/practice/api",
    guards=[from_own_pages],
    route_handlers=[
        list_genres,
        list_stores,
        make_store,
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
