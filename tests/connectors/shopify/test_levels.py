"""How a sum is spread over locations: whatever they hold, and whatever is wanted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.shopify.levels import Level, spread

units = st.one_of(st.none(), st.integers(-5, 60))
held = st.lists(units, min_size=2, max_size=5).map(lambda some: {f"place-{n}": one for n, one in enumerate(some)})
aside = st.dictionaries(st.sampled_from([f"place-{n}" for n in range(6)]), st.integers(-5, 60))


@given(held=held, quantity=st.integers(0, 150), aside=aside)
def test_the_locations_hold_what_is_wanted_and_none_is_set_below_zero(
    held: dict[str, int | None], quantity: int, aside: dict[str, int]
) -> None:
    changed = spread(quantity, held, aside)
    after = {place: there or 0 for place, there in held.items()} | {one.location_id: one.quantity for one in changed}
    assert sum(after.values()) == quantity
    assert all(one.quantity >= 0 for one in changed)
    assert all(one.expected == held[one.location_id] for one in changed), "not compared with what was read"
    assert all(one.quantity != (held[one.location_id] or 0) for one in changed), "written without need"


@given(held=held, quantity=st.integers(0, 150))
def test_another_location_is_touched_only_once_the_main_one_has_nothing(
    held: dict[str, int | None], quantity: int
) -> None:
    (main, *_others), changed = held, {one.location_id: one.quantity for one in spread(quantity, held)}
    others = [place for place in changed if place != main]
    assert not others or changed.get(main, held[main] or 0) == 0
    assert all(changed[place] < (held[place] or 0) for place in others), "units were put where nobody put them"
    assert next(iter(changed), main) == main or not held[main], "the main one does not come first"
    assert all(held[place] is not None for place in others), "stocked anew where nobody keeps it"


def test_what_the_main_one_has_not_got_is_taken_from_the_others_in_their_order() -> None:
    assert spread(2, {"a": 3, "b": 4, "c": 5}) == (Level("a", 0, 3), Level("b", 0, 4), Level("c", 2, 5))
    assert spread(8, {"a": 3, "b": 4, "c": 5}) == (Level("a", 0, 3), Level("b", 3, 4))
    assert spread(15, {"a": 3, "b": 4, "c": 5}) == (Level("a", 6, 3),)
    assert spread(12, {"a": 3, "b": 4, "c": 5}) == ()
    assert spread(5, {"a": None, "b": 4}) == (Level("a", 1, None),)
    assert spread(0, {"a": None, "b": None}) == ()


@given(st.lists(st.integers(0, 60), min_size=2, max_size=5))
def test_what_was_set_aside_goes_back_to_where_it_lay(lay: list[int]) -> None:
    aside = {f"place-{number}": units for number, units in enumerate(lay)}
    empty = dict.fromkeys(aside, 0)
    back = empty | {one.location_id: one.quantity for one in spread(sum(lay), empty, aside)}
    assert back == aside
    assert spread(sum(lay), back, aside) == (), "once only"


def test_of_what_was_set_aside_the_main_one_gets_what_there_is_beyond_the_others() -> None:
    aside = {"a": 5, "b": 2, "gone": 3}
    empty: dict[str, int | None] = {"a": 0, "b": 0}
    assert spread(9, empty, aside) == (Level("a", 7, 0), Level("b", 2, 0))
    assert spread(1, empty, aside) == (Level("b", 1, 0),)
    assert spread(10, {"a": 0, "b": 3}, aside) == (Level("a", 7, 0),), "what was counted there meanwhile stays"
    assert spread(7, {"a": 0, "b": None}, aside) == (Level("a", 7, 0),), "kept there no more"
