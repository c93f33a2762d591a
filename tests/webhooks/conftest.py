"""A portal behind a real socket, connected to a practice shop whose webhooks reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.config import Settings
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from tests.connections.premises import Premises, served_premises
from tests.settable_clock import SettableClock


@pytest.fixture
async def premises(settings: Settings, clock: SettableClock) -> AsyncIterator[Premises]:
    async with served_premises(settings, clock) as opened:
        yield opened


@pytest.fixture
async def connection(premises: Premises, merchant: Merchant) -> Connection:
    """Connected and checked, so that the shop knows where its webhooks go."""
    await premises.stage.connect(merchant)
    await premises.stage.work()
    return await premises.connection(merchant)
