"""A shop with five mugs to sell, and the pages it is seen on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.db import Sessions
from portal.models.accounts import Merchant
from tests.listings.conftest import site
from tests.listings.site import Browser, Site
from tests.orders.sales import Shop, a_shop

__all__ = ["site"]


@pytest.fixture
async def shop(sessions: Sessions, merchant: Merchant) -> Shop:
    return await a_shop(sessions, merchant)


@pytest.fixture
async def alice(site: Site, merchant: Merchant) -> AsyncIterator[Browser]:
    browser = await site.sign_in(merchant, "alice")
    async with browser.http:
        yield browser
