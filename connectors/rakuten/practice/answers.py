"""Answers as RMS gives them: the gateway's shape, that of the newer APIs, and times in Japan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

JAPAN = timezone(timedelta(hours=9))
# APIs that answer with a list of errors; the others answer as the gateway does.
NEWER = frozenset({"item", "inventory"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body, or a text as it is; None for no body. `outcome` is what the request table says."""

    status: int
    body: Any = None
    outcome: str = "ok"
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One entry of an errors list. `path` is the propertyPath; `details` pairs of code and message."""

    code: str
    message: str
    path: str = ""
    details: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def body(self) -> dict[str, Any]:
        metadata: dict[str, Any] = {}
        if self.details:
            metadata["details"] = [{"code": code, "message": message} for code, message in self.details]
        if self.path:
            metadata["propertyPath"] = self.path
        return {"code": self.code, "message": self.message} | ({"metadata": metadata} if metadata else {})


def refused(refusals: Sequence[Refusal], status: int = 400) -> Answer:
    body = {"errors": [refusal.body() for refusal in refusals]}
    return Answer(status, body, " ".join(dict.fromkeys(refusal.code for refusal in refusals)))


def gateway(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"Results": {"errorCode": code, "message": message}}, code)


def not_let_in(api: str) -> Answer:
    """A wrong or ended key, and a function that is not ticked on, look alike."""
    if api in NEWER:
        return refused([Refusal("GA0001", "Un-Authorised")], 401)
    return gateway(401, "ES01-01", "Un-Authorised")


def throttled(api: str) -> Answer:
    words = "Forbidden- Exceeded QPS Limitation"
    if api in NEWER:
        return refused([Refusal("GA0003", words)], 429)
    return gateway(403, "ES01-03", words)


def not_found(manage_number: str) -> Answer:
    return refused([Refusal("GE0014", f"Not found for inputs; manageNumber={manage_number}")], 404)


CONFLICT_WORDS = (
    "Your request could not be processed due to a conflict with another process. Please try again after a short while."
)


def conflict() -> Answer:
    return refused([Refusal("CE0001", CONFLICT_WORDS)], 409)


def japanese_time(seconds: float, *, zone: bool = True) -> str:
    """2022-07-01T10:00:00+09:00, or without its zone, as the licence API writes it."""
    time = datetime.fromtimestamp(seconds, UTC).astimezone(JAPAN).replace(microsecond=0)
    return time.isoformat() if zone else time.replace(tzinfo=None).isoformat()
