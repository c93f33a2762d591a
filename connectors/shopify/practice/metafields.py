"""Metafields of products and variants, and metafieldsSet."""

from __future__ import annotations

from typing import Any

from connectors.shopify.practice import nodes
from connectors.shopify.practice.access import refusal
from connectors.shopify.practice.gids import parse
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, Refused, UserErrors, user_error
from connectors.shopify.practice.state import Request

OWNERS = {"Product": "product", "ProductVariant": "variant"}
SET_LIMIT = 25


def write(request: Request, owner: str, *, namespace: str | None, key: str, value: str, type_: str | None) -> int:
    """The metafield has this value; its number. A known one keeps its type unless another is given."""
    now = request.store.now()
    full = request.practice.namespace(namespace)
    query = "SELECT * FROM metafield WHERE owner = ? AND namespace = ? AND key = ?"
    found = request.store.row(query, owner, full, key)
    if found is not None:
        number = int(found["id"])
        request.store.update("metafield", number, value=value, type=type_ or found["type"], updated_at=now)
        return number
    number = request.store.new_number("Metafield")
    names = {"owner": owner, "namespace": full, "key": key, "value": value, "type": type_}
    request.store.insert("metafield", id=number, shop=request.domain, created_at=now, updated_at=now, **names)
    return number


def add(mutation: Mutation, owner: str, given: list[dict[str, Any]], path: list[str | int]) -> UserErrors:
    """The owner has these metafields too; what is wrong with them otherwise."""
    errors: UserErrors = []
    for number, one in enumerate(given):
        wrong = _wrong(mutation.request, owner, one)
        if wrong is not None:
            errors.append(user_error([*path, number, wrong[0]], wrong[1], "INVALID_METAFIELD"))
            continue
        values = {"namespace": one.get("namespace"), "key": one["key"], "value": one["value"]}
        write(mutation.request, owner, type_=one.get("type"), **values)
    return errors


def replace(mutation: Mutation, owner: str, given: list[dict[str, Any]], path: list[str | int]) -> UserErrors:
    """The owner has these metafields and no others; what is wrong with them otherwise."""
    request = mutation.request
    errors = add(mutation, owner, given, path)
    wanted = {(request.practice.namespace(one.get("namespace")), one.get("key")) for one in given}
    for row in request.store.rows("SELECT * FROM metafield WHERE owner = ?", owner):
        if (row["namespace"], row["key"]) not in wanted:
            request.store.run("DELETE FROM metafield WHERE id = ?", row["id"])
    return errors


def forget(request: Request, owner: str) -> None:
    """Metafields of a thing that is gone are gone."""
    request.store.run("DELETE FROM metafield WHERE owner = ?", owner)


def accept_set(mutation: Mutation, arguments: Arguments) -> Payload:
    given = arguments["metafields"]
    if len(given) > SET_LIMIT:
        message = f"Exceeded the maximum metafields input limit of {SET_LIMIT}."
        raise Refused([_set_error(["metafields"], message, "LESS_THAN_OR_EQUAL_TO", None)])
    errors = [error for number, one in enumerate(given) for error in _set_errors(mutation.request, number, one)]
    if errors:
        raise Refused(errors)
    numbers = []
    for one in given:
        values = {"namespace": one.get("namespace"), "key": one["key"], "value": one["value"]}
        numbers.append(write(mutation.request, one["ownerId"], type_=one.get("type"), **values))
    kind, owner = parse(given[0]["ownerId"]) if given else None, given[0]["ownerId"] if given else ""
    if kind and kind[0] == "Product":
        mutation.product_id = kind[1]
    mutation.ids = {"metafields": numbers, "owner": owner}
    rows = [mutation.request.store.row("SELECT * FROM metafield WHERE id = ?", number) for number in numbers]
    return {"metafields": [nodes.metafield_node(row) for row in rows if row]}


def _set_errors(request: Request, number: int, one: dict[str, Any]) -> UserErrors:
    path: list[str | int] = ["metafields", number]
    owner = parse(one["ownerId"])
    table = OWNERS.get(owner[0]) if owner else None
    if owner is None or table is None or not _exists(request, table, owner[1]):
        return [_set_error([*path, "ownerId"], "Owner does not exist.", "INVALID", number)]
    if "write_products" not in request.scopes:
        raise refusal("metafieldsSet", ("write_products",))
    wrong = _wrong(request, one["ownerId"], one)
    if wrong is not None:
        return [_set_error([*path, wrong[0]], wrong[1], wrong[2], number)]
    found = nodes.metafield(request, one["ownerId"], key=one["key"], namespace=one.get("namespace"))
    if "compareDigest" in one and one["compareDigest"] != (found["compareDigest"] if found else None):
        message = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
        return [_set_error([*path, "compareDigest"], message, "STALE_OBJECT", number)]
    return []


def _wrong(request: Request, owner: str, one: dict[str, Any]) -> tuple[str, str, str] | None:
    """Field, message and code of what is wrong with a metafield."""
    key, value = one.get("key") or "", one.get("value") or ""
    if not 2 <= len(key) <= 64:
        short = len(key) < 2
        limit = "short (minimum is 2" if short else "long (maximum is 64"
        return "key", f"Key is too {limit} characters)", "TOO_SHORT" if short else "TOO_LONG"
    if value == "":
        return "value", "Value can't be blank", "BLANK"
    known = nodes.metafield(request, owner, key=key, namespace=one.get("namespace"))
    if known is None and not one.get("type"):
        return "type", "Type can't be blank", "BLANK"
    if known is not None and one.get("type") not in (None, known["type"]):
        return "type", f"Type must be consistent with the metafield's type: {known['type']}", "INVALID_TYPE"
    return None


def _set_error(path: list[str | int], message: str, code: str, number: int | None) -> dict[str, Any]:
    return user_error(path, message, code) | {"elementIndex": number}


def _exists(request: Request, table: str, number: int) -> bool:
    return request.store.row(f"SELECT 1 FROM {table} WHERE id = ? AND shop = ?", number, request.domain) is not None
