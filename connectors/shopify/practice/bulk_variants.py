"""productVariantsBulkCreate, productVariantsBulkUpdate and productVariantsBulkDelete."""

from __future__ import annotations

import json
from typing import Any

from connectors.shopify.practice import (
    media,
    metafields,
    nodes,
    options,
    payloads,
    product_fields,
    stock_nodes,
    variants,
)
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload, Refused, UserErrors, refuse, user_error
from connectors.shopify.practice.options import Options
from connectors.shopify.practice.store import Row

AMOUNT_CODES = variants.MoneyCodes(negative="GREATER_THAN_OR_EQUAL_TO", too_much="INVALID_INPUT")
NO_QUANTITIES = (
    "Inventory quantities can only be provided during create."
    " To update inventory for existing variants, use inventoryAdjustQuantities."
)

Given = dict[str, Any]


def accept_create(mutation: Mutation, arguments: Arguments) -> Payload:
    product = _product(mutation, arguments)
    given: list[Given] = arguments["variants"]
    strategy = arguments.get("strategy", "DEFAULT")
    standalone = _standalone(mutation, product, strategy)
    before = [row for row in nodes.variants_of(mutation.request, product["id"]) if row["id"] != standalone]
    wanted = options.current(mutation.request, product["id"])
    errors, values = _wrong_new(mutation, product, wanted, given, before)
    if errors:
        raise Refused(errors)
    if standalone is not None:
        mutation.request.store.run("DELETE FROM variant WHERE id = ?", standalone)
    made = []
    for position, (one, chosen) in enumerate(zip(given, values, strict=True), len(before) + 1):
        made.append(_insert(mutation, product, one, position=position, values=chosen))
    if standalone is not None:
        wanted = {name: [] for name in wanted}
    for chosen in values:
        for name, value in zip(wanted, chosen, strict=True):
            wanted[name] = wanted[name] if value in wanted[name] else [*wanted[name], value]
    options.replace(mutation.request, product["id"], wanted)
    return _changed(mutation, product, made)


def accept_update(mutation: Mutation, arguments: Arguments) -> Payload:
    product = _product(mutation, arguments)
    errors: UserErrors = []
    changed: list[Row] = []
    for number, one in enumerate(arguments["variants"]):
        row = variants.by_gid(mutation.request, product["id"], one.get("id"))
        wrong = _wrong_update(mutation, product, row, one, number)
        errors += wrong
        if row is not None and not wrong:
            changed.append(_change(mutation, product, row, one))
    if errors and not (arguments.get("allowPartialUpdates") and changed):
        raise Refused(errors)
    return _changed(mutation, product, changed) | {"userErrors": errors}


def accept_delete(mutation: Mutation, arguments: Arguments) -> Payload:
    product = _product(mutation, arguments)
    request = mutation.request
    rows: dict[int, Row] = {}
    for number, text in enumerate(arguments["variantsIds"]):
        row = variants.by_gid(request, product["id"], text)
        if row is None:
            message = "At least one variant does not belong to the product"
            code = "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT"
            raise refuse(["variantsIds", number], message, code)
        rows[row["id"]] = row
    if len(rows) == len(nodes.variants_of(request, product["id"])):
        raise refuse(["variantsIds"], "Cannot delete the last variant of a product", "CANNOT_DELETE_LAST_VARIANT")
    for row in rows.values():
        variants.delete(request, row)
    mutation.ids["variants"] = list(rows)
    product_fields.touch(request, product["id"])
    return {"product": nodes.product(request, product_fields.announce(mutation, "products/update", product["id"]))}


