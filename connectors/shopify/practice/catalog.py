"""A product created or replaced whole. Lists that are sent replace; fields left out stay."""

from __future__ import annotations

from typing import Any

from connectors.shopify.practice import media, metafields, nodes, options, product_fields, set_variants
from connectors.shopify.practice.access import refusal
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Mutation, Refused, refuse, user_error
from connectors.shopify.practice.options import Options
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

GONE = (["input", "id"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")


def find_identified(request: Request, identifier: dict[str, Any]) -> Row | None:
    """The product an identifier of any of its three kinds means."""
    if identifier.get("id") is not None:
        return nodes.find_product(request, gid_number(identifier["id"], "Product"))
    if identifier.get("handle") is not None:
        query = "SELECT * FROM product WHERE shop = ? AND handle = ?"
        return request.store.row(query, request.domain, product_fields.slug(identifier["handle"]))
    custom = identifier["customId"]
    found = request.store.row(
        "SELECT owner FROM metafield WHERE shop = ? AND namespace = ? AND key = ? AND value = ?",
        request.domain,
        request.practice.namespace(custom.get("namespace")),
        custom["key"],
        custom["value"],
    )
    return nodes.find_product(request, gid_number(found["owner"], "Product")) if found else None


def set_product(mutation: Mutation, given: dict[str, Any], identifier: dict[str, Any]) -> Row:
    """The product is as given, made where the identifier finds none; its row. Raises Refused."""
    request = mutation.request
    target = _target(request, given, identifier)
    handle = product_fields.slug(given.get("handle") or (identifier.get("handle") if target is None else None) or "")
    wanted = _wanted_options(request, target, given)
    errors = product_fields.wrong_fields(given, creating=target is None, whole=True)
    if handle and product_fields.handle_taken(request, handle, besides=target["id"] if target else None):
        errors.append(product_fields.taken_error(handle))
    errors += options.wrong_options(given.get("productOptions") or [])
    for number, one in enumerate(given.get("files") or ()):
        errors += media.problems(one, ["input", "files", number])
    if not errors:
        errors += set_variants.wrong(request, target, wanted, given.get("variants") or [])
    if errors:
        raise Refused(errors)
    if target is None:
        number = product_fields.insert(request, given, handle=handle or None)
    else:
        number = int(target["id"])
        product_fields.change(request, number, given)
    _write_lists(mutation, number, given, wanted)
    return product_fields.announce(mutation, "products/update" if target else "products/create", number)


def _write_lists(mutation: Mutation, number: int, given: dict[str, Any], wanted: Options) -> None:
    request = mutation.request
    if given.get("files") is not None:
        media.replace(request, number, given["files"])
    options.replace(request, number, wanted)
    if given.get("variants") is not None:
        set_variants.replace(mutation, number, wanted, given["variants"])
    elif not nodes.variants_of(request, number):
        set_variants.replace(mutation, number, wanted, [set_variants.default_variant()])
    if given.get("metafields") is not None:
        errors = metafields.replace(mutation, gid("Product", number), given["metafields"], ["input", "metafields"])
        if errors:
            raise Refused(errors)


def _target(request: Request, given: dict[str, Any], identifier: dict[str, Any]) -> Row | None:
    """The product to replace; None to create one."""
    if identifier and given.get("id") is not None:
        raise refuse(["input"], "The id field is not allowed if identifier is provided.", "ID_NOT_ALLOWED")
    asked = identifier or ({"id": given["id"]} if given.get("id") is not None else {})
    found = find_identified(request, asked) if asked else None
    if found is None and asked.get("id") is not None:
        raise refuse(*GONE)
    return found


def _wanted_options(request: Request, target: Row | None, given: dict[str, Any]) -> Options:
    """The options the product will have: those sent, else those it has, else the one of a product without options."""
    sent, variants = given.get("productOptions"), given.get("variants")
    if sent is not None and variants is None:
        message = "Variants input is required when updating product options"
        raise Refused([user_error(["input", "variants"], message, "VARIANTS_INPUT_MISSING")])
    if variants is not None and not sent:
        message = "Product options input is required when updating variants"
        raise Refused([user_error(["input", "productOptions"], message, "PRODUCT_OPTIONS_INPUT_MISSING")])
    if sent:
        return options.asked(sent)
    if target is not None:
        return options.current(request, target["id"])
    return {nodes.DEFAULT_OPTION[0]: [nodes.DEFAULT_OPTION[1]]}


def check_scopes(request: Request, given: dict[str, Any]) -> None:
    """Quantities and files need scopes of their own."""
    variants = given.get("variants") or ()
    if any(one.get("inventoryQuantities") for one in variants) and "write_inventory" not in request.scopes:
        raise refusal("productSet", ("write_inventory",))
    files = given.get("files") or any(one.get("file") for one in variants)
    if files and "write_files" not in request.scopes:
        raise refusal("productSet", ("write_files",))
