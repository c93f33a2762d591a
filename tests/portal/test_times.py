"""Times are said on the clock of the shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal import i18n, templating
from portal.config import Settings
from portal.models.accounts import Merchant
from tests.listings.site import a_site
from tests.settable_clock import SettableClock

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templating, "utc_now", lambda: NOON)


@pytest.mark.parametrize(
    ("zone", "moment", "said", "title"),
    [
        ("UTC", NOON - timedelta(hours=3), "today, 09:00", "4 Mar 2026, 09:00:00 UTC"),
        ("Asia/Tokyo", NOON - timedelta(hours=3), "today, 18:00", "4 Mar 2026, 18:00:00 JST"),
        ("Asia/Tokyo", NOON + timedelta(hours=4), "5 Mar 2026, 01:00", "5 Mar 2026, 01:00:00 JST"),
        ("America/New_York", NOON - timedelta(hours=9), "3 Mar 2026, 22:00", "3 Mar 2026, 22:00:00 EST"),
    ],
)
def test_a_moment_is_said_in_the_shops_zone_and_todays_without_its_day(
    zone: str, moment: datetime, said: str, title: str
) -> None:
    i18n.use("en", zone)
    markup = str(templating.when(moment))
    assert f">{said}</time>" in markup
    assert f'title="{title}"' in markup
    assert f'datetime="{moment.isoformat()}"' in markup


async def test_the_zone_of_the_settings_is_the_zone_of_the_pages(
    settings: Settings, clock: SettableClock, merchant: Merchant
) -> None:
    async with a_site(settings, clock) as site:
        async with site.sessions.write(merchant.id) as session:
            (await session.get_one(Merchant, merchant.id)).time_zone = "Asia/Tokyo"
        page = await (await site.sign_in(merchant, "alice")).get("/")
        line = page.select_one("#live-line")
        assert line is not None
        assert line.text.strip() == "Updated 21:00 JST"
