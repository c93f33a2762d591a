"""Storing a verified webhook and the promise to work on it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import InboundEvent
from portal import db
from portal.clock import new_id
from portal.models.accounts import AuditEntry
from portal.models.connections import Connection, ConnectionState
from portal.models.webhooks import Delivery
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tenancy import SYSTEM
from portal.vault import Vault
from portal.webhooks import privacy

BODY_FIELD = "delivery.body"
GATHERED_FOR = timedelta(seconds=1)
# Privacy topics come for an app as a whole, also for shops that hold no connection any more.
COMPLIANCE = {"customers/data_request", "customers/redact", "shop/redact"}


async def receive(
    sessions: db.Sessions, vault: Vault, event: InboundEvent, *, channel: str, practice: bool, now: datetime
) -> int:
    """The event is stored once for every open connection of its account; how many connections heard of it.

    A delivery that came before (the channel's retry) changes nothing. An ended connection hears
    nothing: the account may be another merchant's by now. The sessions are the SYSTEM's: whose account
    it is, is what is being found out.
    """
    async with sessions.write(SYSTEM) as session:
        known = await _connections(session, event.account_domain, channel=channel, practice=practice)
        listening = [connection for connection in known if connection.state is not ConnectionState.DISCONNECTED]
        for connection in listening:
            await _store(session, _delivery(vault, connection, event), event, now)
        if event.topic in COMPLIANCE:
            await privacy.obey(session, event, [connection.id for connection in known], now)
            await _write_down(session, event, {connection.merchant_id for connection in known}, channel, now)
    return len(listening)


async def _write_down(
    session: AsyncSession, event: InboundEvent, merchants: set[UUID], channel: str, now: datetime
) -> None:
    """The request stands once in the book of each merchant who has had the account, or in nobody's.

    The row's id follows from the delivery, so the channel's retry finds it there.
    """
    owners: set[UUID | None] = {*merchants} or {None}
    rows = [
        {
            "id": uuid5(NAMESPACE_URL, f"crossdock-privacy:{channel}:{event.topic}:{event.delivery_id}:{owner}"),
            "merchant_id": owner,
            "act": event.topic,
            "subject": event.account_domain[:200],
            "detail": {"delivery": event.delivery_id},
            "created_at": now,
        }
        for owner in sorted(owners, key=str)
    ]
    await session.execute(db.insert(session, AuditEntry).on_conflict_do_nothing(), rows)


async def _connections(session: AsyncSession, domain: str, *, channel: str, practice: bool) -> Sequence[Connection]:
    rows = await session.execute(
        select(Connection).where(
            Connection.channel == channel, Connection.practice == practice, Connection.domain == domain
        )
    )
    return rows.scalars().all()


def _delivery(vault: Vault, connection: Connection, event: InboundEvent) -> dict[str, Any]:
    delivery_id: UUID = new_id()
    return {
        "id": delivery_id,
        "merchant_id": connection.merchant_id,
        "connection_id": connection.id,
        "topic": event.topic,
        "delivery_id": event.delivery_id,
        "event_id": event.event_id,
        "body": vault.seal(event.body, merchant_id=connection.merchant_id, row_id=delivery_id, field=BODY_FIELD),
        "triggered_at": event.triggered_at,
    }


async def _store(session: AsyncSession, row: dict[str, Any], event: InboundEvent, now: datetime) -> None:
    stored = await session.execute(
        db.insert(session, Delivery).on_conflict_do_nothing().returning(Delivery.id).values(**row)
    )
    if stored.scalar_one_or_none() is None:
        return
    await tasks.enqueue(
        session,
        kinds.WEBHOOK,
        [str(row["id"])],
        merchant_id=row["merchant_id"],
        connection_id=row["connection_id"],
        now=now,
        not_before=now + GATHERED_FOR if event.gathers else None,
    )
