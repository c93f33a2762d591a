"""A fresh installation for every account test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.config import Settings
from portal.db import Sessions
from tests.accounts.town import Town, a_town
from tests.settable_clock import SettableClock


@pytest.fixture
async def town(settings: Settings, sessions: Sessions, clock: SettableClock) -> AsyncIterator[Town]:
    """An installation without anybody."""
    async with a_town(settings, sessions, clock) as made:
        yield made
