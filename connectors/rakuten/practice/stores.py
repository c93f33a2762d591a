"""Stores and their keys: who a call is from, and until when a licence key lets it in."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from connectors.practice.store import Row, Store
from connectors.rakuten.practice.answers import JAPAN

# Every API function of a store is ticked on in RMS by itself.
FUNCTIONS = ("item", "inventory", "license", "cabinet", "order")
KEY_DAYS = 90


def find(store: Store, name: str) -> Row | None:
    return store.row("SELECT * FROM store WHERE name = ?", name)


def make(store: Store, name: str, *, service_secret: str = "", license_key: str = "") -> str:
    """The store is there, and its licence key works from now on: the key. Raises ValueError for a secret in use."""
    known = find(store, name)
    if known is None:
        secret = service_secret or f"SP{secrets.randbelow(10**6):06}_{secrets.token_urlsafe(12)}"
        if store.row("SELECT 1 FROM store WHERE service_secret = ?", secret) is not None:
            raise ValueError("another store has this service secret")
        store.insert(
            "store",
            name=name,
            service_secret=secret,
            functions=json.dumps(FUNCTIONS),
            item_limit=20_000,
            created_at=store.now(),
        )
    return renew(store, name, license_key=license_key)


def renew(
    store: Store,
    name: str,
    *,
    license_key: str = "",
    works_after_seconds: float = 0.0,
    old_works_for_seconds: float = 0.0,
    ends: bool = True,
) -> str:
    """A new licence key replaces the old one; the new one may take a while to work, and the old one to stop.

    Whether the old one works on for a while at Rakuten is not known. [unsure]
    """
    value = license_key or f"SL{secrets.randbelow(10**6):06}_{secrets.token_urlsafe(12)}"
    now = store.now()
    last = now + old_works_for_seconds if old_works_for_seconds else now - 1
    store.run("UPDATE license_key SET ends_at = min(coalesce(ends_at, ?), ?) WHERE shop = ?", last, last, name)
    store.run("DELETE FROM license_key WHERE shop = ? AND value = ?", name, value)
    ends_at = _last_second(now) if ends else None
    store.insert("license_key", shop=name, value=value, works_at=now + works_after_seconds, ends_at=ends_at)
    return value


def _last_second(now: float) -> float:
    """The end of the ninetieth day, in Japan."""
    day = datetime.fromtimestamp(now, UTC).astimezone(JAPAN).date() + timedelta(days=KEY_DAYS)
    return datetime.combine(day, time(23, 59, 59), JAPAN).timestamp()


def revoke(store: Store, name: str) -> None:
    """No licence key of the store works any more."""
    store.run("DELETE FROM license_key WHERE shop = ?", name)


def expire(store: Store, name: str) -> None:
    """The ninety days are over."""
    store.run("UPDATE license_key SET ends_at = ? WHERE shop = ?", store.now() - 1, name)


def start_new(store: Store, name: str) -> None:
    """The newest licence key has come into force."""
    store.run("UPDATE license_key SET works_at = ? WHERE shop = ?", store.now(), name)


def end_old(store: Store, name: str) -> None:
    """Only the newest licence key works."""
    newest = "SELECT max(id) FROM license_key WHERE shop = ?"
    store.run(f"DELETE FROM license_key WHERE shop = ? AND id < ({newest})", name, name)


def end_in(store: Store, name: str, *, days: float) -> None:
    """The licence keys end that soon."""
    store.run("UPDATE license_key SET ends_at = ? WHERE shop = ?", store.now() + days * 86_400, name)


def set_functions(store: Store, name: str, functions: Sequence[str]) -> None:
    """Only these API functions stay ticked on. Raises ValueError for one there is not."""
    unknown = set(functions) - set(FUNCTIONS)
    if unknown:
        raise ValueError(f"a function is one of {', '.join(FUNCTIONS)}")
    store.run("UPDATE store SET functions = ? WHERE name = ?", json.dumps(list(functions)), name)


def is_ticked_on(shop: Row, function: str) -> bool:
    return function in json.loads(shop["functions"])


def named_by(header: str) -> tuple[str, str] | None:
    """Service secret and licence key of an Authorization header; None for a malformed one."""
    scheme, _, coded = header.partition(" ")
    if scheme != "ESA":
        return None
    try:
        secret, colon, key = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (secret, key) if secret and colon and key else None


def let_in(store: Store, service_secret: str, license_key: str) -> Row | None:
    """The store these keys open now; None for wrong ones, ended ones, and new ones that do not work yet."""
    return store.row(
        "SELECT store.* FROM store JOIN license_key ON license_key.shop = store.name"
        " WHERE service_secret = ? AND value = ? AND works_at <= ? AND (ends_at IS NULL OR ends_at >= ?)",
        service_secret,
        license_key,
        store.now(),
        store.now(),
    )


def of_secret(store: Store, service_secret: str) -> Row | None:
    """The store that is meant, whether or not it is opened."""
    return store.row("SELECT * FROM store WHERE service_secret = ?", service_secret)


def keys_of(store: Store, name: str) -> Row | None:
    """The newest licence key."""
    return store.row("SELECT * FROM license_key WHERE shop = ? ORDER BY id DESC LIMIT 1", name)


def key_named(store: Store, name: str, license_key: str) -> Row | None:
    return store.row("SELECT * FROM license_key WHERE shop = ? AND value = ?", name, license_key)
