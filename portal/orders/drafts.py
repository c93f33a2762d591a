"""What a sale looks like to the merchant's store, and what stands in the way of creating it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem, ProblemClass
from connectors.orders import StoreDraft, StoreLine, tags_of
from portal.models.connections import Connection
from portal.models.listings import ListingItem
from portal.models.orders import Order, OrderLine
from portal.orders import buyers, references
from portal.orders.records import record_of, units
from portal.vault import Vault

UNKNOWN_SKU = "unknown_sku"
NO_ADDRESS = "no_address"
NO_PRICE = "no_price"
NOTHING_LEFT = "nothing_left"


@dataclass(frozen=True, slots=True)
class Preflight:
    """What would be created, line by line: the store's variant where the store has it. `problems` are in its way."""

    lines: Sequence[tuple[OrderLine, str]]
    problems: Sequence[Problem]


async def preflight(session: AsyncSession, order: Order, store: Connection) -> Preflight:
    """Nothing is called: what we know says whether the order can be created."""
    lines = [line for line in order.lines if units(line, order.state)]
    there = await _there(session, store, [line.variant_id for line in lines if line.variant_id])
    problems = [_problem(UNKNOWN_SKU, f"/lines/{line.position}/sku") for line in lines if line.variant_id is None]
    if not lines:
        problems.append(_problem(NOTHING_LEFT))
    if any(line.unit_price_minor is None for line in lines):
        problems.append(_problem(NO_PRICE))
    if order.buyer is None:
        problems.append(_problem(NO_ADDRESS))
    return Preflight([(line, there.get(line.variant_id, "") if line.variant_id else "") for line in lines], problems)


def draft(vault: Vault, order: Order, flight: Preflight, channel: str, source: str) -> StoreDraft:
    """The order to create. The buyer is opened here, for the store, and kept nowhere."""
    record = record_of(order, buyers.opened(vault, order))
    by_id = {line.channel_id: line for line in record.lines}
    return StoreDraft(
        reference=references.of(channel, order.number),
        source=source,
        order=record,
        lines=tuple(
            StoreLine(line=by_id[line.channel_id], quantity=units(line, order.state), variant_id=variant_id)
            for line, variant_id in flight.lines
        ),
        tags=tags_of(channel, order.number),
    )


async def _there(session: AsyncSession, store: Connection, variant_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    query = select(ListingItem.variant_id, ListingItem.channel_id).where(
        ListingItem.connection_id == store.id, ListingItem.variant_id.in_(variant_ids)
    )
    return dict((await session.execute(query)).all())


def _problem(code: str, field: str = "") -> Problem:
    return Problem(problem_class=ProblemClass.DATA, code=code, field=field)
