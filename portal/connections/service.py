"""Connecting, reconnecting, pausing and ending connections."""

from __future__ import annotations

import hashlib
import secrets as random_source
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import locations
from connectors.records import Credentials, Identity
from portal.connections import secrets, states
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.models.connections import ConnectAttempt, Connection, ConnectionState
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.vault import Vault

VISIT = timedelta(minutes=10)


class OtherAccount(Conflict):
    """Somebody came back from the consent page as another account than the connection's."""

    def __init__(self, *, expected: str, came: str, domain: str) -> None:
        self.expected, self.came, self.domain = expected, came, domain
        super().__init__(
            _("You signed in as %(came)s") % {"came": came},
            _("This connection belongs to %(expected)s.") % {"expected": expected},
        )


class TakenElsewhere(Conflict):
    """The account is connected by another merchant of this installation."""

    def __init__(self) -> None:
        super().__init__(
            _("This account is connected to another Crossdock account"),
            _("Disconnect it there first; one account can be connected once, so that stock is never counted twice."),
        )


def new_visit() -> str:
    """The state of a trip to a consent page: 256 random bits."""
    return random_source.token_urlsafe(32)


def hash_of(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


async def start_visit(
    session: AsyncSession,
    state: str,
    *,
    merchant_id: UUID,
    session_id: UUID,
    channel: str,
    practice: bool,
    domain: str,
    return_to: str,
    connection_id: UUID | None,
    now: datetime,
) -> None:
    """The trip is written down; its state works once, here, in this browser session, for ten minutes."""
    session.add(
        ConnectAttempt(
            merchant_id=merchant_id,
            session_id=session_id,
            connection_id=connection_id,
            channel=channel,
            practice=practice,
            domain=domain,
            state_hash=hash_of(state),
            return_to=return_to,
            expires_at=now + VISIT,
        )
    )


async def finish_visit(session: AsyncSession, state: str, *, session_id: UUID, now: datetime) -> ConnectAttempt | None:
    """The trip this state began, spent by this; None when there is none, it is old, or was begun in another browser."""
    spent = await session.execute(
        update(ConnectAttempt)
        .where(
            ConnectAttempt.state_hash == hash_of(state),
            ConnectAttempt.session_id == session_id,
            ConnectAttempt.used_at.is_(None),
            ConnectAttempt.expires_at > now,
        )
        .values(used_at=now)
        .returning(ConnectAttempt.id)
        .execution_options(synchronize_session=False)
    )
    found = spent.scalar_one_or_none()
    return None if found is None else await session.get_one(ConnectAttempt, found)


async def owner_elsewhere(
    session: AsyncSession, identity: Identity, *, channel: str, practice: bool, merchant_id: UUID
) -> bool:
    """Whether another merchant holds an open connection to this account. `session` is the SYSTEM's."""
    found = await session.scalar(
        select(Connection.id).where(
            Connection.channel == channel,
            Connection.practice == practice,
            Connection.external_id == identity.external_id,
            Connection.state != ConnectionState.DISCONNECTED,
            Connection.merchant_id != merchant_id,
        )
    )
    return found is not None


async def connect(
    session: AsyncSession,
    vault: Vault,
    identity: Identity,
    credentials: Credentials,
    *,
    merchant_id: UUID,
    channel: str,
    practice: bool,
    auth_method: str,
    connection_id: UUID | None,
    now: datetime,
) -> Connection:
    """The account is connected with these credentials, and all that waited for it goes out.

    With `connection_id` it is a reconnect: raises OtherAccount when the identity is not
    that connection's. Without, an open or ended connection of the same account is taken up again.
    Raises TakenElsewhere when another merchant holds the account.
    """
    connection = await _same_account(session, identity, channel=channel, practice=practice)
    if connection_id is not None:
        asked = await one(session, connection_id)
        if asked.external_id != identity.external_id:
            raise OtherAccount(expected=asked.external_name, came=identity.name, domain=identity.domain)
        connection = asked
    if connection is None:
        connection = Connection(merchant_id=merchant_id, channel=channel, practice=practice, created_at=now)
        connection.external_id = identity.external_id
        session.add(connection)
        await _claim_account(session)
    connection.domain = identity.domain
    connection.auth_method, connection.connected_at = auth_method, now
    connection.secrets = secrets.seal(vault, connection, secrets.with_added(vault, connection, credentials))
    connection.previous_secrets = connection.next_secrets = connection.next_secrets_until = None
    connection.last_heard_at = now
    keep_identity(connection, identity)
    await states.open_again(session, connection, now)
    await _claim_account(session)
    await check(session, connection, now=now)
    return connection


def keep_identity(connection: Connection, identity: Identity) -> None:
    """The connection knows the account as it is now: its name, what it may do, where it sells. What counts stays."""
    connection.external_name = identity.name
    connection.currency = identity.currency
    connection.scopes = list(identity.scopes)
    connection.settings = {**identity.settings, **locations.remembered(connection.settings, identity.settings)}
    connection.access_ends_at = identity.access_ends_at


async def check(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """The connection is tested soon, and its webhooks are made sure of. Raises Conflict once it has ended."""
    if connection.state is ConnectionState.DISCONNECTED:
        raise Conflict(_("This channel is disconnected"), _("Connect the account again to use it."))
    await tasks.ask(session, connection, kinds.CHECK, [str(connection.id)], now=now)


async def pause(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """Nothing goes to the channel until the merchant resumes. Raises Conflict unless we are let in."""
    if connection.state not in {ConnectionState.ACTIVE, ConnectionState.MAINTENANCE}:
        raise Conflict(_("Only an active connection can be paused"))
    states.move(session, connection, ConnectionState.PAUSED, now)


async def resume(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """The channel gets everything that waited. Raises Conflict unless it was paused."""
    if connection.state is not ConnectionState.PAUSED:
        raise Conflict(_("This connection isn't paused"))
    await states.open_again(session, connection, now)


async def disconnect(session: AsyncSession, connection: Connection, *, now: datetime) -> None:
    """Syncing stops, what waits is dropped, and our access is ended at the channel. Listings there stay as they are."""
    if connection.state is ConnectionState.DISCONNECTED:
        return
    states.move(session, connection, ConnectionState.DISCONNECTED, now)
    # The connection before its tasks, as a worker's record takes them: else the two could wait for each other.
    await session.flush()
    await tasks.cancel_connection(session, connection.id, now=now)
    await tasks.ask(session, connection, kinds.REVOKE, [str(connection.id)], now=now)


async def one(session: AsyncSession, connection_id: UUID) -> Connection:
    """The merchant's connection. Raises NotFound."""
    connection = await session.get(Connection, connection_id)
    if connection is None:
        raise NotFound
    return connection


async def everyone(session: AsyncSession) -> list[Connection]:
    """The merchant's connections that are not ended, oldest first."""
    rows = await session.execute(
        select(Connection).where(Connection.state != ConnectionState.DISCONNECTED).order_by(Connection.id)
    )
    return list(rows.scalars())


async def _same_account(
    session: AsyncSession, identity: Identity, *, channel: str, practice: bool
) -> Connection | None:
    """The newest connection of this account: ended ones keep their listings, so they are taken up again."""
    rows = await session.execute(
        select(Connection)
        .where(
            Connection.channel == channel,
            Connection.practice == practice,
            Connection.external_id == identity.external_id,
        )
        .order_by(Connection.id.desc())
        .limit(1)
    )
    return rows.scalar_one_or_none()


async def _claim_account(session: AsyncSession) -> None:
    """What is pending is written. Of two merchants who connect one account at once, the database lets one through."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise TakenElsewhere from error
