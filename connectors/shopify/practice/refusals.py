"""Turns graphql-core's validation errors into Shopify's words and codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from graphql import DocumentNode, FieldNode, GraphQLError, GraphQLSchema, Node, OperationDefinitionNode, validate

Extensions = dict[str, Any]
Rewrite = Callable[[re.Match[str], GraphQLSchema], tuple[str, Extensions]]


def _undefined_field(found: re.Match[str], _schema: GraphQLSchema) -> tuple[str, Extensions]:
    field, kind = found.groups()
    text = f"Field '{field}' doesn't exist on type '{kind}'"
    return text, {"code": "undefinedField", "typeName": kind, "fieldName": field}


def _missing_argument(found: re.Match[str], _schema: GraphQLSchema) -> tuple[str, Extensions]:
    field, argument = found[1].rsplit(".", 1)[-1], found[2]
    if found[1].startswith("@"):
        text = f"Directive '{found[1][1:]}' is missing required arguments: {argument}"
        return text, {"code": "missingRequiredArguments", "className": "Directive", "name": found[1][1:]}
    text = f"Field '{field}' is missing required arguments: {argument}"
    return text, {"code": "missingRequiredArguments", "className": "Field", "name": field, "arguments": argument}


def _unknown_argument(found: re.Match[str], _schema: GraphQLSchema) -> tuple[str, Extensions]:
    argument, field = found[1], found[2].rsplit(".", 1)[-1]
    text = f"Field '{field}' doesn't accept argument '{argument}'"
    return text, {"code": "argumentNotAccepted", "name": field, "typeName": "Field", "argumentName": argument}


def _missing_attribute(found: re.Match[str], schema: GraphQLSchema) -> tuple[str, Extensions]:
    owner, name = found.groups()
    fields = getattr(schema.type_map.get(owner), "fields", {})
    kind = str(fields[name].type) if name in fields else ""
    text = f"Argument '{name}' on InputObject '{owner}' is required. Expected type {kind}"
    extensions = {"argumentName": name, "argumentType": kind, "inputObjectType": owner}
    return text, {"code": "missingRequiredInputObjectAttribute", **extensions}


def _unknown_attribute(found: re.Match[str], _schema: GraphQLSchema) -> tuple[str, Extensions]:
    owner, name = found.groups()
    text = f"InputObject '{owner}' doesn't accept argument '{name}'"
    return text, {"code": "argumentNotAccepted", "name": owner, "typeName": "InputObject", "argumentName": name}


def _misplaced_directive(found: re.Match[str], _schema: GraphQLSchema) -> tuple[str, Extensions]:
    places = {"mutation": "mutations", "query": "queries"}
    place = places.get(found[2].lower(), found[2].lower())
    text = f"'@{found[1]}' can't be applied to {place} (allowed: fields)"
    return text, {"code": "directiveCannotBeApplied", "targetName": place, "name": found[1]}


def _coded(code: str) -> Rewrite:
    return lambda found, _schema: (found.string, {"code": code})


_WRONG_LITERAL = re.compile(r"(Expected value of |Within OneOf |Value '|\w+ cannot represent|Enum ).*", re.DOTALL)
REWRITES: list[tuple[re.Pattern[str], Rewrite]] = [
    (re.compile(r"Cannot query field '(\w+)' on type '(\w+)'.*", re.DOTALL), _undefined_field),
    (re.compile(r"Argument '(\S+?)\((\w+):\)' of type '.+' is required, but it was not provided\."), _missing_argument),
    (re.compile(r"Unknown argument '(\w+)' on field '(\S+?)'.*"), _unknown_argument),
    (re.compile(r"Expected value of type '(\w+)' to include required field '(\w+)'.*", re.DOTALL), _missing_attribute),
    (
        re.compile(r"Expected value of type '(\w+)' not to include unknown field '(\w+)'.*", re.DOTALL),
        _unknown_attribute,
    ),
    (re.compile(r"Directive '@(\w+)' may not be used on (\w+)\."), _misplaced_directive),
    (re.compile(r"Unknown directive '@.*"), _coded("undefinedDirective")),
    (re.compile(r"Field '\w+' of type '.+' must have a selection.*", re.DOTALL), _coded("selectionMismatch")),
    (re.compile(r"Field '\w+' must not have a selection.*", re.DOTALL), _coded("selectionMismatch")),
    (re.compile(r"Variable '\$\w+' is not defined.*"), _coded("variableNotDefined")),
    (re.compile(r"Variable '\$\w+' is never used.*"), _coded("variableNotUsed")),
    (re.compile(r"Variable '\$\w+' of type .* used in position.*"), _coded("variableMismatch")),
    (_WRONG_LITERAL, _coded("argumentLiteralsIncompatible")),
]


def refused(schema: GraphQLSchema, document: DocumentNode) -> list[dict[str, Any]]:
    """What Shopify answers to a document that is not valid; nothing for one that is."""
    return [_written(schema, document, error) for error in validate(schema, document, hide_suggestions=True)]


def _written(schema: GraphQLSchema, document: DocumentNode, error: GraphQLError) -> dict[str, Any]:
    message, extensions = error.message, Extensions()
    for pattern, rewrite in REWRITES:
        found = pattern.fullmatch(error.message)
        if found:
            message, extensions = rewrite(found, schema)
            break
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    written: dict[str, Any] = {"message": message, "locations": places}
    if error.nodes:
        written["path"] = _path(document, error.nodes[0])
    return written | ({"extensions": extensions} if extensions else {})


def _path(document: DocumentNode, wanted: Node) -> list[str]:
    """Where in the document: "mutation Name", then the response names down to the place."""

    def search(node: Node, path: list[str]) -> list[str] | None:
        if isinstance(node, OperationDefinitionNode):
            name = f" {node.name.value}" if node.name else ""
            path = [*path, node.operation.value + name]
        elif isinstance(node, FieldNode):
            path = [*path, node.alias.value if node.alias else node.name.value]
        if node is wanted:
            return path
        for key in node.keys:
            inner = getattr(node, key, None)
            for child in inner if isinstance(inner, tuple) else [inner]:
                found = search(child, path) if isinstance(child, Node) else None
                if found is not None:
                    return found
        return None

    return search(document, []) or []
