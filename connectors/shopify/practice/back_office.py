"""What the merchant does in the shop's own admin: seed products, change stock, price and title, delete."""

from __future__ import annotations

from typing import Any

from connectors.shopify.practice import catalog, nodes, places, product_fields, products, shops, variants
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.merchant import NotThere, by_hand
from connectors.shopify.practice.state import Practice, Request
from connectors.shopify.practice.store import Row

SEED_DEFAULTS = {"status": "ACTIVE", "tags": [], "vendor": "", "productType": "", "descriptionHtml": ""}


def seed(practice: Practice, domain: str, given: list[dict[str, Any]]) -> list[int]:
    """The shop sells these products, as the merchant typed them in; their numbers.

    A product: title, and as wanted handle, status, vendor, tags, options (names), images (addresses), published,
    variants. A variant: sku, barcode, price, compareAtPrice, quantity, options (values), tracked.
    """
    mutation = by_hand(practice, domain)
    numbers = []
    for one in given:
        with practice.store.transaction():
            row = catalog.set_product(mutation, _set_input(mutation.request, one), {})
            if one.get("published", True):
                _publish_everywhere(mutation.request, row)
        numbers.append(int(row["id"]))
    return numbers


def change(practice: Practice, domain: str, given: dict[str, Any]) -> None:
    """The product (by `product` number or `handle`) or variant (by `sku`) has the new title, price, stock, status.

    The stock at `location` (its number) where one is named, else where the item was stocked first.
    """
    mutation = by_hand(practice, domain)
    request = mutation.request
    with practice.store.transaction():
        product, chosen = _find(request, given)
        fields: dict[str, Any] = {name: given[name] for name in ("title", "status", "handle") if name in given}
        product_fields.change(request, product["id"], fields)
        for row in chosen:
            if "price" in given:
                variants.change(request, row, **variants.columns(request, {"price": str(given["price"])}))
            if "stock" in given:
                places.set_stock(mutation, row, int(given["stock"]), at=given.get("location"))
        if fields or "price" in given:
            product_fields.announce(mutation, "products/update", product["id"])


def delete(practice: Practice, domain: str, given: dict[str, Any]) -> None:
    mutation = by_hand(practice, domain)
    with practice.store.transaction():
        products.remove(mutation, _find(mutation.request, given)[0])


def catalog_of(practice: Practice, domain: str, *, limit: int = -1) -> list[dict[str, Any]]:
    """The products of the shop as they stand, all or the first few, for tests and for the control page."""
    request = by_hand(practice, domain).request
    rows = practice.store.rows("SELECT * FROM product WHERE shop = ? ORDER BY id LIMIT ?", domain, limit)
    return [_told(request, row) for row in rows]


def _told(request: Request, row: Row) -> dict[str, Any]:
    node = nodes.product(request, row)
    query = "SELECT title FROM publication JOIN published ON publication_id = publication.id WHERE product_id = ?"
    fields = request.store.rows("SELECT * FROM metafield WHERE owner = ?", gid("Product", row["id"]))
    files = request.store.rows("SELECT * FROM file WHERE product_id = ? ORDER BY position", row["id"])
    plain = {name: value for name, value in node.items() if not callable(value)}
    return plain | {
        "number": row["id"],
        "publishedOn": [found["title"] for found in request.store.rows(query, row["id"])],
        "metafields": {f"{field['namespace']}.{field['key']}": field["value"] for field in fields},
        "files": [{"source": file["source"], "status": file["status"]} for file in files],
        "variants": [_told_variant(request, variant) for variant in nodes.variants_of(request, row["id"])],
    }


def _told_variant(request: Request, row: Row) -> dict[str, Any]:
    levels = request.store.rows("SELECT * FROM level WHERE item_id = ? ORDER BY location_id", row["item_id"])
    told = ("sku", "barcode", "price", "compare_at_price", "inventory_policy", "option_values")
    file = request.store.row("SELECT source FROM file WHERE id = ?", row["file_id"])
    return {name: row[name] for name in told} | {
        "image": file["source"] if file else None,
        "number": row["id"],
        "item": row["item_id"],
        "tracked": bool(row["tracked"]),
        "available": {str(level["location_id"]): level["available"] for level in levels},
    }


def _set_input(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    location = gid("Location", shops.first_location(request.store, request.domain)["id"])
    names = given.get("options") or [nodes.DEFAULT_OPTION[0]]
    sold = given.get("variants") or [{}]
    values: dict[str, list[str]] = {name: [] for name in names}
    rows = []
    for one in sold:
        chosen = dict(zip(names, one.get("options") or [nodes.DEFAULT_OPTION[1]], strict=True))
        for name, value in chosen.items():
            values[name] += [] if value in values[name] else [value]
        amounts = {name: str(one[name]) for name in ("price", "compareAtPrice") if one.get(name) is not None}
        stock = {"locationId": location, "name": "available", "quantity": one.get("quantity", 0)}
        rows.append(
            amounts
            | {"sku": one.get("sku", ""), "barcode": one.get("barcode", "")}
            | {"optionValues": [{"optionName": name, "name": value} for name, value in chosen.items()]}
            | {"inventoryItem": {"tracked": one.get("tracked", True)}, "inventoryQuantities": [stock]}
        )
    fields = {name: given.get(name, default) for name, default in SEED_DEFAULTS.items()}
    handle = {"handle": given["handle"]} if given.get("handle") else {}
    options = [{"name": name, "values": [{"name": value} for value in found]} for name, found in values.items()]
    files = [{"originalSource": address} for address in given.get("images") or ()]
    return fields | handle | {"title": given["title"], "productOptions": options, "variants": rows, "files": files}


def _publish_everywhere(request: Request, row: Row) -> None:
    for publication in shops.publications(request.store, request.domain):
        values = {"product_id": row["id"], "publication_id": publication["id"], "at": request.store.now()}
        request.store.insert("published", **values)


def _find(request: Request, given: dict[str, Any]) -> tuple[Row, list[Row]]:
    """The product meant, and which of its variants: the one of the SKU, or all."""
    if given.get("sku"):
        query = "SELECT * FROM variant WHERE shop = ? AND sku = ?"
        chosen = request.store.rows(query, request.domain, given["sku"])
        product = nodes.find_product(request, chosen[0]["product_id"]) if chosen else None
    else:
        query = "SELECT * FROM product WHERE shop = ? AND (id = ? OR handle = ?)"
        product = request.store.row(query, request.domain, given.get("product"), given.get("handle"))
        chosen = nodes.variants_of(request, product["id"]) if product else []
    if product is None:
        raise NotThere(f"no product {given}")
    return product, chosen
