"""Options of a product: the names a buyer chooses by, their values, and which of them a variant has."""

from __future__ import annotations

from typing import Any

from connectors.shopify.practice import nodes
from connectors.shopify.practice.gids import number as gid_number
from connectors.shopify.practice.mutations import UserErrors, user_error
from connectors.shopify.practice.state import Request

OPTIONS_LIMIT = 3
VALUES_LIMIT = 2048
NAME_LIMIT = 255
SEPARATOR = " / "

Options = dict[str, list[str]]


def wrong_options(given: list[dict[str, Any]]) -> UserErrors:
    """What productSet refuses in `productOptions`."""
    if len(given) > OPTIONS_LIMIT:
        message = f"Can only specify a maximum of {OPTIONS_LIMIT} options"
        return [user_error(["input", "productOptions"], message, "OPTIONS_OVER_LIMIT")]
    found: UserErrors = []
    names: set[str] = set()
    for number, option in enumerate(given):
        path: list[str | int] = ["input", "productOptions", number]
        name = (option.get("name") or "").strip()
        if not name:
            found.append(user_error([*path, "name"], "The name can't be blank", "INVALID_INPUT"))
        if SEPARATOR in name:
            message = f"The name contains unsupported sequence '{SEPARATOR}'"
            found.append(user_error([*path, "name"], message, "INVALID_INPUT"))
        if len(name) > NAME_LIMIT:
            message = f"The name is too long (maximum is {NAME_LIMIT} characters)"
            found.append(user_error([*path, "name"], message, "INVALID_INPUT"))
        if name.casefold() in names:
            found.append(user_error(path, f"Duplicated option name '{name}'", "DUPLICATED_OPTION_NAME"))
        names.add(name.casefold())
        found.extend(_wrong_values(option, path))
    return found


def _wrong_values(option: dict[str, Any], path: list[str | int]) -> UserErrors:
    values = [(value.get("name") or "").strip() for value in option.get("values") or ()]
    if not values or not all(values):
        return [user_error([*path, "values"], "Option values are missing", "OPTION_VALUES_MISSING")]
    if len(values) > VALUES_LIMIT:
        message = f"Can only specify a maximum of {VALUES_LIMIT} values per option"
        return [user_error([*path, "values"], message, "OPTION_VALUES_OVER_LIMIT")]
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value.casefold() in seen:
            message = f"Duplicated option value '{value}'"
            return [user_error([*path, "values", number], message, "DUPLICATED_OPTION_VALUE")]
        seen.add(value.casefold())
    return []


def replace(request: Request, product_id: int, wanted: Options) -> None:
    """The product has these options with these values; those of the same name keep their ids."""
    known = {o["name"]: (o, {v["name"]: v for v in values}) for o, values in nodes.options_of(request, product_id)}
    for name, (gone, _values) in known.items():
        if name not in wanted:
            request.store.run("DELETE FROM option WHERE id = ?", gone["id"])
    for position, (name, values) in enumerate(wanted.items(), 1):
        if name in known:
            row, known_values = known[name]
            request.store.update("option", row["id"], position=position)
            _replace_values(request, row["id"], values, known_values)
        else:
            number = request.store.new_number("ProductOption")
            request.store.insert("option", id=number, product_id=product_id, name=name, position=position)
            _replace_values(request, number, values, {})


def _replace_values(request: Request, option_id: int, wanted: list[str], known: dict[str, Any]) -> None:
    for name, row in known.items():
        if name not in wanted:
            request.store.run("DELETE FROM option_value WHERE id = ?", row["id"])
    for position, name in enumerate(wanted, 1):
        if name in known:
            request.store.update("option_value", known[name]["id"], position=position)
        else:
            number = request.store.new_number("ProductOptionValue")
            request.store.insert("option_value", id=number, option_id=option_id, name=name, position=position)


def current(request: Request, product_id: int) -> Options:
    found = nodes.options_of(request, product_id)
    return {option["name"]: [value["name"] for value in values] for option, values in found}


def asked(given: list[dict[str, Any]]) -> Options:
    """The options as they were sent, in the order of their positions."""
    ordered = sorted(enumerate(given), key=lambda pair: (pair[1].get("position") or pair[0] + 1, pair[0]))
    return {o["name"].strip(): [v["name"].strip() for v in o.get("values") or ()] for _number, o in ordered}


def chosen(
    request: Request, product_id: int | None, known: Options, given: list[dict[str, Any]]
) -> tuple[dict[str, str], int | None]:
    """The value per option a variant was sent with, and the place of the first that names no option."""
    by_id = {}
    if product_id is not None:
        by_id = {option["id"]: option["name"] for option, _values in nodes.options_of(request, product_id)}
    found: dict[str, str] = {}
    for number, one in enumerate(given):
        name = one.get("optionName") or by_id.get(gid_number(one.get("optionId"), "ProductOption"))
        if name is None and len(known) == 1:
            name = next(iter(known))
        if name not in known:
            return found, number
        found[name] = (one.get("name") or "").strip()
    return found, None
