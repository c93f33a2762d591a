"""An order of every kind that a merchant can own, each word of it carrying the merchant's mark."""

from __future__ import annotations

from typing import Any

from connectors.orders import Address, Buyer, OrderState
from portal.clock import new_id
from portal.models.buyer_credits import BuyerCredit
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.orders import (
    Order,
    OrderEvent,
    OrderFeed,
    OrderLine,
    OrderReturn,
    Parcel,
    SkuLink,
    StoreOrder,
    StoreStep,
    UnreadOrder,
)
from portal.models.stock import Component, Reservation, Shortfall
from portal.orders import buyers
from portal.runtime import Runtime


def an_order(runtime: Runtime, connection: Connection, mark: str) -> Order:
    """Sold, known to nobody but its merchant, and not in the store for want of a product."""
    now, order_id = runtime.clock(), new_id()
    buyer = Buyer(name=f"Buyer {mark}", ship_to=Address(name=f"Buyer {mark}", line1=f"Street {mark}"))
    return Order(
        id=order_id,
        merchant_id=connection.merchant_id,
        connection_id=connection.id,
        channel_id=f"order-{mark}",
        number=f"#{mark}",
        placed_at=now,
        changed_at=now,
        state=OrderState.OPEN,
        currency="USD",
        total_minor=1000,
        search_text=f"#{mark.lower()}",
        buyer=buyers.seal(runtime.vault, buyer, merchant_id=connection.merchant_id, order_id=order_id),
        store_step=StoreStep.PROBLEM,
        problem={
            "problem_class": "data",
            "code": "unknown_sku",
            "original": f"Refused, said the store of {mark}",
            "original_lang": "en",
            "channel_request_id": "",
        },
    )


def a_line(order: Order, variant: Variant, mark: str) -> OrderLine:
    return OrderLine(
        id=new_id(),
        merchant_id=order.merchant_id,
        order_id=order.id,
        position=0,
        channel_id=f"line-{mark}",
        sku=f"SKU-{mark}",
        title=f"Sold {mark}",
        variant_id=variant.id,
        quantity=1,
        taken=1,
        noted_back=1,
        unit_price_minor=1000,
    )


def of_an_order(
    runtime: Runtime, order: Order, line: OrderLine, variant: Variant, bundle: Variant, mark: str
) -> list[Any]:
    """What comes along with it; `bundle` is made of the variant that was sold."""
    owner, now = {"merchant_id": order.merchant_id}, runtime.clock()
    sold = {"variant_id": variant.id, "quantity": 1, "cause": "order"}
    return [
        BuyerCredit(**owner, order_id=order.id, amount_minor=100, currency="USD", reason=f"Broken {mark}"),
        Reservation(**owner, **sold, cause_id=f"held {mark}", ended_at=now),
        Shortfall(**owner, **sold, cause_id=f"short {mark}"),
        Component(**owner, bundle_id=bundle.id, variant_id=variant.id, quantity=1),
        StoreOrder(
            **owner,
            order_id=order.id,
            connection_id=order.connection_id,
            channel_id=f"store-order-{mark}",
            number=f"S-{mark}",
            url=f"https://example.com/{mark}",
        ),
        Parcel(
            **owner,
            order_id=order.id,
            channel_id=f"parcel-{mark}",
            ordinal=1,
            carrier_name=f"Carrier {mark}",
            number=f"T-{mark}",
            lines=[[str(line.id), 1]],
            shipped_at=now,
        ),
        OrderEvent(**owner, order_id=order.id, kind="received", details={"mark": mark}, made_by=f"Person {mark}"),
        OrderReturn(
            **owner,
            order_id=order.id,
            line_id=line.id,
            first=0,
            quantity=1,
            back_at=now,
            made_by=f"Person {mark}",
            note=f"Scratched {mark}",
        ),
        SkuLink(**owner, connection_id=order.connection_id, sku=f"other-{mark}", variant_id=variant.id),
        UnreadOrder(
            **owner,
            connection_id=order.connection_id,
            channel_id=f"unread-{mark}",
            number=f"U-{mark}",
            problem={"problem_class": "data", "code": "x", "original": f"Unread, said {mark}", "original_lang": "en"},
            tried_at=now,
        ),
        OrderFeed(**owner, connection_id=order.connection_id, since=now, read_at=now),
    ]
