"""JSON Schema as Amazon writes it: 2019-09, with words of its own that count instances and bytes.

https://developer-docs.amazon.com/sp-api/docs/product-type-definition-meta-schema
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft201909Validator, ValidationError
from jsonschema.validators import extend


# The words of Amazon's own that are rules; the others (editable, hidden, enumNames) only inform.
def _most_bytes(_validator: Any, limit: int, text: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(text, str) and len(text.encode()) > limit:
        yield ValidationError(f"{len(text.encode())} bytes")


def _fewest_bytes(_validator: Any, limit: int, text: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(text, str) and len(text.encode()) < limit:
        yield ValidationError(f"{len(text.encode())} bytes")


def _most_instances(_validator: Any, limit: int, entries: Any, schema: Any) -> Iterator[ValidationError]:
    """Entries are of one instance when they share their selectors, and an instance may have so many values."""
    if not isinstance(entries, list):
        return
    selectors = schema.get("selectors", [])
    counted: dict[tuple[Any, ...], int] = {}
    for entry in entries:
        key = tuple(str(entry.get(name)) for name in selectors) if isinstance(entry, dict) else ()
        counted[key] = counted.get(key, 0) + 1
    if any(count > limit for count in counted.values()):
        yield ValidationError(f"more than {limit}")


AmazonValidator = extend(
    Draft201909Validator,
    {
        "maxUtf8ByteLength": _most_bytes,
        "minUtf8ByteLength": _fewest_bytes,
        "maxUniqueItems": _most_instances,
        # The schema names Amazon's meta-schema, which cannot be fetched; its words are the three above.
        "$schema": lambda *_: (),
    },
)
