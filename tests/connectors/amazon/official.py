"""Amazon's own models as judges of every call and every answer between our connector and the practice server.

The models are Swagger 2.0. A property that a definition lists no such name for is refused, on either side.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.material import SHARED

SPECS = SHARED / "specs" / "amazon"
MODELS = (
    "sellers",
    "definitionsProductTypes_2020-09-01",
    "listingsItems_2021-08-01",
    "listingsRestrictions_2021-08-01",
    "catalogItems_2022-04-01",
    "feeds_2021-06-30",
    "reports_2021-06-30",
    "ordersV0",
    "orders_2026-01-01",
)
needs_amazon_specs = pytest.mark.skipif(not SPECS.exists(), reason="Amazon's published models are not on this machine")

Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    spec: Json
    model: Json

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    def parameters(self, where: str) -> list[Json]:
        return [
            _followed(one, self.model)
            for one in self.spec.get("parameters", [])
            if _followed(one, self.model)["in"] == where
        ]


@cache
def operations() -> tuple[Operation, ...]:
    found = []
    for name in MODELS:
        model = _strict(json.loads((SPECS / f"{name}.json").read_text("utf-8")))
        for path, methods in model["paths"].items():
            for method, spec in methods.items():
                if method != "parameters":
                    found.append(Operation(spec["operationId"], method.upper(), path, spec, model))
    return tuple(found)


def named(name: str) -> Operation:
    return next(one for one in operations() if one.name == name)


def operation_of(method: str, path: str) -> Operation | None:
    return next((one for one in operations() if one.method == method and one.pattern.fullmatch(path)), None)


def wrong_in_request(operation: Operation, path: str, query: Sequence[tuple[str, str]], body: Any) -> list[str]:
    """What the model says against a request; `path` is encoded, `body` None where there is none."""
    found = operation.pattern.fullmatch(path)
    assert found is not None
    given: Mapping[str, Sequence[tuple[str, str]]] = {
        "path": [(name, unquote(text)) for name, text in found.groupdict().items()],
        "query": query,
    }
    problems = [problem for where in given for problem in _of_parameters(operation, where, given[where])]
    [*bodies] = operation.parameters("body")
    if bodies:
        problems += [f"body: {one}" for one in _against(bodies[0]["schema"], body, operation.model)]
    elif body is not None:
        problems.append("body: none is expected")
    return problems


def wrong_in_answer(operation: Operation, status: int, body: Any) -> list[str]:
    """What the model says against an answer."""
    spec = operation.spec["responses"].get(str(status))
    if spec is None:
        return [f"status {status} is not one of {', '.join(operation.spec['responses'])}"]
    schema = _followed(spec, operation.model).get("schema")
    return _against(schema, body, operation.model) if schema else []


def wrong_in_feed(content: bytes) -> list[str]:
    """What Amazon's schema says against the body of a JSON_LISTINGS_FEED."""
    schema = json.loads((SPECS / "feeds" / "listings-feed-schema-v2.json").read_text("utf-8"))
    return [one.message for one in Draft202012Validator(schema).iter_errors(json.loads(content))]


def wrong_in_feed_report(content: bytes) -> list[str]:
    schema = json.loads((SPECS / "feeds" / "listings-feed-processing-report-schema-v2.json").read_text("utf-8"))
    return [one.message for one in Draft202012Validator(schema).iter_errors(json.loads(content))]


def wrong_in_acknowledgements(content: bytes) -> list[str]:
    """What is amiss in a POST_ORDER_ACKNOWLEDGEMENT_DATA; no schema of it comes with the models."""
    envelope = ET.fromstring(content)
    paths = ["Header/DocumentVersion", "Header/MerchantIdentifier", "MessageType", "Message"]
    missing = [path for path in paths if envelope.find(path) is None]
    for message in envelope.findall("Message"):
        inner = [f"OrderAcknowledgement/{name}" for name in ("AmazonOrderID", "StatusCode", "Item/AmazonOrderItemCode")]
        missing += [path for path in ("MessageID", *inner) if not message.findtext(path)]
    numbers = [one.findtext("MessageID") for one in envelope.findall("Message")]
    return missing + ["a message's number twice"] * (len(set(numbers)) != len(numbers))


