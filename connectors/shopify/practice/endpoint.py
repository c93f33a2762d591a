"""POST /admin/api/<version>/graphql.json: who is calling, what is wrong today, and then the document."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from litestar import Response, post
from litestar.enums import MediaType

from connectors.practice.disturbing import disturb
from connectors.shopify.practice import app_access, faults, graphql, shops
from connectors.shopify.practice.addressing import AnyRequest, below_shop, domain_of, origin_of, practice_of
from connectors.shopify.practice.state import API_VERSION, Practice, Request
from connectors.shopify.practice.store import Row

BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
# https://shopify.dev/docs/api/usage/response-codes
CLOSED_STATES = {
    "gone": (404, "Not Found"),
    "forbidden": (403, "User does not have access"),
    "frozen": (402, "This shop's plan does not have access to this feature"),
    "locked": (423, "This shop is unavailable"),
}


@post(below_shop("/admin/api/{version:str}/graphql.json"), status_code=200)
async def graphql_endpoint(request: AnyRequest) -> Response[bytes]:
    practice, domain = practice_of(request), domain_of(request)
    body = _body(await request.body())
    shop = shops.find(practice.store, domain)
    refused = _closed(practice, shop, domain, request.headers.get("x-shopify-access-token", ""))
    if refused is not None or shop is None:
        status, text = refused or CLOSED_STATES["gone"]
        _log(practice, domain, None, body, status=status, outcome=text[:60])
        return _json({"errors": text}, status)
    if not isinstance(body.get("query"), str):
        _log(practice, domain, None, body, status=400, outcome="no query")
        return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
    if shop["state"] == "inactive":
        return _json(graphql.shop_inactive(), 200)
    context = Request(practice, shop, shops.scopes(shop), origin_of(request))
    call = graphql.prepare(context, body["query"], body.get("variables") or {}, body.get("operationName"))
    return await _answer(practice, domain, call, body)


async def _answer(practice: Practice, domain: str, call: graphql.Call, body: dict[str, Any]) -> Response[bytes]:
    disturbed = await _disturb(practice, domain, call.root_fields, when="before")
    if disturbed is not None:
        _log(practice, domain, call, body, status=disturbed.status_code or 0, outcome="disturbed before")
        return disturbed
    if call.refusal is None:
        throttled = faults.take(practice.store, domain, "throttle", operations=call.root_fields) is not None
        graphql.pay(call, throttled=throttled)
    if call.refusal is not None:
        _log(practice, domain, call, body, status=200, outcome=call.outcome)
        return _json(call.refusal, 200)
    answer = graphql.run(call)
    _log(practice, domain, call, body, status=200, outcome=call.outcome)
    return await _disturb(practice, domain, call.root_fields, when="after") or _json(answer, 200)


async def _disturb(practice: Practice, domain: str, operations: list[str], *, when: str) -> Response[bytes] | None:
    def take(kind: str) -> dict[str, Any] | None:
        return faults.take(practice.store, domain, kind, operations=operations, when=when)

    own = graphql.dump(graphql.internal_error()).decode()
    return await disturb(take, error_body=own, media_type=MediaType.JSON)


def _closed(practice: Practice, shop: Row | None, domain: str, token: str) -> tuple[int, str] | None:
    """Status and words for a caller the shop does not listen to."""
    if faults.take(practice.store, domain, "maintenance") is not None:
        return 503, "Service Unavailable"
    if shop is None or shop["state"] in CLOSED_STATES:
        return CLOSED_STATES[shop["state"] if shop else "gone"]
    if not app_access.is_good(practice, domain, token):
        return 401, BAD_TOKEN
    return None


def _body(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _json(answer: dict[str, Any], status: int) -> Response[bytes]:
    headers = {"X-Shopify-API-Version": API_VERSION, "X-Request-Id": str(uuid4())}
    return Response(
        content=graphql.dump(answer), status_code=status, media_type="application/json; charset=utf-8", headers=headers
    )


def _log(
    practice: Practice, domain: str, call: graphql.Call | None, body: dict[str, Any], *, status: int, outcome: str
) -> None:
    practice.store.insert(
        "request",
        shop=domain,
        at=practice.clock(),
        operations=json.dumps(call.root_fields if call else []),
        variables=json.dumps(body.get("variables") or {}),
        status=status,
        outcome=outcome,
        cost=call.requested if call else None,
    )
