"""The way in: naming the shop, sending the merchant there, reading the way back, tokens and their renewal.

CallbackRefused
├── CallbackMalformed    a parameter is missing or comes twice
├── StateMismatch        not the visit we started
├── ShopRefused          not a shop's host name
├── SignatureMismatch    not signed with the app's secret
├── CallbackTooOld       signed, but not now
└── ConsentDeclined      the merchant said no
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from connectors import http, signatures
from connectors.errors import OurFault, PermissionLost
from connectors.protocol import Keep
from connectors.records import Credentials
from connectors.shopify import errors

# https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
_SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com", re.ASCII)
_SHOP_NAME = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)
CALLBACK_SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopifyApp:
    """The app as registered with Shopify.

    While a secret is rotated Shopify signs with the older one until that is revoked, and up to an hour beyond.
    """

    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    old_client_secret: str = ""

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """Every secret that a genuine message may be signed with."""
        return tuple(secret for secret in (self.client_secret, self.old_client_secret) if secret)

    def __repr__(self) -> str:
        return f"ShopifyApp({self.client_id})"


@dataclass(frozen=True, slots=True)
class Callback:
    """What a genuine callback says: which shop consented, and the code to exchange once."""

    shop: str
    code: str

    def __repr__(self) -> str:
        return f"Callback({self.shop})"


class CallbackRefused(Exception):
    """The callback is not the answer to a visit we started; nothing may be stored."""


class CallbackMalformed(CallbackRefused):
    pass


class StateMismatch(CallbackRefused):
    pass


class ShopRefused(CallbackRefused):
    pass


class SignatureMismatch(CallbackRefused):
    pass


class CallbackTooOld(CallbackRefused):
    pass


class ConsentDeclined(CallbackRefused):
    pass


def is_shop_domain(domain: str) -> bool:
    """Whether this is exactly a shop's host name at Shopify, in lower case."""
    return len(domain) <= 253 and _SHOP_DOMAIN.fullmatch(domain) is not None


def shop_domain(text: str) -> str:
    """The shop's host name from what a merchant types: its name, its address, or a page of its admin.

    Raises ValueError with a sentence for the merchant.
    """
    typed = text.strip().lower()
    host = _host_of_address(typed) if "/" in typed or ":" in typed else typed
    if _SHOP_NAME.fullmatch(host):
        host = f"{host}.myshopify.com"
    if not is_shop_domain(host):
        raise ValueError(_NOT_A_SHOP)
    return host


def _host_of_address(address: str) -> str:
    """The host an address names, or the shop whose admin it is; empty for what no merchant would paste.

    A port or a user name stays in the host, where it makes it no shop's.
    """
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    return _shop_in_admin_path(parts.path) if parts.netloc == "admin.shopify.com" else parts.netloc


_NOT_A_SHOP = 'Type the name your shop has at Shopify, for example "demo" or "demo.myshopify.com".'


def _shop_in_admin_path(path: str) -> str:
    """The shop's name from /store/demo/products, the address bar of today's admin."""
    steps = path.split("/")
    return steps[2] if len(steps) > 2 and steps[1] == "store" else ""


def authorize_url(*, base_url: str, client_id: str, scopes: Sequence[str], redirect_uri: str, state: str) -> str:
    """Where the merchant consents; Shopify sends them back to `redirect_uri` with the same `state`."""
    query = {"client_id": client_id, "scope": ",".join(scopes), "redirect_uri": redirect_uri, "state": state}
    return f"{base_url}/admin/oauth/authorize?{urlencode(query)}"


def read_callback(
    query: Sequence[tuple[str, str]], *, secrets: Sequence[str], now: datetime, expected_state: str
) -> Callback:
    """The shop and code of a callback that is ours, a shop's, signed and fresh, checked in that order.

    `query` is every parameter as it came, repeated ones too. Raises a kind of CallbackRefused.
    """
    given = dict(query)
    if len(given) != len(query):
        raise CallbackMalformed("a parameter comes twice")
    if not expected_state or not signatures.same(expected_state, given.get("state", "")):
        raise StateMismatch("state")
    if "error" in given:
        raise ConsentDeclined(given["error"])
    if not is_shop_domain(given.get("shop", "")):
        raise ShopRefused("shop")
    if not any(_signed(given, secret) for secret in secrets):
        raise SignatureMismatch("hmac")
    if not _fresh(given.get("timestamp", ""), now):
        raise CallbackTooOld("timestamp")
    if not given.get("code"):
        raise CallbackMalformed("no code")
    return Callback(given["shop"], given["code"])


