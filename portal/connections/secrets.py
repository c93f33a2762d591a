"""A connection's credentials, sealed and opened; in clear they live in memory only."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from connectors.records import Credentials
from portal.models.connections import Connection
from portal.vault import Vault, VaultError

FIELD = "connection.secrets"


def seal(vault: Vault, connection: Connection, credentials: Credentials) -> bytes:
    plain = msgspec.json.encode(
        {
            "access_token": credentials.access_token,
            "refresh_token": credentials.refresh_token,
            "expires_at": credentials.expires_at,
            "refresh_expires_at": credentials.refresh_expires_at,
            "scopes": credentials.scopes,
            "others": dict(credentials.others),
        }
    )
    return vault.seal(plain, merchant_id=connection.merchant_id, row_id=connection.id, field=FIELD)


def open_sealed(vault: Vault, connection: Connection, token: bytes) -> Credentials:
    """The credentials sealed in `token` for this very connection. Raises VaultError for any other."""
    plain = vault.open(token, merchant_id=connection.merchant_id, row_id=connection.id, field=FIELD)
    kept: dict[str, Any] = msgspec.json.decode(plain)
    return Credentials(
        access_token=kept["access_token"],
        refresh_token=kept["refresh_token"],
        expires_at=_moment(kept["expires_at"]),
        refresh_expires_at=_moment(kept["refresh_expires_at"]),
        scopes=tuple(kept["scopes"]),
        # Sealed before there were any: the connections of the first release have none.
        others=kept.get("others", {}),
    )


def with_added(vault: Vault, connection: Connection, credentials: Credentials) -> Credentials:
    """New credentials of a consent, with what the merchant added to the old ones by hand (a public key)."""
    if credentials.others or connection.secrets is None:
        return credentials
    try:
        kept = open_sealed(vault, connection, connection.secrets)
    except VaultError:
        # What cannot be read any more is no reason not to be let in again.
        return credentials
    return replace(credentials, others=kept.others)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
