"""Public-key authentication: keys a store makes for itself, and which order calls are let in by them.

https://developer.yahoo.co.jp/webapi/shopping/help/#aboutapipublickey
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from connectors.practice.store import Row, Store
from connectors.yahoo.practice import answers, faults
from connectors.yahoo.practice.answers import Answer

SESSION_OVER = answers.error(
    401, "AccessToken has been expired. This API session is shorter than another API.", "px-04102"
)
# What Yahoo! says of a signature it cannot read is unsure.
NOT_OURS = answers.error(401, "Public key authentication failed.", "px-99001")


def make(store: Store, seller_id: str) -> dict[str, str]:
    """A new key of the store: the public half and its version, as the merchant copies them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    held = store.row("SELECT COUNT(*) AS made FROM store_key WHERE shop = ?", seller_id)
    version = str((held["made"] if held else 0) + 1)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    store.insert("store_key", shop=seller_id, version=version, private_key=private)
    return {"public_key": _public(key), "key_version": version}


def newest(store: Store, seller_id: str) -> dict[str, str] | None:
    """The key made last, as `make` told of it; None where none was."""
    row = store.row("SELECT * FROM store_key WHERE shop = ? ORDER BY CAST(version AS INTEGER) DESC LIMIT 1", seller_id)
    return {"public_key": _public(_private(row)), "key_version": row["version"]} if row else None


def refusal(store: Store, seller_id: str, operation: str, headers: Mapping[str, str]) -> Answer | None:
    """What an order call is told that is not let in; None for one that is.

    Without a key a session ends 12 hours after the consent. Here it ends when a fault says so.
    """
    sealed, version = headers.get("x-sws-signature", ""), headers.get("x-sws-signature-version", "")
    if sealed:
        return None if _opens(store, seller_id, sealed, version) else NOT_OURS
    over = faults.take(store, seller_id, "session", operations=[operation]) is not None
    return SESSION_OVER if over else None


def _opens(store: Store, seller_id: str, sealed: str, version: str) -> bool:
    """Which skew of the time is allowed is unsure, so any time will do."""
    row = store.row("SELECT * FROM store_key WHERE shop = ? AND version = ?", seller_id, version)
    if row is None:
        return False
    try:
        told = _private(row).decrypt(base64.b64decode(sealed), padding.PKCS1v15()).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return False
    name, _, seconds = told.partition(":")
    return name == seller_id and seconds.isdecimal()


def _private(row: Row) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(row["private_key"].encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _public(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
