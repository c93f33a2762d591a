"""A practice Amazon of its own for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.connectors.amazon.market import Market, opened
from tests.connectors.amazon.official import OfficialTransport
from tests.connectors.amazon.practice.practice_seller import Seller, practice_seller


@pytest.fixture
async def seller(tmp_path: Path) -> AsyncIterator[Seller]:
    async with practice_seller(tmp_path / "practice.db") as made:
        yield made


@pytest.fixture
async def market(seller: Seller) -> AsyncIterator[Market]:
    """Every call of the connector is held against Amazon's models."""
    async with httpx.AsyncClient(transport=OfficialTransport()) as client:
        yield await opened(seller, client)
