"""Orders cancelled: at once by the merchant or the buyer, or by an app, which is a job that takes some seconds."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

from graphql import GraphQLError

from connectors.shopify.practice import faults, order_changes, order_payloads, sales, shops
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, refuse
from connectors.shopify.practice.nodes import Node
from connectors.shopify.practice.state import Practice, Request
from connectors.shopify.practice.store import Row

STAFF_NOTE_LENGTH = 255
LOOK_AGAIN_SECONDS = 0.5
JOB = "gid://shopify/Job/"


def accept_cancel(mutation: Mutation, arguments: Arguments) -> Payload:
    """orderCancel: it is refused now, or done later and for good."""
    request, store = mutation.request, mutation.request.store
    row = sales.find(request, gid_number(arguments["orderId"], "Order"))
    if row is None:
        raise refuse(["orderId"], "Order does not exist", "NOT_FOUND")
    if len(arguments.get("staffNote") or "") > STAFF_NOTE_LENGTH:
        message = f"Staff note is too long. Maximum length is {STAFF_NOTE_LENGTH} characters."
        raise refuse(["staffNote"], message, "INVALID")
    refusal = why_not(request, row)
    if refusal:
        raise refuse(["orderId"], refusal, "INVALID")
    if store.row("SELECT 1 FROM job WHERE sale_id = ? AND done = 0", row["id"]) is not None:
        raise refuse([], "Cancellation is already in progress", "INVALID")
    asked = faults.take(store, request.domain, "linger") or {}
    seconds = float(asked.get("seconds", request.practice.settings.operation_seconds))
    number = str(uuid4())
    restock = int(arguments["restock"])
    due_at = store.now() + seconds
    store.insert(
        "job",
        id=number,
        shop=request.domain,
        sale_id=row["id"],
        reason=arguments["reason"],
        restock=restock,
        due_at=due_at,
    )
    store.run("UPDATE sale SET cancels = cancels + 1 WHERE id = ?", row["id"])
    mutation.ids = {"order": row["id"]}
    return {"job": {"id": JOB + number, "done": False}}


def why_not(request: Request, row: Row) -> str:
    """Shopify's words for an order that cannot be cancelled; empty for one that can."""
    if row["cancelled_at"] is not None:
        return "Cannot cancel an order that has already been canceled"
    if any(one["status"] == "SUCCESS" for one in sales.fulfillments_of(request.store, row["id"])):
        return "Cannot cancel an order that has outstanding fulfillments"
    return ""


def job(request: Request, wanted: str) -> Node | None:
    """The job as it stands now."""
    run_due(request.practice)
    if not wanted.startswith(JOB):
        raise GraphQLError("invalid id", extensions={"code": "RESOURCE_NOT_FOUND"})
    row = request.store.row("SELECT * FROM job WHERE id = ? AND shop = ?", wanted.removeprefix(JOB), request.domain)
    return {"id": wanted, "done": bool(row["done"])} if row else None


async def run_forever(practice: Practice) -> None:
    """What was taken is done when its time has come, also when nobody asks. Until cancelled."""
    while True:
        run_due(practice)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def run_due(practice: Practice) -> None:
    """Every job whose time has come is done. An order that was shipped meanwhile stays as it is."""
    query = "SELECT * FROM job WHERE done = 0 AND due_at <= ? ORDER BY due_at"
    for row in practice.store.rows(query, practice.clock()):
        shop = shops.find(practice.store, row["shop"])
        assert shop is not None
        mutation = Mutation(Request(practice, shop, shops.scopes(shop), ""), "orderCancelJob")
        with practice.store.transaction():
            sale = sales.find(mutation.request, row["sale_id"])
            if sale is not None and not why_not(mutation.request, sale):
                cancel(mutation, sale, reason=row["reason"], restock=bool(row["restock"]))
            practice.store.run("UPDATE job SET done = 1 WHERE id = ?", row["id"])


def cancel(mutation: Mutation, row: Row, *, reason: str, restock: bool) -> None:
    """All that is left of the order will not leave, and is back on the shelf when `restock`."""
    store = mutation.request.store
    left = {number: count.left for number, count in sales.counts(store, row["id"]).items() if count.left}
    give_up(mutation, row, left, sales.CANCEL if restock else sales.NO_RESTOCK)
    status = "VOIDED" if row["financial_status"] == "PENDING" else row["financial_status"]
    order_changes.changed(
        mutation,
        row["id"],
        "orders/cancelled",
        "orders/updated",
        cancelled_at=store.now(),
        cancel_reason=reason,
        financial_status=status,
    )


def give_up(mutation: Mutation, row: Row, quantities: dict[int, int], restock_type: str) -> None:
    """These units of the order's lines are refunded, and restocked as the type says. Announces the refund."""
    store = mutation.request.store
    if not quantities:
        return
    back, rows = restock_type != sales.NO_RESTOCK, {line["id"]: line for line in sales.lines_of(store, row["id"])}
    lines = [
        {
            "line": one,
            "quantity": count,
            "restock_type": restock_type,
            "location": order_changes.place_of(mutation, rows[one]) if back else None,
        }
        for one, count in quantities.items()
    ]
    number = store.new_number("Refund")
    store.insert("refund", id=number, sale_id=row["id"], lines=json.dumps(lines), created_at=store.now())
    for one, count in quantities.items():
        order_changes.settle(mutation, rows[one], count, back=back)
    refund = store.row("SELECT * FROM refund WHERE id = ?", number)
    assert refund is not None
    mutation.announce("refunds/create", order_payloads.refund(row, refund))
