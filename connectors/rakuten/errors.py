"""Rakuten's refusals sorted into ours. What the tables do not know keeps Rakuten's words and claims no cause.

Four shapes come back: the gateway's `Results`, the `errors` list of the newer APIs, the order API's messages, and
R-Cabinet's XML (connectors.rakuten.xml). An HTTP status alone says little: a throttled call may be 403 or 429.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors import http
from connectors.errors import (
    ERROR_OF_CLASS,
    AccountBlocked,
    Busy,
    ChannelError,
    DataRefused,
    PermissionLost,
    Problem,
    ProblemClass,
)
from connectors.rakuten import pointers, xml

NOT_FOUND = "GE0014"
CONFLICT = "CE0001"

# How long to wait before the next try, in seconds, where no Retry-After says so. Rakuten documents none. [unsure]
SECOND_LIMIT_WAIT, MINUTE_LIMIT_WAIT = 1.0, 60.0
MAINTENANCE_WAIT = 300.0
# Rakuten is at this very order: payments are looked at for minutes.
ORDER_WAIT = 60.0

_ORDER_CODE = "ORDER_EXT_API_"
_READS = ("SEARCH_ORDER", "GET_ORDER")
_WRITES = ("CONFIRM_ORDER", "UPDATE_ORDERSHIPPING", "CANCEL_ORDER")


def _of_orders(functions: Sequence[str], codes: str) -> str:
    return " ".join(f"{_ORDER_CODE}{function}_{code}" for function in functions for code in codes.split())


_LIMIT_WAITS = {"ES01-03": SECOND_LIMIT_WAIT, "ES01-04": MINUTE_LIMIT_WAIT, "ES01-05": SECOND_LIMIT_WAIT}
_BUSY_WAITS: Mapping[str, float] = {
    **_LIMIT_WAITS,
    "GA0003": SECOND_LIMIT_WAIT,
    CONFLICT: SECOND_LIMIT_WAIT,
    "ES01-02": MAINTENANCE_WAIT,
    "GE0017": MAINTENANCE_WAIT,  # the item API is read-only for a while; nothing was written
    "IE0200": SECOND_LIMIT_WAIT,  # Rakuten could not read its own record of the shop
    "1001": MAINTENANCE_WAIT,  # R-Cabinet is closed
    **dict.fromkeys(_of_orders((*_READS, *_WRITES), "WARNING_001").split(), ORDER_WAIT),
    **dict.fromkeys(_of_orders(_READS, "ERROR_000").split(), ORDER_WAIT),
    f"{_ORDER_CODE}GET_ORDER_ERROR_101": ORDER_WAIT,
    f"{_ORDER_CODE}UPDATE_ORDERSHIPPING_ERROR_111": ORDER_WAIT,
    f"{_ORDER_CODE}CANCEL_ORDER_ERROR_107": ORDER_WAIT,
}

# From itemapi2_0/responsecodesreference, inventoryapi2_1/codereference, rakutenpayorderapi/common-error-esb and
# cabinetapi/cabinetapicodesreference (the numbers) of the RMS pages.
# Every code that is not here is the merchant's data: Rakuten understood it and refused it.
_CODES_BY_CLASS: Mapping[ProblemClass, str] = {
    ProblemClass.PERMISSION: "ES01-01 GA0001 ES04-01 DR0007",
    # The plan, a permit or the shop itself stands in the way, or Rakuten has fixed a field by its own hand.
    # AuthError: R-Cabinet was never opened in RMS; 3002 to 3013 are R-Cabinet's own limits.
    ProblemClass.ACCOUNT: """
        IE0185 IE0197 IE0199 IE0203 IE0230 IE0292 IE0428 IE1105
        AuthError 3002 3003 3006 3012 3013
    """,
    ProblemClass.BUSY: " ".join(_BUSY_WAITS),
    # "Unknown error": whether it was done has to be looked up.
    ProblemClass.UNKNOWN: _of_orders(_WRITES, "ERROR_000"),
    # 106, 109 and 110 are about ids and codes of theirs that we chose; 011 of a parcel is about the number typed.
    ProblemClass.OURS: " ".join(
        (
            _of_orders(
                (*_READS, *_WRITES), "ERROR_001 ERROR_002 ERROR_003 ERROR_009 ERROR_010 ERROR_013 ERROR_014 ERROR_016"
            ),
            _of_orders((*_READS, "CONFIRM_ORDER", "CANCEL_ORDER"), "ERROR_011"),
            _of_orders(("SEARCH_ORDER",), "ERROR_101 ERROR_102 ERROR_103"),
            _of_orders(("UPDATE_ORDERSHIPPING",), "ERROR_018 ERROR_106 ERROR_109 ERROR_110"),
        )
    )
    + f" {_ORDER_CODE}ERROR_001 {_ORDER_CODE}ERROR_002 {_ORDER_CODE}ERROR_003 {_ORDER_CODE}ERROR_004"
    + """
        DR0005 DR0006 ES04-02 ES04-03 ES04-04 ES05-05 ES05-06 GE0007 GE0011 GE0012 IE0113 IE0135 IE0500 IE1003 IE1004
        IE1005 IE1101 IE1102 IE1106 3001 3004 3005 3014 3015
    """,
}
CLASS_OF_CODE: Mapping[str, ProblemClass] = {
    code: problem_class for problem_class, codes in _CODES_BY_CLASS.items() for code in codes.split()
}
_UNKNOWN_FIELD = "Unrecognized field"
# What these are about, where Rakuten names no field.
_FIELD_OF_CODE: Mapping[str, str] = {
    "IE0146": "/details/genre_id",
    "IE0199": "/details/genre_id",
    "IE0274": "/details/genre_id",
    "IE0418": "/details/genre_attributes",
    "IE1001": "/details/genre_attributes",
    "IE1002": "/details/genre_attributes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One error of an answer. `words` are the message with those of its details, a line each."""

    code: str
    words: str
    path: str = ""

    @property
    def problem_class(self) -> ProblemClass:
        if self.words.startswith(_UNKNOWN_FIELD):
            return ProblemClass.OURS
        return CLASS_OF_CODE.get(self.code, ProblemClass.DATA)


