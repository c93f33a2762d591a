"""The GraphQL endpoint: a document is checked, priced, paid and executed as Shopify does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
)

from connectors.shopify.practice import (
    access,
    app_access,
    bulk_variants,
    cancelling,
    costs,
    inventory,
    media,
    metafields,
    mutations,
    operations,
    products,
    queries,
    refusals,
    selling,
    stock_nodes,
    subscriptions,
    variables,
)
from connectors.shopify.practice.state import Request

SCHEMA = Path(__file__).with_name("schema.graphql")
RATE_LIMITS = "https://shopify.dev/api/usage/rate-limits"
PLAIN: dict[str, mutations.Accept] = {
    "productSet": operations.accept_set,
    "productCreate": products.accept_create,
    "productUpdate": products.accept_update,
    "productDelete": products.accept_delete,
    "productVariantsBulkCreate": bulk_variants.accept_create,
    "productVariantsBulkUpdate": bulk_variants.accept_update,
    "productVariantsBulkDelete": bulk_variants.accept_delete,
    "publishablePublish": products.accept_publish,
    "publishableUnpublish": products.accept_unpublish,
    "stagedUploadsCreate": media.accept_staged,
    "metafieldsSet": metafields.accept_set,
    "inventoryItemUpdate": inventory.accept_item_update,
    "webhookSubscriptionCreate": subscriptions.accept_create,
    "webhookSubscriptionUpdate": subscriptions.accept_update,
    "webhookSubscriptionDelete": subscriptions.accept_delete,
    "orderCreate": selling.accept_create,
    "orderCancel": cancelling.accept_cancel,
    "appUninstall": app_access.accept_uninstall,
}
# These need @idempotent: https://shopify.dev/docs/api/usage/implementing-idempotency
KEYED: dict[str, tuple[mutations.Accept, mutations.View]] = {
    "inventorySetQuantities": (inventory.accept_set, inventory.view_group),
    "inventoryAdjustQuantities": (inventory.accept_adjust, inventory.view_group),
    "inventoryActivate": (inventory.accept_activate, inventory.view_level),
}

Answer = dict[str, Any]


@cache
def load_schema() -> GraphQLSchema:
    """The schema of the practice shop with its resolvers and scope checks."""
    schema = build_schema(SCHEMA.read_text())
    variables.teach_scalars(schema)
    query, mutation = schema.query_type, schema.mutation_type
    assert isinstance(query, GraphQLObjectType)
    assert isinstance(mutation, GraphQLObjectType)
    for name, answer in queries.ROOT.items():
        query.fields[name].resolve = queries.resolver(answer)
    for name, accept in PLAIN.items():
        mutation.fields[name].resolve = mutations.resolver(name, accept)
    for name, (accept, view) in KEYED.items():
        mutation.fields[name].resolve = mutations.resolver(name, accept, view=view)
    variant = schema.type_map["ProductVariant"]
    assert isinstance(variant, GraphQLObjectType)
    variant.fields["inventoryItem"].resolve = lambda source, info: stock_nodes.item(info.context, source["row"])
    cancelled = schema.type_map["OrderCancelPayload"]
    assert isinstance(cancelled, GraphQLObjectType)
    cancelled.fields["orderCancelUserErrors"].resolve = lambda source, _info: source["userErrors"]
    access.guard(schema)
    return schema


@dataclass(slots=True)
class Call:
    """One document on its way through; `refusal` is set when it is answered without being executed."""

    request: Request
    document: DocumentNode | None = None
    operation: OperationDefinitionNode | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    pricing: costs.Pricing | None = None
    requested: int = 0
    outcome: str = "ok"
    refusal: Answer | None = None

    @property
    def root_fields(self) -> list[str]:
        found = self.operation.selection_set.selections if self.operation else ()
        return [node.name.value for node in found if isinstance(node, FieldNode)]


def prepare(request: Request, query: str, given: Mapping[str, Any], operation_name: str | None) -> Call:
    """The document is read, valid, affordable at all; nothing is paid or executed yet."""
    call = Call(request, given=given)
    schema = request.practice.schema
    try:
        call.document, invalid = _read(schema, query)
    except GraphQLSyntaxError as error:
        return _refuse(call, "syntax", {"errors": [error.formatted]})
    operations = [node for node in call.document.definitions if isinstance(node, OperationDefinitionNode)]
    call.operation = _chosen(operations, operation_name)
    if invalid:
        return _refuse(call, "invalid", {"errors": invalid})
    if call.operation is None:
        message = f'No operation named "{operation_name}"' if operation_name else "An operation name is required"
        return _refuse(call, "invalid", {"errors": [{"message": message}]})
    wrong = variables.check(schema, call.operation, given)
    if wrong:
        return _refuse(call, "invalid", {"errors": [_formatted(error) for error in wrong]})
    fragments = {n.name.value: n for n in call.document.definitions if isinstance(n, FragmentDefinitionNode)}
    call.pricing = costs.Pricing(schema, call.operation, fragments, given)
    call.requested = call.pricing.requested()
    if call.requested > costs.SINGLE_QUERY_LIMIT:
        return _refuse(call, "too expensive", too_expensive(call.requested))
    return call


@lru_cache(256)
def _read(schema: GraphQLSchema, query: str) -> tuple[DocumentNode, list[Answer]]:
    """The document and what is wrong with it: the same few are asked again and again. Raises GraphQLSyntaxError."""
    document = parse(query)
    return document, refusals.refused(schema, document)


def pay(call: Call, *, throttled: bool) -> Call:
    """The cost is taken from the shop's bucket, or the call is refused and nothing was executed."""
    bucket = call.request.practice.bucket(call.request.domain)
    if not throttled and bucket.take(call.requested):
        return call
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": RATE_LIMITS}}
    report = bucket.report(call.requested, None)
    return _refuse(call, "throttled", {"errors": [error], "extensions": {"cost": report}})


