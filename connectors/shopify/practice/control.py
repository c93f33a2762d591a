"""The JSON side of the control page: what tests switch and where they read the truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from litestar import Response, Router, delete, get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath, FromQuery, JSONBody

from connectors.practice.pages import from_own_pages
from connectors.shopify.practice import app_access, back_office, faults, order_desk, payloads, places, shops, webhooks
from connectors.shopify.practice.addressing import AnyRequest, practice_of, shop_of
from connectors.shopify.practice.costs import RESTORE_PER_SECOND
from connectors.shopify.practice.state import Practice
from connectors.shopify.practice.store import Row

COMPLIANCE_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")
USUAL_DETAILS: dict[str, dict[str, Any]] = {
    "refuse": {"of": "productSet"},
    "linger": {"seconds": 60},
    "lag": {"seconds": 60},
    "shuffle": {"seconds": 5},
}
JSON_COLUMNS = ("operations", "variables", "ids", "values", "details")

Json = dict[str, Any]


@get("/shops")
async def list_shops(request: AnyRequest) -> list[Json]:
    return [dict(row) for row in shops.all_shops(practice_of(request).store)]


@post("/shops")
async def make_shop(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """The shop is there: domain, and as wanted currency and own (for client credentials)."""
    store = practice_of(request).store
    try:
        shop = shops.ensure(store, data["domain"], currency=data.get("currency", "USD"))
    except ValueError as error:
        raise ClientException(str(error)) from error
    store.run("UPDATE shop SET own = ? WHERE domain = ?", int(data.get("own", False)), shop["domain"])
    places = [{"id": row["id"], "name": row["name"]} for row in shops.locations(store, shop["domain"])]
    return dict(shop) | {"locations": places}


@post("/shops/{shop:str}/tokens")
async def make_token(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """The app is installed with these scopes; a token that lasts `seconds`, or for ever."""
    practice, shop = practice_of(request), shop_of(request)
    app_access.install(practice, shop["domain"], data["scopes"])
    return {"access_token": app_access.new_access_token(practice, shop["domain"], seconds=data.get("seconds"))}


@post("/shops/{shop:str}/faults")
async def add_fault(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """kind, count (absent: until cleared) and the details faults.py names."""
    try:
        return {"fault": ask_fault(practice_of(request), shop_of(request), data)}
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error


@get("/shops/{shop:str}/faults")
async def list_faults(request: AnyRequest) -> list[Json]:
    return [_plain(row) for row in faults.waiting(practice_of(request).store, shop_of(request)["domain"])]


@delete("/shops/{shop:str}/faults")
async def clear_faults(request: AnyRequest, kind: FromQuery[str | None] = None) -> None:
    faults.clear(practice_of(request).store, shop_of(request)["domain"], kind)


@post("/shops/{shop:str}/products")
async def seed_products(request: AnyRequest, data: JSONBody[list[Json]]) -> Json:
    return {"products": back_office.seed(practice_of(request), shop_of(request)["domain"], data)}


@get("/shops/{shop:str}/products")
async def list_products(request: AnyRequest) -> list[Json]:
    return back_office.catalog_of(practice_of(request), shop_of(request)["domain"])


@post("/shops/{shop:str}/locations")
async def add_location(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """The shop has another location of this name."""
    return {"id": places.add(practice_of(request), shop_of(request)["domain"], str(data["name"]))}


@get("/shops/{shop:str}/locations")
async def list_locations(request: AnyRequest) -> list[Json]:
    return [dict(row) for row in shops.locations(practice_of(request).store, shop_of(request)["domain"])]


@post("/shops/{shop:str}/orders")
async def place_orders(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """Somebody buys, once or `count` times; what may be given stands at order_desk.place."""
    try:
        placed = order_desk.place(practice_of(request), shop_of(request)["domain"], data)
    except (KeyError, ValueError, LookupError, ArithmeticError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return {"order_id": placed[0], "order_ids": placed}


@get("/shops/{shop:str}/orders")
async def list_orders(request: AnyRequest) -> list[Json]:
    return order_desk.record(practice_of(request), shop_of(request)["domain"])


@get("/shops/{shop:str}/bucket")
async def read_bucket(request: AnyRequest) -> Json:
    """The shop's plan, the points it holds now, and those it has been paid since the server started."""
    bucket = practice_of(request).bucket(shop_of(request)["domain"])
    return {"plan": bucket.plan, "available": bucket.level(), "spent": bucket.spent}


