"""How products, variants, files and publications look in an answer.

Lists below a node are read when they are asked for. Arguments keep the names they have on the wire.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from connectors.shopify.practice import shops
from connectors.shopify.practice.gids import asked_number, gid
from connectors.shopify.practice.paging import connection
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row, iso

Node = dict[str, Any]
# Currencies without a smaller unit.
WHOLE_CURRENCIES = frozenset("CLP GNF ISK JPY KMF KRW PYG RWF UGX VND XAF XOF XPF".split())
DEFAULT_OPTION = ("Title", "Default Title")


def find_product(request: Request, number: int | None) -> Row | None:
    return request.store.row("SELECT * FROM product WHERE id = ? AND shop = ?", number, request.domain)


def variants_of(request: Request, product_id: int) -> list[Row]:
    return request.store.rows("SELECT * FROM variant WHERE product_id = ? ORDER BY position, id", product_id)


def options_of(request: Request, product_id: int) -> list[tuple[Row, list[Row]]]:
    """Each option of the product with its values, in their order."""
    options = request.store.rows("SELECT * FROM option WHERE product_id = ? ORDER BY position, id", product_id)
    query = "SELECT * FROM option_value WHERE option_id = ? ORDER BY position, id"
    return [(option, request.store.rows(query, option["id"])) for option in options]


def product(request: Request, row: Row) -> Node:
    number = row["id"]
    online_since = _online_since(request, row)

    def variants(_info: Any, *, sortKey: str = "POSITION", **page: Any) -> Node:
        return variant_page(request, variants_of(request, number), sort_key=sortKey, **page)

    return {
        "__typename": "Product",
        "id": gid("Product", number),
        "legacyResourceId": str(number),
        **{name: row[name] for name in ("title", "handle", "status", "vendor")},
        "descriptionHtml": row["description_html"],
        "productType": row["product_type"],
        "tags": json.loads(row["tags"]),
        "category": category(row["category"]),
        "seo": {"title": row["seo_title"], "description": row["seo_description"]},
        "onlineStoreUrl": f"https://{row['shop']}/products/{row['handle']}" if online_since else None,
        "publishedAt": iso(online_since) if online_since else None,
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
        "hasOnlyDefaultVariant": lambda _info: _has_only_default(request, number),
        "totalInventory": lambda _info: _total(request, number),
        "options": lambda _info, first=None: [option(request, o, v) for o, v in options_of(request, number)][:first],
        "variants": variants,
        "variantsCount": lambda _info: {"count": len(variants_of(request, number))},
        "media": lambda _info, **page: media_page(request, "product_id", number, **page),
        "metafield": lambda _info, **asked: metafield(request, gid("Product", number), **asked),
        **publishing(request, row),
    }


def publishing(request: Request, row: Row) -> Node:
    """Where a product is shown. It is in a channel only while it is active."""
    query = "SELECT * FROM published WHERE product_id = ? ORDER BY publication_id"

    def entries(only_published: bool) -> list[Row]:
        found = request.store.rows(query, row["id"])
        return [entry for entry in found if not only_published or entry["at"] <= request.store.now()]

    def page(_info: Any, *, onlyPublished: bool = True, **asked: Any) -> Node:
        shown = {entry["publication_id"]: entry for entry in entries(onlyPublished)}
        rows = [p for p in shops.publications(request.store, request.domain) if p["id"] in shown]
        return connection(rows, lambda p: _resource_publication(request, p, shown[p["id"]]), **asked)

    def published_on(_info: Any, *, publicationId: str) -> bool:
        number = asked_number(publicationId, "Publication")
        return row["status"] == "ACTIVE" and any(e["publication_id"] == number for e in entries(True))

    return {
        "availablePublicationsCount": lambda _info: {"count": len(entries(True)) if row["status"] == "ACTIVE" else 0},
        "resourcePublicationsCount": lambda _info, onlyPublished=True: {"count": len(entries(onlyPublished))},
        "resourcePublications": page,
        "publishedOnPublication": published_on,
    }


def variant(request: Request, row: Row) -> Node:
    """The variant; its `inventoryItem` is resolved from `row` by the schema, for items show their variants too."""

    def owner(_info: Any) -> Node:
        found = find_product(request, row["product_id"])
        assert found is not None
        return product(request, found)

    def published(name: str) -> Any:
        return lambda info, **asked: owner(info)[name](info, **asked)

    names = [o["name"] for o, _values in options_of(request, row["product_id"])]
    values = json.loads(row["option_values"])
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", row["id"]),
        "legacyResourceId": str(row["id"]),
        "title": " / ".join(values),
        "sku": row["sku"] or None,
        "barcode": row["barcode"] or None,
        "price": row["price"],
        "compareAtPrice": row["compare_at_price"],
        "position": row["position"],
        "inventoryPolicy": row["inventory_policy"],
        "inventoryQuantity": lambda _info: _available(request, row),
        "taxable": bool(row["taxable"]),
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
        "selectedOptions": [{"name": n, "value": v} for n, v in zip(names, values, strict=True)],
        "row": row,
        "product": owner,
        "media": lambda _info, **page: media_page(request, "id", row["file_id"], **page),
        "metafield": lambda _info, **asked: metafield(request, gid("ProductVariant", row["id"]), **asked),
        "availablePublicationsCount": published("availablePublicationsCount"),
        "resourcePublicationsCount": published("resourcePublicationsCount"),
        "publishedOnPublication": published("publishedOnPublication"),
    }


def variant_page(request: Request, rows: list[Row], *, sort_key: str = "ID", **page: Any) -> Node:
    column = {"ID": "id", "POSITION": "position", "SKU": "sku", "TITLE": "option_values"}[sort_key]
    ordered = sorted(rows, key=lambda row: (row[column], row["id"]))
    return connection(ordered, lambda row: variant(request, row), key=lambda row: row[column], **page)


def option(request: Request, row: Row, values: list[Row]) -> Node:
    def value(one: Row) -> Node:
        used = [json.loads(v["option_values"]) for v in variants_of(request, row["product_id"])]
        return {
            "id": gid("ProductOptionValue", one["id"]),
            "name": one["name"],
            "hasVariants": any(one["name"] in names for names in used),
        }

    return {
        "id": gid("ProductOption", row["id"]),
        "name": row["name"],
        "position": row["position"],
        "optionValues": lambda _info: [value(one) for one in values],
    }


def publication(request: Request, row: Row) -> Node:
    return {
        "__typename": "Publication",
        "id": gid("Publication", row["id"]),
        "autoPublish": False,
        "supportsFuturePublishing": row["title"] == "Online Store",
        "catalog": {
            "__typename": "AppCatalog",
            "id": gid("AppCatalog", row["id"]),
            "title": row["title"],
            "status": "ACTIVE",
        },
    }


def category(taxonomy_id: str | None) -> Node | None:
    """The practice shop knows that a category exists, not what it is called."""
    if taxonomy_id is None:
        return None
    return {"id": taxonomy_id, "fullName": "Practice category " + taxonomy_id.rsplit("/", 1)[-1]}


def metafield(request: Request, owner: str, *, key: str, namespace: str | None = None) -> Node | None:
    full = request.practice.namespace(namespace)
    query = "SELECT * FROM metafield WHERE owner = ? AND namespace = ? AND key = ?"
    row = request.store.row(query, owner, full, key)
    return metafield_node(row) if row else None


def metafield_node(row: Row) -> Node:
    return {
        "__typename": "Metafield",
        "id": gid("Metafield", row["id"]),
        **{name: row[name] for name in ("namespace", "key", "value", "type")},
        "compareDigest": digest(row["value"]),
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
    }


def digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()


def media_page(request: Request, column: str, number: int | None, **page: Any) -> Node:
    """Files in the order of the product; each read moves an upload one step on, as the shop's own pipeline does."""
    rows = request.store.rows(f"SELECT * FROM file WHERE {column} = ? ORDER BY position, id", number)
    return connection(rows, lambda row: media(request, row), key=lambda row: row["position"], **page)


