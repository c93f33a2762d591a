"""productCreate, productUpdate, productDelete and showing a product in a sales channel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.shopify.practice import media, metafields, nodes, options, payloads, product_fields, set_variants, shops
from connectors.shopify.practice.gids import gid, parse
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, Refused, UserErrors, refuse, user_error
from connectors.shopify.practice.store import Row

DOES_NOT_EXIST = "Product does not exist"


def accept_create(mutation: Mutation, arguments: Arguments) -> Payload:
    request = mutation.request
    given = arguments.get("product") or {}
    product_fields.check_category(given)
    errors = product_fields.wrong_fields(given, creating=True, whole=False) + _wrong_media(arguments)
    handle = product_fields.slug(given.get("handle") or "")
    if handle and product_fields.handle_taken(request, handle, besides=None):
        errors.append(product_fields.taken_error(handle))
    errors += options.wrong_options(given.get("productOptions") or [])
    if errors:
        raise Refused(errors)
    number = product_fields.insert(request, given, handle=handle or None)
    wanted = options.asked(given.get("productOptions") or [])
    wanted = wanted or {nodes.DEFAULT_OPTION[0]: [nodes.DEFAULT_OPTION[1]]}
    options.replace(request, number, wanted)
    first = [{"optionName": name, "name": values[0]} for name, values in wanted.items()]
    set_variants.replace(mutation, number, wanted, [{"optionValues": first}])
    media.add(request, number, arguments.get("media") or [])
    _write_metafields(mutation, number, given)
    row = product_fields.announce(mutation, "products/create", number)
    return {"product": nodes.product(request, row)}


def accept_update(mutation: Mutation, arguments: Arguments) -> Payload:
    request = mutation.request
    given = arguments.get("product") or {}
    found = _existing(mutation, given.get("id"), ["id"])
    product_fields.check_category(given)
    errors = product_fields.wrong_fields(given, creating=False, whole=False) + _wrong_media(arguments)
    handle = product_fields.slug(given.get("handle") or "")
    if handle and product_fields.handle_taken(request, handle, besides=found["id"]):
        errors.append(product_fields.taken_error(handle))
    if errors:
        raise Refused(errors)
    product_fields.change(request, found["id"], given)
    media.add(request, found["id"], arguments.get("media") or [])
    _write_metafields(mutation, found["id"], given)
    row = product_fields.announce(mutation, "products/update", found["id"])
    return {"product": nodes.product(request, row)}


def accept_delete(mutation: Mutation, arguments: Arguments) -> Payload:
    found = _existing(mutation, arguments["input"]["id"], ["id"])
    remove(mutation, found)
    return {"deletedProductId": gid("Product", found["id"])}


def remove(mutation: Mutation, row: Row) -> None:
    """The product and all that hangs on it is gone, and subscribers hear of it."""
    request = mutation.request
    for variant in nodes.variants_of(request, row["id"]):
        metafields.forget(request, gid("ProductVariant", variant["id"]))
    metafields.forget(request, gid("Product", row["id"]))
    request.store.run("DELETE FROM product WHERE id = ?", row["id"])
    mutation.ids["product"] = row["id"]
    mutation.announce("products/delete", payloads.product_gone(row["id"]))


def accept_publish(mutation: Mutation, arguments: Arguments) -> Payload:
    found, publications = _publishable(mutation, arguments)
    for number, date in publications:
        mutation.request.store.run(
            "INSERT INTO published (product_id, publication_id, at) VALUES (?, ?, ?)"
            " ON CONFLICT (product_id, publication_id) DO UPDATE SET at = COALESCE(?, at)",
            found["id"],
            number,
            date or mutation.request.store.now(),
            date,
        )
    return _published(mutation, found, publications)


def accept_unpublish(mutation: Mutation, arguments: Arguments) -> Payload:
    found, publications = _publishable(mutation, arguments)
    for number, _date in publications:
        delete = "DELETE FROM published WHERE product_id = ? AND publication_id = ?"
        mutation.request.store.run(delete, found["id"], number)
    return _published(mutation, found, publications)


def _published(mutation: Mutation, found: Row, publications: list[tuple[int, float | None]]) -> Payload:
    product_fields.touch(mutation.request, found["id"])
    mutation.ids["publications"] = [number for number, _date in publications]
    row = product_fields.announce(mutation, "products/update", found["id"])
    return {"publishable": nodes.product(mutation.request, row)}


def _publishable(mutation: Mutation, arguments: Arguments) -> tuple[Row, list[tuple[int, float | None]]]:
    """The product and the publications it is to be in or out of, with the date each was asked for."""
    request = mutation.request
    kind = parse(arguments["id"])
    found = nodes.find_product(request, kind[1]) if kind and kind[0] == "Product" else None
    if found is None:
        raise refuse(["id"], "Resource does not exist")
    known = {row["id"] for row in shops.publications(request.store, request.domain)}
    errors: UserErrors = []
    wanted: dict[int, float | None] = {}
    for number, one in enumerate(arguments["input"]):
        publication = gid_number(one.get("publicationId"), "Publication")
        path: list[str | int] = ["input", number, "publicationId"]
        if one.get("publicationId") is None:
            errors.append(user_error(path, "PublicationId cannot be empty"))
        elif publication not in known or publication is None:
            errors.append(user_error(path, "Publication does not exist or is not publishable"))
        elif publication in wanted:
            errors.append(user_error(path, "The same publication was specified more than once"))
        else:
            wanted[publication] = _date(one.get("publishDate"))
            if (wanted[publication] or 0) < 0:
                message = "Publish date must be a date after the year 1969"
                errors.append(user_error(["input", number, "publishDate"], message))
    if errors:
        raise Refused(errors)
    return found, list(wanted.items())


def _date(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _existing(mutation: Mutation, text: str | None, path: list[str | int]) -> Row:
    found = nodes.find_product(mutation.request, gid_number(text, "Product"))
    if found is None:
        raise refuse(path, DOES_NOT_EXIST)
    return found


def _wrong_media(arguments: Arguments) -> UserErrors:
    given: list[dict[str, Any]] = arguments.get("media") or []
    return [error for number, one in enumerate(given) for error in media.problems(one, ["media", number])]


def _write_metafields(mutation: Mutation, number: int, given: dict[str, Any]) -> None:
    """productCreate and productUpdate add metafields to those there are."""
    errors = metafields.add(mutation, gid("Product", number), given.get("metafields") or [], ["metafields"])
    if errors:
        raise Refused(errors)
