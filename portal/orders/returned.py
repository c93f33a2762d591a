"""What came back of an order, as its page shows it, and what the channels know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.registry import CHANNELS
from portal.i18n import _
from portal.listings.eligible import channel_name
from portal.models.connections import Connection
from portal.models.orders import Order, OrderReturn, Parcel, Shelving
from portal.orders import recording
from portal.orders.returning import RETURNS

# What `Capabilities.returns` says of a channel that tells of them.
HEARD: Final = "heard"


@dataclass(frozen=True, slots=True)
class CameBack:
    """The rows of an order, oldest first; by line, how many more may be recorded; how one hears of the others."""

    rows: Sequence[OrderReturn]
    left: dict[UUID, int]
    note: str

    @property
    def may_record(self) -> bool:
        return any(self.left.values())

    @property
    def undecided(self) -> bool:
        return any(row.shelving is Shelving.WAITING for row in self.rows)


async def came_back(
    session: AsyncSession, order: Order, source: Connection, store: Connection | None, parcels: Sequence[Parcel]
) -> CameBack:
    """`store` is where the order stands besides its `source`, if anywhere."""
    query = select(OrderReturn).where(OrderReturn.order_id == order.id).order_by(OrderReturn.id)
    rows = list(await session.scalars(query))
    left: dict[UUID, int] = {}
    if recording.may_record(order, parcels):
        sent = recording.sent_out(order, parcels)
        left = {line.id: max(0, sent[line.id] - line.came_back) for line in order.lines}
    return CameBack(rows, left, _note(source, store))


def _note(source: Connection, store: Connection | None) -> str:
    can = CHANNELS[source.channel]
    teller = source if can.returns == HEARD else store
    said = {"channel": can.name, "store": channel_name(teller.channel) if teller else ""}
    if teller is None or CHANNELS[teller.channel].returns != HEARD:
        return _("Returns at %(channel)s are not told to apps: record here what comes back.") % said
    if RETURNS in teller.handled_outside:
        return _("You handle the returns of %(store)s outside of Crossdock; what it tells moves no stock here.") % said
    if teller is source:
        return (
            _("What you refund in %(store)s after it has left shows here by itself. Record anything else here.") % said
        )
    return (
        _(
            "Returns at %(channel)s are not told to apps. What you refund in %(store)s shows here by itself; record "
            "anything else here."
        )
        % said
    )
