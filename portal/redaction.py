"""What must not reach a log line: secrets and buyers' data, masked by the name of the field and by their look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stdnum import luhn

MASK = "●●●"

_SECRET_NAMES = re.compile(
    r"(token|secret|password|passwd|authorization|cookie|api_?key|credential|signature|hmac|session_id|code_verifier)",
    re.IGNORECASE,
)
_BUYER_NAMES = re.compile(
    r"^(e-?mail|phone|address\d?|first_name|last_name|buyer.*|customer.*|zip|postal_code)$", re.IGNORECASE
)
_SECRET_LOOKS = re.compile(r"(shp[a-z]{2}_[A-Za-z0-9]{8,}|Bearer\s+\S+|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]+)")
_MAIL_LOOKS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_CARD_LOOKS = re.compile(r"\b(?:\d[ -]?){13,19}\b")


def redact(_logger: Any, _method: str, event: Any) -> Any:
    """A structlog processor: the event with what must not be read masked, its structure and ids kept."""
    return {key: _value(key, value) for key, value in event.items()}


def _value(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name) or _BUYER_NAMES.match(name):
        return MASK if value not in (None, "", 0, False) else value
    if isinstance(value, Mapping):
        return {key: _value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value("", inner) for inner in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    masked = _SECRET_LOOKS.sub(MASK, text)
    masked = _MAIL_LOOKS.sub(MASK, masked)
    return _CARD_LOOKS.sub(
        lambda found: MASK if luhn.is_valid(re.sub(r"[ -]", "", found.group())) else found.group(), masked
    )
