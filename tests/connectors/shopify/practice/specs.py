"""Shopify's own descriptions, for holding the practice shop against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SPECS = Path(__file__).resolve().parents[5] / "shared" / "specs" / "shopify"
needs_specs = pytest.mark.skipif(not SPECS.exists(), reason="Shopify's published descriptions are not on this machine")


def read_spec(name: str) -> Any:
    return json.loads((SPECS / name).read_text("utf-8"))
