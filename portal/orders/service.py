"""What a member decides about an order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import OrderState
from portal import db
from portal.errors import Conflict, FormInvalid
from portal.i18n import _
from portal.models.catalog import Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, OrderLine, SkuLink, StoreOrder, StoreStep
from portal.orders import events, feeds, queries, store, taking
from portal.orders.drafts import UNKNOWN_SKU
from portal.orders.records import units
from portal.tasks import kinds
from portal.tasks import service as tasks

# Whom we may ask, if not now then as soon as they answer.
_ASKED = {ConnectionState.ACTIVE, ConnectionState.MAINTENANCE}


async def create_in_store(session: AsyncSession, order_id: UUID, *, now: datetime) -> StoreOrder | None:
    """The order is on its way to the store; the store's order itself where it is there already.

    Raises Conflict for one that has left, is cancelled or is shipped by the channel, and where no store is connected.
    """
    order = await queries.one(session, order_id, lock=True)
    stands = await store.made(session, order.id)
    if stands is not None:
        return stands
    source = await session.get_one(Connection, order.connection_id)
    shop = await store.store_of(session, source)
    if shop is None:
        raise Conflict(_("No store is connected"), _("Connect your own store first; orders are created there."))
    if order.state is not OrderState.OPEN or order.by_channel or source.channel in store.STORES:
        raise Conflict(_("This order can't be created in the store"), _("Only an order that is still to ship can."))
    await store.ask(session, [order], shop, now=now)
    return None


async def link_sku(
    session: AsyncSession, order_id: UUID, line_id: UUID, *, sku: str, made_by: str, now: datetime
) -> list[Order]:
    """The line's SKU at its channel is our variant with `sku` from now on; the orders that this helps, on their way.

    Raises NotFound, and FormInvalid for a SKU that is not exactly one variant's.
    """
    order = await queries.one(session, order_id, lock=True)
    line = next((line for line in order.lines if line.id == line_id), None)
    if line is None or not line.sku:
        raise Conflict(
            _("This line has no SKU to remember"), _("Give it one at the channel, then check the order again.")
        )
    variant_id = await _variant(session, sku)
    await session.execute(
        db.insert(session, SkuLink)
        .values(
            merchant_id=order.merchant_id,
            connection_id=order.connection_id,
            sku=line.sku,
            variant_id=variant_id,
            made_by=made_by[:200],
            created_at=now,
        )
        .on_conflict_do_update(index_elements=["connection_id", "sku"], set_={"variant_id": variant_id})
    )
    return await _use(session, order, line.sku, variant_id, made_by=made_by, now=now)


async def _variant(session: AsyncSession, sku: str) -> UUID:
    wanted = sku.strip()
    ids = list(await session.scalars(select(Variant.id).where(Variant.sku == wanted).limit(2))) if wanted else []
    if not ids:
        raise FormInvalid({"sku": _("No product has the SKU %(sku)s. Type one of yours.") % {"sku": wanted or "–"}})
    if len(ids) > 1:
        raise FormInvalid(
            {"sku": _("Several products have the SKU %(sku)s. Give one of them another first.") % {"sku": wanted}}
        )
    return ids[0]


async def _use(
    session: AsyncSession, order: Order, sku: str, variant_id: UUID, *, made_by: str, now: datetime
) -> list[Order]:
    """Every open order of the connection with a line of this SKU knows its variant: stock moves, the store is asked."""
    source = await session.get_one(Connection, order.connection_id)
    query = select(OrderLine.order_id).where(OrderLine.sku == sku, OrderLine.variant_id.is_(None))
    ids = await session.scalars(
        select(Order.id)
        .where(Order.connection_id == order.connection_id, Order.id.in_(query))
        .where(Order.state.in_((OrderState.PENDING, OrderState.OPEN)))
        .order_by(Order.id)
    )
    orders = [await queries.one(session, one, lock=True) for one in ids]
    for one in orders:
        for line in one.lines:
            if line.sku == sku and line.variant_id is None:
                line.variant_id = variant_id
        events.write(session, one, events.LINKED, now=now, made_by=made_by, sku=sku)
    await session.flush()
    await taking.settle(session, source, orders, now=now)
    shop = await store.store_of(session, source)
    helped = [one for one in orders if _has_problem(one, UNKNOWN_SKU)]
    if shop is not None:
        await store.ask(session, helped, shop, now=now)
    return orders


def _has_problem(order: Order, code: str) -> bool:
    return order.store_step is StoreStep.PROBLEM and (order.problem or {}).get("code") == code


async def stock_checked(session: AsyncSession, order_id: UUID) -> None:
    """Somebody has looked: what came back by a cancellation is really there."""
    order = await queries.one(session, order_id, lock=True)
    for line in order.lines:
        line.check_stock = False
    events.announce(session, order)


async def read_again(session: AsyncSession, order_id: UUID, *, now: datetime) -> None:
    """The marketplace is asked for the order as it is now."""
    order = await queries.one(session, order_id)
    source = await session.get_one(Connection, order.connection_id)
    if source.state not in _ASKED:
        raise Conflict(_("This channel isn't connected"), _("Connect it again first."))
    await tasks.ask(session, source, kinds.ORDER, [order.channel_id], now=now)


async def synchronize(session: AsyncSession, connections: list[Connection], *, now: datetime) -> int:
    """The orders of these connections are read now; how many connections that is."""
    wanted = [one for one in connections if one.state in _ASKED]
    for one in wanted:
        await feeds.read(session, one, now=now)
    return len(wanted)


def left(order: Order) -> list[tuple[OrderLine, int]]:
    """Lines with how many of each are still to leave."""
    return [(line, units(line, order.state) - line.shipped) for line in order.lines]
