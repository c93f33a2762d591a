"""What the hub shows of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import locations
from connectors.protocol import Capabilities
from portal.connections import service, states
from portal.models.connections import Connection, ConnectionState, ExchangeEntry
from portal.models.listings import Listing
from portal.models.reports import ChannelReport, ReportState
from portal.models.tasks import Task, TaskState
from portal.runtime import Runtime
from portal.tasks import kinds, words

# How a test ends that says something about the access.
TESTED = (TaskState.DONE, TaskState.REFUSED, TaskState.FAILED)


@dataclass(frozen=True, slots=True)
class Card:
    """One connection with what waits for it, as the hub and the banners show it.

    `tested` is the last look whether the channel lets us in, once it has ended; `practice_url` is where a practice
    shop is looked at and disturbed, empty for a real one. `renew` says the access ends soon. `co_sells`: items that the
    channel's catalog has already can be offered on it.
    """

    connection: Connection
    capabilities: Capabilities
    waiting: dict[str, int]
    waiting_text: str
    listings: int
    checking: bool
    tested: Task | None
    practice_url: str
    missing_scopes: tuple[str, ...]
    renew: bool
    co_sells: bool

    @property
    def needs_reconnect(self) -> bool:
        return self.connection.state is ConnectionState.NEEDS_REAUTH

    @property
    def trying_new_keys(self) -> bool:
        return self.connection.next_secrets is not None

    @property
    def new_keys_never_worked(self) -> bool:
        return self.connection.next_secrets is None and self.connection.next_secrets_until is not None

    @property
    def counted_locations(self) -> list[str]:
        """The names of the locations whose stock is sold there, the main one first; none where nobody said."""
        return locations.counted_names(self.connection.settings)

    @property
    def lost_locations(self) -> list[str]:
        """The names of those that counted and are no longer there, until the merchant chooses again."""
        return [one.name for one in locations.gone(self.connection.settings)]

    @property
    def waiting_count(self) -> int:
        return sum(self.waiting.values())


async def cards(session: AsyncSession, runtime: Runtime, ids: list[UUID] | None = None) -> list[Card]:
    """The merchant's open connections (or those of `ids`), oldest first."""
    found = [c for c in await service.everyone(session) if ids is None or c.id in ids]
    return [await card(session, runtime, connection) for connection in found]


async def card(session: AsyncSession, runtime: Runtime, connection: Connection) -> Card:
    waiting = await session.execute(
        select(Task.kind, func.count(Task.id).label("number"))
        .where(
            Task.connection_id == connection.id,
            Task.state.in_((TaskState.WAITING, TaskState.RUNNING, TaskState.IN_DOUBT, TaskState.SENT)),
        )
        .group_by(Task.kind)
    )
    by_kind = {row.kind: row.number for row in waiting}
    checking = bool(by_kind.pop(kinds.CHECK.name, 0))
    by_kind = {kind: count for kind, count in by_kind.items() if kind in words.SAID}
    listings = await session.scalar(select(func.count(Listing.id)).where(Listing.connection_id == connection.id))
    consents = runtime.practice_consents if connection.practice else runtime.consents
    consent = consents.get(connection.channel)
    missing = consent.missing_scopes(connection.scopes) if consent and connection.scopes else ()
    return Card(
        connection=connection,
        capabilities=runtime.connectors[connection.channel].capabilities,
        waiting=by_kind,
        waiting_text=words.waiting(by_kind),
        listings=listings or 0,
        checking=checking,
        tested=await _last_test(session, connection),
        practice_url=practice_page(runtime, connection.channel, _account(connection)) if connection.practice else "",
        missing_scopes=missing,
        renew=states.ends_soon(connection, runtime.clock()),
        co_sells=runtime.connectors[connection.channel].offers is not None,
    )


async def _last_test(session: AsyncSession, connection: Connection) -> Task | None:
    ended: Task | None = await session.scalar(
        select(Task)
        .where(Task.subject == str(connection.id), Task.kind == kinds.CHECK.name, Task.state.in_(TESTED))
        .order_by(Task.id.desc())
        .limit(1)
    )
    return ended


def practice_page(runtime: Runtime, channel: str, account: str) -> str:
    """Where a practice account is looked at and disturbed; empty where practice is off."""
    root = runtime.practice_urls.get(channel)
    return f"{root}/practice/shops/{account}" if root else ""


def _account(connection: Connection) -> str:
    """What the account is called at its channel, where that is not what the connection is named by."""
    return str(connection.settings.get("seller_id") or connection.domain)


async def newest_report(session: AsyncSession, connection_id: UUID) -> ChannelReport | None:
    """The channel's own report that was fetched last."""
    found: ChannelReport | None = await session.scalar(
        select(ChannelReport)
        .where(ChannelReport.connection_id == connection_id, ChannelReport.state == ReportState.READY)
        .order_by(ChannelReport.id.desc())
        .limit(1)
    )
    return found


async def exchanges(session: AsyncSession, connection_id: UUID, limit: int = 20) -> list[ExchangeEntry]:
    """The newest calls of a connection, masked as they were kept."""
    rows = await session.execute(
        select(ExchangeEntry)
        .where(ExchangeEntry.connection_id == connection_id)
        .order_by(ExchangeEntry.id.desc())
        .limit(limit)
    )
    return list(rows.scalars())