def media(request: Request, row: Row) -> Node:
    """The file as it is now; by the next read it has come one step further."""
    _move_on(request, row)
    failed = row["status"] == "FAILED"
    ready = row["status"] == "READY"
    error = {
        "code": "IMAGE_DOWNLOAD_FAILURE",
        "details": "The practice shop refuses addresses with /broken/ in them.",
        "message": "Image could not be downloaded",
    }
    return {
        "__typename": "MediaImage",
        "id": gid("MediaImage", row["id"]),
        "alt": row["alt"],
        "createdAt": iso(row["created_at"]),
        "fileStatus": row["status"],
        "status": row["status"],
        "mediaContentType": "IMAGE",
        "fileErrors": [error] if failed else [],
        "mediaErrors": [error] if failed else [],
        "image": {"url": _served_at(request, row), "width": 1200, "height": 1200} if ready else None,
        "mimeType": "image/jpeg" if ready else None,
    }


def _served_at(request: Request, row: Row) -> str:
    """Shopify serves files from addresses of its own, which end in the file's name."""
    name = f"{quote(row['filename'])}?v={int(row['created_at'])}"
    return f"https://cdn.shopify.com/s/files/1/{request.shop['id']}/files/{name}"


def _move_on(request: Request, row: Row) -> None:
    after = {"UPLOADED": "PROCESSING", "PROCESSING": "FAILED" if "/broken/" in row["source"] else "READY"}
    if row["status"] in after:
        request.store.update("file", row["id"], status=after[row["status"]])


def money(amount: str, currency: str) -> Node:
    """A MoneyV2: at least one digit after the point, no zeros beyond it."""
    whole, _, rest = amount.partition(".")
    return {"amount": f"{whole}.{rest.rstrip('0') or '0'}", "currencyCode": currency}


def _resource_publication(request: Request, row: Row, entry: Row) -> Node:
    now = request.store.now()
    return {
        "publication": publication(request, row),
        "isPublished": entry["at"] <= now,
        "publishDate": iso(entry["at"]),
    }


def _online_since(request: Request, row: Row) -> float | None:
    """When the product came to the Online Store, if buyers can see it there now."""
    found = request.store.row(
        "SELECT at FROM published JOIN publication ON publication.id = publication_id"
        " WHERE product_id = ? AND publication.title = 'Online Store' AND at <= ?",
        row["id"],
        request.store.now(),
    )
    return float(found["at"]) if found and row["status"] == "ACTIVE" else None


def _total(request: Request, product_id: int) -> int:
    return sum(_available(request, row) for row in variants_of(request, product_id) if row["tracked"])


def _has_only_default(request: Request, product_id: int) -> bool:
    found = options_of(request, product_id)
    names = [(option["name"], [value["name"] for value in values]) for option, values in found]
    return names == [(DEFAULT_OPTION[0], [DEFAULT_OPTION[1]])]


def _available(request: Request, row: Row) -> int:
    levels = request.store.rows("SELECT available FROM level WHERE item_id = ?", row["item_id"])
    return sum(level["available"] for level in levels)
