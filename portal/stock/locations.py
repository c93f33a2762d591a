"""Which locations of a connection count: what a merchant chooses, and what follows when the channel has others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors import locations
from connectors.locations import Location
from connectors.registry import CHANNELS
from portal import db
from portal.errors import FormInvalid, NotFound
from portal.i18n import _
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import ListingItem
from portal.stock import buffers, telling

COUNTS, MAIN = "counts", "main"


@dataclass(frozen=True, slots=True)
class Choice:
    """The locations that are offered, the ids of those that count and of the main one, and the names of those gone."""

    offered: Sequence[Location]
    counted: Collection[str]
    main: str
    gone: Sequence[str]


async def connection(session: AsyncSession, connection_id: UUID, *, lock: bool = False) -> Connection:
    """Raises NotFound, also for a connection that has no locations or is ended."""
    row = await buffers.connection(session, connection_id, lock=lock)
    if not CHANNELS[row.channel].locations or row.state is ConnectionState.DISCONNECTED:
        raise NotFound
    return row


def choice(row: Connection) -> Choice:
    """What is chosen now."""
    counted = locations.counted(row.settings)
    gone = [one.name for one in locations.gone(row.settings)]
    return Choice(locations.offered(row.settings), counted, counted[0] if counted else "", gone)


async def choose(
    session: AsyncSession, connection_id: UUID, counted: Collection[str], main: str, *, now: datetime
) -> list[str]:
    """These locations count, and numbers are changed at the main one first; their names. All is compared anew.

    Raises NotFound, and FormInvalid (`counts`, `main`) where none counts or the main one does not.
    """
    row = await connection(session, connection_id, lock=True)
    known = {one.id for one in locations.offered(row.settings)}
    wanted = known & set(counted)
    errors = {}
    if not wanted:
        errors[COUNTS] = _("Tick one location at least: without any there is nothing to sell.")
    if main not in known:
        errors[MAIN] = _("Choose the main location.")
    elif wanted and main not in wanted:
        errors[MAIN] = _("The main location has to count. Tick it above, or choose one that is ticked.")
    if errors:
        raise FormInvalid(errors)
    await _keep(session, row, locations.chosen(row.settings, wanted, main), now=now)
    return locations.counted_names(row.settings)


async def refresh(session: AsyncSession, row: Connection, told: Mapping[str, Any], *, now: datetime) -> None:
    """The connection knows the locations its channel has now (`Identity.settings`); one that is gone counts no more."""
    await _keep(session, row, locations.refreshed(row.settings, told), now=now)


async def _keep(session: AsyncSession, row: Connection, settings: dict[str, Any], *, now: datetime) -> None:
    """The settings are the connection's; where other locations count than before, every number there is compared."""
    before, after = set(locations.counted(row.settings)), set(locations.counted(settings))
    row.settings = settings
    if before == after:
        db.changed(session, row.merchant_id, f"connection:{row.id}")
        return
    row.settings = {**settings, locations.RECOUNTED: now.isoformat()}
    await session.flush()
    priority = telling.DOWN_FIRST if before - after else telling.UP_LATER
    await telling.again(session, row.merchant_id, ListingItem.connection_id == row.id, priority=priority, now=now)
