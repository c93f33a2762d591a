"""The shape of attributes: every one a list of objects, each with the selectors that tell it from the others.

https://developer-docs.amazon.com/sp-api/docs/listings-items-api, and the schema of a product type, which decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Attributes = dict[str, list[dict[str, Any]]]

_LINE = re.compile(r"(?P<name>[^:：]+)[:：](?P<values>.+)")
_UNIT = re.compile(r"(?P<value>.*?)\[(?P<unit>[^\[\]]+)\]\s*")


def read(text: str) -> dict[str, list[str]]:
    """What a merchant typed, one attribute a line: `name: value`, several values with bars between them.

    Raises ValueError for a line that is none.
    """
    found: dict[str, list[str]] = {}
    for line in filter(str.strip, text.splitlines()):
        match = _LINE.fullmatch(line.strip())
        values = [value.strip() for value in re.split(r"[|｜]", match["values"])] if match else []
        if match is None or not all(values):
            raise ValueError(f"not an attribute: {line!r}")
        found.setdefault(match["name"].strip().lower().replace(" ", "_"), []).extend(values)
    return found


def shaped(
    name: str, values: Sequence[Any], schema: Mapping[str, Any], *, marketplace_id: str, language: str
) -> list[dict[str, Any]]:
    """The values as entries of the attribute: with language and marketplace where the schema has them."""
    properties = entry_of(name, schema)
    return [
        _value(value, properties) | _selectors(properties, marketplace_id=marketplace_id, language=language)
        for value in values
    ]


def entry_of(name: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the schema says of one entry of the attribute, by property; empty for an attribute it does not have."""
    found = schema.get("properties", {}).get(name, {}).get("items", {}).get("properties", {})
    return found if isinstance(found, dict) else {}


def has(name: str, schema: Mapping[str, Any]) -> bool:
    return name in schema.get("properties", {})


def _selectors(properties: Mapping[str, Any], *, marketplace_id: str, language: str) -> dict[str, str]:
    chosen = {"language_tag": language, "marketplace_id": marketplace_id}
    return {
        name: text for name, text in chosen.items() if name in properties or (not properties and name != "language_tag")
    }


def _value(value: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    text, unit = str(value), None
    if "unit" in properties and (match := _UNIT.fullmatch(text)):
        text, unit = match["value"].strip(), match["unit"].strip()
    told = {"value": _typed(text, properties.get("value", {}))}
    return told if unit is None else told | {"unit": _chosen(unit, properties["unit"])}


def _typed(text: str, rule: Mapping[str, Any]) -> Any:
    """The text as the type that is wanted; as it is where it is none, so that the schema's own check says so."""
    kind = rule.get("type")
    if kind == "boolean" and text.lower() in {"true", "yes", "false", "no"}:
        return text.lower() in {"true", "yes"}
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    return _chosen(text, rule)


def _chosen(text: str, rule: Mapping[str, Any]) -> str:
    """The value of a list that the text is, or names as people read it."""
    values = list(rule.get("enum", []))
    names = list(rule.get("enumNames", values))
    for value, label in zip(values, names, strict=False):
        if text.casefold() in {str(value).casefold(), str(label).casefold()}:
            return str(value)
    return text
