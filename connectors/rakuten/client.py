"""Talks JSON to one store: pays the API's bucket first, sends, and sorts what came back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from connectors import http
from connectors.errors import Problem, as_error
from connectors.limits import Rate
from connectors.protocol import Account
from connectors.rakuten import access, errors, xml
from connectors.rakuten.errors import Refusal
from connectors.records import Credentials

# One call a second for each API. Documented for orders and R-Cabinet, reported for the others. [unsure]
# A busy machine sends a call some tenths of a second after its slot, and the next one at once: so slots lie further
# apart than the calls have to, or every tenth call is refused as too early.
PUBLISHED_RATE = Rate(maximum=1, restore_per_second=0.85)

ITEM, INVENTORY, LICENSE, CABINET, ORDER = "item", "inventory", "license", "cabinet", "order"

_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `bucket` is the API it is paid from; `writes` says a lost answer leaves us in doubt.

    `body` is sent as JSON; `content` with its `content_type` is sent as it is.
    """

    operation: str
    method: str
    path: str
    bucket: str
    writes: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content: bytes = b""
    content_type: str = _JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered to a call that was not stopped: a body, or refusals of what was sent.

    `xml` is the body of the APIs that answer in it.
    """

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    request_id: str = ""
    xml: bytes = b""

    @property
    def not_found(self) -> bool:
        return self.status == 404 and any(refusal.code == errors.NOT_FOUND for refusal in self.refusals)

    def problem(self, variants: Mapping[str, int] | None = None) -> Problem | None:
        """The problem the refusals state, None when there are none. `variants` are our positions by SKU code."""
        if not self.refusals:
            return None
        return errors.problem_of(self.refusals, variants=variants, request_id=self.request_id)


class RakutenClient:
    """One store for the length of one operation."""

    def __init__(self, client: httpx.AsyncClient, account: Account) -> None:
        self._client = client
        self.account = account

    @property
    def shop(self) -> str:
        return self.account.domain

    async def credentials(self) -> Credentials:
        return await self.account.credentials()

    async def ask(self, call: Call) -> Reply:
        """The answer, also one that refuses what was sent. Raises what stops the whole call (connectors.errors)."""
        request, answer = await self._send(call)
        if answer.status < 300:
            body = {} if answer.status == 204 else http.json_object(answer, request)
            return Reply(status=answer.status, body=body, request_id=answer.request_id)
        return _refused(request, answer, errors.refusals(http.parsed(answer.body)))

    async def ask_in_xml(self, call: Call) -> Reply:
        """Like ask, of the APIs that answer in XML. The gateway before them may answer in either."""
        request, answer = await self._send(call)
        found = errors.refusals(http.parsed(answer.body)) or errors.refusals_in_xml(answer.body)
        if answer.status >= 300 or found:
            return _refused(request, answer, found)
        if not xml.is_result(answer.body):
            raise http.lost(request, "unreadable_answer", channel_request_id=answer.request_id)
        return Reply(status=answer.status, request_id=answer.request_id, xml=answer.body)

    async def _send(self, call: Call) -> tuple[http.Request, http.Answer]:
        credentials = await self.account.credentials()
        request = _request(call, self.account.base_url, credentials)
        await self.account.take_slot(call.bucket, 1, published=PUBLISHED_RATE)
        return request, await http.send(self._client, request, keep=self.account.keep_exchange)

    async def body(self, call: Call) -> dict[str, Any]:
        """What was answered to a call that can only be refused as a whole: then that is raised."""
        reply = await self.ask(call)
        problem = reply.problem()
        if problem is not None:
            raise as_error(problem)
        return reply.body

    async def read(self, call: Call) -> Reply:
        """The reply to a read; any refusal but of what is not there is raised."""
        reply = await self.ask(call)
        problem = reply.problem()
        if problem is not None and not reply.not_found:
            raise as_error(problem)
        return reply

    # ---- items ----

    async def get_item(self, manage_number: str) -> Reply:
        """The item, or a reply that is `not_found` where the store has none of this code."""
        call = Call(operation="items.get", method="GET", path=_item_path(manage_number), bucket=ITEM)
        return await self.read(call)

    async def put_item(self, manage_number: str, body: Mapping[str, Any]) -> Reply:
        return await self._write_item("items.upsert", "PUT", manage_number, body)

    async def patch_item(self, manage_number: str, body: Mapping[str, Any]) -> Reply:
        return await self._write_item("items.patch", "PATCH", manage_number, body)

    async def _write_item(self, operation: str, method: str, manage_number: str, body: Mapping[str, Any]) -> Reply:
        path = _item_path(manage_number)
        return await self.ask(Call(operation=operation, method=method, path=path, bucket=ITEM, writes=True, body=body))


def _refused(request: http.Request, answer: http.Answer, found: list[Refusal]) -> Reply:
    stopped = errors.stopping(answer, request, found)
    if stopped is not None:
        raise stopped
    return Reply(status=answer.status, refusals=found, request_id=answer.request_id)


def _item_path(manage_number: str) -> str:
    return f"/es/2.0/items/manage-numbers/{quote(manage_number, safe='')}"


def _request(call: Call, base_url: str, credentials: Credentials) -> http.Request:
    header = access.authorization(credentials)
    query = f"?{urlencode(call.query)}" if call.query else ""
    content = call.content if call.body is None else _written(call.body)
    return http.Request(
        operation=call.operation,
        method=call.method,
        url=f"{base_url}{call.path}{query}",
        writes=call.writes,
        headers={
            "Authorization": header,
            "Accept": "application/json" if call.content_type == _JSON else "*/*",
            **({"Content-Type": call.content_type} if content else {}),
        },
        content=content,
        secrets=(access.service_secret(credentials), credentials.access_token, header.removeprefix("ESA ")),
        request_id_header="request-id",
    )


def _written(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
