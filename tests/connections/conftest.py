"""Premises for every test of connections, and two people who work there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.config import Settings
from portal.models.accounts import Merchant
from tests.connections.premises import Premises, the_premises
from tests.listings.site import Browser
from tests.settable_clock import SettableClock


@pytest.fixture
async def premises(settings: Settings, clock: SettableClock) -> AsyncIterator[Premises]:
    async with the_premises(settings, clock) as opened:
        yield opened


@pytest.fixture
async def alice(premises: Premises, merchant: Merchant) -> AsyncIterator[Browser]:
    """The owner's browser."""
    browser = await premises.site.sign_in(merchant, "alice")
    async with browser.http:
        yield browser


@pytest.fixture
async def charlie(premises: Premises, other_merchant: Merchant) -> AsyncIterator[Browser]:
    """The browser of another merchant's owner."""
    browser = await premises.site.sign_in(other_merchant, "charlie")
    async with browser.http:
        yield browser
