"""News of an order for the channel that must hear it: parcels that left, cancellations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors.errors import Problem, ProblemClass
from connectors.orders import CancelReason, OrderState, OrderToCancel, ParcelToTell
from connectors.records import SentItem
from jobs import routing
from jobs.channel import connection_of, reach, results_of
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal.models.connections import Connection
from portal.models.orders import Order, Parcel, StoreOrder
from portal.orders import cancelling, events
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks

CANCELLED_BEFORE = Problem(problem_class=ProblemClass.DATA, code="order_cancelled")


class TellShipped:
    """The marketplace that the order is from knows of the parcel, once however often it is told.

    Unless a rule of the merchant's says otherwise; a rule may also name others that are to know.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        parcels = await _parcels(session, batch)
        routes = await routing.routes(session, connection_of(batch), (order for _parcel, order in parcels.values()))
        for task in batch.tasks:
            found = parcels.get(task.subject)
            if found is None or found[1].connection_id != connection_of(batch).id:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
                continue
            if found[1].state is OrderState.CANCELLED:
                _refuse(session, *found, CANCELLED_BEFORE, now)
                prepared.settled[task.id] = Result(ended=Ended.REFUSED, problem=CANCELLED_BEFORE)
                continue
            await routing.pass_on(session, routes, *found, now)
            if rule := routes.hushed_by(found[1]):
                routing.hush(session, *found, rule, now)
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            else:
                prepared.work[task.id] = _told(*found)
                prepared.sent[task.subject] = {"number": found[0].number}
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if connector.orders is None:
            return dict.fromkeys(prepared.work, Result(ended=Ended.CANCELLED))
        return results_of(prepared.work, await connector.orders.tell_shipped(account, list(prepared.work.values())))

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        parcels = await _parcels(session, batch)
        for task in batch.tasks:
            result, found = results[task.id], parcels.get(task.subject)
            if found is None or task.id not in prepared.work:
                continue
            parcel, order = found
            if result.ended is Ended.DONE:
                parcel.told, parcel.told_at, parcel.problem = result.value, now, None
                events.write(session, order, events.TOLD, now=now, number=parcel.number, told=result.value)
            elif result.ended is Ended.REFUSED and result.problem is not None:
                _refuse(session, parcel, order, result.problem, now)
            elif result.problem is not None:
                parcel.problem = asdict(result.problem)
                events.announce(session, order)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for parcel, order in (await _parcels(session, batch)).values():
            _refuse(session, parcel, order, problem, now)


def _refuse(session: AsyncSession, parcel: Parcel, order: Order, problem: Problem, now: datetime) -> None:
    parcel.problem = asdict(problem)
    events.write(session, order, events.TELL_FAILED, now=now, code=problem.code, number=parcel.number)


def _told(parcel: Parcel, order: Order) -> ParcelToTell:
    """The parcel in the marketplace's own line ids; nothing named is all that was ordered."""
    ids = {str(line.id): line for line in order.lines}
    named = [(ids[line].channel_id, quantity) for line, quantity in parcel.lines if line in ids]
    everything = [(line.channel_id, line.quantity - line.cancelled) for line in order.lines]
    lines = tuple((line, quantity) for line, quantity in named or everything if quantity > 0)
    return ParcelToTell(
        key=str(parcel.id),
        order_id=order.channel_id,
        ordinal=parcel.ordinal,
        carrier=parcel.carrier,
        carrier_name=parcel.carrier_name,
        number=parcel.number,
        shipped_at=parcel.shipped_at,
        lines=lines,
        last=sum(quantity for _line, quantity in lines) >= sum(quantity for _line, quantity in everything),
        told=parcel.told,
    )


async def _parcels(session: AsyncSession, batch: Batch) -> dict[str, tuple[Parcel, Order]]:
    rows = await session.execute(
        select(Parcel, Order)
        .join(Order, Order.id == Parcel.order_id)
        .where(Parcel.id.in_([UUID(task.subject) for task in batch.tasks]))
        .options(selectinload(Order.lines))
        .order_by(Order.id, Parcel.ordinal)
        .execution_options(populate_existing=True)
    )
    return {str(parcel.id): (parcel, order) for parcel, order in rows.all()}


