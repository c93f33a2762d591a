"""What the item API refuses of the options of an item and of what its SKUs choose among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors import measures
from connectors.rakuten.practice.answers import Refusal

AXES_LIMIT, VALUES_LIMIT, NAME_BYTES = 6, 40, 32

Variants = Mapping[str, Mapping[str, Any]]


def check(selectors: Any, variants: Variants) -> list[Refusal]:
    """The refusals of options and choices together; those of the options alone come first, and alone."""
    if not selectors:
        return list(_without_options(variants))
    if not isinstance(selectors, list) or not all(_is_selector(one) for one in selectors):
        return [Refusal("IE0002", "variantSelectors has an invalid value.", "variantSelectors")]
    return list(_options(selectors)) or list(_choices(selectors, variants))


def _without_options(variants: Variants) -> Iterator[Refusal]:
    if len(variants) > 1:
        yield Refusal("IE0269", "When variantSelectors is null, only can set max 1 variants.", "variantSelectors")
    for code, variant in variants.items():
        for name in ("selectorValues", "images"):
            if variant.get(name):
                path = f"variants.{code}.{name}"
                yield Refusal("IE0158", f"When variantSelector is null, {path} cannot be set {variant[name]}", path)


def _is_selector(one: Any) -> bool:
    return isinstance(one, Mapping) and isinstance(one.get("key"), str) and isinstance(one.get("values") or [], list)


def _options(selectors: Sequence[Mapping[str, Any]]) -> Iterator[Refusal]:
    yield from _too_many("variantSelectors", len(selectors), AXES_LIMIT, "IE0130")
    if len({one["key"] for one in selectors}) < len(selectors):
        yield Refusal("IE0135", "There are duplicate value for variantSelectors.key.", "variantSelectors")
    for number, one in enumerate(selectors):
        path = f"variantSelectors[{number}]"
        values = [_shown(value) for value in one.get("values") or []]
        if not values:
            yield Refusal(
                "IE0244", "Cannot set variantSelectors.values as null, when variantSelector.key is set.", path
            )
        yield from _too_many("variantSelectors.values", len(values), VALUES_LIMIT, "IE0131")
        if len(set(values)) < len(values):
            yield Refusal("IE0211", "Cannot set same value in variantSelectors.values.", f"{path}.values")
        yield from _name(one.get("displayName"), f"{path}.displayName")
        for position, value in enumerate(values):
            yield from _name(value, f"{path}.values[{position}].displayValue")


def _too_many(name: str, count: int, limit: int, code: str) -> Iterator[Refusal]:
    if count > limit:
        words = f"{count} lists have been set for {name}. The maximum number of settings is {limit} lists."
        yield Refusal(code, words, "variantSelectors")


def _shown(value: Any) -> Any:
    return value.get("displayValue") if isinstance(value, Mapping) else value


def _name(text: Any, path: str) -> Iterator[Refusal]:
    if not isinstance(text, str) or not text:
        yield Refusal("IE0001", f"{path} is mandatory.", path)
    elif measures.size(text, "double_bytes") > NAME_BYTES:
        yield Refusal("IE0004", f"Max length of {path} must be within {NAME_BYTES} bytes.", path)
    elif ":" in text:
        yield Refusal("IE0278", f"Invalid character is set in {path}.", path)


def _choices(selectors: Sequence[Mapping[str, Any]], variants: Variants) -> Iterator[Refusal]:
    allowed = {one["key"]: {_shown(value) for value in one["values"]} for one in selectors}
    for code, variant in variants.items():
        path = f"variants.{code}.selectorValues"
        chosen = variant.get("selectorValues") or {}
        if set(chosen) != set(allowed):
            words = f"Expected selectors : {sorted(allowed)}, given set : {sorted(chosen) or 'none'}."
            yield Refusal("IE0114", f"Missing or unexpected element in {path}. {words}", path)
            continue
        for key, value in chosen.items():
            if value not in allowed[key]:
                yield Refusal("IE0129", f'{path}.{key} has invalid value "{value}".', f"{path}.{key}")
    yield from _same_choice(variants)


def _same_choice(variants: Variants) -> Iterator[Refusal]:
    counted = Counter(tuple(sorted((one.get("selectorValues") or {}).items())) for one in variants.values())
    for choice, count in counted.items():
        if count > 1:
            said = ", ".join(f"{key}={value}" for key, value in choice)
            words = f"There are multiple occurrences of the same variant selectorValue content : {said}."
            yield Refusal("IE0110", words, "variants")