def _product(mutation: Mutation, arguments: Arguments) -> Row:
    found = nodes.find_product(mutation.request, gid_number(arguments["productId"], "Product"))
    if found is None:
        raise refuse(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
    return found


def _changed(mutation: Mutation, product: Row, rows: list[Row]) -> Payload:
    request = mutation.request
    product_fields.touch(request, product["id"])
    mutation.ids["variants"] = [row["id"] for row in rows]
    after = product_fields.announce(mutation, "products/update", product["id"])
    return {
        "product": nodes.product(request, after),
        "productVariants": [nodes.variant(request, row) for row in rows],
    }


def _standalone(mutation: Mutation, product: Row, strategy: str) -> int | None:
    """The lone variant a bulk create removes: the Default Title one, or any with REMOVE_STANDALONE_VARIANT."""
    rows = nodes.variants_of(mutation.request, product["id"])
    if len(rows) != 1 or strategy == "PRESERVE_STANDALONE_VARIANT":
        return None
    default = json.loads(rows[0]["option_values"]) == [nodes.DEFAULT_OPTION[1]]
    return int(rows[0]["id"]) if default or strategy == "REMOVE_STANDALONE_VARIANT" else None


def _wrong_new(
    mutation: Mutation, product: Row, wanted: Options, given: list[Given], before: list[Row]
) -> tuple[UserErrors, list[list[str]]]:
    """What is wrong with new variants, and the option values of each."""
    errors: UserErrors = []
    values: list[list[str]] = []
    seen = {tuple(json.loads(row["option_values"])) for row in before}
    for number, one in enumerate(given):
        path: list[str | int] = ["variants", number]
        names = [value.get("optionName") for value in one.get("optionValues") or ()]
        double = next((name for name in names if name is not None and names.count(name) > 1), None)
        chosen, stranger = options.chosen(mutation.request, product["id"], wanted, one.get("optionValues") or [])
        missing = [name for name in wanted if not chosen.get(name)]
        if double is not None:
            message = f"Duplicated option name '{double}'"
            errors.append(user_error([*path, "optionValues"], message, "INVALID_INPUT"))
        elif stranger is not None:
            where = [*path, "optionValues", stranger]
            errors.append(user_error(where, "Option does not exist", "OPTION_VALUES_FOR_NUMBER_OF_UNKNOWN_OPTIONS"))
        elif missing:
            message = f"You need to add option values for {', '.join(missing)}"
            errors.append(user_error(path, message, "NEED_TO_ADD_OPTION_VALUES"))
        else:
            values.append([chosen[name] for name in wanted])
            if tuple(values[-1]) in seen:
                title = " / ".join(values[-1])
                message = f"The variant '{title}' already exists. Please change at least one option value."
                errors.append(user_error(path, message, "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE"))
            seen.add(tuple(values[-1]))
        errors += variants.wrong_amounts(one, path, AMOUNT_CODES)
        errors += _wrong_locations(mutation, one, path, title=" / ".join(chosen.values()))
    return errors, values


def _wrong_locations(mutation: Mutation, one: Given, path: list[str | int], *, title: str) -> UserErrors:
    for quantity in one.get("inventoryQuantities") or ():
        number = gid_number(quantity["locationId"], "Location")
        if stock_nodes.find_location(mutation.request, number) is None:
            message = f"Quantity for {title} couldn't be set because the location was deleted."
            where = [*path, "inventoryQuantities"]
            return [user_error(where, message, "TRACKED_VARIANT_LOCATION_NOT_FOUND")]
    return []


def _insert(mutation: Mutation, product: Row, one: Given, *, position: int, values: list[str]) -> Row:
    request = mutation.request
    row = variants.insert(request, product["id"], position=position, values=values, given=one)
    quantities = one.get("inventoryQuantities") or []
    places = [(gid_number(q["locationId"], "Location") or 0, q["availableQuantity"]) for q in quantities]
    variants.stock_new(request, row, places)
    for location_id, _quantity in places:
        level = stock_nodes.find_level(request, row["item_id"], location_id)
        assert level is not None
        mutation.announce("inventory_levels/update", payloads.level(level))
    _write_metafields(mutation, row, one)
    return row


def _wrong_update(mutation: Mutation, product: Row, row: Row | None, one: Given, number: int) -> UserErrors:
    path: list[str | int] = ["variants", number]
    if one.get("id") is None:
        return [user_error([*path, "id"], "Product variant is missing ID attribute", "PRODUCT_VARIANT_ID_MISSING")]
    if row is None:
        return [user_error([*path, "id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")]
    found = variants.wrong_amounts(one, path, AMOUNT_CODES) + _wrong_media(mutation, product, one, path)
    if one.get("inventoryQuantities"):
        where = [*path, "inventoryQuantities"]
        found.append(user_error(where, NO_QUANTITIES, "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"))
    if one.get("optionValues"):
        wanted = options.current(mutation.request, product["id"])
        chosen, stranger = options.chosen(mutation.request, product["id"], wanted, one["optionValues"])
        if stranger is not None:
            where = [*path, "optionValues", stranger]
            found.append(user_error(where, "Option does not exist", "OPTION_DOES_NOT_EXIST"))
        elif _taken(mutation, product, row, wanted, chosen):
            message = f"The variant '{' / '.join(chosen.values())}' already exists."
            found.append(user_error(path, message, "VARIANT_ALREADY_EXISTS"))
    return found


def _wrong_media(mutation: Mutation, product: Row, one: Given, path: list[str | int]) -> UserErrors:
    if one.get("mediaId") is None:
        return []
    file = media.of_product(mutation.request, product["id"], one["mediaId"])
    if file is None:
        message = "Media does not belong to the product"
        return [user_error([*path, "mediaId"], message, "MUST_BE_FOR_THIS_PRODUCT")]
    if file["status"] != "READY":
        return [user_error([*path, "mediaId"], "Non-ready media are not supported.", "INVALID_INPUT")]
    return []


def _taken(mutation: Mutation, product: Row, row: Row, wanted: Options, chosen: dict[str, str]) -> bool:
    values = _merged(row, wanted, chosen)
    others = nodes.variants_of(mutation.request, product["id"])
    return any(o["id"] != row["id"] and json.loads(o["option_values"]) == values for o in others)


def _merged(row: Row, wanted: Options, chosen: dict[str, str]) -> list[str]:
    """The variant's values with those that were sent in their places."""
    now = dict(zip(wanted, json.loads(row["option_values"]), strict=True))
    return list((now | chosen).values())


def _change(mutation: Mutation, product: Row, row: Row, one: Given) -> Row:
    request = mutation.request
    changed = variants.columns(request, one)
    if one.get("mediaId") is not None:
        changed["file_id"] = gid_number(one["mediaId"], "MediaImage")
    if one.get("optionValues"):
        wanted = options.current(request, product["id"])
        chosen, _stranger = options.chosen(request, product["id"], wanted, one["optionValues"])
        values = _merged(row, wanted, chosen)
        changed["option_values"] = json.dumps(values, ensure_ascii=False)
        for name, value in zip(wanted, values, strict=True):
            wanted[name] = wanted[name] if value in wanted[name] else [*wanted[name], value]
        options.replace(request, product["id"], wanted)
    _write_metafields(mutation, row, one)
    return variants.change(request, row, **changed)


def _write_metafields(mutation: Mutation, row: Row, one: Given) -> None:
    owner = gid("ProductVariant", row["id"])
    errors = metafields.add(mutation, owner, one.get("metafields") or [], ["variants", "metafields"])
    if errors:
        raise Refused([error | {"code": "INVALID_INPUT"} for error in errors])
