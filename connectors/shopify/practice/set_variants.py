"""The variants of a productSet: checked against its options, then written over those the product has."""

from __future__ import annotations

import json
from typing import Any

from connectors.shopify.practice import media, metafields, nodes, options, payloads, stock_nodes, variants
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Mutation, Refused, UserErrors, user_error
from connectors.shopify.practice.options import Options
from connectors.shopify.practice.state import Request
from connectors.shopify.practice.store import Row

QUANTITIES_LIMIT = 50_000
AMOUNT_CODES = variants.MoneyCodes(negative="INVALID_VARIANT", too_much="INVALID_VARIANT")

Given = dict[str, Any]


def default_variant() -> Given:
    """What a product has when no variant was sent."""
    option, value = nodes.DEFAULT_OPTION
    return {"optionValues": [{"optionName": option, "name": value}]}


def wrong(request: Request, target: Row | None, wanted: Options, given: list[Given]) -> UserErrors:
    """What Shopify refuses in the variants of a productSet."""
    product_id = target["id"] if target else None
    found: UserErrors = []
    if sum(len(one.get("inventoryQuantities") or ()) for one in given) > QUANTITIES_LIMIT:
        message = f"The number of inventory quantities exceeds the limit of {QUANTITIES_LIMIT}."
        found.append(user_error(["input", "variants"], message, "INVENTORY_QUANTITIES_LIMIT_EXCEEDED"))
    seen: set[tuple[str, ...]] = set()
    for number, one in enumerate(given):
        path: list[str | int] = ["input", "variants", number]
        errors = _wrong_options(request, product_id, wanted, one, path)
        if not errors:
            values = tuple(_values(request, product_id, wanted, one))
            if values in seen:
                message = f"The variant '{' / '.join(values)}' already exists. Please change at least one option value."
                errors.append(user_error(path, message, "INVALID_VARIANT"))
            seen.add(values)
        found += errors + variants.wrong_amounts(one, path, AMOUNT_CODES)
        found += _wrong_quantities(request, one, path)
        if one.get("file"):
            found += media.problems(one["file"], [*path, "file"])
        known = product_id is not None and variants.by_gid(request, product_id, one.get("id")) is not None
        if one.get("id") is not None and not known:
            found.append(user_error([*path, "id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST"))
    return found


def replace(mutation: Mutation, product_id: int, wanted: Options, given: list[Given]) -> None:
    """The product has these variants and no others; those matched by id or by their values keep their ids."""
    request = mutation.request
    before = nodes.variants_of(request, product_id)
    by_id = {row["id"]: row for row in before}
    by_values = {tuple(json.loads(row["option_values"])): row for row in before}
    kept = []
    for position, one in enumerate(given, 1):
        values = _values(request, product_id, wanted, one)
        row = by_id.get(gid_number(one.get("id"), "ProductVariant")) or by_values.get(tuple(values))
        if row is not None and row["id"] in kept:
            row = None
        kept.append(_write(mutation, product_id, row, one, position=position, values=values))
    for row in before:
        if row["id"] not in kept:
            variants.delete(request, row)
    mutation.ids |= {"variants": kept}


def _write(
    mutation: Mutation, product_id: int, row: Row | None, one: Given, *, position: int, values: list[str]
) -> int:
    request = mutation.request
    place = one.get("position") or position
    new = row is None
    if row is None:
        row = variants.insert(request, product_id, position=place, values=values, given=one)
    else:
        changed = variants.columns(request, one)
        written = json.dumps(values, ensure_ascii=False)
        row = variants.change(request, row, position=place, option_values=written, **changed)
    _write_stock(mutation, row, one.get("inventoryQuantities") or [], new=new)
    if one.get("file"):
        request.store.update("variant", row["id"], file_id=media.attach(request, product_id, one["file"], place))
    if one.get("metafields") is not None:
        path: list[str | int] = ["input", "variants", position - 1, "metafields"]
        errors = metafields.replace(mutation, gid("ProductVariant", row["id"]), one["metafields"], path)
        if errors:
            raise Refused(errors)
    return int(row["id"])


def _write_stock(mutation: Mutation, row: Row, given: list[Given], *, new: bool) -> None:
    request = mutation.request
    places = [(gid_number(one["locationId"], "Location") or 0, one["quantity"]) for one in given]
    if new:
        variants.stock_new(request, row, places)
    for location_id, quantity in places:
        level = stock_nodes.find_level(request, row["item_id"], location_id)
        if level is None:
            message = "Inventory quantities of an existing variant can only be set where it is stocked."
            raise Refused([user_error(["input", "variants"], message, "INVALID_VARIANT")])
        if not new:
            variants.stock(request, row["item_id"], location_id, quantity)
        after = stock_nodes.find_level(request, row["item_id"], location_id)
        assert after is not None
        mutation.announce("inventory_levels/update", payloads.level(after))


def _values(request: Request, product_id: int | None, wanted: Options, one: Given) -> list[str]:
    """The variant's value for each option, in the order of the options."""
    found, _stranger = options.chosen(request, product_id, wanted, one["optionValues"])
    return [found[name] for name in wanted]


def _wrong_options(
    request: Request, product_id: int | None, wanted: Options, one: Given, path: list[str | int]
) -> UserErrors:
    found, stranger = options.chosen(request, product_id, wanted, one["optionValues"])
    if stranger is not None:
        return [user_error([*path, "optionValues", stranger], "Option does not exist", "OPTION_DOES_NOT_EXIST")]
    missing = [name for name in wanted if not found.get(name)]
    if missing:
        message = f"You need to add option values for {', '.join(missing)}"
        return [user_error(path, message, "OPTION_VALUES_MISSING")]
    for number, (name, value) in enumerate(found.items()):
        if value not in wanted[name]:
            where = [*path, "optionValues", number]
            return [user_error(where, "Option value does not exist", "OPTION_VALUE_DOES_NOT_EXIST")]
    return []


def _wrong_quantities(request: Request, one: Given, path: list[str | int]) -> UserErrors:
    found: UserErrors = []
    for number, quantity in enumerate(one.get("inventoryQuantities") or ()):
        where = [*path, "inventoryQuantities", number]
        if quantity["name"] not in ("available", "on_hand"):
            message = "The quantity name must be either 'available' or 'on_hand'."
            found.append(user_error([*where, "name"], message, "INVALID_INPUT"))
        location = stock_nodes.find_location(request, gid_number(quantity["locationId"], "Location"))
        if location is None or not location["active"]:
            message = "The specified location could not be found."
            found.append(user_error([*where, "locationId"], message, "INVALID_INPUT"))
    return found
