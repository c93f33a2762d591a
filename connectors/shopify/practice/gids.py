"""Shopify's global ids: gid://shopify/Product/8801234567890."""

from __future__ import annotations

import re

from graphql import GraphQLError

_PATTERN = re.compile(r"gid://shopify/(\w+)/(\d+)(?:\?.*)?")


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def parse(text: str) -> tuple[str, int] | None:
    """Kind and number, or None when the text is no id at all."""
    found = _PATTERN.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def number(text: str | None, kind: str) -> int | None:
    """The number when the text is an id of this kind."""
    parsed = parse(text or "")
    return parsed[1] if parsed and parsed[0] == kind else None


def asked_number(text: str, kind: str) -> int:
    """The number of an id a query asks for; an id of another kind ends the field as Shopify does."""
    found = number(text, kind)
    if found is None:
        raise GraphQLError("invalid id", extensions={"code": "RESOURCE_NOT_FOUND"})
    return found
