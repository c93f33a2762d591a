"""Where news of an order goes: to where it was sold, unless the merchant's rules say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors.errors import Problem, ProblemClass
from portal.clock import new_id
from portal.models.connections import Connection
from portal.models.orders import Order, Parcel
from portal.orders import cancelling, events
from portal.orders.echoes import SHIPMENTS
from portal.orders.wording import HUSHED
from portal.rules import service as rules
from portal.rules.deciding import Decision, decide
from portal.tasks import kinds
from portal.tasks import service as tasks


@dataclass(frozen=True, slots=True)
class Routes:
    """What the rules say of the orders of one connection; `elsewhere` is allowed where the merchant's switch is off."""

    source: Connection
    decisions: Mapping[UUID, Decision]
    elsewhere: bool

    def hushed_by(self, order: Order) -> str:
        """The rule that keeps news of the order from where it was sold; empty where none does."""
        decision, source = self.decisions[order.id], str(self.source.id)
        return "" if decision.told.get(source, True) else decision.because[source]

    def others(self, order: Order) -> list[UUID]:
        """The connections beside where it was sold that a rule says are to hear of the order too."""
        told = self.decisions[order.id].told.items() if self.elsewhere else ()
        return [UUID(key) for key, tell in told if tell and key != str(self.source.id)]


async def routes(session: AsyncSession, source: Connection, orders: Iterable[Order]) -> Routes:
    """The merchant's rules asked of orders that were sold at `source`; their lines are loaded."""
    active = await rules.active(session)
    decisions = {order.id: decide(active, rules.facts_of(order, source)) for order in orders}
    return Routes(source, decisions, not await rules.to_source_only(session, source.merchant_id))


def hush(session: AsyncSession, parcel: Parcel, order: Order, rule: str, now: datetime) -> None:
    """The marketplace is not told of the parcel; written down once, however often it would have been."""
    problem = asdict(Problem(problem_class=ProblemClass.DATA, code=HUSHED, message=rule))
    if parcel.problem != problem:
        parcel.problem = problem
        events.write(session, order, events.HUSHED, now=now, rule=rule)


async def pass_on(session: AsyncSession, routes: Routes, parcel: Parcel, order: Order, now: datetime) -> None:
    """The others that have an order of the same number are told of the parcel as of one of that order.

    Told again, or told back by that order's own rules, nothing new is told. News of practice stays among practice
    connections, and where shipments are handled outside nothing is told, as ever.
    """
    for twin, connection in await _twins(session, routes, order):
        if SHIPMENTS in connection.handled_outside:
            continue
        news = await _same_parcel(session, parcel, order, twin, now)
        if news is not None:
            await session.flush()
            await tasks.enqueue(
                session,
                kinds.SHIPPED,
                [str(news.id)],
                merchant_id=twin.merchant_id,
                connection_id=twin.connection_id,
                now=now,
            )
            events.announce(session, twin)


async def pass_on_cancellation(session: AsyncSession, routes: Routes, order: Order, now: datetime) -> None:
    """The others that have an order of the same number are asked to cancel it, as if its own store order had been.

    One for which that is asked already is not asked again, so news that comes back by its own rules ends here.
    """
    for twin, connection in await _twins(session, routes, order):
        if twin.cancelling is None:
            await cancelling.from_store(session, connection, twin, now=now)


async def _twins(session: AsyncSession, routes: Routes, order: Order) -> Sequence[tuple[Order, Connection]]:
    """The orders of the same number at the others that are to hear; of practice only where the order is of practice."""
    if not (others := routes.others(order)):
        return []
    query = (
        select(Order, Connection)
        .join(Connection, Connection.id == Order.connection_id)
        .where(Order.number == order.number, Connection.id.in_(others), Connection.practice == routes.source.practice)
        .options(selectinload(Order.lines))
        .order_by(Order.id)
    )
    return [(twin, connection) for twin, connection in (await session.execute(query)).all()]


async def _same_parcel(
    session: AsyncSession, parcel: Parcel, order: Order, twin: Order, now: datetime
) -> Parcel | None:
    """The twin's own row of what left, where that is news; None where it is known, or holds nothing the twin has."""
    query = select(Parcel).where(Parcel.order_id == twin.id).order_by(Parcel.ordinal)
    known = list(await session.scalars(query))
    same = next((one for one in known if one.channel_id == parcel.channel_id), None)
    lines = _lines(parcel, order, twin)
    if (same is not None and same.number == parcel.number) or (parcel.lines and not lines):
        return None
    if same is None:
        same = Parcel(
            id=new_id(),
            merchant_id=twin.merchant_id,
            order_id=twin.id,
            channel_id=parcel.channel_id,
            ordinal=len(known) + 1,
            lines=lines,
            shipped_at=parcel.shipped_at,
            created_at=now,
        )
        session.add(same)
    same.carrier, same.carrier_name, same.number, same.url = (
        parcel.carrier,
        parcel.carrier_name,
        parcel.number,
        parcel.url,
    )
    events.write(session, twin, events.SHIPPED, now=now, carrier=parcel.carrier_name, number=parcel.number)
    return same


def _lines(parcel: Parcel, order: Order, twin: Order) -> list[list[object]]:
    """What of the twin is in the parcel, by SKU."""
    ours, theirs = {str(line.id): line.sku for line in order.lines}, {line.sku: line for line in twin.lines if line.sku}
    named = [(theirs.get(ours.get(line, "")), quantity) for line, quantity in parcel.lines]
    return [[str(line.id), quantity] for line, quantity in named if line is not None]
