"""The attributes a merchant types for a product's genre, as Rakuten's list of them."""

from __future__ import annotations

import json
import re
from typing import Any

_LINE = re.compile(r"(?P<name>[^:：]+)[:：](?P<value>.*?)(?:\[(?P<unit>[^\[\]]+)\]\s*)?")


def read(text: str) -> list[dict[str, Any]]:
    """Each attribute with `name`, `values` and, where it has one, `unit`.

    The text holds one a line, as `name: value` or `name: value [unit]`; a name on several lines has several values.
    A text that begins with a bracket is the JSON list itself. Raises ValueError for what is neither.
    """
    if text.lstrip().startswith("["):
        return _from_json(text)
    found: dict[str, dict[str, Any]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        name, value = (match["name"].strip(), match["value"].strip()) if match else ("", "")
        if match is None or not name or not value:
            raise ValueError(f"not an attribute: {line!r}")
        attribute = found.setdefault(name, {"name": name, "values": []})
        attribute["values"].append(value)
        if match["unit"]:
            attribute["unit"] = match["unit"].strip()
    return list(found.values())


def _from_json(text: str) -> list[dict[str, Any]]:
    listed = json.loads(text)
    if not isinstance(listed, list) or not all(isinstance(one, dict) and one.get("name") for one in listed):
        raise ValueError("not a list of attributes")
    return listed
