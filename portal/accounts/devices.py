"""Browsers in which somebody has signed in before, so that an attack from elsewhere cannot lock them out.

The cookie is a signed statement: "a browser with this random id belongs to this user".
It opens nothing. It only gives that browser its own count of wrong guesses, so
strangers who use up the account's count leave the real person's untouched, and a
stolen cookie buys ten guesses an hour.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

LIFETIME = timedelta(days=365)


def issue(secret: str, user_id: UUID, now: datetime) -> str:
    """A cookie's value that makes this browser one the user is known to use, for a year."""
    body = f"{secrets.token_hex(16)}.{int((now + LIFETIME).timestamp())}"
    return f"{body}.{_signature(secret, user_id, body)}"


def known(secret: str, user_id: UUID | None, cookie: str, now: datetime) -> str | None:
    """The browser's id if the cookie was issued to this user and has not run out."""
    body, _dot, signature = cookie.rpartition(".")
    browser, _dot, until = body.partition(".")
    expected = _signature(secret, user_id, body)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return None
    return browser if int(until) > now.timestamp() else None


def _signature(secret: str, user_id: UUID | None, body: str) -> str:
    stated = f"device\0{user_id}\0{body}".encode("utf-8", "replace")
    return hmac.new(secret.encode(), stated, hashlib.sha256).hexdigest()
