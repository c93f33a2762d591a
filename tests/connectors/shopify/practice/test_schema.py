"""The practice shop's schema is a true subset of Shopify's, and the hub's operations are valid against it."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_input_object_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
    is_specified_scalar_type,
    parse,
    print_ast,
    separate_operations,
    validate,
)

from connectors.shopify.practice.graphql import load_schema
from tests.material import SHOPIFY_SPECS, needs_shopify_specs

ORDERS = ("Order", "Fulfillment", "Refund", "Suggested", "Tags", "Job")
OPERATIONS_NOT_SPOKEN = (*ORDERS, "Bulk", "FileCreate", "FileUpdate")

pytestmark = needs_shopify_specs


@pytest.fixture(scope="module")
def shopify() -> GraphQLSchema:
    return build_schema(gzip.open(SHOPIFY_SPECS / "admin-2026-07.full.graphql.gz", "rt").read(), assume_valid=True)


@pytest.fixture(scope="module")
def ours() -> GraphQLSchema:
    return load_schema()


def own_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    return [t for t in schema.type_map.values() if not is_introspection_type(t) and not is_specified_scalar_type(t)]


def differences(mine: Any, theirs: Any) -> list[str]:
    """What of `mine` is not in `theirs`, in words."""
    found = [f"{mine.name} is another kind of type"] if type(mine) is not type(theirs) else []
    if isinstance(mine, GraphQLEnumType):
        return found + [f"{mine.name}.{value}" for value in mine.values if value not in theirs.values]
    if is_object_type(mine) or is_interface_type(mine):
        extra = {i.name for i in mine.interfaces} - {i.name for i in theirs.interfaces}
        found += [f"{mine.name} implements {name}" for name in extra]
    if is_input_object_type(mine) and mine.is_one_of != theirs.is_one_of:
        found.append(f"{mine.name} @oneOf")
    for name, field in getattr(mine, "fields", {}).items():
        other = theirs.fields.get(name)
        if other is None or str(field.type) != str(other.type):
            found.append(f"{mine.name}.{name}: {field.type} against {other and other.type}")
            continue
        if isinstance(mine, GraphQLInputObjectType):
            continue
        for key, argument in field.args.items():
            there = other.args.get(key)
            if there is None or str(argument.type) != str(there.type) or default(argument) != default(there):
                found.append(f"{mine.name}.{name}({key})")
        missing = [k for k, a in other.args.items() if str(a.type).endswith("!") and k not in field.args]
        found += [f"{mine.name}.{name} lacks {key}" for key in missing]
    return found


def default(argument: object) -> str:
    node = argument.ast_node.default_value  # type: ignore[attr-defined]  # every argument here comes from SDL
    return print_ast(node) if node else ""


def test_every_type_field_argument_and_value_of_ours_is_shopifys(ours: GraphQLSchema, shopify: GraphQLSchema) -> None:
    types = own_types(ours)
    assert len(types) > 100
    unknown = [t.name for t in types if t.name not in shopify.type_map]
    assert unknown == []
    assert [d for t in types for d in differences(t, shopify.type_map[t.name])] == []


def test_required_input_fields_of_shopify_are_all_ours(ours: GraphQLSchema, shopify: GraphQLSchema) -> None:
    inputs = [t for t in own_types(ours) if isinstance(t, GraphQLInputObjectType)]
    assert inputs
    for mine in inputs:
        theirs: Any = shopify.type_map[mine.name]
        required = {n for n, f in theirs.fields.items() if str(f.type).endswith("!")}
        assert required <= set(mine.fields), mine.name


def test_the_idempotency_directive_is_shopifys(ours: GraphQLSchema, shopify: GraphQLSchema) -> None:
    mine, theirs = ours.get_directive("idempotent"), shopify.get_directive("idempotent")
    assert mine
    assert theirs
    assert mine.locations == theirs.locations
    assert {n: str(a.type) for n, a in mine.args.items()} == {n: str(a.type) for n, a in theirs.args.items()}


def test_every_operation_of_the_hub_on_catalog_stock_and_webhooks_is_valid(ours: GraphQLSchema) -> None:
    operations = separate_operations(parse((SHOPIFY_SPECS / "hub-operations.graphql").read_text()))
    spoken = {n: d for n, d in operations.items() if not n.startswith(OPERATIONS_NOT_SPOKEN)}
    assert len(spoken) == 30
    assert {name: [e.message for e in validate(ours, document)] for name, document in spoken.items()} == {
        name: [] for name in spoken
    }


def test_a_wrong_field_would_be_seen(shopify: GraphQLSchema) -> None:
    wrong = build_schema("type QueryRoot { shop: Shop } type Shop { name: Int! nickname: String }")
    shop = wrong.type_map["Shop"]
    assert isinstance(shop, GraphQLObjectType)
    assert len(differences(shop, shopify.type_map["Shop"])) == 2
