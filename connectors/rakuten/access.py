"""How a store is named, where it is called, and the header its two keys make."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from connectors.errors import PermissionLost
from connectors.protocol import Key, KeysRefused
from connectors.records import Credentials

API_ROOT = "https://api.rms.rakuten.co.jp"
SERVICE_SECRET, LICENSE_KEY = "service_secret", "license_key"
KEYS = (Key(SERVICE_SECRET, stays=True), Key(LICENSE_KEY))

_SHOP_HOSTS = frozenset({"rakuten.co.jp", "www.rakuten.co.jp", "item.rakuten.co.jp"})
_SHOP_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_HOW_TO_NAME = "Type the shop's name in its address: the part after rakuten.co.jp/, such as demo-shop."


def account_domain(text: str) -> str:
    """The shop's URL name in lower case, from the name or from an address of the shop.

    Raises ValueError with a sentence for the merchant.
    """
    typed = text.strip().lower()
    if "rakuten.co.jp" in typed:
        typed = _name_in_address(typed if "://" in typed else f"https://{typed}")
    if not _SHOP_NAME.fullmatch(typed):
        raise ValueError(_HOW_TO_NAME)
    return typed


def _name_in_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.hostname not in _SHOP_HOSTS:
        raise ValueError(_HOW_TO_NAME)
    return parts.path.strip("/").partition("/")[0]


def credentials_of(keys: Mapping[str, str]) -> Credentials:
    """The licence key as the token, the service secret beside it. Raises KeysRefused."""
    typed = {key.name: keys.get(key.name, "").strip() for key in KEYS}
    for name, value in typed.items():
        if not value:
            raise KeysRefused(name, "Paste this key. RMS shows it under WEB API service.")
        if not _fits_a_header(value):
            raise KeysRefused(name, "This key has characters that no RMS key has. Copy it again.")
    if ":" in typed[SERVICE_SECRET]:
        # The header joins the two with a colon, so a secret with one would be read as another secret.
        raise KeysRefused(SERVICE_SECRET, "This key has a colon in it, which no RMS key has. Copy it again.")
    return Credentials(access_token=typed[LICENSE_KEY], others={SERVICE_SECRET: typed[SERVICE_SECRET]})


def _fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable()


def service_secret(credentials: Credentials) -> str:
    return credentials.others.get(SERVICE_SECRET, "")


def authorization(credentials: Credentials) -> str:
    """The value of the Authorization header. Raises PermissionLost for keys no header can carry."""
    pair = f"{service_secret(credentials)}:{credentials.access_token}"
    if pair.startswith(":") or pair.endswith(":") or not _fits_a_header(pair):
        raise PermissionLost("unusable_keys", message="a key is missing or has characters no header can carry")
    return "ESA " + base64.b64encode(pair.encode()).decode()


def external_id(credentials: Credentials) -> str:
    """What stays the same when the licence key is renewed, and differs between stores; it reveals no key."""
    return "rakuten:" + hashlib.sha256(service_secret(credentials).encode()).hexdigest()[:32]
