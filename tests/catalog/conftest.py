"""A browser signed in as the merchant's owner, and products to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.db import Sessions
from portal.models.accounts import Merchant
from tests.catalog.site import Site, open_site
from tests.settable_clock import SettableClock


@pytest.fixture
async def site(sessions: Sessions, clock: SettableClock, merchant: Merchant) -> AsyncIterator[Site]:
    async with open_site(sessions, clock) as opened:
        opened.sign_in(merchant)
        yield opened
