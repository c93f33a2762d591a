"""What a document costs, and the bucket it is paid from.

Shopify publishes the outline (objects 1, connections by their size, mutations 10); the finer numbers are
those its answers show. https://shopify.dev/docs/api/usage/limits#rate-limits
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    value_from_ast_untyped,
)

SINGLE_QUERY_LIMIT = 1000
# https://shopify.dev/docs/api/usage/limits: points a second by plan.
RESTORE_PER_SECOND = {"standard": 100.0, "advanced": 200.0, "plus": 1000.0, "enterprise": 2000.0}
# Not published; answers of a standard shop show this many seconds' worth.
SECONDS_IN_BUCKET = 20
MUTATION_COST = 10
ROOT_COUNT_COST = 10
FREE_OBJECTS = frozenset({"MoneyV2", "PageInfo", "LocationAddress"})
# What the input of these mutations costs: an object of each list, and of each variant in it.
# https://shopify.dev/changelog/dynamic-complexity-cost-for-productset-mutation
# https://shopify.dev/changelog/dynamic-complexity-for-productvariantsbulkcreate-and-productvariantsbulkupdate-mutations
INPUT_COSTS = {"variants": 0.2, "files": 1.9, "media": 1.9, "metafields": 0.4}
VARIANT_COSTS = {"file": 0.6, "mediaId": 0.6, "mediaSrc": 0.6}
VARIANT_METAFIELD_COST = 0.4
INPUT_COUNTED = frozenset({"productSet", "productVariantsBulkCreate", "productVariantsBulkUpdate"})

# A field together with the type it is selected on: inside an abstract type that may be another one.
Selected = tuple[Any, FieldNode]
Branches = dict[str, list[Selected]]


def connection_factor(size: int) -> int:
    return max(1, math.floor(2 * math.log(size))) if size else 0


@dataclass(frozen=True, slots=True)
class Pricing:
    """Prices one operation; `data` is None before it has run, and then what it answered."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def requested(self) -> int:
        """What is charged first: the dearest answer the document could have."""
        return math.ceil(sum(self._root_field(kind, node, None) for kind, node in self._roots()))

    def actual(self, data: Mapping[str, Any] | None) -> int:
        """What the answer cost, at most what was charged first."""
        answered = data or {}
        spent = sum(self._root_field(kind, node, answered) for kind, node in self._roots())
        return min(math.ceil(spent), self.requested())

    def _roots(self) -> Iterator[Selected]:
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None
        return iter(self._split(root, self.operation.selection_set)[0])

    def _root_field(self, root: GraphQLCompositeType, node: FieldNode, data: Mapping[str, Any] | None) -> float:
        if node.name.value.startswith("__"):
            return 0
        kind = _type_of(root, node)
        value = None if data is None else data.get(_key(node))
        if self.operation.operation is OperationType.MUTATION:
            if data is not None and (value is None or value.get("userErrors")):
                return MUTATION_COST
            return MUTATION_COST + self._input(node) + self._payload(kind, node, value, priced=data is not None)
        if kind.name == "Count":
            return ROOT_COUNT_COST
        if data is not None and value is None:
            return 1
        return self._field(root, node, value, priced=data is not None)

    def _payload(self, kind: Any, node: FieldNode, value: Any, *, priced: bool) -> float:
        """The first level of a mutation's payload is free, what hangs below it is not."""
        total = 0.0
        for parent, child in self._split(kind, node.selection_set)[0]:
            inner = None if child.name.value.startswith("__") else _type_of(parent, child)
            if inner is None or is_leaf_type(inner) or child.selection_set is None:
                continue
            for part in _parts(value, child) if priced else [None]:
                total += self._children(inner, child.selection_set, part, priced=priced)
        return total

    def _children(self, kind: Any, selected: SelectionSetNode | None, value: Any, *, priced: bool) -> float:
        common, branches = self._split(kind, selected)
        total = sum(self._field(parent, node, _get(value, node), priced=priced) for parent, node in common)
        dearest = 0.0
        for selected_there in branches.values():
            cost = sum(self._field(parent, node, _get(value, node), priced=priced) for parent, node in selected_there)
            dearest = max(dearest, cost)
        return total + dearest

    def _field(self, parent: Any, node: FieldNode, value: Any, *, priced: bool) -> float:
        kind = None if node.name.value.startswith("__") else _type_of(parent, node)
        if kind is None or is_leaf_type(kind):
            return 0
        if kind.name.endswith("Connection"):
            return self._connection(kind, node, value, priced=priced)
        own = 0 if kind.name in FREE_OBJECTS else 1
        if not priced:
            return own + self._children(kind, node.selection_set, None, priced=False)
        parts = [part for part in (value if isinstance(value, list) else [value]) if part is not None]
        if not parts:
            return 0
        return own + max(self._children(kind, node.selection_set, part, priced=True) for part in parts)

    def _connection(self, kind: Any, node: FieldNode, value: Any, *, priced: bool) -> float:
        per_node = 0.0
        size = self._page_size(node)
        for _parent, child in self._split(kind, node.selection_set)[0]:
            name = child.name.value
            if name not in ("nodes", "edges"):
                continue
            items = (_get(value, child) or []) if priced else [None]
            size = len(items) if priced else size
            inner = _type_of(kind, child)
            selections = [(inner, child.selection_set, items)]
            if name == "edges":
                grandchildren = [n for _p, n in self._split(inner, child.selection_set)[0] if n.name.value == "node"]
                selections = [
                    (_type_of(inner, n), n.selection_set, [_get(item, n) for item in items]) for n in grandchildren
                ]
            for type_, selected, found in selections:
                costs = [self._children(type_, selected, item, priced=priced) for item in found]
                per_node += 1 + max(costs, default=0)
        return 2 + connection_factor(size) * per_node

    def _page_size(self, node: FieldNode) -> int:
        asked = self._arguments(node)
        return int(asked.get("first") or asked.get("last") or 0)

    def _arguments(self, node: FieldNode) -> dict[str, Any]:
        values = dict(self.variables)
        for definition in self.operation.variable_definitions or ():
            if definition.default_value is not None:
                values.setdefault(definition.variable.name.value, value_from_ast_untyped(definition.default_value))
        given = {a.name.value: value_from_ast_untyped(a.value, values) for a in node.arguments or ()}
        return {name: value for name, value in given.items() if value is not Undefined}

    def _input(self, node: FieldNode) -> float:
        """The input of what writes many variants at once has a price of its own."""
        if node.name.value not in INPUT_COUNTED:
            return 0
        arguments = self._arguments(node)
        given = arguments.get("input", arguments)
        total = sum(price * len(given.get(name) or ()) for name, price in INPUT_COSTS.items())
        for variant in given.get("variants") or ():
            total += sum(price for name, price in VARIANT_COSTS.items() if variant.get(name))
            total += VARIANT_METAFIELD_COST * len(variant.get("metafields") or ())
        return float(total)

    def _split(self, parent: Any, selected: SelectionSetNode | None) -> tuple[list[Selected], Branches]:
        """The fields every answer has, and those only one concrete type has."""
        common: list[Selected] = []
        branches: Branches = {}
        for node in selected.selections if selected else ():
            if isinstance(node, FieldNode):
                common.append((parent, node))
                continue
            fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
            condition = fragment.type_condition
            target = self.schema.type_map[condition.name.value] if condition else parent
            inner, deeper = self._split(target, fragment.selection_set)
            if is_abstract_type(parent) and isinstance(target, GraphQLObjectType):
                branches.setdefault(target.name, []).extend(inner)
                continue
            common.extend(inner)
            for name, nodes in deeper.items():
                branches.setdefault(name, []).extend(nodes)
        return common, branches