@get("/shops/{shop:str}/{table:str}")
async def read_table(request: AnyRequest, table: FromPath[str], after: FromQuery[int] = 0) -> list[Json]:
    """Rows of the ledger, requests, deliveries or subscriptions, oldest first, with a number above `after`."""
    names = {"ledger": "ledger", "requests": "request", "deliveries": "delivery", "subscriptions": "subscription"}
    if table not in names:
        raise ClientException(f"{table} is not one of {', '.join(names)}")
    query = f"SELECT * FROM {names[table]} WHERE shop = ? AND id > ? ORDER BY id"
    return [_plain(row) for row in practice_of(request).store.rows(query, shop_of(request)["domain"], after)]


@post("/shops/{shop:str}/{action:str}")
async def act(request: AnyRequest, action: FromPath[str], data: JSONBody[Json]) -> Response[Json]:
    """One of the things below happens to the shop, now."""
    practice, shop = practice_of(request), shop_of(request)
    try:
        done = await perform(practice, shop, action, data)
    except (KeyError, ValueError, LookupError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Response(content=done, status_code=200)


def ask_fault(practice: Practice, shop: Row, asked: Json) -> int:
    """The fault waits for its calls; details left out are the usual ones. Its number."""
    details = {name: value for name, value in asked.items() if name not in ("kind", "count")}
    usual = USUAL_DETAILS.get(asked["kind"], {})
    return faults.add(practice.store, shop["domain"], asked["kind"], count=asked.get("count"), details=usual | details)


async def perform(practice: Practice, shop: Row, action: str, data: Json) -> Json:
    """revoke, expire, uninstall, empty-bucket, plan, scopes, state, change, delete, compliance, forget, deliver, sell.

    With a `name`: add-location. With a `location`: rename-location, deactivate, activate (see places).
    With an `order`: pay, cancel, fulfil, unfulfil, restock, assess, write (see order_desk).
    """
    domain = shop["domain"]
    actions: dict[str, Callable[[], object]] = {
        "revoke": lambda: app_access.revoke(practice, domain),
        "expire": lambda: app_access.expire(practice, domain),
        "uninstall": lambda: app_access.uninstall(practice, domain),
        "empty-bucket": lambda: practice.bucket(domain).empty(),
        "plan": lambda: _set_plan(practice, domain, data["plan"]),
        "scopes": lambda: app_access.narrow(practice, domain, data["scopes"]),
        "state": lambda: _set_state(practice, domain, data["state"]),
        "change": lambda: back_office.change(practice, domain, data),
        "delete": lambda: back_office.delete(practice, domain, data),
        "compliance": lambda: _send_compliance(practice, shop, data),
        "forget": lambda: _forget(practice, domain, data["topic"]),
        "sell": lambda: order_desk.place(practice, domain, data),
        "add-location": lambda: places.add(practice, domain, str(data["name"])),
        "rename-location": lambda: places.rename(practice, domain, data),
        "deactivate": lambda: places.deactivate(practice, domain, data),
        "activate": lambda: places.activate(practice, domain, data),
    }
    if action in order_desk.ACTIONS:
        return {"done": order_desk.ACTIONS[action](practice, domain, data)}
    if action == "deliver":
        return {"tried": await webhooks.deliver_due(practice, early=True)}
    actions[action]()
    return {}


def _set_state(practice: Practice, domain: str, state: str) -> None:
    if state not in shops.STATES:
        raise ValueError(f"a shop is one of {', '.join(shops.STATES)}")
    practice.store.run("UPDATE shop SET state = ? WHERE domain = ?", state, domain)


def _set_plan(practice: Practice, domain: str, plan: str) -> None:
    if plan not in RESTORE_PER_SECOND:
        raise ValueError(f"a plan is one of {', '.join(RESTORE_PER_SECOND)}")
    practice.bucket(domain).plan = plan


def _send_compliance(practice: Practice, shop: Row, data: Json) -> None:
    if data["topic"] not in COMPLIANCE_TOPICS:
        raise ValueError(f"the privacy topics are {', '.join(COMPLIANCE_TOPICS)}")
    body = payloads.compliance(data["topic"], shop, data.get("details") or {})
    webhooks.send_to(practice, shop["domain"], data["topic"], body, data["uri"])


def _forget(practice: Practice, domain: str, topic: str) -> None:
    """The subscription is gone, as after too many letters that came back."""
    practice.store.run("DELETE FROM subscription WHERE shop = ? AND topic = ?", domain, topic)


def _plain(row: Row) -> Json:
    """A row as JSON, the JSON inside it opened."""
    told = dict(row)
    for name in JSON_COLUMNS:
        if name in told:
            told[name] = json.loads(told[name])
    if isinstance(told.get("body"), bytes):
        told["body"] = json.loads(told["body"])
    return told


router = Router(
    "/practice/api",
    guards=[from_own_pages],
    route_handlers=[
        list_shops,
        make_shop,
        make_token,
        add_fault,
        list_faults,
        clear_faults,
        seed_products,
        list_products,
        add_location,
        list_locations,
        place_orders,
        list_orders,
        read_bucket,
        read_table,
        act,
    ],
)
