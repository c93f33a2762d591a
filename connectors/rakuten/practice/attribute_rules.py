"""What the genre asks of the attributes of a SKU. [itemapi2_0/responsecodesreference], details of IE0418"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.rakuten.practice.answers import Refusal
from connectors.rakuten.practice.genres import Attribute, Genre

Detail = tuple[str, str]


def check(attributes: Any, genre: Genre, path: str) -> list[Refusal]:
    """The refusals of one SKU's attributes; `path` is where they stand."""
    if attributes is None:
        attributes = []
    if not isinstance(attributes, list) or not all(_is_attribute(one) for one in attributes):
        return [Refusal("IE0002", f"{path} has an invalid value.", path)]
    known = {attribute.name: attribute for attribute in genre.attributes}
    strange = [number for number, one in enumerate(attributes) if one["name"] not in known]
    if strange:
        return [
            Refusal("IE1002", "Could not find the attribute data of the name.", f"{path}[{number}].name")
            for number in strange
        ]
    details = [*_repeated(attributes), *_missing(attributes, genre)]
    for one in attributes:
        details += _of_value(one, known[one["name"]])
    return [Refusal("IE0418", "Invalid attribute or genreId is set.", path, details)] if details else []


def _is_attribute(one: Any) -> bool:
    if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
        return False
    values = one.get("values")
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _repeated(attributes: Sequence[Mapping[str, Any]]) -> list[Detail]:
    names = [one["name"] for one in attributes]
    if len(set(names)) == len(names):
        return []
    return [("notUniqueAttributeId", "Cannot set duplicate value in attributes list.")]


def _missing(attributes: Sequence[Mapping[str, Any]], genre: Genre) -> list[Detail]:
    given = {one["name"] for one in attributes}
    lacking = [one.name for one in genre.attributes if one.mandatory and one.name not in given]
    if not lacking:
        return []
    words = f"The mandatory attributes are missing. attributeNames: {', '.join(lacking)}"
    return [("invalidAllMandatoryAttributes", words)]


def _of_value(one: Mapping[str, Any], attribute: Attribute) -> list[Detail]:
    values, unit = one["values"], one.get("unit")
    if not values:
        return [("invalidMandatoryValue", "attributes.values is mandatory.")] if attribute.mandatory else []
    if len(values) > attribute.most_values:
        return [("invalidNumberOfValue", f"The size of attributes.values must be within {attribute.most_values}.")]
    if attribute.choices:
        if all(value in attribute.choices for value in values):
            return []
        return [("invalidSelectiveValue", "The attributes.values is not defined as dictionary value.")]
    if attribute.kind == "NUMBER":
        return _of_number(values, unit, attribute)
    if unit is not None:
        return [("invalidNoInputUnit", "Cannot input attributes.unit when the attributes.values is input.")]
    if not all(1 <= len(value) <= attribute.max_length for value in values):
        return [("invalidStringValue", "The length of attributes.values is invalid.")]
    return []


def _of_number(values: Sequence[str], unit: Any, attribute: Attribute) -> list[Detail]:
    if not all(value.replace(".", "", 1).isdecimal() for value in values):
        return [("invalidNumberValue", "attributes.values is invalid.")]
    if unit is not None and not attribute.units:
        words = "attributes.unit cannot be input when the target attribute has no base unit."
        return [("invalidUnitWhenNoBaseUnit", words)]
    if attribute.units and unit not in attribute.units:
        # The page names only the length of a unit; what is said of a wrong one is a guess. [unsure]
        return [("invalidUnit", "attributes.unit is invalid.")]
    return []
