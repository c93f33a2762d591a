"""What channels publish about the kinds of product a merchant sells there: kept, and read again once a week."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.registry import CHANNELS
from portal import db
from portal.clock import new_id
from portal.models.catalog import Product
from portal.models.connections import Connection, KindRules
from portal.tasks import kinds
from portal.tasks import service as tasks

# Amazon's links to a schema live for seven days, and a kind's rules change a few times a year.
GOOD_FOR = timedelta(days=6)

Rules = Mapping[tuple[UUID, str], KindRules]


def kind_of(details: Mapping[str, str], connection: Connection) -> str:
    """The kind of product the channel is told; empty where the channel has no kinds, or the product none."""
    detail = CHANNELS[connection.channel].kind_detail
    return details.get(detail, "") if detail else ""


async def rules_of(session: AsyncSession, connections: Iterable[Connection], names: Iterable[str]) -> Rules:
    """What the channels have said of these kinds, by connection and name."""
    having = [one.id for one in connections if CHANNELS[one.channel].kind_detail]
    wanted = {name for name in names if name}
    if not having or not wanted:
        return {}
    rows = await session.scalars(
        select(KindRules).where(
            KindRules.connection_id.in_(having), KindRules.name.in_(wanted), KindRules.read_at.is_not(None)
        )
    )
    return {(row.connection_id, row.name): row for row in rows}


async def ask_for(
    session: AsyncSession, connections: Iterable[Connection], products: Collection[Product], now: datetime
) -> None:
    """The rules of every kind among the products are known soon, and not older than a week."""
    for connection in connections:
        await ask(session, connection, {kind_of(product.details, connection) for product in products}, now)


async def ask_for_all(session: AsyncSession, connection: Connection, now: datetime) -> None:
    """The same of every product the merchant has."""
    if detail := CHANNELS[connection.channel].kind_detail:
        named = await session.scalars(select(Product.details[detail].as_string()).distinct())
        await ask(session, connection, {name for name in named if name}, now)


async def ask(session: AsyncSession, connection: Connection, names: Collection[str], now: datetime) -> None:
    """These kinds' rules are read soon, unless they were this week."""
    rows = await _rows(session, connection, {name for name in names if name})
    old = [str(row.id) for row in rows if row.read_at is None or row.read_at < now - GOOD_FOR]
    await tasks.ask(session, connection, kinds.RULES, old, now=now)


async def keep(
    session: AsyncSession, connection: Connection, name: str, found: Mapping[str, Any] | Problem, now: datetime
) -> KindRules:
    """What the channel said of the kind: its rules, or why it gave none."""
    [row] = await _rows(session, connection, {name})
    row.read_at = now
    if isinstance(found, Problem):
        row.document, row.problem = None, asdict(found)
    else:
        row.document, row.problem = dict(found), None
    return row


async def _rows(session: AsyncSession, connection: Connection, names: Collection[str]) -> Sequence[KindRules]:
    """A row for each kind, made where there is none. Two lanes may want the same one at once."""
    if not names:
        return []
    new = [
        {"id": new_id(), "merchant_id": connection.merchant_id, "connection_id": connection.id, "name": name}
        for name in sorted(names)
    ]
    await session.execute(db.insert(session, KindRules).on_conflict_do_nothing(), new)
    rows = await session.scalars(
        select(KindRules).where(KindRules.connection_id == connection.id, KindRules.name.in_(names))
    )
    return rows.all()
