"""A listing's attributes: judged by the schema of its type, and patched instance by instance."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import ValidationError
from jsonschema.protocols import Validator

from connectors.amazon.practice.product_schemas import CODES, schema
from connectors.amazon.validator import AmazonValidator

Json = dict[str, Any]
Attributes = dict[str, list[Json]]
# Codes that Amazon has been seen to use; ours begin otherwise, so that nobody takes them for Amazon's.
MISSING, UNKNOWN, TOO_FEW, NO_CODE = "90220", "90000900", "99022", "8566"
TOO_LONG, NOT_TAKEN = "PRACTICE-100", "PRACTICE-101"
_NO_CODE = (
    "SKU does not match any ASIN and the product data provided is not eligible for ASIN creation. "
    "Please check 1) your UPC/EAN/GTIN is registered or 2) ensure brand name is right."
)


def issue(code: str, message: str, *names: str, category: str = "INVALID_ATTRIBUTE", severity: str = "ERROR") -> Json:
    return {
        "code": code,
        "message": message,
        "severity": severity,
        "attributeNames": list(names),
        "categories": [category],
    }


def issues_of(attributes: Attributes, product_type: str, marketplace_id: str) -> list[Json]:
    """What the listing as a whole breaks of its type's schema."""
    found = [
        one
        for error in _validator(product_type, marketplace_id).iter_errors(attributes)
        for one in _issues(error, attributes)
    ]
    return list({(one["code"], *one["attributeNames"]): one for one in found}.values())


def issues_of_some(attributes: Attributes, product_type: str, marketplace_id: str) -> list[Json]:
    """What single attributes break of it, whatever else the listing has."""
    known = schema(product_type, marketplace_id)["properties"]
    found: list[Json] = []
    for name, entries in attributes.items():
        if name not in known:
            found.append(issue(UNKNOWN, "The attributes are invalid.", name))
            continue
        errors = _attribute_validator(product_type, marketplace_id, name).iter_errors(entries)
        found += [_refused(name, error) for error in errors]
    return found


def patched(attributes: Attributes, patches: Sequence[Mapping[str, Any]], product_type: str, place: str) -> Attributes:
    """The attributes after the operations. Raises ValueError for an operation that is none."""
    new = copy.deepcopy(attributes)
    for patch in patches:
        name = str(patch.get("path", "")).removeprefix("/attributes/")
        if "/" in name or not str(patch.get("path", "")).startswith("/attributes/"):
            raise ValueError("path")
        given = list(patch.get("value") or [])
        match patch.get("op"):
            case "add" | "replace":
                new[name] = given
            case "merge":
                new[name] = _merged(new.get(name, []), given, _selectors(product_type, place, name))
            case "delete":
                new[name] = _without(new.get(name, []), given, _selectors(product_type, place, name))
            case _:
                raise ValueError("op")
        if not new[name]:
            del new[name]
    return new


def touched(patches: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(patch.get("path", "")).removeprefix("/attributes/") for patch in patches]


def _merged(entries: list[Json], given: list[Json], selectors: Sequence[str]) -> list[Json]:
    new = [dict(entry) for entry in entries]
    for one in given:
        same = next((entry for entry in new if _key(entry, selectors) == _key(one, selectors)), None)
        if same is None:
            new.append(dict(one))
        else:
            same.update(one)
    return new


def _without(entries: list[Json], given: list[Json], selectors: Sequence[str]) -> list[Json]:
    gone = [_key(one, selectors) for one in given]
    return [entry for entry in entries if _key(entry, selectors) not in gone]


def _key(entry: Json, selectors: Sequence[str]) -> tuple[str, ...]:
    # An offer that names no audience is for everybody.
    return tuple(str(entry.get(name, "ALL" if name == "audience" else "")) for name in selectors)


@cache
def _selectors(product_type: str, marketplace_id: str, name: str) -> tuple[str, ...]:
    return tuple(schema(product_type, marketplace_id)["properties"].get(name, {}).get("selectors", ["marketplace_id"]))


@cache
def _validator(product_type: str, marketplace_id: str) -> Validator:
    return AmazonValidator(schema(product_type, marketplace_id))


@cache
def _attribute_validator(product_type: str, marketplace_id: str, name: str) -> Validator:
    return AmazonValidator(schema(product_type, marketplace_id)["properties"][name])


def _issues(error: ValidationError, attributes: Attributes) -> Iterator[Json]:
    if error.path:
        yield _refused(str(error.path[0]), error)
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in attributes:
                yield issue(MISSING, f"'{name}' is required but not supplied.", name, category="MISSING_ATTRIBUTE")
    elif error.validator == "anyOf":
        yield issue(NO_CODE, _NO_CODE, CODES[0], category="MISSING_ATTRIBUTE")
    elif error.validator == "additionalProperties":
        for name in attributes:
            if name not in error.schema["properties"]:
                yield issue(UNKNOWN, "The attributes are invalid.", name)


def _refused(name: str, error: ValidationError) -> Json:
    if error.validator == "maxLength":
        limit, size = error.validator_value, len(str(error.instance))
        return issue(TOO_LONG, f"(practice) '{name}' has {size} characters. The limit is {limit}.", name)
    if error.validator == "minItems":
        text = (
            f"The field for the attribute '{name}' does not have enough values. The required minimum is '1' value(s)."
        )
        return issue(TOO_FEW, text, name)
    return issue(NOT_TAKEN, f"(practice) The value of '{name}' is not one that is taken.", name)
