"""The practice store's back office, as Store Creator Pro is for a real one."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from connectors.practice import pages
from connectors.practice.pages import Office, from_own_pages, last_calls
from connectors.practice.store import Store
from connectors.yahoo.practice import access, back_office, faults, keys, stores
from connectors.yahoo.practice.addressing import AnyRequest, practice_of, store_of

FAULT_BUTTONS = {
    "throttle": "Throttle next call",
    "maintenance": "Maintenance on next call",
    "error": "500 on next call",
    "drop": "Drop next answer",
    "session": "End the session of the next call for orders without a public key",
}
ACTION_BUTTONS = {
    "orders": "See and place orders",
    "key": "Make a public key",
    "expire": "End the access token",
    "revoke": "Withdraw the consent",
    "wipe": "Sell nothing any more",
}


@get("/practice/shops/{seller_id:str}")
async def show(request: AnyRequest, seller_id: FromPath[str]) -> Template:
    """The store, which is made when somebody looks at it first: there is no other way to get one here."""
    practice = practice_of(request)
    try:
        store = stores.ensure(practice.store, seller_id)
    except ValueError as error:
        raise ClientException(str(error)) from error
    return pages.show(
        Office(
            channel="Yahoo! Shopping",
            name=seller_id,
            about="A practice store at Yahoo! Shopping. Whoever owns it lets a program in on a consent page.",
            facts=[("Yahoo! JAPAN ID of its owner", store["owner"]), *_key(practice.store, seller_id)],
            actions=ACTION_BUTTONS,
            faults=FAULT_BUTTONS,
            waiting=len(faults.waiting(practice.store, seller_id)),
            columns=("item_code", "Name", "Price", "Stock", "State"),
            rows=[_row(item) for item in back_office.items_of(practice.store, seller_id)],
            calls=last_calls(practice.store, seller_id),
        )
    )


@post("/practice/shops/{seller_id:str}", guards=[from_own_pages])
async def act(request: AnyRequest) -> Redirect:
    """The button's work is done, and the page shows it."""
    practice, store = practice_of(request), store_of(request)
    seller_id, action = store["seller_id"], str((await request.form()).get("action", ""))
    if action == "orders":
        return Redirect(f"{seller_id}/orders", status_code=303)
    if action == "clear":
        faults.clear(practice.store, seller_id)
    elif action in FAULT_BUTTONS:
        faults.add(practice.store, seller_id, {"kind": action, "count": 1})
    elif action == "key":
        keys.make(practice.store, seller_id)
    elif action == "expire":
        access.expire(practice, store["owner"], access.ACCESS)
    elif action == "revoke":
        access.revoke(practice.store, store["owner"])
    elif action == "wipe":
        stores.wipe(practice.store, seller_id)
    else:
        raise ClientException(f"there is no button {action!r}")
    return Redirect(seller_id, status_code=303)


def _key(store: Store, seller_id: str) -> list[tuple[str, str]]:
    made = keys.newest(store, seller_id)
    return [(f"Public key, version {made['key_version']}", made["public_key"])] if made else []


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    """As buyers see it; what was never published as it is being edited."""
    fields = item["live"] or item["fields"]
    shown = "on sale" if fields.get("display") == "1" else "hidden"
    state = shown if item["live"] == item["fields"] else "edited, not published"
    return (
        item["item_code"],
        fields.get("name", ""),
        f"¥{fields.get('price', '')}",
        sum(item["stock"].values()),
        state,
    )


ROUTES = [show, act]
