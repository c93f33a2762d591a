"""Two forms of one product: what differs is found, and the chosen side of each is what is saved."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from portal.catalog import conflicts, sheets
from portal.catalog.sheets import ImageLine, Sheet


def a_sheet() -> Sheet:
    sheet = sheets.blank()
    sheet.values["title"] = "Mug"
    sheet.variants = {"v1": {**sheet.variants["new1"], "sku": "A", "price": "5.00"}}
    return sheet


def test_nothing_differs_when_nobody_else_saved() -> None:
    base, mine = a_sheet(), a_sheet()
    mine.values["title"] = "Cup"
    assert conflicts.differences(mine, base, conflicts.seen(base)) == []


def test_a_field_both_changed_is_theirs_and_mine_to_choose() -> None:
    base, mine, theirs = a_sheet(), a_sheet(), a_sheet()
    mine.values["title"], theirs.values["title"] = "Cup", "Beaker"
    (found,) = conflicts.differences(mine, theirs, conflicts.seen(base))
    assert (found.name, found.mine, found.theirs, found.touched) == ("title", "Cup", "Beaker", True)


def test_a_field_only_they_changed_is_shown_and_marked_untouched() -> None:
    base, mine, theirs = a_sheet(), a_sheet(), a_sheet()
    theirs.variants["v1"]["price"] = "6.00"
    (found,) = conflicts.differences(mine, theirs, conflicts.seen(base))
    assert (found.name, found.mine, found.theirs, found.touched) == ("variant-v1-price", "5.00", "6.00", False)


def test_a_row_they_added_or_removed_is_one_difference() -> None:
    base, mine, theirs = a_sheet(), a_sheet(), a_sheet()
    theirs.variants = {"v2": {**base.variants["v1"], "sku": "B"}}
    found = {one.name: one for one in conflicts.differences(mine, theirs, conflicts.seen(base))}
    assert found.keys() == {"variant-v1", "variant-v2"}
    assert (found["variant-v1"].theirs, found["variant-v2"].mine) == (None, None)
    taken = conflicts.take(mine, theirs, found.keys())
    assert list(taken.variants) == ["v2"]
    assert list(conflicts.take(mine, theirs, []).variants) == ["v1"]


def test_a_row_of_mine_that_is_new_is_no_difference() -> None:
    base, mine = a_sheet(), a_sheet()
    mine.variants["new1"] = {**base.variants["v1"], "sku": "N"}
    assert conflicts.differences(mine, base, conflicts.seen(base)) == []


def test_images_are_taken_together() -> None:
    base, mine, theirs = a_sheet(), a_sheet(), a_sheet()
    mine.images, theirs.images = [ImageLine("1", "https://a/1")], [ImageLine("1", "https://a/2")]
    (found,) = conflicts.differences(mine, theirs, conflicts.seen(base))
    assert found.name == "images"
    assert conflicts.take(mine, theirs, ["images"]).images[0].url == "https://a/2"


def test_a_broken_token_shows_everything_that_differs() -> None:
    mine, theirs = a_sheet(), a_sheet()
    theirs.values["title"] = "Beaker"
    for token in ("", "null", "{", "[1]", '{"title": 3}'):
        assert [one.name for one in conflicts.differences(mine, theirs, token)] == ["title"]


texts = st.sampled_from(["", "a", "b"])
edits = st.dictionaries(st.sampled_from(["title", "vendor", "variant-v1-sku", "variant-v1-price"]), texts, max_size=4)


@given(edits, edits)
def test_no_text_of_either_side_is_lost_unseen(mine_edits: dict[str, str], their_edits: dict[str, str]) -> None:
    """Whatever they changed is either in what I am about to save, or named as a difference."""
    base = a_sheet()
    mine, theirs = _edited(base, mine_edits), _edited(base, their_edits)
    found = {one.name for one in conflicts.differences(mine, theirs, conflicts.seen(base))}
    my, their, before = mine.flat(), theirs.flat(), base.flat()
    for name, text in their.items():
        if text != before[name]:
            assert name in found or my[name] == text
    everything = conflicts.take(mine, theirs, found).flat()
    assert all(everything[name] == their[name] for name in found)
    assert conflicts.take(mine, theirs, []).flat() == my


def _edited(base: Sheet, changes: dict[str, str]) -> Sheet:
    sheet = deepcopy(base)
    for name, text in changes.items():
        if name.startswith("variant-v1-"):
            sheet.variants["v1"][name.removeprefix("variant-v1-")] = text
        else:
            sheet.values[name] = text
    return sheet
