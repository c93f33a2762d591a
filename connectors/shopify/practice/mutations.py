"""The frame around every mutation: one transaction, a line in the ledger, the webhooks it causes, and its key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from graphql import GraphQLError, GraphQLResolveInfo, get_directive_values

from connectors.shopify.practice import faults, webhooks
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.state import Request

KEYS_REMEMBERED_SECONDS = 24 * 3600
MARK = ("$app:hub", "master_id")
ARRAY_LIMIT = 250
# Longer arrays Shopify takes: https://shopify.dev/docs/api/usage/limits
ARRAY_LIMITS = {("productSet", "variants"): 2048, ("productVariantsBulkCreate", "variants"): 2048}
MISMATCH = "The same idempotency key cannot be used with different operation parameters."

Payload = dict[str, Any]
Arguments = Mapping[str, Any]
UserErrors = list[dict[str, Any]]


class Refused(Exception):
    """The shop understood and says no; nothing of the mutation stays."""

    def __init__(self, errors: UserErrors) -> None:
        super().__init__(errors)
        self.errors = errors


def user_error(path: Sequence[str | int], message: str, code: str | None = None) -> dict[str, Any]:
    return {"field": [str(part) for part in path] or None, "message": message, "code": code}


def refuse(path: Sequence[str | int], message: str, code: str | None = None) -> Refused:
    return Refused([user_error(path, message, code)])


@dataclass(slots=True)
class Mutation:
    """One root field of a mutation document while it runs."""

    request: Request
    operation: str
    key: str = ""
    event_id: str = field(default_factory=lambda: str(uuid4()))
    ids: dict[str, Any] = field(default_factory=dict)
    values: Any = None
    product_id: int | None = None

    def announce(self, topic: str, body: Mapping[str, Any]) -> None:
        """Every subscription to the topic gets this body once the mutation is accepted."""
        webhooks.enqueue(self.request.practice, self.request.domain, topic, body, event_id=self.event_id)


Accept = Callable[[Mutation, Arguments], Payload]
View = Callable[[Request, Payload], Payload]


def resolver(name: str, accept: Accept, *, view: View | None = None) -> Callable[..., Payload]:
    """The GraphQL resolver of a mutation. One with a `view` needs an idempotency key and replays its memo."""

    def resolve(_root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Payload:
        mutation = Mutation(info.context, name, key=_key(info) if view else "")
        _check_sizes(name, arguments)
        with mutation.request.store.transaction():
            if view is None:
                return run(mutation, accept, arguments)
            return view(mutation.request, _once(mutation, accept, arguments))

    return resolve


def _key(info: GraphQLResolveInfo[Any]) -> str:
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    given = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    if given is None:
        raise GraphQLError(
            "The @idempotent directive is required for this mutation but was not provided.",
            extensions={"code": "BAD_REQUEST"},
        )
    return str(given["key"])


def _once(mutation: Mutation, accept: Accept, arguments: Arguments) -> Payload:
    """What the key's first request came to; it is done now when this is the first."""
    store, domain = mutation.request.store, mutation.request.domain
    store.run("DELETE FROM idempotency WHERE at < ?", store.now() - KEYS_REMEMBERED_SECONDS)
    found = store.row("SELECT * FROM idempotency WHERE shop = ? AND key = ?", domain, mutation.key)
    written = json.dumps(arguments, sort_keys=True, default=str)
    if found is not None:
        if (found["operation"], found["arguments"]) != (mutation.operation, written):
            return {"userErrors": [user_error([], MISMATCH, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")]}
        remembered: Payload = json.loads(found["outcome"])
        return remembered
    memo = run(mutation, accept, arguments)
    store.insert(
        "idempotency",
        shop=domain,
        key=mutation.key,
        operation=mutation.operation,
        arguments=written,
        outcome=json.dumps(memo),
        at=store.now(),
    )
    return memo


def run(mutation: Mutation, accept: Accept, arguments: Arguments) -> Payload:
    """What the mutation came to: its payload and a line in the ledger, or the user errors and nothing else."""
    store = mutation.request.store
    try:
        _refuse_if_asked(mutation, arguments)
        with store.transaction():
            payload = accept(mutation, arguments)
    except Refused as refused:
        return {"userErrors": refused.errors}
    _write_ledger(mutation, arguments)
    payload.setdefault("userErrors", [])
    return payload


def _refuse_if_asked(mutation: Mutation, arguments: Arguments) -> None:
    given = arguments.get("input") or arguments.get("product") or {}
    handle = given.get("handle") if isinstance(given, dict) else None
    handle = handle or (arguments.get("identifier") or {}).get("handle")
    request = mutation.request
    found = faults.take(request.store, request.domain, "refuse", of=mutation.operation, handle=handle)
    if found is not None:
        raise refuse(found.get("field") or [], found["message"], found.get("code"))


def _write_ledger(mutation: Mutation, arguments: Arguments) -> None:
    request = mutation.request
    mark = ""
    if mutation.product_id is not None:
        namespace, key = request.practice.namespace(MARK[0]), MARK[1]
        found = request.store.row(
            "SELECT value FROM metafield WHERE owner = ? AND namespace = ? AND key = ?",
            gid("Product", mutation.product_id),
            namespace,
            key,
        )
        mark = found["value"] if found else ""
        mutation.ids.setdefault("product", mutation.product_id)
    values = arguments if mutation.values is None else mutation.values
    request.store.insert(
        "ledger",
        shop=request.domain,
        at=request.store.now(),
        operation=mutation.operation,
        idempotency_key=mutation.key,
        mark=mark,
        ids=json.dumps(mutation.ids),
        values=json.dumps(values, default=str),
    )


def _check_sizes(operation: str, value: Any, *path: str) -> None:
    """No array of the input is longer than Shopify takes."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_sizes(operation, inner, *path, name)
    if not isinstance(value, list):
        return
    limit = ARRAY_LIMITS.get((operation, path[-1]), ARRAY_LIMIT)
    if len(value) > limit:
        raise GraphQLError(
            f"The input array size of {len(value)} is greater than the maximum allowed of {limit}.",
            path=[operation, *path],
            extensions={"code": "MAX_INPUT_SIZE_EXCEEDED"},
        )
    for number, inner in enumerate(value):
        _check_sizes(operation, inner, *path, str(number))
