"""Which of our variants is which of the channel's. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.models.catalog import Variant

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ours:
    """A variant of ours by what it may be recognised by."""

    key: str
    sku: str = ""
    barcode: str = ""
    option_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """`pairs` join our variant's key to the channel's item (connectors.records.FoundItem); `alone` found no twin."""

    pairs: list[tuple[str, Item]]
    alone: list[str]


def ours(variant: Variant) -> Ours:
    return Ours(str(variant.id), variant.sku, variant.barcode, tuple(variant.option_values))


def match(variants: Sequence[Ours], items: Sequence[Item]) -> Linked:
    """By SKU, then barcode, then option values; only where both sides have the value once. One and one are a pair."""
    pairs: list[tuple[str, Item]] = []
    left, theirs = list(variants), list(items)
    for ours_by, theirs_by in _WAYS:
        found = _by(left, theirs, ours_by, theirs_by)
        pairs += found
        taken = {key for key, _item in found}
        left = [variant for variant in left if variant.key not in taken]
        used = [item for _key, item in found]
        theirs = [item for item in theirs if item not in used]
    if len(variants) == len(items) == len(left) == len(theirs) == 1:
        return Linked([(left[0].key, theirs[0])], [])
    return Linked(pairs, [variant.key for variant in left])


_WAYS: tuple[tuple[Callable[[Ours], Sequence[str]], Callable[[Item], Sequence[str]]], ...] = (
    (lambda variant: variant.sku, lambda item: item.get("sku", "")),
    (lambda variant: variant.barcode, lambda item: item.get("barcode", "")),
    (lambda variant: variant.option_values, lambda item: tuple(item.get("option_values", ()))),
)


def _by(
    variants: Sequence[Ours],
    items: Sequence[Item],
    ours_by: Callable[[Ours], Sequence[str]],
    theirs_by: Callable[[Item], Sequence[str]],
) -> list[tuple[str, Item]]:
    here = Counter(ours_by(variant) for variant in variants)
    there = Counter(theirs_by(item) for item in items)
    by_value = {theirs_by(item): item for item in items}
    values = [(variant.key, ours_by(variant)) for variant in variants]
    return [(key, by_value[value]) for key, value in values if value and here[value] == 1 and there[value] == 1]
