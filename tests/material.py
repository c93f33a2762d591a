"""What is not the project's: official schemas and real files, in the folder `shared` beside or above the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).resolve()
SHARED = next((at / "shared" for at in _HERE.parents if (at / "shared" / "specs").exists()), _HERE.parent / "shared")
DATA = SHARED / "data"
SHOPIFY_REFERENCE = SHARED / "reference" / "shopify.md"
AMAZON_REFERENCE = SHARED / "reference" / "amazon.md"
SHOPIFY_SPECS = SHARED / "specs" / "shopify"

needs_shopify_specs = pytest.mark.skipif(
    not SHOPIFY_SPECS.exists(), reason="Shopify's published descriptions are not on this machine"
)


def shopify_spec(name: str) -> Any:
    """One of the JSON descriptions."""
    return json.loads((SHOPIFY_SPECS / name).read_text("utf-8"))