def _signed(given: dict[str, str], secret: str) -> bool:
    """Shopify's page joins plain values, its own library joins encoded ones; they differ only for rare characters."""
    pairs = sorted((name, value) for name, value in given.items() if name not in ("hmac", "signature"))
    plain = "&".join(f"{name}={value}" for name, value in pairs)
    messages = (plain.encode("utf-8", "replace"), urlencode(pairs, errors="replace").encode())
    matches = [signatures.same(signatures.sha256_hex(secret, message), given.get("hmac", "")) for message in messages]
    return bool(secret) and any(matches)


def _fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= CALLBACK_SECONDS


async def exchange_code(
    client: httpx.AsyncClient, *, base_url: str, app: ShopifyApp, code: str, now: datetime, keep: Keep
) -> Credentials:
    """Expiring offline credentials for a code, which is spent by this. Raises PermissionLost for a code not taken."""
    fields = {"client_id": app.client_id, "client_secret": app.client_secret, "code": code, "expiring": "1"}
    request = _token_request("exchange_code", base_url, fields, writes=True, secrets=(app.client_secret, code))
    return await _credentials(client, request, now, keep)


async def renew(
    client: httpx.AsyncClient, *, base_url: str, app: ShopifyApp, refresh_token: str, now: datetime, keep: Keep
) -> Credentials:
    """New credentials for a refresh token, to be stored before they are used.

    Raises PermissionLost when the token is dead, or when there is none. May be repeated after a lost answer:
    Shopify keeps the old refresh token good until the new one is used.
    """
    if not refresh_token:
        raise PermissionLost("no_refresh_token")
    fields = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    request = _token_request("renew", base_url, fields, writes=False, secrets=(app.client_secret, refresh_token))
    return await _credentials(client, request, now, keep)


def _token_request(
    operation: str, base_url: str, fields: dict[str, str], *, writes: bool, secrets: tuple[str, ...]
) -> http.Request:
    return http.Request(
        operation=operation,
        method="POST",
        url=f"{base_url}/admin/oauth/access_token",
        writes=writes,
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        content=json.dumps(fields).encode(),
        secrets=secrets,
    )


# RFC 6749 5.2: these refuse the app itself; reconnecting a shop would not help.
_ABOUT_OUR_APP = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"})


async def _credentials(client: httpx.AsyncClient, request: http.Request, now: datetime, keep: Keep) -> Credentials:
    answer = await http.send(client, request, keep=keep)
    body = http.parsed(answer.body)
    named = body if isinstance(body, dict) else {}
    if answer.status == 400 and named.get("error"):
        kind = OurFault if named["error"] in _ABOUT_OUR_APP else PermissionLost
        raise kind(str(named["error"]), errors.said(named), channel_request_id=answer.request_id)
    failed = http.error_for_status(answer, request, original=errors.said(named), special=errors.STATUS_ERRORS)
    if failed is not None:
        raise failed
    granted = http.json_object(answer, request)
    if not isinstance(granted.get("access_token"), str):
        raise OurFault("no_access_token", channel_request_id=answer.request_id)
    return _granted(granted, now)


def _granted(body: dict[str, Any], now: datetime) -> Credentials:
    return Credentials(
        access_token=body["access_token"],
        refresh_token=str(body.get("refresh_token") or ""),
        expires_at=_after(now, body.get("expires_in")),
        refresh_expires_at=_after(now, body.get("refresh_token_expires_in")),
        scopes=tuple(sorted(scope for scope in str(body.get("scope") or "").split(",") if scope)),
    )


def _after(now: datetime, seconds: Any) -> datetime | None:
    return now + timedelta(seconds=int(seconds)) if seconds else None


def missing_scopes(asked: Sequence[str], granted: Sequence[str]) -> tuple[str, ...]:
    """The asked scopes that were not granted. A write scope grants its read scope without naming it."""
    held = set(granted) | {f"read_{scope.removeprefix('write_')}" for scope in granted if scope.startswith("write_")}
    return tuple(scope for scope in asked if scope not in held)
