"""Orders as a channel might tell of them, and a merchant with a store, a marketplace and something to sell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from connectors.orders import Address, Buyer, OrderLine, OrderRecord, OrderState
from connectors.records import Money
from portal.clock import new_id
from portal.config import new_vault_key
from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order
from portal.models.stock import Movement, Shortfall
from portal.models.tasks import Task
from portal.orders.intake import take_in
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tenancy import SYSTEM
from portal.vault import Vault
from tests.stock.products import a_product

SOLD = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
BUYER = Buyer(
    name="Planted Taro",
    email="taro@example.com",
    phone="03-0000-0000",
    ship_to=Address(name="Planted Taro", line1="1-2-3 Ginza", city="Chuo", region="Tokyo", country="JP"),
)


@dataclass(slots=True)
class Shop:
    """A merchant who sells `variant` (SKU MUG, `stock` of them) on a marketplace and has a store."""

    sessions: Sessions
    merchant: Merchant
    vault: Vault
    variant: Variant
    market: Connection
    store: Connection
    now: datetime = SOLD + timedelta(minutes=1)

    async def hear(self, *records: OrderRecord, of: Connection | None = None) -> list[UUID]:
        async with self.sessions.write(self.merchant.id) as session:
            return await take_in(session, self.vault, of or self.market, records, now=self.now)

    async def on_hand(self) -> int:
        async with self.sessions.read(self.merchant.id) as session:
            return int(await session.scalar(select(Variant.on_hand).where(Variant.id == self.variant.id)) or 0)

    async def reserved(self) -> int:
        async with self.sessions.read(self.merchant.id) as session:
            return int(await session.scalar(select(Variant.reserved).where(Variant.id == self.variant.id)) or 0)

    async def missing(self) -> int:
        """Units that stand open in the oversell ledger."""
        async with self.sessions.read(self.merchant.id) as session:
            return int(await session.scalar(select(func.sum(Shortfall.quantity - Shortfall.cleared))) or 0)

    async def order(self) -> Order:
        return (await self.orders())[0]

    async def orders(self) -> Sequence[Order]:
        async with self.sessions.read(self.merchant.id) as session:
            query = select(Order).options(selectinload(Order.lines)).order_by(Order.id)
            return (await session.scalars(query)).all()

    async def tasks(self, kind: str) -> list[Task]:
        async with self.sessions.read(self.merchant.id) as session:
            return list(await session.scalars(select(Task).where(Task.kind == kind).order_by(Task.id)))

    async def movements(self) -> int:
        async with self.sessions.read(self.merchant.id) as session:
            return int(await session.scalar(select(func.count(Movement.id)).where(Movement.cause != "start")) or 0)


async def a_shop(sessions: Sessions, merchant: Merchant, *, on_hand: int = 5) -> Shop:
    product = await a_product(sessions, merchant)
    async with sessions.write(merchant.id) as session:
        variant = (await session.scalars(select(Variant).where(Variant.product_id == product.id))).one()
        variant.sku = "MUG"
        market, store = (
            Connection(
                id=new_id(),
                merchant_id=merchant.id,
                channel=channel,
                state=ConnectionState.ACTIVE,
                external_id=new_id().hex,
                external_name=channel.title(),
                created_at=SOLD - timedelta(days=30),
            )
            for channel in ("amazon", "shopify")
        )
        session.add_all([market, store])
    async with sessions.write(merchant.id) as session:
        start = Move(variant_id=variant.id, quantity=on_hand, cause="start", cause_id="start")
        await stock.move(session, merchant_id=merchant.id, moves=[start], made_by="test", now=SOLD)
    vault = Vault.from_setting(new_vault_key())
    async with sessions.read(SYSTEM) as session:
        variant = await session.get_one(Variant, variant.id)
    return Shop(sessions, merchant, vault, variant, market, store)


def sale(
    number: str = "250-1",
    *,
    units: int = 1,
    sku: str = "MUG",
    state: OrderState = OrderState.OPEN,
    minutes: int = 0,
    **said: Any,
) -> OrderRecord:
    """One line of `units`, placed at SOLD, changed `minutes` later."""
    price = Money(1200, "JPY")
    line = OrderLine(channel_id=f"{number}-1", sku=sku, title="Mug", quantity=units, unit_price=price)
    record = OrderRecord(
        channel_id=number,
        number=number,
        placed_at=SOLD,
        changed_at=SOLD + timedelta(minutes=minutes),
        state=state,
        currency="JPY",
        lines=(line,),
        total=Money(1200 * units, "JPY"),
        buyer=BUYER,
    )
    return replace(record, **said)


def with_line(record: OrderRecord, **said: Any) -> OrderRecord:
    return replace(record, lines=(replace(record.lines[0], **said),))
