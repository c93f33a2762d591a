"""Talks GraphQL to one shop: pays the cost bucket first, sends, and reads what came back part by part."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from connectors import http
from connectors.errors import ChannelError, DataRefused, OurFault, PermissionLost, Problem, ProblemClass, as_error
from connectors.protocol import Account
from connectors.records import BucketReading
from connectors.shopify import costs, documents, errors
from connectors.shopify.documents import Combined, Part

API_VERSION = "2026-07"

# Shopify does the mutations of a request one after another, and its answer has to come within http.TOTAL_SECONDS.
MUTATIONS_A_REQUEST = 10
REQUESTS_AT_ONCE = 4

# What the root field of one part answered (None when Shopify says there is no such thing), or why it did not. A list is
# told as the `nodes` of a connection is.
Result = dict[str, Any] | None | Problem


class ShopifyClient:
    """One shop for the length of one operation."""

    def __init__(self, client: httpx.AsyncClient, account: Account, *, private: tuple[str, ...] = ()) -> None:
        """`private` are a buyer's data in what is sent: Shopify quotes values in its refusals, under any name."""
        self._client = client
        self._account = account
        self._private = private

    async def run(self, parts: Sequence[Part]) -> list[Result]:
        """One result for each part, in order, from as few requests as their cost allows.

        Raises only when the first request as a whole came to nothing; what stops a later one
        is the result of its parts, because the earlier ones have been executed.
        """
        if not parts:
            return []
        first, *others = _requests(parts)
        return await self._run_together(first) + await self._run_all(others)

    async def run_anyway(self, parts: Sequence[Part]) -> list[Result]:
        """Like run, but what stops the whole call is the result of every part: for the second step of an operation."""
        return await self._run_all(_requests(parts))

    async def _run_all(self, requests: Sequence[Sequence[Part]]) -> list[Result]:
        at_once = asyncio.Semaphore(REQUESTS_AT_ONCE)

        async def run(parts: Sequence[Part]) -> list[Result]:
            async with at_once:
                try:
                    return await self._run_together(parts)
                except ChannelError as error:
                    return [error.problem] * len(parts)

        return [result for results in await asyncio.gather(*map(run, requests)) for result in results]

    async def values(self, parts: Sequence[Part]) -> list[dict[str, Any] | None]:
        """What each part answered; the first problem among them is raised."""
        values: list[dict[str, Any] | None] = []
        for result in await self.run(parts):
            if isinstance(result, Problem):
                raise as_error(result)
            values.append(result)
        return values

    async def _run_together(self, parts: Sequence[Part]) -> list[Result]:
        """All parts in one request; one by one when Shopify would not even start on what they made together."""
        reply = await self._request(parts)
        if reply.refused is None:
            return reply.results
        if len(parts) == 1:
            return [reply.refused]
        results: list[Result] = []
        for part in parts:
            try:
                results += await self._run_together([part])
            except ChannelError as error:
                results.append(error.problem)
        return results

    async def _request(self, parts: Sequence[Part]) -> _Reply:
        combined = documents.combine(parts)
        token = (await self._account.credentials()).access_token
        if not (token.isascii() and token.isprintable()):
            raise PermissionLost("unusable_token", message="the token has characters no header can carry")
        paid = sum(costs.estimate(part) for part in parts)
        await self._account.take_slot(costs.BUCKET, paid)
        request = self._http_request(combined, token)
        answer = await http.send(
            self._client,
            request,
            keep=self._account.keep_exchange,
            read_bucket=lambda answer: _reading(answer, paid),
        )
        original = errors.said(http.parsed(answer.body))
        failed = http.error_for_status(answer, request, original=original, special=errors.STATUS_ERRORS)
        if failed is not None:
            raise failed
        body = http.json_object(answer, request)
        return _read(body, len(parts), writes=combined.writes, request_id=answer.request_id)

    def _http_request(self, combined: Combined, token: str) -> http.Request:
        body = {
            "query": combined.query,
            "operationName": combined.operation_name,
            "variables": combined.variables,
        }
        return http.Request(
            operation=combined.operation_name,
            method="POST",
            url=f"{self._account.base_url}/admin/api/{API_VERSION}/graphql.json",
            writes=combined.writes,
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "X-Shopify-Access-Token": token,
            },
            content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
            secrets=(token, *self._private),
        )


def _requests(parts: Sequence[Part]) -> list[list[Part]]:
    """The parts in their order, as many together as a request may hold."""
    most = MUTATIONS_A_REQUEST if any(documents.writes(part) for part in parts) else len(parts)
    return costs.affordable(parts, most=most)


@dataclass(frozen=True, slots=True)
class _Reply:
    """`refused` is set when the request as a whole was sent back unread, so nothing of it was executed."""

    results: list[Result]
    refused: Problem | None = None


def _read(body: Mapping[str, Any], count: int, *, writes: bool, request_id: str) -> _Reply:
    data = body.get("data") or {}
    refusals = _refusals(body, writes=writes, request_id=request_id)
    if not data and refusals:
        return _refused_whole(next(iter(refusals.values())))
    silence = ProblemClass.UNKNOWN if writes else ProblemClass.OURS
    results: list[Result] = []
    for number in range(count):
        name = documents.result_name(number)
        refusal = refusals.get(number) or (None if data.get(name) else refusals.get(None))
        if refusal is not None:
            results.append(refusal.problem)
        elif isinstance(data.get(name), list):
            results.append({"nodes": data[name]})
        elif (data.get(name) or {}).get("userErrors"):
            results.append({**data[name], errors.REQUEST_ID: request_id})
        elif name in data:
            results.append(data[name])
        else:
            results.append(Problem(problem_class=silence, code="no_result", channel_request_id=request_id))
    return _Reply(results)


def _refused_whole(error: ChannelError) -> _Reply:
    if isinstance(error, OurFault | DataRefused):
        return _Reply([], refused=error.problem)
    raise error


def _refusals(body: Mapping[str, Any], *, writes: bool, request_id: str) -> dict[int | None, ChannelError]:
    """The first error of each part by its number, and under None the first that is about no part alone."""
    found: dict[int | None, ChannelError] = {}
    for entry in body.get("errors") or []:
        path = entry.get("path") or [None]
        error = errors.error_of(entry, cost=_cost(body), writes=writes, request_id=request_id)
        found.setdefault(documents.result_number(path[0]), error)
    return found


def _reading(answer: http.Answer, paid: float) -> BucketReading | None:
    """What Shopify charged in the end counts. A refused call was charged nothing."""
    body = http.parsed(answer.body)
    cost = _cost(body) if isinstance(body, dict) else {}
    status = cost.get("throttleStatus") or {}
    if not {"maximumAvailable", "currentlyAvailable", "restoreRate"} <= status.keys():
        return None
    return BucketReading(
        bucket=costs.BUCKET,
        unused=paid - float(cost.get("actualQueryCost") or 0.0),
        available=float(status["currentlyAvailable"]),
        maximum=float(status["maximumAvailable"]),
        restore_per_second=float(status["restoreRate"]),
    )


def _cost(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return (body.get("extensions") or {}).get("cost") or {}
