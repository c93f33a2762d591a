"""Files of a product and staged uploads. Nothing is ever fetched."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, Refused, UserErrors, user_error
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

ALT_LIMIT = 512
SOURCE_LIMIT = 2048
UPLOADABLE = ("image/", "video/", "model/", "text/csv", "text/jsonl", "application/pdf")


def is_address(source: str) -> bool:
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and len(source) <= SOURCE_LIMIT


def problems(given: dict[str, Any], path: list[str | int]) -> UserErrors:
    """What is wrong with a file as it was sent."""
    found: UserErrors = []
    source = given.get("originalSource")
    if given.get("id") is None and not is_address(source or ""):
        found.append(user_error([*path, "originalSource"], "Image URL is invalid", "INVALID_INPUT"))
    if len(given.get("alt") or "") > ALT_LIMIT:
        message = f"The alt value exceeds the maximum limit of {ALT_LIMIT} characters."
        found.append(user_error([*path, "alt"], message, "INVALID_INPUT"))
    return found


def of_product(request: Request, product_id: int, text: str) -> Row | None:
    """The product's file of this id."""
    query = "SELECT * FROM file WHERE id = ? AND product_id = ?"
    return request.store.row(query, gid_number(text, "MediaImage"), product_id)


def attach(request: Request, product_id: int, given: dict[str, Any], position: int) -> int:
    """The file is on the product at that place; one with the same source, or the given id, is used again."""
    known = request.store.row(
        "SELECT * FROM file WHERE product_id = ? AND (id = ? OR source = ?)",
        product_id,
        gid_number(given.get("id"), "MediaImage"),
        given.get("originalSource"),
    )
    if known is not None:
        request.store.update("file", known["id"], position=position, alt=given.get("alt") or known["alt"])
        return int(known["id"])
    number = request.store.new_number("MediaImage")
    request.store.insert(
        "file",
        id=number,
        shop=request.domain,
        product_id=product_id,
        position=position,
        source=given.get("originalSource") or "",
        filename=given.get("filename") or urlsplit(given.get("originalSource") or "").path.rsplit("/", 1)[-1],
        alt=given.get("alt") or "",
        status="UPLOADED",
        created_at=request.store.now(),
    )
    return number


def replace(request: Request, product_id: int, given: list[dict[str, Any]]) -> list[int]:
    """The product has these files, in this order, and no others."""
    kept = [attach(request, product_id, one, position) for position, one in enumerate(given, 1)]
    for row in request.store.rows("SELECT id FROM file WHERE product_id = ?", product_id):
        if row["id"] not in kept:
            request.store.run("UPDATE variant SET file_id = NULL WHERE file_id = ?", row["id"])
            request.store.run("DELETE FROM file WHERE id = ?", row["id"])
    return kept


def add(request: Request, product_id: int, given: list[dict[str, Any]]) -> None:
    """These files come after those the product has."""
    last = request.store.row("SELECT COALESCE(MAX(position), 0) AS last FROM file WHERE product_id = ?", product_id)
    start = int(last["last"]) + 1 if last else 1
    for position, one in enumerate(given, start):
        attach(request, product_id, one, position)


def accept_staged(mutation: Mutation, arguments: Arguments) -> Payload:
    errors: UserErrors = []
    targets = []
    request = mutation.request
    for number, one in enumerate(arguments["input"]):
        if not one["mimeType"].startswith(UPLOADABLE) or mimetypes.guess_extension(one["mimeType"]) is None:
            message = f"({one['mimeType']}) is not a recognized format"
            errors.append(user_error(["input", number, "mimeType"], message))
            continue
        key = f"staged/{request.shop['id']}/products/{uuid4().hex[:12]}/{one['filename']}"
        folder = f"{request.origin}/shops/{request.domain}/staged-uploads"
        put = one.get("httpMethod", "PUT") == "PUT"
        parameters = [("Content-Type", one["mimeType"])] + ([] if put else [("key", key)])
        targets.append(
            {
                "url": f"{folder}/{key}" if put else folder,
                "resourceUrl": f"{folder}/{key}",
                "parameters": [{"name": name, "value": value} for name, value in parameters],
            }
        )
    if errors:
        raise Refused(errors)
    return {"stagedTargets": targets}
