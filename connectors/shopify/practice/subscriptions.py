"""Webhook subscriptions made over GraphQL."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, refuse
from connectors.shopify.practice.paging import connection
from connectors.shopify.practice.state import API_VERSION, Request
from connectors.shopify.practice.store import Row, iso

ADDRESS = ("webhookSubscription", "callbackUrl")
ADDRESS_LIMIT = 64 * 1024
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# The scope a topic needs, by the first word of its name.
TOPIC_SCOPES = {
    "PRODUCTS": "read_products",
    "INVENTORY": "read_inventory",
    "LOCATIONS": "read_locations",
    "ORDERS": "read_orders",
    "REFUNDS": "read_orders",
    "FULFILLMENTS": "read_fulfillments",
}


def header_name(topic: str) -> str:
    """PRODUCTS_CREATE as the header writes it: products/create."""
    subject, _, event = topic.rpartition("_")
    return f"{subject.lower()}/{event.lower()}"


def subscription(row: Row) -> dict[str, Any]:
    return {
        "__typename": "WebhookSubscription",
        "id": gid("WebhookSubscription", row["id"]),
        **{name: row[name] for name in ("topic", "uri", "format", "name")},
        "filter": None,
        "includeFields": json.loads(row["include_fields"]),
        "metafieldNamespaces": [],
        "apiVersion": {"handle": API_VERSION},
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
    }


def find(request: Request, number: int | None) -> Row | None:
    return request.store.row("SELECT * FROM subscription WHERE id = ? AND shop = ?", number, request.domain)


def listed(request: Request, *, topics: list[str] | None = None, uri: str | None = None, **page: Any) -> dict[str, Any]:
    rows = request.store.rows("SELECT * FROM subscription WHERE shop = ? ORDER BY id", request.domain)
    rows = [row for row in rows if (not topics or row["topic"] in topics) and uri in (None, row["uri"])]
    return connection(rows, subscription, **page)


def accept_create(mutation: Mutation, arguments: Arguments) -> Payload:
    request, topic, given = mutation.request, arguments["topic"], arguments["webhookSubscription"]
    scope = TOPIC_SCOPES.get(topic.split("_", 1)[0])
    if scope is not None and scope not in request.scopes:
        raise refuse(["topic"], "You cannot create a webhook subscription with the specified topic")
    uri = given.get("uri") or ""
    _check_address(request, topic, uri, besides=None)
    number = request.store.new_number("WebhookSubscription")
    now = request.store.now()
    request.store.insert(
        "subscription",
        id=number,
        shop=request.domain,
        topic=topic,
        uri=uri,
        format=given.get("format") or "JSON",
        include_fields=json.dumps(given.get("includeFields") or []),
        name=given.get("name"),
        created_at=now,
        updated_at=now,
    )
    mutation.ids = {"subscription": number}
    row = find(request, number)
    return {"webhookSubscription": subscription(row) if row else None}


def accept_update(mutation: Mutation, arguments: Arguments) -> Payload:
    request, given = mutation.request, arguments["webhookSubscription"]
    row = _existing(mutation, arguments["id"])
    changed: dict[str, Any] = {name: given[name] for name in ("format", "name") if name in given}
    if "uri" in given:
        changed["uri"] = given["uri"] or ""
        _check_address(request, row["topic"], changed["uri"], besides=row["id"])
    if "includeFields" in given:
        changed["include_fields"] = json.dumps(given["includeFields"] or [])
    request.store.update("subscription", row["id"], updated_at=request.store.now(), failures=0, **changed)
    mutation.ids = {"subscription": row["id"]}
    after = find(request, row["id"])
    return {"webhookSubscription": subscription(after) if after else None}


def accept_delete(mutation: Mutation, arguments: Arguments) -> Payload:
    row = _existing(mutation, arguments["id"])
    mutation.request.store.run("DELETE FROM subscription WHERE id = ?", row["id"])
    mutation.ids = {"subscription": row["id"]}
    return {"deletedWebhookSubscriptionId": arguments["id"]}


def _existing(mutation: Mutation, text: str) -> Row:
    row = find(mutation.request, gid_number(text, "WebhookSubscription"))
    if row is None:
        raise refuse(["id"], "Webhook subscription does not exist")
    return row


def _check_address(request: Request, topic: str, uri: str, *, besides: int | None) -> None:
    """https to anywhere; plain http, which Shopify refuses, only to this very machine."""
    if not uri.strip():
        raise refuse(ADDRESS, "Address can't be blank")
    if len(uri) > ADDRESS_LIMIT:
        raise refuse(ADDRESS, "Address is too big (maximum is 64 KB)")
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise refuse(ADDRESS, "Address is invalid") from error
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise refuse(ADDRESS, "Address protocol http:// is not supported")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise refuse(ADDRESS, "Address is invalid")
    query = "SELECT 1 FROM subscription WHERE shop = ? AND topic = ? AND uri = ? AND id IS NOT ?"
    if request.store.row(query, request.domain, topic, uri, besides) is not None:
        raise refuse(ADDRESS, "Address for this topic has already been taken")
