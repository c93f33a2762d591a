"""A price is sent, taken and shown: three moments, and one that stays away is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.listings.prices import is_unreported
from portal.models.listings import ListingItem

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def item(approved: int | None, reported: int | None, ago: timedelta) -> ListingItem:
    return ListingItem(
        approved_price_minor=approved,
        approved_price_at=None if approved is None else NOON - ago,
        reported_price_minor=reported,
    )


@pytest.mark.parametrize(
    ("one", "unreported"),
    [
        (item(None, None, timedelta(0)), False),
        (item(1999, None, timedelta(days=1)), False),
        (item(1999, None, timedelta(days=3)), True),
        (item(1999, 2400, timedelta(days=3)), True),
        (item(1999, 1999, timedelta(days=3)), False),
    ],
)
def test_a_price_taken_two_days_ago_and_not_shown_is_unreported(one: ListingItem, unreported: bool) -> None:
    assert is_unreported(one, NOON) is unreported
