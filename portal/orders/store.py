"""Whether a sale has to be created in the merchant's store, and which store that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import OrderState
from connectors.registry import CHANNELS
from portal import db
from portal.clock import new_id
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, StoreOrder, StoreStep
from portal.orders import cancelling, events
from portal.tasks import kinds
from portal.tasks import service as tasks

STORES: Final = frozenset(name for name, can in CHANNELS.items() if can.is_store)


async def stores(session: AsyncSession) -> Sequence[Connection]:
    """The merchant's own stores that are connected, oldest first; orders are created in the first."""
    query = select(Connection).where(
        Connection.channel.in_(STORES),
        Connection.state.not_in((ConnectionState.SETUP, ConnectionState.DISCONNECTED)),
    )
    return (await session.scalars(query.order_by(Connection.id))).all()


async def store_of(session: AsyncSession, source: Connection) -> Connection | None:
    """Where orders of this connection are created: a practice shop's never goes to a real store, nor the reverse."""
    for store in await stores(session):
        if store.practice == source.practice:
            return store
    return None


async def made(session: AsyncSession, order_id: UUID) -> StoreOrder | None:
    """The order as it stands in the store, when it does."""
    found: StoreOrder | None = await session.scalar(select(StoreOrder).where(StoreOrder.order_id == order_id))
    return found


async def keep(
    session: AsyncSession,
    order: Order,
    store: Connection,
    *,
    channel_id: str,
    number: str,
    url: str,
    found: bool,
    now: datetime,
) -> None:
    """The order stands in the store under this id, written down once.

    One that was cancelled while it was created is cancelled there now: before, there was nothing to cancel.
    """
    row = {
        "id": new_id(),
        "merchant_id": order.merchant_id,
        "order_id": order.id,
        "connection_id": store.id,
        "channel_id": channel_id,
        "number": number,
        "url": url,
        "found": found,
        "created_at": now,
    }
    stored = await session.execute(
        db.insert(session, StoreOrder).on_conflict_do_nothing().returning(StoreOrder.id).values(**row)
    )
    if stored.scalar_one_or_none() is None:
        return
    order.store_step, order.problem, order.problem_since = StoreStep.CREATED, None, None
    await tasks.cancel(session, kinds.STORE_ORDER, [str(order.id)], now=now)
    events.write(session, order, events.IN_STORE, now=now, number=number, found=found, store=store.external_name)
    if order.state is OrderState.CANCELLED:
        await _cancel_there(session, order, now=now)


async def decide(session: AsyncSession, source: Connection, orders: Sequence[Order], *, now: datetime) -> None:
    """Open orders of a marketplace are on their way to the store; those that were cancelled before need none."""
    cancelled = [order for order in orders if order.state is OrderState.CANCELLED]
    await leave(
        session, [one for one in cancelled if one.store_step in (StoreStep.WAITING, StoreStep.PROBLEM)], now=now
    )
    for order in cancelled:
        if order.store_step is StoreStep.CREATED:
            await _cancel_there(session, order, now=now)
    wanted = [order for order in orders if _is_wanted(order)]
    store = await store_of(session, source) if wanted and source.channel not in STORES else None
    if store is not None:
        await ask(session, wanted, store, now=now)


def _is_wanted(order: Order) -> bool:
    is_ours = not (order.history or order.by_channel)
    return is_ours and order.state is OrderState.OPEN and order.store_step is StoreStep.NONE


async def _cancel_there(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """What stands in the store of an order that was cancelled is cancelled there, where that travels."""
    stands = await made(session, order.id)
    if stands is not None:
        await cancelling.to_store(
            session, await session.get_one(Connection, stands.connection_id), order, stands, now=now
        )


async def ask(session: AsyncSession, orders: Sequence[Order], store: Connection, *, now: datetime) -> None:
    """The store is told of these orders as soon as it answers. Asking again joins what waits."""
    for order in orders:
        order.store_step, order.problem, order.problem_since = StoreStep.WAITING, None, None
        events.announce(session, order)
    await tasks.ask(session, store, kinds.STORE_ORDER, [str(order.id) for order in orders], now=now)


async def leave(session: AsyncSession, orders: Sequence[Order], *, now: datetime) -> None:
    """The store need not be told of these orders any more."""
    for order in orders:
        order.store_step, order.problem, order.problem_since = StoreStep.NONE, None, None
        events.announce(session, order)
    if orders:
        await tasks.cancel(session, kinds.STORE_ORDER, [str(order.id) for order in orders], now=now)