def refusals(body: Any) -> list[Refusal]:
    """The errors in an answer's JSON body, in Rakuten's order; empty when it holds none."""
    if not isinstance(body, Mapping):
        return []
    results = body.get("Results")
    if isinstance(results, Mapping):
        return [Refusal(code=str(results.get("errorCode") or ""), words=str(results.get("message") or ""))]
    messages = body.get("MessageModelList")
    if isinstance(messages, list):
        return [_of_message(message) for message in messages if isinstance(message, Mapping) and _refuses(message)]
    listed = body.get("errors")
    return [_refusal(error) for error in listed if isinstance(error, Mapping)] if isinstance(listed, list) else []


def _refuses(message: Mapping[str, Any]) -> bool:
    """A warning tells of a success with a flaw, but for the one of an order that is being processed."""
    kind, code = message.get("messageType"), str(message.get("messageCode") or "")
    return kind == "ERROR" or (kind == "WARNING" and code in _BUSY_WAITS)


def _of_message(message: Mapping[str, Any]) -> Refusal:
    return Refusal(code=str(message.get("messageCode") or ""), words=str(message.get("message") or ""))


def refusals_in_xml(body: bytes) -> list[Refusal]:
    """The error in an answer of R-Cabinet, which states one at most."""
    code, words = xml.result(body)
    return [Refusal(code=code, words=words)] if code else []


def _refusal(error: Mapping[str, Any]) -> Refusal:
    metadata = error.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    words = [str(error.get("message") or ""), *_details(metadata.get("details"))]
    return Refusal(
        code=str(error.get("code") or ""),
        words="\n".join(word for word in words if word),
        path=str(metadata.get("propertyPath") or ""),
    )


def _details(details: Any) -> Iterator[str]:
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, Mapping):
            yield str(detail.get("message") or detail.get("code") or "")


def stopping(answer: http.Answer, request: http.Request, found: list[Refusal]) -> ChannelError | None:
    """The error that stops the whole call; None for a success, and for a refusal that is about what was sent.

    The first error decides. A code outweighs the status it came with.
    """
    if answer.status < 300:
        return None
    first = found[0] if found else None
    if answer.status >= 500 and (first is None or first.code not in _BUSY_WAITS):
        # What a server that failed has done is not known, for the gateway's own time-outs (ES03) least of all.
        return http.lost(request, _code(first, answer), _words(found), channel_request_id=answer.request_id)
    if first is None:
        return http.error_for_status(answer, request)
    kind = ERROR_OF_CLASS[first.problem_class]
    if first.code not in CLASS_OF_CODE:
        kind = {401: PermissionLost, 403: PermissionLost, 429: Busy}.get(answer.status, kind)
    if kind in (DataRefused, AccountBlocked):
        return None
    if kind is Busy:
        wait = _wait_seconds(answer, first.code)
        return Busy(first.code, _words(found), retry_after_seconds=wait, channel_request_id=answer.request_id)
    return kind(first.code, _words(found), channel_request_id=answer.request_id)


def _code(first: Refusal | None, answer: http.Answer) -> str:
    return first.code if first is not None and first.code else f"http_{answer.status}"


def _words(found: list[Refusal]) -> str:
    return "\n".join(dict.fromkeys(refusal.words for refusal in found))


def _wait_seconds(answer: http.Answer, code: str) -> float:
    text = answer.headers.get("retry-after", "").strip()
    asked = float(text) if text.replace(".", "", 1).isdecimal() else 0.0
    return asked or _BUSY_WAITS.get(code, SECOND_LIMIT_WAIT)


def problem_of(found: list[Refusal], *, variants: Mapping[str, int] | None = None, request_id: str = "") -> Problem:
    """The problem that an answer's errors state about one item. The first decides; all their words are kept.

    `variants` are our positions by SKU code, for the field.
    """
    first = found[0]
    words = _words(found)
    return Problem(
        problem_class=first.problem_class,
        code=first.code or "refused",
        original=words,
        original_lang=_language(words),
        field=_field(first, variants or {}),
        channel_request_id=request_id,
    )


def _field(first: Refusal, variants: Mapping[str, int]) -> str:
    named = pointers.of_path(first.path, variants)
    return named or _FIELD_OF_CODE.get(first.code, "") or pointers.in_words(first.words)


def _language(words: str) -> str:
    """Rakuten mixes Japanese names into English sentences; the language is that of most letters."""
    letters = [sign for sign in words if sign.isalpha()]
    return "ja" if sum(not sign.isascii() for sign in letters) * 2 > len(letters) else "en"
