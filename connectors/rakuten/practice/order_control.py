"""The levers for a practice store's orders: what buyers, Rakuten and the shop's people do, and the truth about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath, JSONBody

from connectors.practice.store import Row
from connectors.rakuten.practice import sales
from connectors.rakuten.practice.gateway import AnyRequest
from connectors.rakuten.practice.reaching import practice_of, store_of
from connectors.rakuten.practice.state import Json, Practice

MOST_AT_ONCE = 5_000
_BUYER_CANCELS = 1  # changeReasonDetail


@post("/stores/{store:str}/orders")
async def place_orders(request: AnyRequest, data: JSONBody[Json]) -> Json:
    """`count` orders (1 where it does not say) as sales.place takes them; order_id is the last, order_ids all."""
    try:
        numbers = place(practice_of(request), store_of(request)["name"], data)
    except (KeyError, TypeError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return {"order_id": numbers[-1], "order_ids": numbers}


def place(practice: Practice, shop: str, data: Mapping[str, Any]) -> list[str]:
    count = int(data.get("count", 1))
    if not 1 <= count <= MOST_AT_ONCE:
        raise ValueError(f"count is from 1 to {MOST_AT_ONCE}")
    with practice.store.transaction():
        return [sales.place(practice, shop, data) for _ in range(count)]


@get("/stores/{store:str}/orders")
async def list_orders(request: AnyRequest) -> list[Json]:
    return record(practice_of(request), store_of(request)["name"])


def record(practice: Practice, shop: str) -> list[Json]:
    """Every order as it is there: state, lines, rows of shipping with how often each was told, cancellations."""
    rows = practice.store.rows("SELECT * FROM sale WHERE shop = ? ORDER BY id", shop)
    return [_plain(practice, sale) for sale in rows]


def _plain(practice: Practice, sale: Row) -> Json:
    model = sales.model_of(sale)
    cancels = "SELECT * FROM sale_cancel WHERE shop = ? AND sale_number = ? ORDER BY id"
    return {
        "order_id": sale["number"],
        "state": sale["progress"],
        "placed_at": sale["placed_at"],
        "lines": [
            {
                "line_id": str(item["itemDetailId"]),
                "sku": item["SkuModelList"][0]["merchantDefinedSkuId"] or item["SkuModelList"][0]["variantId"],
                "title": item["itemName"],
                "price": item["priceTaxIncl"],
                "quantity": item["units"],
                "basket_id": package["basketId"],
            }
            for package in model["PackageModelList"]
            for item in package["ItemModelList"]
        ],
        "parcels": [
            {name: row[name] for name in ("id", "basket_id", "company", "tracking", "day", "told")}
            for row in sales.rows_of(practice, sale)
        ],
        "cancels": [
            {name: row[name] for name in ("who", "restore", "reason", "outcome")}
            for row in practice.store.rows(cancels, sale["shop"], sale["number"])
        ],
    }


@post("/stores/{store:str}/orders/{number:str}/{action:str}")
async def change_order(
    request: AnyRequest, number: FromPath[str], action: FromPath[str], data: JSONBody[Json]
) -> Response[Json]:
    """One of perform's actions happens to the order, now."""
    practice = practice_of(request)
    sale = sale_of(practice, store_of(request)["name"], number)
    try:
        perform(practice, sale, action, data)
    except (KeyError, TypeError, ValueError) as error:
        raise ClientException(f"{type(error).__name__}: {error}") from error
    return Response(content={}, status_code=200)


def sale_of(practice: Practice, shop: str, number: str) -> Row:
    """404 for an order that is not there."""
    sale = sales.find(practice, shop, number)
    if sale is None:
        raise NotFoundException
    return sale


def perform(practice: Practice, sale: Row, action: str, data: Mapping[str, Any]) -> None:
    """pay, cancel (restock absent: as each SKU says; reason, who), request-cancel, keep (the request is withdrawn),
    caution, progress (state), ship (deliveryCompany, shippingNumber, shippingDate), change (quantity, postage).

    Raises ValueError or KeyError for what cannot be done to it.
    """
    reason = int(data.get("reason", _BUYER_CANCELS))
    actions: dict[str, Callable[[], None]] = {
        "pay": lambda: sales.pay(practice, sale),
        "cancel": lambda: _cancel(practice, sale, data, reason),
        "request-cancel": lambda: sales.ask_to_cancel(practice, sale, reason=reason),
        "keep": lambda: practice.store.update("sale", sale["id"], progress=sales.READY),
        "caution": lambda: sales.keep(practice, sale, sales.model_of(sale) | {"cautionDisplayType": 2}),
        "progress": lambda: practice.store.update("sale", sale["id"], progress=int(data["state"])),
        "ship": lambda: _ship(practice, sale, data),
        "change": lambda: _change(practice, sale, data),
    }
    actions[action]()


def _cancel(practice: Practice, sale: Row, data: Mapping[str, Any], reason: int) -> None:
    if sale["progress"] == sales.CANCELLED:
        raise ValueError(f"{sale['number']} is cancelled")
    restock = data.get("restock")
    restore = sales.BY_ITEM if restock is None else sales.RESTORE if restock else sales.LEAVE
    sales.cancel(practice, sale, restore=restore, reason=reason, who=str(data.get("who", "buyer")))


def _ship(practice: Practice, sale: Row, data: Mapping[str, Any]) -> None:
    """The shop's people type a parcel into RMS, for every basket."""
    for package in sales.model_of(sale)["PackageModelList"]:
        sales.write_row(practice, sale, package["basketId"], data)
    sales.report_if_complete(practice, sale)


def _change(practice: Practice, sale: Row, data: Mapping[str, Any]) -> None:
    """The first line's quantity, or the postage, is another."""
    model: Json = json.loads(sale["body"])
    if "quantity" in data:
        sales.items_of(model)[0]["units"] = int(data["quantity"])
    if "postage" in data:
        model["postage"] = data["postage"]
    sales.keep(practice, sale, model)


ROUTES = [place_orders, list_orders, change_order]
