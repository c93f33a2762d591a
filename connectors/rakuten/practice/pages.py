"""The practice store's back office, as RMS is for a real one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from connectors.practice import pages
from connectors.practice.pages import Office, from_own_pages, last_calls
from connectors.practice.store import Row
from connectors.rakuten.access import account_domain
from connectors.rakuten.practice import back_office, control, faults, stores
from connectors.rakuten.practice.control import practice_of, store_of
from connectors.rakuten.practice.gateway import AnyRequest

FAULT_BUTTONS = {
    "throttle": "Throttle next call",
    "maintenance": "Maintenance on next call",
    "conflict": "Conflict on next call",
    "error": "500 on next call",
    "drop": "Drop next answer",
}
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
        )
    )


@post("/practice/shops/{store:str}", guards=[from_own_pages])
async def act(request: AnyRequest) -> Redirect:
    """The button's work is done, and the page shows it."""
    practice, shop = practice_of(request), store_of(request)
    action = str((await request.form()).get("action", ""))
    if action == "clear":
        faults.clear(practice.store, shop["name"])
    elif action in FAULT_BUTTONS:
        faults.add(practice.store, shop["name"], action, count=1, details={})
    elif action in ACTION_BUTTONS:
        control.perform(practice, shop, action, {})
    else:
        raise ClientException(f"there is no button {action!r}")
    return Redirect(shop["name"], status_code=303)


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
