"""A public key that a merchant adds to a connection, so that its access to orders lasts as long as its consent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import Credentials
from connectors.registry import PUBLIC_KEYS
from portal.connections import secrets, states
from portal.connections.account import ConnectionAccount, TrialAccount
from portal.connections.service import one
from portal.errors import Conflict, FormInvalid, NotFound
from portal.i18n import _
from portal.models.connections import Connection, ConnectionState
from portal.runtime import Runtime
from portal.vault import Vault, VaultError

# As Credentials.others carries them; the connector reads the first two.
KEY: Final = "public_key"
VERSION: Final = "key_version"
SINCE: Final = "key_since"
_VERSION = re.compile(r"[0-9A-Za-z._-]{1,32}", re.ASCII)
# Any time in which orders may have been placed will do: what is asked for is whether we may ask.
_LOOKED_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Held:
    """The key in use, but for itself: that is never shown again."""

    version: str
    since: datetime


def wanted(connection: Connection) -> bool:
    """Whether the connection's channel has public keys."""
    return connection.channel in PUBLIC_KEYS


def held(vault: Vault, connection: Connection) -> Held | None:
    """None where the merchant has added none, and where access was given up or can't be read any more."""
    if not wanted(connection) or connection.secrets is None:
        return None
    try:
        others = secrets.open_sealed(vault, connection, connection.secrets).others
    except VaultError:
        return None
    return Held(others[VERSION], datetime.fromisoformat(others[SINCE])) if others.get(KEY) else None


def read(connection: Connection, typed: Mapping[str, Any]) -> dict[str, str]:
    """The key and its version as they were pasted. Raises FormInvalid at `public_key` or `key_version`."""
    errors: dict[str, str] = {}
    key, version = "", unicodedata.normalize("NFKC", str(typed.get(VERSION, ""))).strip()
    try:
        key = PUBLIC_KEYS[connection.channel](str(typed.get(KEY, "")))
    except ValueError:
        errors[KEY] = _("This is no public key. Copy all of it, with its first and its last line.")
    if not _VERSION.fullmatch(version):
        errors[VERSION] = _("Enter the version that stands beside the key, such as 1.")
    if errors:
        raise FormInvalid(errors)
    return {KEY: key, VERSION: version}


async def test(runtime: Runtime, connection: Connection, key: Mapping[str, str]) -> None:
    """Orders are asked for under the key, which is kept nowhere. Raises ChannelError where they are not told."""
    connector = runtime.connectors[connection.channel]
    if connector.orders is None:
        raise NotFound
    trial = _with(await ConnectionAccount(runtime, connection).credentials(), key)
    now = runtime.clock()
    await connector.orders.placed(TrialAccount(runtime, connection, trial), now - _LOOKED_BACK, now)


async def keep(
    session: AsyncSession, vault: Vault, connection_id: UUID, key: Mapping[str, str], *, now: datetime
) -> None:
    """The key has worked: it goes with every call from now on, and a connection that waited for it opens again.

    Raises Conflict where access was given up meanwhile.
    """
    connection = await one(session, connection_id)
    await session.refresh(connection, with_for_update=True)
    if connection.secrets is None or connection.state is ConnectionState.DISCONNECTED:
        raise Conflict(_("This channel is disconnected"), _("Connect the account again to use it."))
    inside = secrets.open_sealed(vault, connection, connection.secrets)
    connection.secrets = secrets.seal(vault, connection, _with(inside, {**key, SINCE: now.isoformat()}))
    states.heard(connection, now)
    if connection.state is ConnectionState.NEEDS_REAUTH:
        await states.open_again(session, connection, now)
    states.move(session, connection, connection.state, now)


def _with(credentials: Credentials, key: Mapping[str, str]) -> Credentials:
    return replace(credentials, others={**credentials.others, **key})
