"""Loads queries.graphql and joins several of its operations into one document with aliases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One operation of queries.graphql with the values of its variables."""

    operation: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Combined:
    """A document that does every part; the answer to part n is `data[f"item{n}"]`."""

    query: str
    operation_name: str
    writes: bool
    variables: dict[str, Any]


def combine(parts: Sequence[Part]) -> Combined:
    """One document for all parts, in their order. All must be queries, or all mutations."""
    names = tuple(part.operation for part in parts)
    query, writes = _document(names)
    variables = {
        f"{variable}{number}": value for number, part in enumerate(parts) for variable, value in part.variables.items()
    }
    return Combined(query, names[0], writes, variables)


def writes(part: Part) -> bool:
    """Whether the part is a mutation."""
    return definitions()[0][part.operation].operation is OperationType.MUTATION


def result_name(number: int) -> str:
    """The name under which a combined document answers its part of this number."""
    return f"item{number}"


def result_number(name: object) -> int | None:
    """The number of the part that answers under this name, None for any other name."""
    number = str(name).removeprefix("item")
    return int(number) if number.isdecimal() and name == result_name(int(number)) else None


@lru_cache(maxsize=256)
def _document(names: tuple[str, ...]) -> tuple[str, bool]:
    operations, fragments = definitions()
    chosen = [operations[name] for name in names]
    kinds = {operation.operation for operation in chosen}
    if len(kinds) != 1:
        raise ValueError(f"queries and mutations cannot share a document: {names}")
    numbered = [visit(operation, _Numbering(number)) for number, operation in enumerate(chosen)]
    merged = OperationDefinitionNode(
        operation=chosen[0].operation,
        name=NameNode(value=names[0]),
        variable_definitions=tuple(node for part in numbered for node in part.variable_definitions or ()),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(_root(part, n) for n, part in enumerate(numbered))),
    )
    document = DocumentNode(definitions=(merged, *_used_fragments(chosen, fragments)))
    return print_ast(document), kinds == {OperationType.MUTATION}


class _Numbering(Visitor):
    """Gives every variable of an operation its part's number, so parts do not share variables."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def enter_variable(self, node: VariableNode, *_: object) -> VariableNode:
        return VariableNode(name=NameNode(value=f"{node.name.value}{self.number}"))


def _root(operation: OperationDefinitionNode, number: int) -> FieldNode:
    (root,) = operation.selection_set.selections
    assert isinstance(root, FieldNode)  # queries.graphql has no operation that begins with a fragment
    return FieldNode(
        alias=NameNode(value=result_name(number)),
        name=root.name,
        arguments=root.arguments,
        directives=root.directives,
        selection_set=root.selection_set,
    )


def _used_fragments(
    operations: Sequence[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> list[FragmentDefinitionNode]:
    spreads = _Spreads()
    for operation in operations:
        visit(operation, spreads)
    return [fragment for name, fragment in fragments.items() if name in spreads.names]


class _Spreads(Visitor):
    """Collects the names of the fragments an operation spreads; fragments spread no others."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.add(node.name.value)


@cache
def definitions() -> tuple[dict[str, OperationDefinitionNode], dict[str, FragmentDefinitionNode]]:
    """The operations and the fragments of queries.graphql by name."""
    text = resources.files("connectors.shopify").joinpath("queries.graphql").read_text("utf-8")
    operations: dict[str, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    for node in parse(text, no_location=True).definitions:
        if isinstance(node, OperationDefinitionNode) and node.name is not None:
            operations[node.name.value] = node
        elif isinstance(node, FragmentDefinitionNode):
            fragments[node.name.value] = node
    return operations, fragments
