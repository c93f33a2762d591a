"""The house that security tests try to break into."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from jobs.boot import Process
from portal.config import Settings
from tests.security.house import ORIGIN, House, a_house
from tests.settable_clock import SettableClock
from tests.stage import Stage, a_stage


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As in production: https, and practice only because a test asks for it."""
    settings.public_url = ORIGIN
    settings.metrics_token = "numbers-for-the-watcher"
    settings.practice_url = "http://127.0.0.1:9"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return settings


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    process = Process.start(settings, clock, clock.pause)
    async with a_house(process, clock) as opened:
        yield opened
    await process.stop()


@pytest.fixture
async def stage(settings: Settings, clock: SettableClock) -> AsyncIterator[Stage]:
    async with a_stage(settings, clock) as made:
        yield made


@pytest.fixture
async def staged(stage: Stage, clock: SettableClock) -> AsyncIterator[House]:
    """The house beside a practice shop that can really be connected."""
    async with a_house(stage.process, clock) as opened:
        yield opened
