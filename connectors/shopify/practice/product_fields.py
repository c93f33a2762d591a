"""The fields of a product itself: what Shopify refuses in them, and how they are kept."""

from __future__ import annotations

import json
import re
from typing import Any

from graphql import GraphQLError

from connectors.shopify.practice import payloads
from connectors.shopify.practice.mutations import Mutation, UserErrors, user_error
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

TEXT_LIMIT = 255
COLUMNS = {
    "title": "title",
    "descriptionHtml": "description_html",
    "vendor": "vendor",
    "productType": "product_type",
    "status": "status",
    "category": "category",
}
_CATEGORY = re.compile(r"gid://shopify/TaxonomyCategory/[a-z]{2}(-\d+)*")


def slug(text: str) -> str:
    """A handle made of a text: lower case, words joined by dashes."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")


def wrong_fields(given: dict[str, Any], *, creating: bool, whole: bool) -> UserErrors:
    """What is wrong with the texts. `whole` is productSet, whose errors have codes and another look."""
    found: UserErrors = []
    title = given.get("title")
    subject = "" if whole else "Title "
    path = ["input", "title"] if whole else ["title"]
    if (creating and title is None) or (title is not None and not title.strip()):
        found.append(user_error(path, subject + "can't be blank", "INVALID_PRODUCT"))
    elif title is not None and len(title) > TEXT_LIMIT:
        message = f"is too long (maximum is {TEXT_LIMIT} characters)"
        found.append(user_error(path, subject + message, "INVALID_PRODUCT"))
    for name, label in (("handle", "Handle"), ("vendor", "Vendor"), ("productType", "Product type")):
        if len(given.get(name) or "") > TEXT_LIMIT:
            message = f"{label} is too long (maximum is {TEXT_LIMIT} characters)"
            found.append(user_error(["input"] if whole else [name], message, "INVALID_PRODUCT"))
    return found


def check_category(given: dict[str, Any]) -> None:
    if given.get("category") is not None and not _CATEGORY.fullmatch(given["category"]):
        raise GraphQLError("Invalid product_taxonomy_node_id", extensions={"code": "INVALID_PRODUCT_TAXONOMY_NODE_ID"})


def handle_taken(request: Request, handle: str, *, besides: int | None) -> bool:
    query = "SELECT id FROM product WHERE shop = ? AND handle = ? AND id IS NOT ?"
    return request.store.row(query, request.domain, handle, besides) is not None


def taken_error(handle: str) -> dict[str, Any]:
    message = f"Handle '{handle}' already in use. Please provide a new handle."
    return user_error(["input", "handle"], message, "HANDLE_NOT_UNIQUE")


def free_handle(request: Request, title: str) -> str:
    """A handle no product of the shop has: the title's, numbered when it is taken."""
    base = slug(title)[:TEXT_LIMIT] or "product"
    handle, number = base, 0
    while handle_taken(request, handle, besides=None):
        number += 1
        handle = f"{base}-{number}"
    return handle


def insert(request: Request, given: dict[str, Any], *, handle: str | None) -> int:
    """A new product without variants; its number."""
    now = request.store.now()
    number = request.store.new_number("Product")
    columns = {"description_html": "", "vendor": request.shop["name"], "product_type": "", "status": "ACTIVE"}
    columns |= _columns(given)
    request.store.insert(
        "product",
        id=number,
        shop=request.domain,
        handle=handle or free_handle(request, given["title"]),
        tags=_tags(given.get("tags") or []),
        created_at=now,
        updated_at=now,
        searchable_at=now + request.practice.settings.index_lag_seconds,
        **columns,
    )
    return number


def change(request: Request, number: int, given: dict[str, Any]) -> None:
    """The product has the given fields; the others are as they were."""
    columns = _columns(given)
    if given.get("handle"):
        columns["handle"] = slug(given["handle"])
    if given.get("tags") is not None:
        columns["tags"] = _tags(given["tags"])
    request.store.update("product", number, updated_at=request.store.now(), **columns)


def touch(request: Request, number: int) -> None:
    request.store.update("product", number, updated_at=request.store.now())


def announce(mutation: Mutation, topic: str, number: int) -> Row:
    """Subscribers hear of the product as it is now; its row."""
    row = mutation.request.store.row("SELECT * FROM product WHERE id = ?", number)
    assert row is not None
    mutation.product_id = number
    mutation.announce(topic, payloads.product(mutation.request.store, row))
    return row


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    columns = {column: given[name] for name, column in COLUMNS.items() if given.get(name) is not None}
    if "category" in given:
        columns["category"] = given["category"]
    seo = given.get("seo") or {}
    columns |= {f"seo_{name}": seo[name] for name in ("title", "description") if name in seo}
    return columns


def _tags(given: list[str]) -> str:
    """Sorted, each once, blanks left out."""
    unique = {tag.strip().casefold(): tag.strip() for tag in given if tag.strip()}
    return json.dumps(sorted(unique.values(), key=str.casefold))
