"""What buyers send back: told of by a channel or recorded by a member, counted once, and what becomes of it.

A return is counted in all, never as one more: the line's `told_back` is what channels say came back, `noted_back` what
members recorded, what was known then included. A return that is told of and recorded is the same one, so as many came
back as the larger of the two says; to hear or to read it again changes nothing. Whoever records one more while an older
page says less is asked first (`seen`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import orders as channel
from portal.clock import new_id
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.listings.eligible import connection_name
from portal.models.connections import Connection
from portal.models.orders import Order, OrderLine, OrderReturn, Shelving
from portal.orders import events, queries, taking

RETURNS: Final = "returns"


async def hear(
    session: AsyncSession,
    teller: Connection,
    order: Order,
    lines: Sequence[tuple[OrderLine, channel.OrderLine]],
    *,
    now: datetime,
) -> bool:
    """The channel's word of what came back is taken in; whether it was news. The stock follows by `taking.settle`.

    What the teller put on its own shelf is for sale again. Everything else waits for the merchant: it may be damaged.
    """
    if not any(said.returned for _line, said in lines):
        return False
    # A line that is new has no id before.
    await session.flush()
    news = False
    for line, said in lines:
        units, shelved = min(said.returned, line.quantity), min(said.shelved, said.returned, line.quantity)
        if units > line.told_back or shelved > line.shelved:
            await _hear(session, teller, order, line, Heard(units, shelved, said.returned_at or now), now)
            news = True
    return news


@dataclass(frozen=True, slots=True)
class Heard:
    """What a channel says of a line: how many units came back in all, how many are on its shelf again, and when."""

    units: int
    shelved: int
    at: datetime


async def _hear(
    session: AsyncSession, teller: Connection, order: Order, line: OrderLine, heard: Heard, now: datetime
) -> None:
    who, known, told_before = connection_name(teller)[:200], line.came_back, line.told_back
    put_there, explained = max(0, heard.shelved - line.shelved), line.shelved
    line.told_back = max(line.told_back, heard.units)
    line.shelved = max(line.shelved, heard.shelved)
    new = line.came_back - known
    outside = RETURNS in teller.handled_outside or order.history or order.by_channel or line.variant_id is None
    if outside:
        # The channel's number has risen: the compare finds that and takes it in as any change made there.
        line.raised = line.shelved + line.put_back
    told: Any = {"at": heard.at, "now": now, "told_by": who}
    if outside:
        add(session, order, line, first=known, quantity=new, shelving=Shelving.OUTSIDE, decided_by=who, **told)
        return
    back = min(new, put_there)
    await _put_back(session, line, put_there - back, explained, who, now)
    add(session, order, line, first=known, quantity=back, shelving=Shelving.BACK, decided_by=who, **told)
    add(session, order, line, first=known + back, quantity=new - back, shelving=Shelving.WAITING, **told)
    if new:
        events.write(session, order, events.CAME_BACK, now=now, made_by=who, sku=line.sku, quantity=new)
    if same := line.told_back - told_before - new:
        events.write(session, order, events.SAME_BACK, now=now, made_by=who, sku=line.sku, quantity=same)
    await session.flush()


async def _put_back(
    session: AsyncSession, line: OrderLine, units: int, explained: int, who: str, now: datetime
) -> None:
    """The teller put `units` on its shelf that were known to have come back: of those that wait, as many are back.

    Those of which a member has decided may be the same ones, unless the teller's word `explained` them before.
    """
    query = select(OrderReturn).where(OrderReturn.line_id == line.id).order_by(OrderReturn.first)
    rows = list(await session.scalars(query)) if units else []
    units -= max(0, sum(row.quantity for row in rows if row.shelving is not Shelving.WAITING) - explained)
    for row in rows:
        if row.shelving is Shelving.WAITING and units > 0:
            units -= _settle(session, row, min(units, row.quantity), Shelving.BACK, who, now)


def _settle(
    session: AsyncSession, row: OrderReturn, units: int, shelving: Shelving, decided_by: str, now: datetime
) -> int:
    """So many of the row's units are decided; the others become a row of their own and wait on."""
    if units < row.quantity:
        session.add(_rest(row, units))
        row.quantity = units
    row.shelving, row.decided_by, row.decided_at = shelving, decided_by[:200], now
    return units


def _rest(row: OrderReturn, units: int) -> OrderReturn:
    same = ("merchant_id", "order_id", "line_id", "back_at", "told_by", "made_by", "note", "created_at")
    kept = {name: getattr(row, name) for name in same}
    return OrderReturn(id=new_id(), first=row.first + units, quantity=row.quantity - units, **kept)


def add(
    session: AsyncSession,
    order: Order,
    line: OrderLine,
    *,
    first: int,
    quantity: int,
    shelving: Shelving,
    at: datetime,
    now: datetime,
    decided_by: str = "",
    **said: str,
) -> None:
    """The line's units from `first` on came back. `said` are told_by, made_by and note. No units are no row."""
    if quantity <= 0:
        return
    row = OrderReturn(
        id=new_id(),
        merchant_id=order.merchant_id,
        order_id=order.id,
        line_id=line.id,
        first=first,
        quantity=quantity,
        back_at=min(at, now),
        shelving=shelving,
        decided_by=decided_by[:200],
        decided_at=now if decided_by else None,
        created_at=now,
        **said,
    )
    session.add(row)


async def decide(
    session: AsyncSession, order_id: UUID, return_id: UUID, shelving: Shelving, *, made_by: str, now: datetime
) -> None:
    """What becomes of what came back. Said twice, it changes nothing.

    Raises NotFound, and Conflict where it was decided otherwise before.
    """
    order = await queries.one(session, order_id, lock=True)
    row = await session.scalar(select(OrderReturn).where(OrderReturn.id == return_id, OrderReturn.order_id == order.id))
    if row is None:
        raise NotFound
    if row.shelving is shelving:
        return
    if row.shelving is not Shelving.WAITING:
        raise Conflict(
            _("This was decided already"),
            _("If it was decided wrongly, correct the number on the product's stock page."),
        )
    _settle(session, row, row.quantity, shelving, made_by, now)
    if shelving is Shelving.GONE:
        line = next(line for line in order.lines if line.id == row.line_id)
        events.write(session, order, events.NOT_SHELVED, now=now, made_by=made_by, sku=line.sku, quantity=row.quantity)
    events.announce(session, order)
    await session.flush()
    source = await session.get_one(Connection, order.connection_id)
    await taking.settle(session, source, [order], now=now)
