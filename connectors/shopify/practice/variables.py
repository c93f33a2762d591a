"""Checks the variables of a request the way Shopify does, with its INVALID_VARIABLE answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    is_required_input_field,
    type_from_ast,
    value_from_ast_untyped,
)

Problem = tuple[list[str | int], str]
NOT_NULL = "Expected value to not be null"
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")


def check(schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> list[GraphQLError]:
    """One error per variable that cannot be what it is declared to be."""
    errors = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind: Any = type_from_ast(schema, definition.type)
        if name not in given and definition.default_value is not None:
            continue
        problems = list(_problems(kind, given.get(name), []))
        if not problems:
            continue
        where = ", ".join(f"{'.'.join(map(str, path))} ({text})" for path, text in problems if path)
        message = f"Variable ${name} of type {kind} was provided invalid value" + (f" for {where}" if where else "")
        extensions = {
            "code": "INVALID_VARIABLE",
            "value": given.get(name),
            "problems": [{"path": path, "explanation": text} for path, text in problems],
        }
        errors.append(GraphQLError(message, nodes=definition, extensions=extensions))
    return errors


def amount(value: Any) -> str:
    """A Money or Decimal as text; ValueError when it is none."""
    text = str(value).strip()
    if isinstance(value, bool) or not _AMOUNT.fullmatch(text):
        raise ValueError(f"invalid decimal '{value}'")
    try:
        return str(Decimal(text))
    except InvalidOperation as error:
        raise ValueError(f"invalid decimal '{value}'") from error


def moment(value: Any) -> str:
    """A DateTime as text; ValueError when it is none."""
    datetime.fromisoformat(value if isinstance(value, str) else "")
    return str(value)


def whole(value: Any) -> str:
    """An UnsignedInt64 as text; ValueError when it is none."""
    text = str(value)
    if isinstance(value, bool) or not text.isdigit():
        raise ValueError(f"invalid unsigned integer '{value}'")
    return text


SCALARS = {"Money": amount, "Decimal": amount, "DateTime": moment, "UnsignedInt64": whole}


def teach_scalars(schema: GraphQLSchema) -> None:
    """The schema's own scalars refuse what Shopify's refuse."""
    for name, read in SCALARS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.coerce_input_value = read
        scalar.coerce_input_literal = _reading_literals(read)


def _reading_literals(read: Callable[[Any], str]) -> Callable[[ValueNode], str]:
    return lambda node: read(value_from_ast_untyped(node))


def _problems(kind: Any, value: Any, path: list[str | int]) -> Iterator[Problem]:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield path, NOT_NULL
            return
        kind = kind.of_type
    if value is None:
        return
    if isinstance(kind, GraphQLList):
        items = value if isinstance(value, list) else [value]
        for number, item in enumerate(items):
            yield from _problems(kind.of_type, item, [*path, number])
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _object_problems(kind, value, path)
    elif isinstance(kind, GraphQLEnumType):
        if value not in kind.values:
            yield path, f'Expected "{value}" to be one of: {", ".join(kind.values)}'
    elif not _fits(kind, value):
        yield path, f"Could not coerce value {_shown(value)} to {kind.name}"


def _object_problems(kind: GraphQLInputObjectType, value: Any, path: list[str | int]) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield path, f"Expected {_shown(value)} to be a key-value object."
        return
    for name in value:
        if name not in kind.fields:
            yield [*path, name], f"Field is not defined on {kind.name}"
    for name, field in kind.fields.items():
        if name in value or is_required_input_field(field):
            yield from _problems(field.type, value.get(name), [*path, name])
    if kind.is_one_of and sum(v is not None for v in value.values()) != 1:
        yield path, f"'{kind.name}' requires exactly one argument, but {len(value)} were provided."


def _fits(kind: GraphQLScalarType, value: Any) -> bool:
    try:
        return kind.coerce_input_value(value) is not Undefined
    except (ValueError, TypeError, GraphQLError):
        return False


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
