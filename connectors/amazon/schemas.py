"""Product types: which there are, what each asks (a JSON Schema that Amazon serves), and what a product breaks of it.

https://developer-docs.amazon.com/sp-api/docs/product-type-definitions-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jsonschema
from jsonschema import ValidationError

from connectors import http
from connectors.amazon import errors, mapping, marketplaces, skus
from connectors.amazon.client import AmazonClient, path_of
from connectors.amazon.validator import AmazonValidator
from connectors.errors import OurFault, Problem, ProblemClass
from connectors.records import Done, Failed, Outcome, ProductKind, ProductRecord

TYPES = "/definitions/2020-09-01/productTypes"
# Ours: what a rule of the type's own schema says before anything is sent.
LACKS, REFUSES = "attribute_missing", "attribute_refused"
UNREADABLE, UNKNOWN_OPTION, SKU_TOO_LONG = "attributes_unreadable", "option_unknown", "sku_too_long"
UNKNOWN_TYPE = "unknown_product_type"
# How many allowed values are named in a hint.
NAMED = 8


async def search(shop: AmazonClient, words: str) -> list[ProductKind]:
    """By the words as a product's title; all types for none."""
    query = [("marketplaceIds", shop.marketplace.id), ("locale", shop.marketplace.language)]
    reply = await shop.get("searchDefinitionsProductTypes", TYPES, query + [("itemName", words)] * bool(words))
    found = reply.body.get("productTypes", []) if reply.found else []
    return [ProductKind(name=one["name"], label=one.get("displayName") or one["name"]) for one in found]


async def requirements(shop: AmazonClient, names: Sequence[str]) -> list[Outcome[Mapping[str, Any]]]:
    """Each type's schema with what it is good for: product_type, version, marketplace_id, language, schema."""
    return [await _requirements(shop, name) for name in names]


async def _requirements(shop: AmazonClient, name: str) -> Outcome[Mapping[str, Any]]:
    place = shop.marketplace
    query = [
        ("marketplaceIds", place.id),
        ("sellerId", await shop.seller_id()),
        ("requirements", mapping.LISTING),
        ("requirementsEnforced", "ENFORCED"),
        ("locale", place.language),
    ]
    reply = await shop.get("getDefinitionsProductType", f"{TYPES}{path_of(name)}", query)
    if not reply.found:
        said = errors.errors_in(reply.body)
        original = str(said[0].get("message", "")) if said else ""
        problem = Problem(problem_class=ProblemClass.DATA, code=UNKNOWN_TYPE, original=original, message=name)
        return Failed(problem)
    link = reply.body["schema"]["link"]["resource"]
    schema = http.parsed((await shop.download(link, operation="schema")).body)
    if not isinstance(schema, dict):
        raise OurFault("unreadable_schema")
    return Done(
        {
            "product_type": reply.body["productType"],
            "version": reply.body["productTypeVersion"]["version"],
            "marketplace_id": place.id,
            "language": place.language,
            "schema": schema,
        }
    )


def unmet(product: ProductRecord, document: Mapping[str, Any]) -> list[Problem]:
    """What the product breaks of its type's rules. `message` names the attribute, `recommended` what it may be."""
    place = next(one for one in marketplaces.MARKETPLACES if one.id == document["marketplace_id"])
    schema = document["schema"]
    try:
        listed = mapping.listings(product, document, place, with_stock=True)
    except ValueError as error:
        return [_problem(UNREADABLE, errors.field_of("", 0), str(error))]
    found = [*_of_skus(product), *_of_options(product, schema)]
    if listed[0].requirements == mapping.OFFER_ONLY:
        return found
    parents, sold = [one for one in listed if one.variant is None], [one for one in listed if one.variant is not None]
    for sku in (*parents, *sold[:1]):
        found += _broken(sku, schema, with_options=bool(product.option_names))
    for sku in sold[1:]:
        found += _broken_beside(sold[0], sku, schema)
    return list({(one.field, one.code, one.message): one for one in found}.values())


def _of_skus(product: ProductRecord) -> Iterator[Problem]:
    for number, variant in enumerate(product.variants):
        if len(variant.sku) > skus.LONGEST:
            yield _problem(SKU_TOO_LONG, f"/variants/{number}/sku", variant.sku, str(skus.LONGEST))


def _of_options(product: ProductRecord, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """An option for which the type has no attribute cannot tell one variant from another."""
    for name, attribute in zip(product.option_names, mapping.option_attributes(product, schema), strict=True):
        if attribute is None:
            yield _problem(UNKNOWN_OPTION, "/option_names", name)


def _broken(sku: mapping.Sku, schema: Mapping[str, Any], *, with_options: bool) -> Iterator[Problem]:
    number = sku.variant or 0
    for error in _validator(_Document(schema)).iter_errors(sku.attributes):
        for attribute, code in _attributes_of(error, schema):
            field = errors.field_of(attribute, number, with_options=with_options)
            yield _problem(code, field, _label(attribute, schema), _allowed(error) if code == REFUSES else "")


def _broken_beside(known: mapping.Sku, sku: mapping.Sku, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """What another variant breaks beside the first: only its own attributes are judged, a product has hundreds."""
    if sku.attributes.keys() != known.attributes.keys():
        yield from _broken(sku, schema, with_options=True)
        return
    for name, entries in sku.attributes.items():
        if entries == known.attributes[name] or name not in schema["properties"]:
            continue
        for error in _validator(_Document(schema["properties"][name])).iter_errors(entries):
            field = errors.field_of(name, sku.variant or 0)
            yield _problem(REFUSES, field, _label(name, schema), _allowed(error))


def _attributes_of(error: ValidationError, schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The attributes an error is about, and whether each is missing or refused."""
    if error.path:
        return [(str(error.path[0]), REFUSES)]
    if error.validator == "required":
        return [(name, LACKS) for name in error.validator_value if name not in error.instance]
    if error.validator in {"anyOf", "oneOf"}:
        # One of several would do: the first is named.
        return [inner for one in error.context[:1] for inner in _attributes_of(one, schema)]
    if error.validator == "additionalProperties":
        return [(name, REFUSES) for name in error.instance if name not in schema.get("properties", {})]
    return []


def _label(attribute: str, schema: Mapping[str, Any]) -> str:
    """As people read it; with its name in calls where the two differ, since that is what a merchant types."""
    titled = str(schema.get("properties", {}).get(attribute, {}).get("title") or attribute)
    return titled if titled.lower().replace(" ", "_") == attribute else f"{titled} ({attribute})"


def _allowed(error: ValidationError) -> str:
    """The limit that was broken, where it is one that can be named."""
    if error.validator == "enum":
        named = error.schema.get("enumNames") or error.validator_value
        return ", ".join(map(str, named[:NAMED])) + (" …" if len(named) > NAMED else "")
    if error.validator in {"maxLength", "maxUtf8ByteLength", "maximum", "minimum", "minLength", "maxUniqueItems"}:
        return f"{error.validator} {error.validator_value}"
    return ""


def _problem(code: str, field: str, message: str, recommended: str = "") -> Problem:
    return Problem(problem_class=ProblemClass.DATA, code=code, field=field, message=message, recommended=recommended)


class _Document:
    """A schema by what it says: the same one is prepared once, however often it is read from the database."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._hash = hash((str(schema.get("$id", schema.get("title", ""))), len(schema.get("properties", schema))))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Document) and (self.schema is other.schema or self.schema == other.schema)


@lru_cache(maxsize=512)
def _validator(document: _Document) -> jsonschema.protocols.Validator:
    return AmazonValidator(document.schema)