class CancelOrder:
    """The order is cancelled at this connection: where it was sold, or in the store it was created in.

    What becomes of its stock is decided when the channel itself says that it is cancelled: it is read again at once.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        orders = await _orders(session, batch, lock=False)
        for task in batch.tasks:
            order = orders.get(cancelling.order_of(task.subject))
            wanted = None if order is None else await _wanted(session, connection_of(batch), order, now)
            if wanted is None:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            else:
                prepared.work[task.id] = wanted
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        connector, account = reach(runtime, batch)
        if connector.orders is None:
            return dict.fromkeys(prepared.work, Result(ended=Ended.CANCELLED))
        if batch.sent:
            sent = [SentItem(item=item, reference=batch.sent[task]) for task, item in prepared.work.items()]
            return results_of(prepared.work, await connector.look(account, sent))
        return results_of(prepared.work, await connector.orders.cancel(account, list(prepared.work.values())))

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        orders = await _orders(session, batch)
        again: list[str] = []
        for task in batch.tasks:
            result, order = results[task.id], orders.get(cancelling.order_of(task.subject))
            if order is None or task.id not in prepared.work:
                continue
            if result.ended is Ended.DONE:
                again.append(prepared.work[task.id].order_id)
                await _done(session, connection_of(batch), order, now)
            elif result.ended is Ended.REFUSED and result.problem is not None:
                _fail(session, order, result.problem, now)
        await tasks.ask(session, connection_of(batch), kinds.ORDER, again, now=now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for order in (await _orders(session, batch)).values():
            _fail(session, order, problem, now)


async def _wanted(session: AsyncSession, connection: Connection, order: Order, now: datetime) -> OrderToCancel | None:
    """What to ask of this connection; None where it is cancelled there already, was never there, or is not to hear."""
    lines = tuple((line.channel_id, line.quantity) for line in order.lines)
    asked = order.cancelling or {}
    reason = CancelReason(asked.get("reason", CancelReason.OTHER))
    if connection.id == order.connection_id:
        if order.state is OrderState.CANCELLED or await _routed(session, connection, order, now):
            return None
        return OrderToCancel(order_id=order.channel_id, reason=reason, lines=lines, note=asked.get("note", ""))
    made = await session.scalar(
        select(StoreOrder).where(StoreOrder.order_id == order.id, StoreOrder.connection_id == connection.id)
    )
    if made is None or made.cancelled_at is not None:
        return None
    return OrderToCancel(order_id=made.channel_id, reason=reason, lines=())


async def _routed(session: AsyncSession, source: Connection, order: Order, now: datetime) -> bool:
    """The store's cancellation is passed on to others that a rule names; True where one keeps it from the marketplace.

    What a member asked for here always goes there, and nowhere else.
    """
    if (order.cancelling or {}).get("by"):
        return False
    routes = await routing.routes(session, source, [order])
    await routing.pass_on_cancellation(session, routes, order, now)
    rule = routes.hushed_by(order)
    if rule:
        order.cancelling = None
        events.write(session, order, events.HUSHED, now=now, rule=rule)
    return bool(rule)


async def _done(session: AsyncSession, connection: Connection, order: Order, now: datetime) -> None:
    if connection.id == order.connection_id:
        order.problem = order.problem_since = None
    else:
        made = await session.scalar(select(StoreOrder).where(StoreOrder.order_id == order.id))
        if made is not None and made.cancelled_at is None:
            made.cancelled_at = now
            events.write(session, order, events.CANCELLED, now=now, store=connection.external_name)
    events.announce(session, order)


def _fail(session: AsyncSession, order: Order, problem: Problem, now: datetime) -> None:
    order.problem, order.problem_since = asdict(problem), now
    events.write(session, order, events.CANCEL_FAILED, now=now, code=problem.code)


async def _orders(session: AsyncSession, batch: Batch, *, lock: bool = True) -> dict[UUID, Order]:
    """Not locked while tasks are claimed: who asks for a cancellation holds the order, and may wait for its task."""
    query = (
        select(Order)
        .where(Order.id.in_([cancelling.order_of(task.subject) for task in batch.tasks]))
        .options(selectinload(Order.lines))
        .order_by(Order.id)
        .execution_options(populate_existing=True)
    )
    rows = await session.scalars(query.with_for_update() if lock else query)
    return {order.id: order for order in rows}
