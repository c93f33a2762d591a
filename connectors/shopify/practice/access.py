"""Which scope opens which type and field, and the refusal of what is not opened.

https://shopify.dev/docs/api/usage/access-scopes
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
    get_named_type,
    is_object_type,
)

_FILES = (
    "read_products",
    "read_files",
    "read_themes",
    "read_orders",
    "read_draft_orders",
    "read_images",
    "read_quick_sale",
)
_ORDERS = ("read_orders", "read_marketplace_orders")
_FULFILLMENTS = (
    *_ORDERS,
    "read_assigned_fulfillment_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "read_marketplace_fulfillment_orders",
)
_LOCATION = ("read_locations", "read_inventory", "read_markets_home")
_LOCATION_NAME = ("read_locations", "read_markets_home")

# Any one of the scopes is enough. A field is guarded by its own entry and by that of the type it returns.
TYPES: dict[str, tuple[str, ...]] = {
    "Product": ("read_products",),
    "ProductVariant": ("read_products",),
    "ProductOption": ("read_products",),
    "ProductOptionValue": ("read_products",),
    "ProductOperation": ("read_products",),
    "ProductSetOperation": ("read_products",),
    "ProductVariantsBulkCreateUserError": ("read_products",),
    "ProductVariantsBulkDeleteUserError": ("read_products",),
    "ProductVariantsBulkUpdateUserError": ("read_products",),
    "InventoryItem": ("read_inventory", "read_products"),
    "InventoryItemMeasurement": ("read_inventory", "read_products"),
    "InventoryChange": ("read_inventory",),
    "InventoryLevel": ("read_inventory",),
    "InventoryQuantity": ("read_inventory",),
    "InventoryAdjustmentGroup": ("read_inventory",),
    "Location": _LOCATION,
    "Order": (*_ORDERS, "read_quick_sale"),
    "LineItem": _ORDERS,
    "Fulfillment": _FULFILLMENTS,
    "FulfillmentLineItem": _ORDERS,
    "FulfillmentTrackingInfo": _FULFILLMENTS,
    "Refund": _ORDERS,
    "RefundLineItem": _ORDERS,
    "OrderRiskSummary": ("read_orders",),
    "OrderRiskAssessment": ("read_orders",),
    "OrderCancelUserError": _ORDERS,
    "MediaImage": _FILES,
    "Media": _FILES,
    "File": _FILES,
    "FileError": ("read_files", "read_themes", "read_images"),
    "MediaError": ("read_products", "read_files"),
}
FIELDS: dict[str, tuple[str, ...]] = {
    "InventoryItem.duplicateSkuCount": ("read_inventory",),
    "InventoryItem.inventoryLevel": ("read_inventory",),
    "InventoryItem.inventoryLevels": ("read_inventory",),
    "Location.address": ("read_locations",),
    "Location.fulfillsOnlineOrders": ("read_locations",),
    "Location.hasActiveInventory": ("read_locations",),
    "Location.id": _LOCATION,
    "Location.isActive": ("read_locations",),
    "Location.isFulfillmentService": ("read_locations",),
    "Location.name": _LOCATION_NAME,
    "Location.shipsInventory": ("read_locations",),
    "Product.availablePublicationsCount": ("read_publications",),
    "Product.resourcePublications": ("read_publications",),
    "Product.resourcePublicationsCount": ("read_publications",),
    "ProductVariant.availablePublicationsCount": ("read_publications",),
    "ProductVariant.resourcePublicationsCount": ("read_publications",),
    "QueryRoot.productByIdentifier": ("read_products",),
    "QueryRoot.productsCount": ("read_products",),
    "QueryRoot.publications": ("read_publications",),
    "Mutation.productSet": ("write_products",),
    "Mutation.productCreate": ("write_products",),
    "Mutation.productUpdate": ("write_products",),
    "Mutation.productDelete": ("write_products",),
    "Mutation.productVariantsBulkCreate": ("write_products",),
    "Mutation.productVariantsBulkUpdate": ("write_products",),
    "Mutation.productVariantsBulkDelete": ("write_products",),
    "Mutation.publishablePublish": ("write_publications",),
    "Mutation.publishableUnpublish": ("write_publications",),
    "Mutation.inventorySetQuantities": ("write_inventory",),
    "Mutation.inventoryAdjustQuantities": ("write_inventory",),
    "Mutation.inventoryActivate": ("write_inventory",),
    "Mutation.inventoryItemUpdate": ("write_inventory",),
    "Mutation.orderCreate": ("write_orders",),
    "Mutation.orderCancel": ("write_orders", "write_marketplace_orders"),
}

Resolver = Callable[..., Any]


def required_access(any_of: tuple[str, ...]) -> str:
    """The scopes in Shopify's words: "`a` access scope, `b` access scope or `c` access scope."."""
    named = [f"`{scope}` access scope" for scope in any_of]
    return (", ".join(named[:-1]) + " or " + named[-1] if named[1:] else named[0]) + "."


def refusal(field: str, any_of: tuple[str, ...]) -> GraphQLError:
    required = required_access(any_of)
    return GraphQLError(
        f"Access denied for {field} field. Required access: {required}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": required,
        },
    )


def guard(schema: GraphQLSchema) -> None:
    """Every field that needs a scope asks for it before it resolves."""
    for kind in schema.type_map.values():
        if not is_object_type(kind) or kind.name.startswith("__"):
            continue
        for name, field in kind.fields.items():
            needed = [FIELDS.get(f"{kind.name}.{name}"), TYPES.get(_content(get_named_type(field.type).name))]
            groups = [group for group in needed if group]
            if groups:
                field.resolve = _guarded(groups, field.resolve or default_field_resolver)


def _content(type_name: str) -> str:
    """A connection needs what its nodes need."""
    return type_name.removesuffix("Connection")


def _guarded(groups: list[tuple[str, ...]], resolve: Resolver) -> Resolver:
    def resolve_if_allowed(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        for group in groups:
            if info.context.scopes.isdisjoint(group):
                raise refusal(info.field_name, group)
        return resolve(source, info, **arguments)

    return resolve_if_allowed
