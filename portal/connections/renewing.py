"""New keys that the channel does not take yet: kept beside those in use, tried until they work, then used."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Capabilities
from connectors.records import Credentials, Identity
from portal.connections import secrets, states
from portal.connections.service import keep_identity
from portal.models.connections import Connection, ConnectionState
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.vault import Vault


def kept_keys(vault: Vault, connection: Connection, can: Capabilities) -> dict[str, str]:
    """Those of the connection's keys that stay when the others are renewed, by name; none once access was given up."""
    if connection.secrets is None:
        return {}
    held = secrets.open_sealed(vault, connection, connection.secrets).others
    return {key.name: held[key.name] for key in can.keys if key.stays and key.name in held}


async def keep(
    session: AsyncSession,
    vault: Vault,
    connection: Connection,
    credentials: Credentials,
    *,
    within_seconds: int,
    now: datetime,
) -> None:
    """The keys in use stay in use. The new ones are tried from now on, and instead of any that were tried before."""
    connection.next_secrets = secrets.seal(vault, connection, credentials)
    connection.next_secrets_until = now + timedelta(seconds=within_seconds)
    states.move(session, connection, connection.state, now)
    await tasks.ask(session, connection, kinds.NEW_KEYS, [str(connection.id)], now=now)


async def use(session: AsyncSession, connection: Connection, identity: Identity, now: datetime) -> None:
    """The new keys have opened the account and are those in use; what waited for the connection goes out."""
    connection.secrets, connection.previous_secrets = connection.next_secrets, None
    connection.connected_at = connection.last_heard_at = now
    forget(connection)
    keep_identity(connection, identity)
    if connection.state is ConnectionState.NEEDS_REAUTH:
        await states.open_again(session, connection, now)
    states.move(session, connection, connection.state, now)


def give_up(session: AsyncSession, connection: Connection, now: datetime) -> None:
    """The new keys are gone; the page says that they never worked."""
    connection.next_secrets = None
    states.move(session, connection, connection.state, now)


def forget(connection: Connection) -> None:
    connection.next_secrets = connection.next_secrets_until = None
