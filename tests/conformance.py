"""Holds every answer of a practice Shopify to Shopify's own schema, while the tests talk to it.

What was asked must be something Shopify would read, and what is answered something it could say: every field asked
for and no other, of its type, null only where null may be, enums of the enum's values, scalars in their looks.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    is_abstract_type,
    is_composite_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from tests.material import SHOPIFY_SPECS

DESCRIPTION = SHOPIFY_SPECS / "admin-2026-07.hub.graphql"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
SCALARS: Mapping[str, Any] = {
    "ID": lambda value: isinstance(value, str) and value.startswith("gid://shopify/"),
    "String": lambda value: isinstance(value, str),
    "HTML": lambda value: isinstance(value, str),
    "Int": lambda value: type(value) is int and abs(value) < 2**31,
    "Float": lambda value: type(value) in (int, float),
    "Boolean": lambda value: type(value) is bool,
    "DateTime": lambda value: isinstance(value, str) and _MOMENT.fullmatch(value),
    "Money": lambda value: isinstance(value, str) and _AMOUNT.fullmatch(value),
    "Decimal": lambda value: isinstance(value, str) and _AMOUNT.fullmatch(value),
    "UnsignedInt64": lambda value: isinstance(value, str) and value.isdigit(),
    "URL": lambda value: isinstance(value, str) and value.startswith(("https://", "http://")),
}

Fragments = Mapping[str, FragmentDefinitionNode]
# A field, the type it is selected on, and whether it is there whatever the concrete type is.
Selected = tuple[Any, FieldNode, bool]


@asynccontextmanager
async def conforming(app: Any) -> AsyncIterator[Any]:
    """The practice application with everything it answers held to Shopify's schema. Raises at the end what was not."""
    if not DESCRIPTION.exists():
        yield app
        return
    # Not while a call waits for its answer: on a full machine this takes longer than a channel may.
    _schema()
    found: list[str] = []
    yield _Listening(app, found)
    assert found == [], "\n".join(found[:20])


class _Listening:
    """An ASGI application in front of another one: hears question and answer, changes neither."""

    def __init__(self, app: Any, found: list[str]) -> None:
        self._app = app
        self._found = found

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].endswith("/graphql.json"):
            await self._app(scope, receive, send)
            return
        asked, answered, status = bytearray(), bytearray(), 0

        async def hear() -> Any:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def say(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, hear, say)
        if status == 200 and answered:
            self._found.extend(_of_exchange(bytes(asked), bytes(answered)))


def _of_exchange(asked: bytes, answered: bytes) -> list[str]:
    try:
        question = json.loads(asked)
        answer = json.loads(answered)
    except ValueError:
        # A test sent no JSON, or asked the shop to answer none.
        return []
    return list(violations(question, answer))


def violations(question: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[str]:
    """What Shopify would not have said to this, in words."""
    yield from _of_errors(answer.get("errors", []))
    if "data" not in answer:
        if not answer.get("errors"):
            yield "neither data nor errors"
        return
    yield from _of_cost(answer.get("extensions", {}).get("cost"))
    document, wrong = _read(question["query"])
    if wrong:
        yield from wrong
        return
    operation = _operation(document, question.get("operationName"))
    coerced = get_variable_values(_schema(), operation.variable_definitions or (), question.get("variables") or {})
    if isinstance(coerced, list):
        yield from (f"Shopify would not read the variables: {error.message}" for error in coerced)
    if answer["data"] is None:
        return
    fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
    root = _schema().get_root_type(operation.operation)
    yield from _of_object(root, operation.selection_set, answer["data"], operation.operation.value, fragments)


@cache
def _schema() -> GraphQLSchema:
    return build_schema(DESCRIPTION.read_text("utf-8"))


@cache
def _read(query: str) -> tuple[DocumentNode, Sequence[str]]:
    """The document, and why Shopify would not take it."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise AssertionError(f"data in answer to what is no document: {error}") from error
    return document, [f"Shopify would not take it: {error.message}" for error in validate(_schema(), document)]


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return next(node for node in operations if name is None or (node.name and node.name.value == name))


def _of_errors(errors: Any) -> Iterator[str]:
    for entry in errors:
        if not isinstance(entry.get("message"), str):
            yield f"an error without a message: {entry}"
        strange = set(entry) - {"message", "locations", "path", "extensions"}
        if strange:
            yield f"an error with {sorted(strange)}"
        if not isinstance(entry.get("extensions", {}).get("code", ""), str):
            yield f"an error code that is no text: {entry}"


def _of_cost(cost: Any) -> Iterator[str]:
    numbers = {"maximumAvailable", "currentlyAvailable", "restoreRate"}
    whole = isinstance(cost, dict) and set(cost) == {"requestedQueryCost", "actualQueryCost", "throttleStatus"}
    if not whole or set(cost["throttleStatus"]) != numbers:
        yield f"the cost is told as {cost}"


def _of_object(
    kind: Any, selected: SelectionSetNode | None, value: Any, path: str, fragments: Fragments
) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {kind}"
        return
    left = set(value)
    for owner, node, always in _fields(kind, selected, fragments):
        name = node.alias.value if node.alias else node.name.value
        if name not in value:
            if always:
                yield f"{path}.{name} is missing"
            continue
        left.discard(name)
        if node.name.value == "__typename":
            continue
        declared = owner.fields[node.name.value].type
        yield from _of_value(declared, node.selection_set, value[name], f"{path}.{name}", fragments)
    if left:
        yield f"{path} has {sorted(left)}, which nobody asked for"


def _fields(kind: Any, selected: SelectionSetNode | None, fragments: Fragments) -> Iterator[Selected]:
    for node in selected.selections if selected else ():
        if isinstance(node, FieldNode):
            yield kind, node, True
            continue
        fragment = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
        target = _schema().type_map[fragment.type_condition.name.value] if fragment.type_condition else kind
        narrowed = is_abstract_type(kind) and target is not kind
        for owner, inner, always in _fields(target, fragment.selection_set, fragments):
            yield owner, inner, always and not narrowed


def _of_value(
    kind: Any, selected: SelectionSetNode | None, value: Any, path: str, fragments: Fragments
) -> Iterator[str]:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield f"{path} is null"
        kind = kind.of_type
    if value is None:
        return
    if is_composite_type(kind):
        yield from _of_object(kind, selected, value, path, fragments)
    elif not isinstance(kind, GraphQLList):
        fits = value in kind.values if isinstance(kind, GraphQLEnumType) else SCALARS[kind.name](value)
        if not fits:
            yield f"{path}: {value!r} is no {kind}"
    elif not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
    else:
        for number, one in enumerate(value):
            yield from _of_value(kind.of_type, selected, one, f"{path}.{number}", fragments)
