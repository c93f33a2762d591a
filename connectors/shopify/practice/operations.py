"""productSet as it is called: done at once, or taken and done later, with an operation to ask after it."""

from __future__ import annotations

import asyncio
import json

from connectors.shopify.practice import catalog, faults, mutations, nodes, product_fields, shops
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload
from connectors.shopify.practice.state import Practice, Request
from connectors.shopify.practice.store import Row

# The name of the work done later, in the ledger and for faults: `refuse` with `of` this refuses what was taken.
LATER = "productSetOperation"
LOOK_AGAIN_SECONDS = 0.5


def accept_set(mutation: Mutation, arguments: Arguments) -> Payload:
    request = mutation.request
    product_fields.check_category(arguments["input"])
    catalog.check_scopes(request, arguments["input"])
    if not arguments.get("synchronous", True):
        return {"product": None, "productSetOperation": _take(mutation, arguments)}
    return _set(mutation, arguments) | {"productSetOperation": None}


def node(request: Request, number: int) -> nodes.Node | None:
    """The operation as it stands now."""
    run_due(request.practice)
    row = request.store.row("SELECT * FROM operation WHERE id = ? AND shop = ?", number, request.domain)
    return _node(request, row) if row else None


async def run_forever(practice: Practice) -> None:
    """What was taken is done when its time has come, also when nobody asks. Until cancelled."""
    while True:
        run_due(practice)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def run_due(practice: Practice) -> None:
    """Every operation whose time has come is done, oldest first."""
    query = "SELECT * FROM operation WHERE errors IS NULL AND due_at <= ? ORDER BY id"
    for row in practice.store.rows(query, practice.clock()):
        shop = shops.find(practice.store, row["shop"])
        assert shop is not None
        mutation = Mutation(Request(practice, shop, shops.scopes(shop), ""), LATER)
        with practice.store.transaction():
            payload = mutations.run(mutation, _set, json.loads(row["arguments"]))
            errors = json.dumps(payload["userErrors"])
            product_id = None if payload["userErrors"] else mutation.product_id
            practice.store.update("operation", row["id"], product_id=product_id, errors=errors)


def _set(mutation: Mutation, arguments: Arguments) -> Payload:
    row = catalog.set_product(mutation, arguments["input"], arguments.get("identifier") or {})
    return {"product": nodes.product(mutation.request, row)}


def _take(mutation: Mutation, arguments: Arguments) -> nodes.Node:
    request = mutation.request
    number = request.store.new_number("ProductSetOperation")
    asked = faults.take(request.store, request.domain, "linger") or {}
    seconds = float(asked.get("seconds", request.practice.settings.operation_seconds))
    request.store.insert(
        "operation",
        id=number,
        shop=request.domain,
        arguments=json.dumps(arguments, default=str),
        taken_at=request.store.now(),
        due_at=request.store.now() + seconds,
    )
    mutation.ids = {"operation": number}
    row = request.store.row("SELECT * FROM operation WHERE id = ?", number)
    assert row is not None
    return _node(request, row)


def _node(request: Request, row: Row) -> nodes.Node:
    done = row["errors"] is not None
    product = nodes.find_product(request, row["product_id"]) if done else None
    return {
        "__typename": "ProductSetOperation",
        "id": gid("ProductSetOperation", row["id"]),
        "status": _status(request, row),
        "product": nodes.product(request, product) if product else None,
        "userErrors": json.loads(row["errors"]) if done else [],
    }


def _status(request: Request, row: Row) -> str:
    if row["errors"] is not None:
        return "COMPLETE"
    return "ACTIVE" if request.store.now() > row["taken_at"] else "CREATED"