class OfficialTransport(httpx.AsyncBaseTransport):
    """Hands calls on and judges those that a model knows, with their answers; `seen` counts them by operation."""

    def __init__(self, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport(verify=False)
        self.seen: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        operation = operation_of(request.method, path) if SPECS.exists() else None
        if operation is None:
            if request.method == "PUT" and path.startswith("/documents/") and SPECS.exists():
                of_listings = "json" in request.headers["content-type"]
                judge = wrong_in_feed if of_listings else wrong_in_acknowledgements
                assert judge(await request.aread()) == []
            return await self._inner.handle_async_request(request)
        self.seen[operation.name] += 1
        content = await request.aread()
        body = json.loads(content) if content else None
        query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        wrong = wrong_in_request(operation, path, query, body)
        assert wrong == [], f"{operation.name} asked wrongly: {wrong}"
        assert request.headers.get("user-agent"), "Amazon wants every caller to name itself"
        answer = await self._inner.handle_async_request(request)
        if answer.headers.get("x-practice") == "hung-up":
            return answer
        answered = await answer.aread()
        wrong = wrong_in_answer(operation, answer.status_code, json.loads(answered) if answered else None)
        assert wrong == [], f"{operation.name} answered wrongly: {wrong}"
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=answered)

    async def aclose(self) -> None:
        await self._inner.aclose()


def sandbox_examples() -> Iterator[tuple[Operation, Json]]:
    """The static examples of the sandbox that succeed: the operation, and the values of its parameters by name.

    Those that Amazon answers with an error are wrong on purpose.
    """
    for operation in operations():
        for status, spec in operation.spec["responses"].items():
            if int(status) >= 400:
                continue
            sandbox = spec.get("x-amzn-api-sandbox", {}) | operation.spec.get("x-amzn-api-sandbox", {})
            for example in sandbox.get("static", []):
                parameters = example["request"].get("parameters", {})
                yield operation, {name: one.get("value") for name, one in parameters.items()}


def _of_parameters(operation: Operation, where: str, given: Sequence[tuple[str, str]]) -> Iterator[str]:
    known = {one["name"]: one for one in operation.parameters(where)}
    values = dict(given)
    if len(values) != len(given):
        yield f"{where}: a parameter comes twice"
    for name in values:
        if name not in known:
            yield f"{where}: there is no {name}"
    for name, spec in known.items():
        if name not in values:
            if spec.get("required"):
                yield f"{where}: {name} is required"
            continue
        yield from (f"{where}: {name}: {problem}" for problem in _of_value(spec, values[name]))


def _of_value(spec: Json, text: str) -> Iterator[str]:
    if spec["type"] == "array":
        entries = text.split(",") if text else []
        yield from _bounds(spec, len(entries))
        for entry in entries:
            yield from _of_value(spec["items"], entry)
        return
    if "enum" in spec and text not in spec["enum"]:
        yield f"{text} is not one of {spec['enum']}"
    if spec["type"] == "integer":
        if not text.isdecimal():
            yield f"{text} is no integer"
        elif int(text) > spec.get("maximum", int(text)) or int(text) < spec.get("minimum", int(text)):
            yield f"{text} is out of bounds"


def _bounds(spec: Json, count: int) -> Iterator[str]:
    if count > spec.get("maxItems", count) or count < spec.get("minItems", 1):
        yield f"{count} entries"


def _against(schema: Json, body: Any, model: Json) -> list[str]:
    whole = {**schema, "definitions": model["definitions"]}
    return [
        f"{'/'.join(map(str, one.path))}: {one.message[:200]}" for one in Draft202012Validator(whole).iter_errors(body)
    ]


def _strict(node: Any) -> Any:
    """The model with every list of properties complete, where it does not say otherwise."""
    if isinstance(node, list):
        return [_strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    new = {name: _strict(one) for name, one in node.items()}
    properties = new.get("properties")
    if isinstance(properties, dict) and new.get("type") == "object" and "allOf" not in new:
        new.setdefault("additionalProperties", False)
    return new


def _followed(node: Json, model: Json) -> Json:
    reference = node.get("$ref")
    if not reference:
        return node
    found: Any = model
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)