def _type_of(parent: Any, node: FieldNode) -> Any:
    return get_named_type(parent.fields[node.name.value].type)


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _get(value: Any, node: FieldNode) -> Any:
    return value.get(_key(node)) if isinstance(value, dict) else None


def _parts(value: Any, node: FieldNode) -> Sequence[Any]:
    found = _get(value, node)
    if isinstance(found, list):
        return found[:1]
    return [] if found is None else [found]


@dataclass(slots=True)
class Bucket:
    """Points of one app in one shop: they run back in with time, up to the brim. `spent` is what was paid so far."""

    clock: Callable[[], float]
    plan: str = "standard"
    available: float = math.inf
    filled_at: float = 0.0
    spent: float = 0.0

    @property
    def restored(self) -> float:
        """Points a second."""
        return RESTORE_PER_SECOND[self.plan]

    @property
    def size(self) -> float:
        return self.restored * SECONDS_IN_BUCKET

    def level(self) -> float:
        now = self.clock()
        gained = max(0.0, now - self.filled_at) * self.restored if self.filled_at else 0.0
        self.available = min(self.size, round(self.available + gained, 3))
        self.filled_at = now
        return self.available

    def take(self, cost: float) -> bool:
        """The cost is paid, or the bucket held too little and is as it was."""
        if self.level() < cost:
            return False
        self.available -= cost
        self.spent += cost
        return True

    def give_back(self, cost: float) -> None:
        self.available = min(self.size, self.level() + cost)
        self.spent -= cost

    def empty(self) -> None:
        self.level()
        self.available = 0.0

    def report(self, requested: int, actual: int | None) -> dict[str, Any]:
        """The `extensions.cost` of an answer."""
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": self.size,
                "currentlyAvailable": math.floor(self.level()),
                "restoreRate": self.restored,
            },
        }
