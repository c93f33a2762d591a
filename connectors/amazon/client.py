"""Talks to one seller's account on one marketplace: pays the operation's rate, sends, and sorts what refused it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from connectors import http
from connectors.amazon import errors, marketplaces
from connectors.amazon.rates import RATES
from connectors.errors import Busy, ChannelError, DataRefused, OurFault, PermissionLost
from connectors.limits import Rate
from connectors.protocol import Account
from connectors.records import BucketReading, Credentials

USER_AGENT = "Crossdock/0.1 (Language=Python)"
REQUEST_ID = "x-amzn-requestid"
RATE_IN_FORCE = "x-amzn-ratelimit-limit"

QUOTA = "QuotaExceeded"
TRIES = 3

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What Amazon answered to what it understood; `found` is false where it knows no such thing (404)."""

    body: Any
    found: bool
    request_id: str


class AmazonClient:
    """One seller on one marketplace, for the length of one operation."""

    def __init__(self, client: httpx.AsyncClient, account: Account) -> None:
        self._client = client
        self._account = account
        self.marketplace = marketplaces.by_host(account.domain)

    async def seller_id(self) -> str:
        """As `identify` found it; before there is a connection, as the consent named it."""
        known = str(self._account.settings.get("seller_id") or "")
        return known or (await self._account.credentials()).others.get("seller_id", "")

    async def get(self, operation: str, path: str, query: Query = ()) -> Reply:
        """A read."""
        return await self._call(operation, "GET", path, query, None, writes=False)

    async def send(
        self, operation: str, method: str, path: str, query: Query, body: Any, *, writes: bool = True
    ) -> Reply:
        """A call with a body. Raises InDoubt where one that `writes` may have been done."""
        return await self._call(operation, method, path, query, body, writes=writes)

    async def download(self, url: str, *, operation: str) -> http.Answer:
        """A document at the address Amazon gave for it, which needs no credentials and lives for minutes."""
        request = http.Request(operation=operation, method="GET", url=url, writes=False, secrets=(url,))
        return await self._document(request)

    async def unpacked(self, document: Mapping[str, str], *, operation: str) -> tuple[bytes, str]:
        """The bytes and the charset of a document named with `url` and, if packed, `compressionAlgorithm`."""
        answer = await self.download(document["url"], operation=operation)
        told = Message()
        told["Content-Type"] = answer.headers.get("content-type", "")
        packed = document.get("compressionAlgorithm") == "GZIP"
        return gzip.decompress(answer.body) if packed else answer.body, told.get_content_charset("utf-8")

    async def upload(self, url: str, content: bytes, *, content_type: str, operation: str) -> None:
        """A document to the address Amazon gave for it. The same bytes again are the same document."""
        headers = {"Content-Type": content_type}
        request = http.Request(
            operation=operation, method="PUT", url=url, writes=False, headers=headers, content=content, secrets=(url,)
        )
        await self._document(request)

    async def _document(self, request: http.Request) -> http.Answer:
        answer = await http.send(self._client, request, keep=self._account.keep_exchange)
        if answer.status in (403, 404):
            # The address has ended; a new one is given out on request.
            raise Busy("document_expired", channel_request_id=answer.request_id)
        failed = http.error_for_status(answer, request)
        if failed is not None:
            raise failed
        return answer

    async def _call(self, operation: str, method: str, path: str, query: Query, body: Any, *, writes: bool) -> Reply:
        def request(credentials: Credentials) -> http.Request:
            return http.Request(
                operation=operation,
                method=method,
                url=f"{self._account.base_url}{path}" + (f"?{urlencode(query)}" if query else ""),
                writes=writes,
                headers=_headers(credentials, with_body=body is not None),
                content=b"" if body is None else json.dumps(body, ensure_ascii=False).encode(),
                secrets=(credentials.access_token, credentials.refresh_token),
                request_id_header=REQUEST_ID,
            )

        credentials = await self._account.credentials()
        try:
            return await self._patiently(request(credentials))
        except PermissionLost:
            # Another process may have renewed it meanwhile; a call that was refused at the door did nothing.
            renewed = await self._account.credentials()
            if renewed.access_token == credentials.access_token:
                raise
            return await self._patiently(request(renewed))

    async def _patiently(self, request: http.Request) -> Reply:
        """Asks again when Amazon says too fast: it did nothing, and one call of hundreds must not undo the others."""
        for _ in range(TRIES - 1):
            try:
                return await self._send(request)
            except Busy as busy:
                if busy.problem.code != QUOTA:
                    raise
        return await self._send(request)

    async def _send(self, request: http.Request) -> Reply:
        rate = RATES[request.operation]
        await self._account.take_slot(request.operation, 1, published=rate)
        answer = await http.send(
            self._client,
            request,
            keep=self._account.keep_exchange,
            read_bucket=lambda answer: _reading(answer, request.operation, rate),
        )
        body = http.parsed(answer.body)
        failed = _failed(answer, request, body, rate)
        if failed is not None:
            raise failed
        found = answer.status != 404
        if found:
            body = {} if answer.status == 204 else http.json_object(answer, request)
        return Reply(body=body, found=found, request_id=answer.request_id)


def path_of(*parts: str) -> str:
    """A path of parts, each encoded: a SKU may hold slashes and spaces."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _headers(credentials: Credentials, *, with_body: bool) -> dict[str, str]:
    token = credentials.access_token
    if not (token.isascii() and token.isprintable()):
        raise PermissionLost("unusable_token", message="the token has characters no header can carry")
    headers = {
        "x-amz-access-token": token,
        "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "user-agent": USER_AGENT,
        "accept": "application/json",
    }
    return headers | {"content-type": "application/json"} if with_body else headers


def _reading(answer: http.Answer, operation: str, rate: Rate) -> BucketReading | None:
    """The rate in force, where the answer says it; after a refusal for haste, that the bucket is empty."""
    said = answer.headers.get(RATE_IN_FORCE, "")
    if answer.status == 429:
        return BucketReading(
            bucket=operation,
            unused=0,
            available=0,
            maximum=rate.maximum,
            restore_per_second=rate.restore_per_second,
        )
    if not said.replace(".", "", 1).isdecimal() or float(said) <= 0:
        return None
    return BucketReading(
        bucket=operation, unused=0, available=rate.maximum, maximum=rate.maximum, restore_per_second=float(said)
    )


def _failed(answer: http.Answer, request: http.Request, body: Any, rate: Rate) -> ChannelError | None:
    """The error of the call as a whole; None for what was done, and for what there is not (404)."""
    if answer.status < 300 or answer.status == 404:
        return None
    said = errors.errors_in(body)
    first: Mapping[str, Any] = said[0] if said else {}
    code = str(first.get("code") or f"http_{answer.status}")
    original = " ".join(filter(None, (str(first.get("message") or ""), str(first.get("details") or ""))))
    if answer.status == 429:
        return Busy(
            code, original, retry_after_seconds=1 / rate.restore_per_second, channel_request_id=answer.request_id
        )
    if answer.status in (401, 403):
        return PermissionLost(code, original, channel_request_id=answer.request_id)
    if answer.status < 500:
        if errors.is_about_an_image(first):
            return DataRefused(code, original, field="/images", channel_request_id=answer.request_id)
        return OurFault(code, original, channel_request_id=answer.request_id)
    # What a 5xx says is not known to come before the work: a write is in doubt.
    return http.lost(request, code, original, channel_request_id=answer.request_id)
