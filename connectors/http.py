"""The only way out to a channel: one request, then one answer or one sorted error, and one masked exchange kept."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import httpx

from connectors import redaction
from connectors.errors import AccountBlocked, Busy, ChannelError, InDoubt, OurFault, PermissionLost
from connectors.protocol import Keep
from connectors.records import BucketReading, Exchange

TOTAL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
ANSWER_BYTES = 8 * 1024 * 1024
# The codes of errors that say: nothing came back, or nobody was there to be asked.
UNREACHABLE, NO_ANSWER = "unreachable", "no_answer"
UNANSWERED = frozenset({UNREACHABLE, NO_ANSWER})

# What a status means where the channel's own page says nothing else.
STATUS_ERRORS: Mapping[int, type[ChannelError]] = MappingProxyType(
    {401: PermissionLost, 402: AccountBlocked, 403: PermissionLost, 408: Busy, 423: AccountBlocked, 429: Busy}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`writes` says a lost answer leaves us in doubt. `secrets` are masked wherever the exchange shows them."""

    operation: str
    method: str
    url: str
    writes: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    secrets: tuple[str, ...] = ()
    request_id_header: str = "x-request-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str


@functools.cache
def authorities() -> ssl.SSLContext:
    """Whom TLS trusts, for every client of the process: to read them all takes a tenth of a second."""
    return httpx.create_ssl_context(trust_env=False)


def no_reading(_answer: Answer) -> None:
    """For calls that are paid from no bucket."""


async def send(
    client: httpx.AsyncClient,
    request: Request,
    *,
    keep: Keep,
    read_bucket: Callable[[Answer], BucketReading | None] = no_reading,
) -> Answer:
    """The channel's whole answer, whatever its status; the masked exchange has been handed to `keep`.

    Raises Busy when nothing can have been executed, InDoubt when a write may have been, within TOTAL_SECONDS.
    """
    started_at, started = datetime.now(UTC), time.monotonic()
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            outcome: Answer | ChannelError = await _answer(client, request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        outcome = Busy(UNREACHABLE, message=type(error).__name__)
    except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
        outcome = lost(request, NO_ANSWER, message=type(error).__name__)
    exchange = _exchange(request, outcome, started_at, time.monotonic() - started)
    if isinstance(outcome, Answer):
        exchange = replace(exchange, reading=read_bucket(outcome))
    await keep(exchange)
    if isinstance(outcome, ChannelError):
        raise outcome
    return outcome


def lost(
    request: Request, code: str, original: str = "", *, channel_request_id: str = "", message: str = ""
) -> ChannelError:
    """The error of a call whose effect nobody told us: in doubt for a write, to be tried again for a read."""
    kind: type[ChannelError] = InDoubt if request.writes else Busy
    return kind(code, original, channel_request_id=channel_request_id, message=message)


async def _answer(client: httpx.AsyncClient, request: Request) -> Answer | ChannelError:
    sending = client.stream(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.content,
        follow_redirects=False,
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
    )
    async with sending as response:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > ANSWER_BYTES:
                return lost(request, "answer_too_large", message=f"more than {ANSWER_BYTES} bytes")
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=bytes(body),
            request_id=response.headers.get(request.request_id_header, ""),
        )


def _exchange(request: Request, outcome: Answer | ChannelError, started_at: datetime, seconds: float) -> Exchange:
    answer = outcome if isinstance(outcome, Answer) else None
    return Exchange(
        operation=request.operation,
        method=request.method,
        url=redaction.mask_url(request.url, secrets=request.secrets),
        status=answer.status if answer else None,
        request_body=_masked(request.headers, request.content, request),
        response_body=_masked(answer.headers, answer.body, request) if answer else "",
        started_at=started_at,
        seconds=seconds,
        channel_request_id=answer.request_id if answer else "",
    )


def _masked(headers: Mapping[str, str], body: bytes, request: Request) -> str:
    content_type = httpx.Headers(dict(headers)).get("content-type", "")
    return redaction.mask_body(content_type, body, secrets=request.secrets)


def error_for_status(
    answer: Answer,
    request: Request,
    *,
    original: str = "",
    special: Mapping[int, type[ChannelError]] = MappingProxyType({}),
) -> ChannelError | None:
    """The error a status stands for, None for a success. `special` is what this channel means by a status."""
    if 200 <= answer.status < 300:
        return None
    code = f"http_{answer.status}"
    kind = special.get(answer.status) or STATUS_ERRORS.get(answer.status)
    if kind is Busy:
        wait = _retry_after_seconds(answer)
        return Busy(code, original, retry_after_seconds=wait, channel_request_id=answer.request_id)
    if kind is None and answer.status >= 500:
        return lost(request, code, original, channel_request_id=answer.request_id)
    return (kind or OurFault)(code, original, channel_request_id=answer.request_id)


def _retry_after_seconds(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "").strip()
    return float(text) if text.replace(".", "", 1).isdecimal() else 0.0


def json_object(answer: Answer, request: Request) -> dict[str, Any]:
    """The JSON object in a successful answer.

    Raises for anything else: InDoubt for a write (it may have been executed), OurFault for a read.
    """
    value = parsed(answer.body)
    if isinstance(value, dict):
        return value
    kind = InDoubt if request.writes else OurFault
    raise kind("unreadable_answer", channel_request_id=answer.request_id)


def parsed(body: bytes) -> Any:
    """The JSON value in the body, None when it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
