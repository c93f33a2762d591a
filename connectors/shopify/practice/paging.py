"""Connections: a page of rows, with cursors that survive changes in between."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

from connectors.shopify.practice.store import Row

PAGE_LIMIT = 250

Key = Callable[[Row], Any]
Build = Callable[[Row], Any]


def by_id(row: Row) -> Any:
    return row["id"]


def connection(
    rows: Sequence[Row],
    build: Build,
    *,
    key: Key = by_id,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    reverse: bool = False,
) -> dict[str, Any]:
    """The asked page of `rows`, which come in the order of `key` and then of their ids."""
    size = _size(first, last)

    def place(row: Row) -> tuple[Any, Any]:
        return key(row), row["id"]

    left = list(reversed(rows)) if reverse else list(rows)
    if after:
        mark = _read(after)
        left = [row for row in left if (place(row) < mark if reverse else place(row) > mark)]
    if before:
        mark = _read(before)
        left = [row for row in left if (place(row) > mark if reverse else place(row) < mark)]
    shown = left[:size] if first is not None else left[-size:] if size else []
    cursors = [_write(*place(row)) for row in shown]
    nodes = [build(row) for row in shown]
    more = len(left) > len(shown)
    return {
        "nodes": nodes,
        "edges": [{"cursor": c, "node": n} for c, n in zip(cursors, nodes, strict=True)],
        "pageInfo": {
            "hasNextPage": more if first is not None else before is not None,
            "hasPreviousPage": after is not None if first is not None else more,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _size(first: int | None, last: int | None) -> int:
    size = first if first is not None else last
    if size is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    if not 0 <= size <= PAGE_LIMIT:
        raise GraphQLError(
            f"A page holds from 0 to {PAGE_LIMIT} nodes, not {size}.", extensions={"code": "INVALID_FIELD_ARGUMENTS"}
        )
    return size


def _write(value: Any, number: Any) -> str:
    return base64.b64encode(json.dumps({"last_id": number, "last_value": value}).encode()).decode()


def _read(cursor: str) -> tuple[Any, Any]:
    try:
        found = json.loads(base64.b64decode(cursor, validate=True))
        return found["last_value"], found["last_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise GraphQLError("Invalid cursor for current pagination sort.", extensions={"code": "BAD_REQUEST"}) from error
