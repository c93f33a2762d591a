"""A merchant in Japan, with the application and the practice channels around them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.config import Settings
from portal.models.accounts import Merchant
from tests.connections.premises import Premises, served_premises
from tests.images.shots import Web
from tests.listings.site import Browser
from tests.settable_clock import SettableClock


@pytest.fixture
def web() -> Web:
    """Where pictures of products lie."""
    return Web()


@pytest.fixture
async def premises(settings: Settings, clock: SettableClock, web: Web) -> AsyncIterator[Premises]:
    async with served_premises(settings, clock, web.fetch) as opened:
        yield opened


@pytest.fixture
async def seller(premises: Premises, merchant: Merchant) -> Merchant:
    """The merchant, who counts in yen."""
    async with premises.stage.sessions.write(merchant.id) as session:
        row = await session.get_one(Merchant, merchant.id)
        row.currency = "JPY"
    return row


@pytest.fixture
async def alice(premises: Premises, seller: Merchant) -> AsyncIterator[Browser]:
    """The owner's browser."""
    browser = await premises.site.sign_in(seller, "alice")
    async with browser.http:
        yield browser
