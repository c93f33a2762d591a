"""One fresh practice store per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.rakuten.practice.practice_store import Shop, practice_store


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with practice_store(tmp_path / "practice.db") as running:
        yield running
