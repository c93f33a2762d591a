"""What is kept of an account's locations: which count, and what stays of the choice when the account has others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors import locations
from connectors.locations import KNOWN, MAIN, RECOUNTED, Location

SHOP, STORE, SERVICE = (
    Location(id="1", name="Shop"),
    Location(id="2", name="Store room"),
    Location(id="3", name="Their warehouse", own=False),
)


def told(*places: Location, main: str = "1") -> dict[str, Any]:
    return {"time_zone": "Asia/Tokyo", **locations.first_choice(places, main)}


def test_where_nobody_has_chosen_the_main_location_alone_counts() -> None:
    settings = told(SHOP, STORE, SERVICE)
    assert locations.counted(settings) == ("1",)
    assert locations.counted_names(settings) == ["Shop"]
    assert [one.name for one in locations.offered(settings)] == ["Shop", "Store room"]
    assert locations.recounted_at(settings) is None


def test_the_main_location_comes_first_and_the_others_in_the_accounts_order() -> None:
    third = Location(id="4", name="Pop-up")
    settings = locations.chosen(told(SHOP, STORE, third), {"4", "2", "1"}, "4")
    assert locations.counted(settings) == ("4", "1", "2")
    assert locations.counted_names(settings) == ["Pop-up", "Shop", "Store room"]


@pytest.mark.parametrize("settings", [{}, {KNOWN: []}, {"seller_id": "A1"}])
def test_an_account_without_locations_counts_none(settings: dict[str, Any]) -> None:
    assert locations.counted(settings) == ()
    assert locations.offered(settings) == locations.gone(settings) == locations.counted_names(settings) == []
    assert locations.refreshed(settings, {"seller_id": "A1"}) == settings


def test_a_connection_made_before_locations_were_known_keeps_its_own() -> None:
    """Whatever location the account would begin with today."""
    before = {MAIN: "2"}
    assert locations.counted(before) == ("2",)
    kept = locations.remembered(before, told(SHOP, STORE))
    assert locations.counted(kept) == ("2",)
    assert locations.counted_names(kept) == ["Store room"]
    assert locations.remembered(before, {"time_zone": "Asia/Tokyo"}) == before, "the list could not be read"
    assert locations.remembered(before, told(SHOP)) == {}, "that location is gone"


def test_a_choice_stays_whatever_the_account_says_of_itself() -> None:
    chosen = locations.chosen(told(SHOP, STORE), {"1", "2"}, "2") | {RECOUNTED: "2026-11-26T10:00:00+00:00"}
    kept = locations.remembered(chosen, told(SHOP, STORE))
    assert kept == {key: chosen[key] for key in (KNOWN, MAIN, RECOUNTED)}
    assert locations.recounted_at(kept) == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert locations.refreshed(chosen, told(SHOP, STORE)) == chosen
    assert locations.refreshed(chosen, {"time_zone": "Asia/Tokyo"}) == chosen, "the list could not be read"


def test_a_new_location_is_known_and_does_not_count() -> None:
    chosen = locations.chosen(told(SHOP), {"1"}, "1")
    after = locations.refreshed(chosen, told(STORE, SHOP, main="2"))
    assert locations.counted(after) == ("1",)
    assert [one.name for one in locations.offered(after)] == ["Store room", "Shop"]


def test_a_renamed_location_goes_on_counting() -> None:
    chosen = locations.chosen(told(SHOP, STORE), {"1", "2"}, "1")
    after = locations.refreshed(chosen, told(SHOP, Location(id="2", name="Cellar")))
    assert locations.counted_names(after) == ["Shop", "Cellar"]


def test_a_location_that_is_gone_counts_no_more_and_is_told_until_the_merchant_chooses() -> None:
    chosen = locations.chosen(told(SHOP, STORE), {"1", "2"}, "1")
    after = locations.refreshed(chosen, told(SHOP))
    assert locations.counted(after) == ("1",)
    assert [one.name for one in locations.gone(after)] == ["Store room"]
    assert [one.name for one in locations.offered(after)] == ["Shop"]
    assert locations.refreshed(after, told(SHOP)) == after, "it is told again"
    assert locations.gone(locations.chosen(after, {"1"}, "1")) == []


def test_a_location_that_never_counted_goes_without_a_word() -> None:
    after = locations.refreshed(told(SHOP, STORE), told(SHOP))
    assert (locations.gone(after), locations.counted(after)) == ([], ("1",))


def test_a_location_that_comes_back_does_not_count_until_it_is_chosen() -> None:
    chosen = locations.chosen(told(SHOP, STORE), {"1", "2"}, "1")
    after = locations.refreshed(locations.refreshed(chosen, told(SHOP)), told(SHOP, STORE))
    assert locations.counted(after) == ("1",)
    assert locations.gone(after) == []


def test_where_the_main_one_is_gone_another_that_counts_is_main() -> None:
    chosen = locations.chosen(told(SHOP, STORE), {"1", "2"}, "1")
    after = locations.refreshed(chosen, told(STORE, main="2"))
    assert locations.counted(after) == ("2",)
    alone = locations.refreshed(told(SHOP, STORE), told(STORE, main="2"))
    assert locations.counted(alone) == ("2",)
    assert [one.name for one in locations.gone(alone)] == ["Shop"]


def test_a_fulfilment_service_is_offered_only_where_it_counts_already() -> None:
    settings = locations.chosen(told(SHOP, SERVICE), {"1", "3"}, "1")
    assert [one.name for one in locations.offered(settings)] == ["Shop", "Their warehouse"]
    assert locations.refreshed(settings, told(SHOP, SERVICE)) == settings
