"""The places of a worker: one channel takes its share of them, and who comes too early is told when one is free."""

from __future__ import annotations

from uuid import uuid4

from jobs.places import Places

FIRST, SECOND, THIRD, FOURTH = (uuid4() for _ in range(4))


def test_one_channel_takes_no_more_than_its_share_and_others_have_theirs() -> None:
    places = Places(2)
    assert places.take("amazon", FIRST)
    assert places.take("amazon", SECOND)
    assert not places.take("amazon", THIRD)
    assert places.take("yahoo", FOURTH)


def test_who_came_too_early_is_named_in_the_order_of_coming_when_a_place_is_free() -> None:
    places = Places(1)
    assert places.take("amazon", FIRST)
    for lane in (SECOND, THIRD, SECOND):
        assert not places.take("amazon", lane)
    assert places.leave("amazon") == SECOND
    assert places.take("amazon", FOURTH)
    assert not places.take("amazon", SECOND)
    assert places.leave("amazon") == THIRD
    assert places.take("amazon", SECOND)
    assert places.leave("amazon") is None


def test_work_of_no_channel_is_not_counted() -> None:
    places = Places(1)
    assert places.take("", FIRST)
    assert places.take("", SECOND)
    assert places.leave("") is None
