"""What must never be committed: addresses of one machine or mirror, secrets, other people's built files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.tree import name, tracked

# Written so that this file does not hold what it looks for.
NEVER = {
    "a path of somebody's machine": re.compile(r"/(?:home|root|work|Users)/[\w.]"),
    "a package index": re.compile(
        r"pypi[.]org|python[h]osted|registry[.]npmjs|--(?:extra-)?index-ur[l]|\"resolve[d]\":"
    ),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KE[Y]"),
    "a cloud key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
}
# Tests may hold made-up tokens; the product holds none.
NEVER_IN_THE_PRODUCT = {"an access token": re.compile(r"\bshp(?:at|ca|rt|ss|ua)_[0-9a-fA-F]{16,}")}
LARGEST_BYTES = 120_000
BINARY = {".png", ".jpg", ".webp", ".ico", ".xlsx"}


@pytest.mark.parametrize("what", NEVER)
def test_no_tracked_file_holds(what: str) -> None:
    assert _holding(NEVER[what], tracked()) == []


@pytest.mark.parametrize("what", NEVER_IN_THE_PRODUCT)
def test_no_product_file_holds(what: str) -> None:
    product = [path for path in tracked() if not name(path).startswith("tests/")]
    assert _holding(NEVER_IN_THE_PRODUCT[what], product) == []


def test_no_tracked_file_is_large_or_built() -> None:
    texts = [path for path in tracked() if path.suffix not in BINARY | {".lock", ".po", ".csv"}]
    assert {name(path) for path in texts if path.stat().st_size > LARGEST_BYTES} == set()
    assert [name(path) for path in tracked() if ".min." in path.name] == []


def _holding(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    assert paths
    found = []
    for path in paths:
        if path.suffix in BINARY:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{name(path)}: {match.group()}" for match in pattern.finditer(text)]
    return found
