"""The root fields of a query. Arguments keep the names they have on the wire, but for `id`, which is `wanted`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from connectors.shopify.practice import (
    cancelling,
    catalog,
    nodes,
    operations,
    order_nodes,
    sales,
    search,
    shops,
    stock_nodes,
    subscriptions,
)
from connectors.shopify.practice.gids import asked_number, gid, parse
from connectors.shopify.practice.nodes import Node
from connectors.shopify.practice.paging import by_id, connection
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

SORT_COLUMNS = {"ID": "id", "TITLE": "title", "CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}

ORDER_SORT_COLUMNS = {"PROCESSED_AT": "processed_at", "CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}


def shop(request: Request) -> Node:
    row, domain = request.shop, request.domain
    return {
        "id": gid("Shop", row["id"]),
        "name": row["name"],
        "email": f"owner@{domain}",
        "myshopifyDomain": domain,
        "primaryDomain": {"id": gid("Domain", row["id"]), "host": domain, "url": f"https://{domain}"},
        "currencyCode": row["currency"],
        "enabledPresentmentCurrencies": [row["currency"]],
        "ianaTimezone": "Etc/UTC",
        "weightUnit": "KILOGRAMS",
        "taxesIncluded": False,
        "plan": {"publicDisplayName": "Practice", "partnerDevelopment": True, "shopifyPlus": False},
        "features": {"storefront": True},
    }


def app_installation(request: Request) -> Node:
    return {
        "id": gid("AppInstallation", request.practice.app_number),
        "accessScopes": [{"handle": scope} for scope in sorted(request.scopes)],
    }


def locations(request: Request, *, includeInactive: bool = False, **page: Any) -> Node:
    rows = shops.locations(request.store, request.domain)
    shown = [row for row in rows if includeInactive or row["active"]]
    return connection(shown, lambda row: stock_nodes.location(request, row), **page)


def location(request: Request, *, wanted: str | None = None) -> Node | None:
    if wanted is None:
        return stock_nodes.location(request, shops.first_location(request.store, request.domain))
    row = stock_nodes.find_location(request, asked_number(wanted, "Location"))
    return stock_nodes.location(request, row) if row else None


def publications(request: Request, **page: Any) -> Node:
    rows = shops.publications(request.store, request.domain)
    return connection(rows, lambda row: nodes.publication(request, row), **page)


def product(request: Request, *, wanted: str) -> Node | None:
    row = nodes.find_product(request, asked_number(wanted, "Product"))
    return nodes.product(request, row) if row else None


def product_by_identifier(request: Request, *, identifier: dict[str, Any]) -> Node | None:
    row = catalog.find_identified(request, identifier)
    return nodes.product(request, row) if row else None


def products(request: Request, *, query: str | None = None, sortKey: str = "ID", **page: Any) -> Node:
    column = SORT_COLUMNS[sortKey]
    rows = _found(request, search.PRODUCTS, query, order=column)
    return connection(rows, lambda row: nodes.product(request, row), key=lambda row: row[column], **page)


def products_count(request: Request, *, query: str | None = None) -> Node:
    return {"count": len(_found(request, search.PRODUCTS, query, order="id"))}


def product_variant(request: Request, *, wanted: str) -> Node | None:
    row = _variant(request, asked_number(wanted, "ProductVariant"))
    return nodes.variant(request, row) if row else None


def product_variants(request: Request, *, query: str | None = None, sortKey: str = "ID", **page: Any) -> Node:
    rows = _found(request, search.VARIANTS, query, order="id")
    return nodes.variant_page(request, rows, sort_key=sortKey, **page)


def product_operation(request: Request, *, wanted: str) -> Node | None:
    return operations.node(request, asked_number(wanted, "ProductSetOperation"))


def order(request: Request, *, wanted: str) -> Node | None:
    cancelling.run_due(request.practice)
    row = sales.find(request, asked_number(wanted, "Order"))
    return order_nodes.order(request, row) if row else None


def orders(request: Request, *, query: str | None = None, sortKey: str = "PROCESSED_AT", **page: Any) -> Node:
    cancelling.run_due(request.practice)
    column = ORDER_SORT_COLUMNS.get(sortKey, "id")
    rows = _found(request, search.ORDERS, query, order=column)
    return connection(rows, lambda row: order_nodes.order(request, row), key=lambda row: row[column], **page)


def job(request: Request, *, wanted: str) -> Node | None:
    return cancelling.job(request, wanted)


def inventory_item(request: Request, *, wanted: str) -> Node | None:
    row = stock_nodes.find_item(request, asked_number(wanted, "InventoryItem"))
    return stock_nodes.item(request, row) if row else None


def inventory_items(request: Request, *, query: str | None = None, **page: Any) -> Node:
    rows = _found(request, search.ITEMS, query, order="id")
    return connection(rows, lambda row: stock_nodes.item(request, row), key=by_id, **page)


def webhook_subscriptions(request: Request, **page: Any) -> Node:
    return subscriptions.listed(request, **page)


def node(request: Request, *, wanted: str) -> Node | None:
    """The thing of that id, of the kinds the practice shop can look up; None for one that is gone."""
    parsed = parse(wanted)
    if parsed is None:
        raise GraphQLError("invalid id", extensions={"code": "RESOURCE_NOT_FOUND"})
    kind, number = parsed
    finders: dict[str, Callable[[], Row | None]] = {
        "Product": lambda: nodes.find_product(request, number),
        "ProductVariant": lambda: _variant(request, number),
        "InventoryItem": lambda: stock_nodes.find_item(request, number),
        "Location": lambda: stock_nodes.find_location(request, number),
        "MediaImage": lambda: request.store.row("SELECT * FROM file WHERE id = ? AND shop = ?", number, request.domain),
        "WebhookSubscription": lambda: subscriptions.find(request, number),
    }
    builders: dict[str, Callable[[Row], Node]] = {
        "Product": lambda row: nodes.product(request, row),
        "ProductVariant": lambda row: nodes.variant(request, row),
        "InventoryItem": lambda row: stock_nodes.item(request, row),
        "Location": lambda row: stock_nodes.location(request, row),
        "MediaImage": lambda row: nodes.media(request, row),
        "WebhookSubscription": subscriptions.subscription,
    }
    row = finders[kind]() if kind in finders else None
    return builders[kind](row) if row else None


def nodes_by_id(request: Request, *, ids: list[str]) -> list[Node | None]:
    return [node(request, wanted=one) for one in ids]


ROOT: dict[str, Callable[..., Any]] = {
    "shop": shop,
    "currentAppInstallation": app_installation,
    "node": node,
    "nodes": nodes_by_id,
    "locations": locations,
    "location": location,
    "publications": publications,
    "product": product,
    "productByIdentifier": product_by_identifier,
    "products": products,
    "productsCount": products_count,
    "productVariant": product_variant,
    "productVariants": product_variants,
    "productOperation": product_operation,
    "order": order,
    "orders": orders,
    "job": job,
    "inventoryItem": inventory_item,
    "inventoryItems": inventory_items,
    "webhookSubscriptions": webhook_subscriptions,
}


def resolver(answer: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(_root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if "id" in arguments:
            arguments["wanted"] = arguments.pop("id")
        return answer(info.context, **arguments)

    return resolve


def _found(request: Request, entity: search.Entity, query: str | None, *, order: str) -> list[Row]:
    """Rows the search index knows by now; without a query all there are."""
    wanted = search.condition(entity, query)
    fresh = f"{entity.table}.searchable_at <= ?" if query else "?"
    sql = f"SELECT * FROM {entity.table} WHERE shop = ? AND {fresh} AND ({wanted.sql}) ORDER BY {order}, id"
    return request.store.rows(sql, request.domain, request.store.now(), *wanted.values)


def _variant(request: Request, number: int) -> Row | None:
    return request.store.row("SELECT * FROM variant WHERE id = ? AND shop = ?", number, request.domain)
