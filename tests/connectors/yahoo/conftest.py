"""One fresh practice store per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.yahoo.practice.practice_store import Store, practice_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with practice_store(tmp_path / "practice.db") as running:
        yield running
