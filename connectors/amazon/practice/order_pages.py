"""The page on which somebody buys from a practice seller, and sees what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from connectors.amazon.practice import back_office, sales
from connectors.amazon.practice.addressing import AnyRequest, practice_of, seller_of
from connectors.practice.pages import clock_time, from_own_pages, page_headers

LATEST = 50
_PAY, _CANCEL, _ASK = ("pay", "Pay"), ("cancel", "Cancel as the buyer"), ("request-cancel", "Ask to cancel")
_ACTIONS = {sales.PENDING: (_PAY, _CANCEL), sales.UNSHIPPED: (_ASK, _CANCEL)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One order as the page shows it. `actions` are its buttons: name to label."""

    time: str
    order_id: str
    state: str
    lines: Sequence[str]
    parcels: Sequence[str]
    cancels: int
    actions: Mapping[str, str]


@get("/practice/shops/{seller_id:str}/orders")
async def show(request: AnyRequest, seller_id: FromPath[str]) -> Template:
    practice, seller = practice_of(request), seller_of(request)
    orders = back_office.orders_of(practice, seller_id)
    listed = practice.store.rows("SELECT DISTINCT sku FROM item WHERE shop = ? ORDER BY sku", seller_id)
    context = {
        "name": seller["name"],
        "seller_id": seller_id,
        "skus": [row["sku"] for row in listed],
        "orders": [_shown(one) for one in reversed(orders[-LATEST:])],
        "more": max(len(orders) - LATEST, 0),
    }
    return Template("orders.html", context=context, headers=page_headers())


@post("/practice/shops/{seller_id:str}/orders", guards=[from_own_pages])
async def act(request: AnyRequest) -> Redirect:
    """The button's work is done, and the page shows it."""
    practice, seller_id = practice_of(request), str(seller_of(request)["seller_id"])
    form = dict(await request.form())
    action = str(form.get("action", ""))
    try:
        if action == "place":
            sales.place_some(practice, seller_id, _wanted(form))
        else:
            sales.ACTIONS[action](practice, seller_id, str(form.get("order_id", "")), {})
    except (KeyError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Redirect("orders", status_code=303)


def _wanted(form: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lines": [{"sku": form.get("sku", ""), "quantity": form.get("quantity", 1)}],
        "count": form.get("count", 1),
        "pending": bool(form.get("pending")),
        "fulfilled_by": form.get("fulfilled_by", sales.MERCHANT),
    }


def _shown(one: Mapping[str, Any]) -> Shown:
    return Shown(
        time=clock_time(one["created_at"]),
        order_id=one["order_id"],
        state=one["state"],
        lines=[_line(line) for line in one["lines"]],
        parcels=[f"{parcel['carrier']} {parcel['number']}, told {parcel['told']}×" for parcel in one["parcels"]],
        cancels=one["cancels"],
        actions=dict(_ACTIONS.get(one["state"], ())),
    )


def _line(line: Mapping[str, Any]) -> str:
    counts = [f"{line[name]} {name}" for name in ("shipped", "cancelled") if line[name]]
    asked = ["the buyer asked to cancel"] if "request" in line else []
    return ", ".join([f"{line['quantity']} × {line['sku']}", *counts, *asked])


ROUTES = [show, act]
