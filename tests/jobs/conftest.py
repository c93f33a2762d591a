"""The stage that job tests play on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.config import Settings
from tests.settable_clock import SettableClock
from tests.stage import Stage, a_stage


@pytest.fixture
async def stage(settings: Settings, clock: SettableClock) -> AsyncIterator[Stage]:
    async with a_stage(settings, clock) as made:
        yield made
