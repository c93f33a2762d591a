"""Shopify's search syntax, as far as the hub speaks it, turned into SQL.

`sku:'A B' OR barcode:4006381333931`, AND (written or not), NOT and -, brackets, `updated_at:>='2026-11-22'`,
`title:Mug*`. A field the entity does not know is passed over, as Shopify does with a warning.
https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<bracket>[()])|(?P<minus>-)(?=\S)|(?P<field>\w+):(?P<compare>[<>]=?)?|"""
    r"""'(?P<single>(?:\\.|[^'\\])*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<word>[^\s()'"]+))"""
)

PRODUCT_FIELDS = {
    "id": "number",
    "handle": "product.handle",
    "title": "words product.title",
    "status": "product.status",
    "vendor": "product.vendor",
    "product_type": "product.product_type",
    "tag": "tag",
    "sku": "owned sku",
    "barcode": "owned barcode",
    "created_at": "time product.created_at",
    "updated_at": "time product.updated_at",
}
VARIANT_FIELDS = {
    "id": "number",
    "product_id": "variant.product_id",
    "sku": "variant.sku",
    "barcode": "variant.barcode",
    "updated_at": "time variant.updated_at",
}
ORDER_FIELDS = {
    "id": "number",
    "name": "sale.name",
    "source_identifier": "sale.source_identifier",
    "tag": "tag",
    "created_at": "time sale.created_at",
    "processed_at": "time sale.processed_at",
    "updated_at": "time sale.updated_at",
}
ITEM_FIELDS = {
    "id": "variant.item_id",
    "sku": "variant.sku",
    "created_at": "time variant.created_at",
    "updated_at": "time variant.updated_at",
}


@dataclass(frozen=True, slots=True)
class Condition:
    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """A table, its searchable fields, and where a word without a field is looked for."""

    table: str
    fields: Mapping[str, str]
    free_text: tuple[str, ...]


PRODUCTS = Entity("product", PRODUCT_FIELDS, ("product.title", "product.vendor", "product.product_type"))
VARIANTS = Entity("variant", VARIANT_FIELDS, ("variant.sku", "variant.barcode"))
ITEMS = Entity("variant", ITEM_FIELDS, ("variant.sku",))
ORDERS = Entity("sale", ORDER_FIELDS, ("sale.name",))


def condition(entity: Entity, query: str | None) -> Condition:
    """What rows of the entity must meet; an empty query is met by all."""
    tokens = [m for m in _TOKEN.finditer((query or "").strip()) if m.group().strip()]
    return _Reader(entity, tokens).read() if tokens else Condition("1")


class _Reader:
    def __init__(self, entity: Entity, tokens: list[re.Match[str]]) -> None:
        self._entity = entity
        self._tokens = tokens
        self._at = 0

    def read(self) -> Condition:
        """The whole condition; what follows a bracket too many is passed over."""
        return self._any_of()

    def _any_of(self) -> Condition:
        parts = [self._all_of()]
        while self._word() == "OR":
            self._at += 1
            parts.append(self._all_of())
        return _joined(" OR ", parts)

    def _all_of(self) -> Condition:
        parts = []
        while self._at < len(self._tokens) and self._word() != "OR" and self._tokens[self._at]["bracket"] != ")":
            if self._word() == "AND":
                self._at += 1
                continue
            parts.append(self._one())
        return _joined(" AND ", [part for part in parts if part.sql != "1"])

    def _one(self) -> Condition:
        token = self._tokens[self._at]
        self._at += 1
        if token["minus"] or token["word"] == "NOT":
            inner = self._one() if self._at < len(self._tokens) else Condition("1")
            return inner if inner.sql == "1" else Condition(f"NOT ({inner.sql})", inner.values)
        if token["bracket"] == "(":
            inner = self._any_of()
            self._at += 1
            return inner
        if token["field"]:
            value = _text(self._tokens[self._at]) if self._at < len(self._tokens) else ""
            self._at += 1
            return self._field(token["field"], token["compare"] or "=", value)
        text = _text(token)
        found = [_matches(column, text, words=True) for column in self._entity.free_text]
        return _joined(" OR ", found)

    def _field(self, name: str, compare: str, value: str) -> Condition:
        target = self._entity.fields.get(name)
        if target is None:
            return Condition("1")
        kind, _, column = target.rpartition(" ")
        if target == "number":
            return Condition(f"{self._entity.table}.id {compare} ?", (_number(value),))
        if target.endswith("_id"):
            return Condition(f"{target} {compare} ?", (_number(value),))
        if target == "tag":
            inside = f"SELECT 1 FROM json_each({self._entity.table}.tags) WHERE value = ? COLLATE NOCASE"
            return Condition(f"EXISTS ({inside})", (value,))
        if kind == "time":
            return Condition(f"{column} {compare} ?", (_seconds(value),))
        if kind == "owned":
            inner = _matches(f"variant.{column}", value)
            return Condition(f"product.id IN (SELECT product_id FROM variant WHERE {inner.sql})", inner.values)
        return _matches(column, value, words=kind == "words")

    def _word(self) -> str | None:
        return self._tokens[self._at]["word"] if self._at < len(self._tokens) else None


def _joined(by: str, parts: list[Condition]) -> Condition:
    if len(parts) < 2:
        return parts[0] if parts else Condition("1")
    sql = by.join(f"({part.sql})" for part in parts)
    return Condition(sql, tuple(value for part in parts for value in part.values))


def _matches(column: str, value: str, *, words: bool = False) -> Condition:
    """Equal without regard to case; with `*` at its end a beginning; text fields match any of their words."""
    if value.endswith("*"):
        return Condition(f"{column} LIKE ? ESCAPE '\\'", (_literal(value[:-1]) + "%",))
    if words:
        return Condition(f"' ' || {column} || ' ' LIKE ? ESCAPE '\\'", (f"% {_literal(value)} %",))
    return Condition(f"{column} = ? COLLATE NOCASE", (value,))


def _literal(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _text(token: re.Match[str]) -> str:
    quoted = token["single"] if token["single"] is not None else token["double"]
    return re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else (token["word"] or "")


def _number(value: str) -> int:
    digits = value.rsplit("/", 1)[-1]
    return int(digits) if digits.isdigit() else -1


def _seconds(value: str) -> float:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