def run(call: Call) -> Answer:
    """The document is executed; what it did not use of its price flows back."""
    assert call.document is not None
    assert call.pricing is not None
    name = call.operation.name.value if call.operation and call.operation.name else None
    request = call.request
    result = execute_sync(
        request.practice.schema,
        call.document,
        context_value=request,
        variable_values=dict(call.given),
        operation_name=name,
    )
    assert isinstance(result, ExecutionResult)
    actual = call.pricing.actual(result.data)
    bucket = request.practice.bucket(request.domain)
    bucket.give_back(call.requested - actual)
    answer: Answer = {"data": result.data}
    if result.errors:
        _raise_our_own(result.errors)
        answer["errors"] = [_formatted(error) for error in result.errors]
        call.outcome = "errors"
    elif _has_user_errors(result.data):
        call.outcome = "user errors"
    return answer | {"extensions": {"cost": bucket.report(call.requested, actual)}}


def too_expensive(cost: int) -> Answer:
    limit = costs.SINGLE_QUERY_LIMIT
    message = f"Query cost is {cost}, which exceeds the single query max cost limit ({limit})."
    extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": limit, "documentation": RATE_LIMITS}
    return {"errors": [{"message": message, "extensions": extensions}]}


def shop_inactive() -> Answer:
    return {"errors": [{"message": "Shop is inactive", "extensions": {"code": "SHOP_INACTIVE"}}]}


def internal_error() -> Answer:
    """What Shopify says when the fault is its own."""
    request_id = str(uuid4())
    message = f"Internal error. Looks like something went wrong on our end.\nRequest ID: {request_id}"
    return {"errors": [{"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}}]}


def _chosen(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode | None:
    if name:
        return next((node for node in operations if node.name and node.name.value == name), None)
    return operations[0] if len(operations) == 1 else None


def _refuse(call: Call, outcome: str, answer: Answer) -> Call:
    call.outcome, call.refusal = outcome, answer
    return call


def _formatted(error: GraphQLError) -> dict[str, Any]:
    written: dict[str, Any] = dict(error.formatted)
    return written


def _raise_our_own(errors: list[GraphQLError]) -> None:
    """A fault of the practice shop's own code must be seen, not answered."""
    for error in errors:
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error


def _has_user_errors(data: dict[str, Any] | None) -> bool:
    return any(isinstance(part, dict) and part.get("userErrors") for part in (data or {}).values())


def dump(answer: Answer) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
