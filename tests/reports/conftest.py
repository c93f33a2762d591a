"""The real pages, with connections that need no channel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.config import Settings
from tests.listings.site import Site, a_site
from tests.settable_clock import SettableClock


@pytest.fixture
async def site(settings: Settings, clock: SettableClock) -> AsyncIterator[Site]:
    async with a_site(settings, clock) as opened:
        yield opened
