"""Keyed signatures as channels send them, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sha256_hex(secret: str, message: bytes) -> str:
    """HMAC-SHA256 of the message in lower-case hex."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def sha256_base64(secret: str, message: bytes) -> str:
    """HMAC-SHA256 of the message in standard base64."""
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode("ascii")


def same(expected: str, given: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def any_signs_base64(secrets: Iterable[str], message: bytes, given: str) -> bool:
    """Whether one of the secrets made this base64 signature. An empty secret signs nothing.

    Every secret is tried, so the time does not tell which one matched.
    """
    matches = [same(sha256_base64(secret, message), given) for secret in secrets if secret]
    return any(matches)
