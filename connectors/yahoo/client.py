"""Talks to one store: pays the rate first, sends, and reads the XML that came back or sorts what refused it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from connectors import http
from connectors.errors import Busy, ChannelError, InDoubt, OurFault, PermissionLost
from connectors.limits import Rate
from connectors.protocol import Account
from connectors.records import Credentials
from connectors.yahoo import answers, errors, order_requests, signing
from connectors.yahoo.answers import Element

PATH = "/ShoppingWebService/V1"
FORM = "application/x-www-form-urlencoded"
# Never a form's type, which clients send as well: of XML that is called a form, buyers' data could be kept.
XML = "application/xml; charset=utf-8"
UPLOAD = "uploadItemImage"
# https://developer.yahoo.co.jp/webapi/shopping/: one query a second for each address. We take a little less: a call
# that was long on its way comes close to the one after it, and who is too fast is let in to nothing for a while.
A_SECOND = Rate(maximum=1, restore_per_second=0.9)
# https://developer.yahoo.co.jp/webapi/shopping/faq.html: 50,000 a day for an application id.
A_DAY = Rate(maximum=50_000, restore_per_second=50_000 / 86_400)

Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that Yahoo! gave to what it understood; `refusals` are the errors it names, none for a success."""

    root: Element
    refusals: tuple[errors.Refusal, ...]
    request_id: str


class YahooClient:
    """One store for the length of one operation."""

    def __init__(self, client: httpx.AsyncClient, account: Account, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self.account = account
        self._clock = clock
        self.seller_id = account.domain

    async def get(self, operation: str, parameters: Parameters) -> Reply:
        """A read. Raises ChannelError for what concerns the call as a whole."""
        query = urlencode({"seller_id": self.seller_id, **parameters})
        return await self._call(operation, writes=False, method="GET", query=f"?{query}")

    async def ask(self, operation: str, parameters: Parameters) -> Reply:
        """A read that Yahoo! wants sent like a write."""
        return await self._call(operation, writes=False, method="POST", content=self._form(parameters))

    async def post(self, operation: str, parameters: Parameters) -> Reply:
        """A write. Raises ChannelError for what concerns the call as a whole, InDoubt where it may have been done."""
        return await self._call(operation, writes=True, method="POST", content=self._form(parameters))

    async def upload(self, operation: str, content: bytes, content_type: str) -> Reply:
        """A file, with the seller id in the address as only uploads have it."""
        query = urlencode({"seller_id": self.seller_id})
        return await self._call(
            operation, writes=True, method="POST", query=f"?{query}", content=content, content_type=content_type
        )

    async def order(self, operation: str, request: Element, *, writes: bool) -> Reply:
        """A call about orders: XML both ways, and the seller id in it. Neither is kept, for who bought is in it."""
        return await self._call(
            operation, writes=writes, method="POST", content=order_requests.body(request), content_type=XML
        )

    def _form(self, parameters: Parameters) -> bytes:
        return urlencode({"seller_id": self.seller_id, **parameters}, errors="replace").encode()

    async def _call(
        self,
        operation: str,
        *,
        writes: bool,
        method: str,
        query: str = "",
        content: bytes = b"",
        content_type: str = FORM,
    ) -> Reply:
        def request(credentials: Credentials) -> http.Request:
            return http.Request(
                operation=operation,
                method=method,
                url=f"{self.account.base_url}{PATH}/{operation}{query}",
                writes=writes,
                headers=self._headers(credentials) | ({"Content-Type": content_type} if content else {}),
                content=content,
                secrets=_secrets(credentials),
            )

        credentials = await self.account.credentials()
        try:
            return await self._send(request(credentials))
        except PermissionLost as lost:
            if lost.problem.code != "expired_token":
                raise
            # Another process may have renewed it meanwhile; a call that was refused at the door did nothing.
            renewed = await self.account.credentials()
            if renewed.access_token == credentials.access_token:
                raise
            return await self._send(request(renewed))

    def _headers(self, credentials: Credentials) -> dict[str, str]:
        token = credentials.access_token
        if not (token.isascii() and token.isprintable()):
            raise PermissionLost("unusable_token", message="the token has characters no header can carry")
        held = {**self.account.settings, **credentials.others}
        plain = {"Authorization": f"Bearer {token}"}
        if not (held.get("public_key") and held.get("key_version")):
            return plain
        return plain | signing.headers(
            self.seller_id,
            public_key=held["public_key"],
            key_version=held["key_version"],
            unix_time=int(self._clock()),
        )

    async def _send(self, request: http.Request) -> Reply:
        await self.account.take_slot(request.operation, 1, published=A_SECOND)
        await self.account.take_slot("day", 1, published=A_DAY)
        answer = await http.send(self._client, request, keep=self.account.keep_exchange)
        root = answers.parsed(answer.body)
        refusals = tuple(errors.refusals_in(root)) if root is not None else ()
        failed = _failed(answer, request, root, refusals)
        if failed is not None:
            raise failed
        if root is None:
            kind = InDoubt if request.writes else OurFault
            raise kind("unreadable_answer", channel_request_id=answer.request_id)
        return Reply(root=root, refusals=refusals, request_id=answer.request_id)


def _secrets(credentials: Credentials) -> tuple[str, ...]:
    """The version of a key is a small number, and no secret: masked, it would be so in every amount."""
    return tuple(secret for secret in (credentials.access_token, credentials.others.get("public_key")) if secret)


def _failed(
    answer: http.Answer, request: http.Request, root: Element | None, refusals: tuple[errors.Refusal, ...]
) -> ChannelError | None:
    """The error of the call as a whole; None for what is done, and for what only the item's data is to blame."""
    if answer.status == 401:
        return _not_let_in(answer, refusals)
    if refusals and errors.known(refusals):
        problem = errors.problem_of(refusals, request_id=answer.request_id)
        # A result that names its code is the item's own problem; only what is about the whole call is raised.
        whole = root is not None and root.tag == "Error" and problem.code != errors.SET_BUT_NOT_READ
        return errors.as_error(problem, writes=request.writes) if whole else None
    if refusals and answer.status < 500 and answer.status not in (403, 429):
        return None
    original = refusals[0].words if refusals else ""
    if request.operation == UPLOAD and answer.status == 503:
        # https://developer.yahoo.co.jp/webapi/shopping/uploadItemImage.html: 10,000 images an hour, then this.
        return Busy("http_503", original, retry_after_seconds=600.0, channel_request_id=answer.request_id)
    return http.error_for_status(answer, request, original=original)


def _not_let_in(answer: http.Answer, refusals: tuple[errors.Refusal, ...]) -> PermissionLost:
    """Whether the token is over or too weak stands in the header, and in the words of the body."""
    words = refusals[0].words if refusals else ""
    said = f"{answer.headers.get('www-authenticate', '')} {words}"
    code = refusals[0].code if refusals else ""
    if not code:
        if "insufficient_scope" in said:
            code = "insufficient_scope"
        else:
            code = "expired_token" if "expired token" in said else "http_401"
    return PermissionLost(code, words, channel_request_id=answer.request_id)
