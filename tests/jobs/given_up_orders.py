"""What the merchant sees of an order when a promise about it is given up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from connectors.orders import OrderState
from portal.clock import new_id
from portal.models.catalog import Variant
from portal.models.orders import Order, OrderFeed, OrderLine, Parcel, StoreStep
from portal.orders import buyers
from tests.orders.sales import BUYER


async def _order(setting: Any, state: OrderState, step: StoreStep = StoreStep.NONE) -> Order:
    now, order_id, owner = setting.stage.now, new_id(), setting.merchant.id
    variant = await setting.row(Variant)
    buyer = buyers.seal(setting.stage.process.runtime.vault, BUYER, merchant_id=owner, order_id=order_id)
    order = Order(
        id=order_id,
        merchant_id=owner,
        connection_id=setting.connection.id,
        channel_id="gid://shopify/Order/1",
        number="#1",
        placed_at=now,
        changed_at=now,
        state=state,
        currency="USD",
        buyer=buyer,
        store_step=step,
    )
    line = OrderLine(
        merchant_id=owner,
        order_id=order_id,
        position=0,
        channel_id="1",
        sku="MUG",
        variant_id=variant.id,
        quantity=1,
        unit_price_minor=1000,
    )
    await setting.add(order)
    await setting.add(line)
    return order


async def named(setting: Any) -> str:
    return "gid://shopify/Order/1"


async def pending(setting: Any) -> str:
    return str((await _order(setting, OrderState.PENDING)).id)


async def to_cancel(setting: Any) -> str:
    return f"{(await _order(setting, OrderState.OPEN)).id}@source"


async def to_create(setting: Any) -> str:
    return str((await _order(setting, OrderState.OPEN, StoreStep.WAITING)).id)


async def left(setting: Any) -> str:
    order = await _order(setting, OrderState.OPEN)
    row = Parcel(
        id=new_id(),
        merchant_id=setting.merchant.id,
        order_id=order.id,
        channel_id="f1",
        ordinal=1,
        number="1234",
        shipped_at=setting.stage.now,
    )
    return str(await setting.add(row))


async def sees_problem(setting: Any) -> None:
    order = await setting.row(Order)
    assert order.problem["problem_class"] == "ours"


async def sees_it_not_in_the_store(setting: Any) -> None:
    order = await setting.row(Order)
    assert (order.store_step, order.problem["problem_class"]) == (StoreStep.PROBLEM, "ours")


async def sees_parcel_not_told(setting: Any) -> None:
    assert (await setting.row(Parcel)).problem["problem_class"] == "ours"


async def reads_all_instead(setting: Any) -> None:
    assert len(await setting.stage.tasks(kind="orders")) == 1


async def sees_unread_feed(setting: Any) -> None:
    assert (await setting.row(OrderFeed)).problem["problem_class"] == "ours"


async def sees_no_statement(setting: Any) -> None:
    async with setting.stage.sessions.read(setting.merchant.id) as session:
        assert (await session.scalars(select(OrderFeed.compared))).all() == []
