"""One fresh practice shop per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.shopify.practice.practice_shop import Shop, practice_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with practice_shop(tmp_path / "practice.db") as running:
        yield running
